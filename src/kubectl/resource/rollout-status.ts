// How far a rollout is, in the sentences of `rollout status`.

import { CliError } from '../cli/errors.ts';
import { at, type KubeObject } from '../object.ts';

const number = (object: KubeObject, ...path: string[]): number => Number(at(object, ...path) ?? 0);

/** The line to print (newline at its end) and whether the rollout is complete. Throws when it has failed. */
export function statusOf(object: KubeObject, revision = 0): { message: string; complete: boolean } {
  const { name = '', generation = 0 } = object.metadata;
  const seen = number(object, 'status', 'observedGeneration') >= generation;
  const waiting = (message: string) => ({ message, complete: false });
  const done = (message: string) => ({ message, complete: true });
  const label = JSON.stringify(name);
  if (object.kind === 'Deployment') {
    const own = Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
    if (revision > 0 && own !== revision)
      throw new CliError(`desired revision (${revision}) is different from the running revision (${own})`);
    if (!seen) return waiting('Waiting for deployment spec update to be observed...\n');
    const conditions = (at(object, 'status', 'conditions') ?? []) as { type: string; reason?: string }[];
    if (conditions.some((each) => each.type === 'Progressing' && each.reason === 'ProgressDeadlineExceeded')) {
      throw new CliError(`deployment ${label} exceeded its progress deadline`);
    }
    const wanted = number(object, 'spec', 'replicas');
    const updated = number(object, 'status', 'updatedReplicas');
    const total = number(object, 'status', 'replicas');
    const available = number(object, 'status', 'availableReplicas');
    if (updated < wanted)
      return waiting(
        `Waiting for deployment ${label} rollout to finish: ${updated} out of ${wanted} new replicas have been updated...\n`,
      );
    if (total > updated)
      return waiting(
        `Waiting for deployment ${label} rollout to finish: ${total - updated} old replicas are pending termination...\n`,
      );
    if (available < updated)
      return waiting(
        `Waiting for deployment ${label} rollout to finish: ${available} of ${updated} updated replicas are available...\n`,
      );
    return done(`deployment ${label} successfully rolled out\n`);
  }
  if (object.kind === 'DaemonSet') {
    if (at(object, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate')
      throw new CliError('rollout status is only available for RollingUpdate strategy type');
    if (!seen) return waiting('Waiting for daemon set spec update to be observed...\n');
    const wanted = number(object, 'status', 'desiredNumberScheduled');
    const updated = number(object, 'status', 'updatedNumberScheduled');
    const available = number(object, 'status', 'numberAvailable');
    if (updated < wanted)
      return waiting(
        `Waiting for daemon set ${label} rollout to finish: ${updated} out of ${wanted} new pods have been updated...\n`,
      );
    if (available < wanted)
      return waiting(
        `Waiting for daemon set ${label} rollout to finish: ${available} of ${wanted} updated pods are available...\n`,
      );
    return done(`daemon set ${label} successfully rolled out\n`);
  }
  if (object.kind === 'StatefulSet') {
    if (at(object, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate')
      throw new CliError('rollout status is only available for RollingUpdate strategy type');
    if (number(object, 'status', 'observedGeneration') === 0 || !seen)
      return waiting('Waiting for statefulset spec update to be observed...\n');
    const wanted = number(object, 'spec', 'replicas');
    const ready = number(object, 'status', 'readyReplicas');
    if (ready < wanted) return waiting(`Waiting for ${wanted - ready} pods to be ready...\n`);
    const partition = number(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
    const updated = number(object, 'status', 'updatedReplicas');
    const current = String(at(object, 'status', 'currentRevision') ?? '');
    const update = String(at(object, 'status', 'updateRevision') ?? '');
    if (partition > 0) {
      if (updated < wanted - partition)
        return waiting(
          `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...\n`,
        );
      return done(`partitioned roll out complete: ${updated} new pods have been updated...\n`);
    }
    if (update !== current)
      return waiting(`waiting for statefulset rolling update to complete ${updated} pods at revision ${update}...\n`);
    return done(
      `statefulset rolling update complete ${number(object, 'status', 'currentReplicas')} pods at revision ${current}...\n`,
    );
  }
  throw new CliError(`no status viewer has been implemented for ${object.kind}`);
}

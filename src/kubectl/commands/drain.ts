// kubectl cordon, uncordon and drain: takes a node out of service, its pods evicted within their disruption budgets.

import type { Pod } from '../../api/generated/types.ts';
import { sleep } from '../../env/clock.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, isNotFound, StatusError, throwAll } from '../cli/errors.ts';
import { bool, duration, int, text } from '../cli/flags.ts';
import { at } from '../object.ts';
import { type DryRun, dryRunFlag, dryRunOf } from '../print/printer.ts';
import { fetchInfos, type Info, selectorFlag } from '../resource/builder.ts';
import { patchObject, patchTypes } from '../resource/helper.ts';
import { deadline } from '../resource/watching.ts';

async function nodesOf({ kube, flags, args, usage }: CommandContext, verb: string): Promise<Info[]> {
  const selector = flags.string('selector');
  if (args.length === 0 && !selector) throw usage(`USAGE: ${verb} NODE [flags]`);
  if (args.length > 0 && selector) throw new CliError('cannot specify both a node name and a --selector option');
  const { infos, errors } = await fetchInfos(
    kube,
    selector ? { args: ['nodes'], selector } : { args, defaultType: 'nodes' },
  );
  throwAll(errors);
  return infos;
}

async function setSchedulable(
  { kube }: CommandContext,
  info: Info,
  unschedulable: boolean,
  dryRun: DryRun,
): Promise<void> {
  const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
  const already = Boolean(at(info.object, 'spec', 'unschedulable')) === unschedulable;
  const word = unschedulable ? 'cordoned' : 'uncordoned';
  if (!already && dryRun !== 'client') {
    await patchObject(
      kube,
      info,
      patchTypes.strategic,
      { spec: { unschedulable: unschedulable || null } },
      { dryRun, fieldManager: unschedulable ? 'kubectl-cordon' : 'kubectl-uncordon' },
    );
  }
  kube.out(`node/${info.name} ${already ? `already ${word}` : word}${suffix}\n`);
}

const cordonLike = (verb: 'cordon' | 'uncordon', short: string): Command => ({
  use: `${verb} NODE`,
  short,
  examples: [`kubectl ${verb} node-1`],
  arguments: 'name:nodes',
  flags: [dryRunFlag, selectorFlag],
  async run(context) {
    const dryRun = dryRunOf(context.kube, context.flags);
    for (const info of await nodesOf(context, verb)) await setSchedulable(context, info, verb === 'cordon', dryRun);
    return 0;
  },
});

export const cordon = cordonLike('cordon', 'Mark node as unschedulable');
export const uncordon = cordonLike('uncordon', 'Mark node as schedulable');

const mirror = 'kubernetes.io/config.mirror';

interface Sorted {
  evict: Pod[];
  warnings: string[];
  errors: string[];
}

/** Which of a node's pods go, which stay with a warning, and which forbid the drain. */
async function sortPods({ kube, flags }: CommandContext, pods: Pod[]): Promise<Sorted> {
  const daemons: string[] = [];
  const local: string[] = [];
  const unmanaged: string[] = [];
  const evict: Pod[] = [];
  for (const pod of pods) {
    const id = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const owner = pod.metadata.ownerReferences?.find((each) => each.controller);
    const done = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (pod.metadata.annotations?.[mirror] !== undefined) continue;
    if (owner?.kind === 'DaemonSet' && !done) {
      const alive = await kube.client
        .json(`/apis/apps/v1/namespaces/${pod.metadata.namespace}/daemonsets/${owner.name}`)
        .then(() => true)
        .catch((error: unknown) => !isNotFound(error));
      if (alive) {
        daemons.push(id);
        continue;
      }
    }
    if (!done && pod.spec.volumes?.some((volume) => volume.emptyDir) && !flags.bool('delete-emptydir-data')) {
      local.push(id);
      continue;
    }
    if (!owner && !done && !flags.bool('force')) {
      unmanaged.push(id);
      continue;
    }
    evict.push(pod);
  }
  const forced = evict.filter(
    (pod) =>
      !pod.metadata.ownerReferences?.some((each) => each.controller) &&
      !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''),
  );
  const errors: string[] = [];
  if (unmanaged.length > 0)
    errors.push(`cannot delete Pods that declare no controller (use --force to override): ${unmanaged.join(', ')}`);
  if (daemons.length > 0 && !flags.bool('ignore-daemonsets'))
    errors.push(`cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${daemons.join(', ')}`);
  if (local.length > 0)
    errors.push(`cannot delete Pods with local storage (use --delete-emptydir-data to override): ${local.join(', ')}`);
  const warnings: string[] = [];
  if (daemons.length > 0 && flags.bool('ignore-daemonsets'))
    warnings.push(`ignoring DaemonSet-managed Pods: ${daemons.join(', ')}`);
  if (forced.length > 0)
    warnings.push(
      `deleting Pods that declare no controller: ${forced.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`).join(', ')}`,
    );
  return { evict, warnings, errors };
}

async function evictPod(context: CommandContext, pod: Pod, signal: AbortSignal): Promise<void> {
  const { kube, flags } = context;
  const { name, namespace, uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const grace = flags.int('grace-period');
  const deleteOptions = grace >= 0 ? { deleteOptions: { gracePeriodSeconds: grace } } : {};
  kube.out(`evicting pod ${namespace}/${name}\n`);
  for (;;) {
    try {
      if (flags.bool('disable-eviction'))
        await kube.client.json(path, {
          method: 'DELETE',
          body: { kind: 'DeleteOptions', apiVersion: 'v1', ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}) },
        });
      else
        await kube.client.json(`${path}/eviction`, {
          method: 'POST',
          body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, ...deleteOptions },
        });
      break;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!(error instanceof StatusError) || error.reason !== 'TooManyRequests') throw error;
      kube.err(
        `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)} (will retry after 5s): ${error.message}\n`,
      );
      await sleep(kube.io.clock, 5000, signal);
    }
  }
  for (;;) {
    try {
      const now = await kube.client.json(path, { signal });
      if (now.metadata.uid !== uid) break;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      break;
    }
    await sleep(kube.io.clock, 1000, signal);
  }
  kube.out(`pod/${name} ${flags.bool('disable-eviction') ? 'deleted' : 'evicted'}\n`);
}

export const drain: Command = {
  use: 'drain NODE',
  short: 'Drain node in preparation for maintenance',
  examples: ['kubectl drain node-1 --ignore-daemonsets', 'kubectl drain node-1 --force --delete-emptydir-data'],
  arguments: 'name:nodes',
  flags: [
    dryRunFlag,
    selectorFlag,
    bool('force', 'Go on even if there are pods that declare no controller.'),
    bool('ignore-daemonsets', 'Ignore DaemonSet-managed pods.'),
    bool('delete-emptydir-data', 'Go on even if there are pods using emptyDir.'),
    bool('disable-eviction', 'Delete instead of evicting; passes disruption budgets by.'),
    int('grace-period', 'Seconds each pod gets to end in; negative: what the pod says.', { default: '-1' }),
    duration('timeout', 'How long to wait before giving up; zero is for ever.'),
    text('pod-selector', 'Label selector to filter pods on the node'),
  ],
  async run(context) {
    const { kube, flags } = context;
    const dryRun = dryRunOf(kube, flags);
    const nodes = await nodesOf(context, 'drain');
    for (const info of nodes) await setSchedulable(context, info, true, dryRun);
    const timer = deadline(kube, flags.duration('timeout'));
    const { signal } = timer;
    const failed: unknown[] = [];
    try {
      for (const { name } of nodes) {
        const query = { fieldSelector: `spec.nodeName=${name}`, labelSelector: flags.string('pod-selector') };
        const pods = (await kube.client.json<{ items: Pod[] }>('/api/v1/pods', { query })).items;
        const { evict, warnings, errors } = await sortPods(context, pods);
        if (errors.length > 0) {
          const text = errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`;
          kube.err(
            `error: unable to drain node ${JSON.stringify(name)} due to error: ${text}, continuing command...\nThere are pending nodes to be drained:\n ${name}\n${errors.map((each) => `${each}\n`).join('')}`,
          );
          failed.push(name);
          continue;
        }
        for (const warning of warnings) kube.err(`Warning: ${warning}\n`);
        if (dryRun !== 'none')
          for (const pod of evict)
            kube.out(
              `evicting pod ${pod.metadata.namespace}/${pod.metadata.name} (${dryRun === 'client' ? 'dry run' : 'server dry run'})\n`,
            );
        else await Promise.all(evict.map((pod) => evictPod(context, pod, signal)));
        kube.out(
          `node/${name} drained${dryRun === 'none' ? '' : dryRun === 'client' ? ' (dry run)' : ' (server dry run)'}\n`,
        );
      }
    } catch (error) {
      if (timer.expired()) throw new CliError(`global timeout reached: ${flags.string('timeout')}`);
      throw error;
    } finally {
      timer.cancel();
    }
    return failed.length > 0 ? 1 : 0;
  },
};

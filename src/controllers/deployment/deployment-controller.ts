// Rolls Deployments out by making and resizing ReplicaSets. Upstream: pkg/controller/deployment.
//
// Invariants: it never touches pods; of its ReplicaSets it changes only size, minReadySeconds and annotations; each look moves the rollout at most one step, and
// the next step comes with the next event, so any look may be lost, repeated or made on a stale cache.

import type { Deployment, Pod, ReplicaSet } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../api/labels.ts';
import {
  causeOf,
  claimObjects,
  controllerUidIndex,
  deployments,
  getControllerOf,
  keyOf,
  newController,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  replicaSets as replicaSetResource,
  WorkQueue,
} from '../../client/index.ts';
import type { Cause } from '../../env/trace.ts';
import type { InitController } from '../shared/context.ts';
import { newCondition, progressingCondition, setDeploymentCondition } from './deployment-conditions.ts';
import { findNewReplicaSet, hasProgressDeadline, isRollingUpdate } from './deployment-math.ts';
import { DeploymentSync } from './deployment-sync.ts';
import { rolloutRecreate } from './recreate.ts';
import { cleanupHistory, syncRevisions } from './revisions.ts';
import { rolloutRolling } from './rolling.ts';
import { syncStatusOnly } from './rollout-status.ts';
import { isScalingEvent, scaleDeployment } from './scaling.ts';

const controllerUid = 'controllerUid';

export const initDeploymentController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = controllerContext.recorder('deployment-controller');
  const deploymentInformer = informers.of(deployments);
  const replicaSetInformer = informers.of(replicaSetResource);
  const podInformer = informers.of(pods);
  replicaSetInformer.addIndex(controllerUid, controllerUidIndex);
  podInformer.addIndex(controllerUid, controllerUidIndex);

  const enqueue = (deployment: Deployment, cause: Cause) => queue.add(keyOf(deployment), cause);
  deploymentInformer.addHandler({
    onAdd: (deployment) => enqueue(deployment, causeOf(deployment)),
    onUpdate: (_, deployment) => enqueue(deployment, causeOf(deployment)),
    onDelete: (deployment) => enqueue(deployment, causeOf(deployment)),
  });
  replicaSetInformer.addHandler({
    onAdd: (replicaSet) => enqueueOwners(replicaSet),
    onUpdate(old, replicaSet) {
      const before = ownerOf(old);
      if (before && before.metadata.uid !== ownerOf(replicaSet)?.metadata.uid) enqueue(before, causeOf(replicaSet));
      enqueueOwners(replicaSet);
    },
    onDelete: (replicaSet) => enqueueOwners(replicaSet),
  });
  podInformer.addHandler({
    // Recreate waits for the last old pod to go.
    onDelete(pod) {
      const owner = getControllerOf(pod.metadata);
      if (owner?.kind !== 'ReplicaSet') return;
      const replicaSet = replicaSetInformer.lister.get(pod.metadata.namespace, owner.name);
      const deployment = replicaSet && ownerOf(replicaSet);
      if (deployment && !isRollingUpdate(deployment)) enqueue(deployment, causeOf(pod));
    },
  });

  function ownerOf(replicaSet: ReplicaSet): Deployment | undefined {
    const reference = getControllerOf(replicaSet.metadata);
    if (reference?.kind !== 'Deployment') return undefined;
    const deployment = deploymentInformer.lister.get(replicaSet.metadata.namespace, reference.name);
    return deployment?.metadata.uid === reference.uid ? deployment : undefined;
  }

  /** The owner; for an orphan all Deployments that select it and so may adopt it. */
  function enqueueOwners(replicaSet: ReplicaSet): void {
    const cause = causeOf(replicaSet);
    if (getControllerOf(replicaSet.metadata)) {
      const owner = ownerOf(replicaSet);
      if (owner) enqueue(owner, cause);
      return;
    }
    for (const deployment of deploymentInformer.lister.list(replicaSet.metadata.namespace)) {
      if (selects(deployment, replicaSet)) enqueue(deployment, cause);
    }
  }

  async function claimReplicaSets(deployment: Deployment, context: ReconcileContext): Promise<ReplicaSet[]> {
    const candidates = replicaSetInformer.lister.list(deployment.metadata.namespace).filter((replicaSet) => {
      const controller = getControllerOf(replicaSet.metadata);
      return controller ? controller.uid === deployment.metadata.uid : selects(deployment, replicaSet);
    });
    return claimObjects(
      {
        client,
        owner: deployment,
        ownerResource: deployments,
        dependentResource: replicaSetResource,
        matches: (replicaSet) => selects(deployment, replicaSet),
        trace: context.trace,
      },
      candidates,
    );
  }

  function podsOf(replicaSets: readonly ReplicaSet[]): Map<string, Pod[]> {
    const byUid = new Map<string, Pod[]>();
    for (const { metadata } of replicaSets) {
      byUid.set(metadata.uid ?? '', podInformer.lister.byIndex(controllerUid, metadata.uid ?? ''));
    }
    return byUid;
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const cached = deploymentInformer.lister.getByKey(key);
    if (!cached) return {};
    const deployment = structuredClone(cached);
    const selector = labelSelectorAsSelector(deployment.spec.selector);
    if (selector.length === 0) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      recorder.event(deployment, 'Warning', 'SelectingAll', message, { trace: context.trace });
      if ((deployment.status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0)) {
        const status = { ...deployment.status, observedGeneration: deployment.metadata.generation };
        await client.updateStatus(deployments, { ...deployment, status }, { trace: context.trace });
      }
      return {};
    }
    const replicaSets = await claimReplicaSets(deployment, context);
    const podsByReplicaSet = podsOf(replicaSets);
    const sync = new DeploymentSync({ env, client, recorder, context, deployment, replicaSets, podsByReplicaSet });
    const requeueAfterMs = await syncDeployment(sync);
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  return newController({
    env,
    name: 'deployment-controller',
    queue,
    reconcile,
    workers: config.workers,
    maxRetries: 15,
    onError: controllerContext.onError('deployment-controller'),
  });
};

/** One step. Returns ms after which to look again, if nothing else happens. */
async function syncDeployment(sync: DeploymentSync): Promise<number | undefined> {
  if (sync.deployment.metadata.deletionTimestamp) {
    await syncStatusOnly(sync, findNewReplicaSet(sync.deployment, sync.replicaSets));
    return undefined;
  }
  await notePause(sync);
  const { paused } = sync.deployment.spec;
  if (paused || isScalingEvent(sync)) {
    const revisions = await syncRevisions(sync, false);
    await scaleDeployment(sync, revisions);
    if (paused) await cleanupHistory(sync, revisions.old);
    await syncStatusOnly(sync, revisions.newOne);
    return undefined;
  }
  return isRollingUpdate(sync.deployment) ? rolloutRolling(sync) : rolloutRecreate(sync);
}

/** Being paused is shown in the Progressing condition, so that the deadline does not run meanwhile. */
async function notePause(sync: DeploymentSync): Promise<void> {
  const { deployment } = sync;
  if (!hasProgressDeadline(deployment)) return;
  const condition = progressingCondition(deployment.status);
  if (condition?.reason === 'ProgressDeadlineExceeded') return;
  const noted = condition?.reason === 'DeploymentPaused';
  const paused = deployment.spec.paused ?? false;
  if (paused === noted) return;
  const [reason, message] = paused
    ? (['DeploymentPaused', 'Deployment is paused'] as const)
    : (['DeploymentResumed', 'Deployment is resumed'] as const);
  deployment.status ??= {};
  setDeploymentCondition(deployment.status, newCondition('Progressing', 'Unknown', reason, message, sync.now()));
  await sync.updateStatus();
}

function selects(deployment: Deployment, replicaSet: ReplicaSet): boolean {
  return selectorMatches(labelSelectorAsSelector(deployment.spec.selector), replicaSet.metadata.labels);
}

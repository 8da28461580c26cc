// Recreate: all old pods go before the first new one comes. Upstream: pkg/controller/deployment/recreate.go.

import type { ReplicaSet } from '../../api/generated/types.ts';
import { isPodTerminal } from '../shared/pods.ts';
import { activeReplicaSets, deploymentComplete, sumStatus, wantedReplicas } from './deployment-math.ts';
import type { DeploymentSync } from './deployment-sync.ts';
import { cleanupHistory, syncRevisions } from './revisions.ts';
import { syncRolloutStatus } from './rollout-status.ts';
import { scaleReplicaSet } from './scaling.ts';

export async function rolloutRecreate(sync: DeploymentSync): Promise<number | undefined> {
  let { newOne, old } = await syncRevisions(sync, false);
  let scaled = false;
  for (const each of activeReplicaSets(old)) scaled = (await scaleReplicaSet(sync, each, 0)) || scaled;
  if (scaled || oldPodsRunning(sync, newOne, old)) return syncRolloutStatus(sync, newOne);
  if (!newOne) ({ newOne, old } = await syncRevisions(sync, true));
  if (!newOne) return undefined;
  await scaleReplicaSet(sync, newOne, wantedReplicas(sync.deployment));
  if (deploymentComplete(sync.deployment, sync.deployment.status ?? {})) await cleanupHistory(sync, old);
  return syncRolloutStatus(sync, newOne);
}

/** Whether a pod of an old ReplicaSet may still run: a terminating one does, until it is gone. */
function oldPodsRunning(sync: DeploymentSync, newOne: ReplicaSet | undefined, old: readonly ReplicaSet[]): boolean {
  if (sumStatus(old, 'replicas') > 0) return true;
  for (const [uid, pods] of sync.podsByReplicaSet) {
    if (uid !== newOne?.metadata.uid && pods.some((pod) => !isPodTerminal(pod))) return true;
  }
  return false;
}

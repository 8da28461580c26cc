// RollingUpdate: grow the new ReplicaSet and shrink the old ones, a step at a time, between maxSurge and maxUnavailable.
// Upstream: pkg/controller/deployment/rolling.go.
//
// Invariants: never more than replicas + maxSurge pods are wanted; never are available pods taken away below replicas - maxUnavailable.

import type { ReplicaSet } from '../../api/generated/types.ts';
import {
  activeReplicaSets,
  byCreation,
  deploymentComplete,
  maxUnavailable,
  newReplicaSetSize,
  sumReplicas,
  sumStatus,
  wantedReplicas,
} from './deployment-math.ts';
import type { DeploymentSync } from './deployment-sync.ts';
import { cleanupHistory, syncRevisions } from './revisions.ts';
import { syncRolloutStatus } from './rollout-status.ts';
import { scaleReplicaSet } from './scaling.ts';

export async function rolloutRolling(sync: DeploymentSync): Promise<number | undefined> {
  const { newOne, old } = await syncRevisions(sync, true);
  if (!newOne) return undefined;
  const moved = (await growNew(sync, newOne)) || (await shrinkOld(sync, newOne, old));
  if (!moved && deploymentComplete(sync.deployment, sync.deployment.status ?? {})) await cleanupHistory(sync, old);
  return syncRolloutStatus(sync, newOne);
}

async function growNew(sync: DeploymentSync, newOne: ReplicaSet): Promise<boolean> {
  const wanted = wantedReplicas(sync.deployment);
  const current = wantedReplicas(newOne);
  if (current === wanted) return false;
  if (current > wanted) return scaleReplicaSet(sync, newOne, wanted);
  return scaleReplicaSet(sync, newOne, newReplicaSetSize(sync.deployment, sync.replicaSets, newOne));
}

async function shrinkOld(sync: DeploymentSync, newOne: ReplicaSet, old: readonly ReplicaSet[]): Promise<boolean> {
  const oldest = activeReplicaSets(old).sort(byCreation);
  if (oldest.length === 0) return false;
  const minAvailable = wantedReplicas(sync.deployment) - maxUnavailable(sync.deployment);
  const newUnavailable = wantedReplicas(newOne) - (newOne.status?.availableReplicas ?? 0);
  // New pods that are not available yet might never be: they do not count as a reason to take old ones away.
  const room = sumReplicas([...oldest, newOne]) - minAvailable - newUnavailable;
  if (room <= 0) return false;
  const unhealthy = await removeUnhealthy(sync, oldest, room);
  const removed = await removeAvailable(sync, oldest, newOne, minAvailable);
  return unhealthy + removed > 0;
}

/** Old pods that are not available are no loss: they go first. */
async function removeUnhealthy(sync: DeploymentSync, old: ReplicaSet[], room: number): Promise<number> {
  let removed = 0;
  for (const [index, each] of old.entries()) {
    if (removed >= room) break;
    const current = wantedReplicas(each);
    const unhealthy = current - (each.status?.availableReplicas ?? 0);
    if (current === 0 || unhealthy <= 0) continue;
    const count = Math.min(room - removed, unhealthy);
    await scaleReplicaSet(sync, each, current - count);
    old[index] = sync.replicaSets.find((now) => now.metadata.uid === each.metadata.uid) ?? each;
    removed += count;
  }
  return removed;
}

async function removeAvailable(
  sync: DeploymentSync,
  old: readonly ReplicaSet[],
  newOne: ReplicaSet,
  minAvailable: number,
): Promise<number> {
  const available = sumStatus([...old, newOne], 'availableReplicas');
  let left = available - minAvailable;
  let removed = 0;
  for (const each of old) {
    if (left <= 0) break;
    const current = wantedReplicas(each);
    const count = Math.min(current, left);
    if (count === 0) continue;
    await scaleReplicaSet(sync, each, current - count);
    left -= count;
    removed += count;
  }
  return removed;
}

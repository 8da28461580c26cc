// Changing the size of ReplicaSets: one at a time, or all in proportion when a Deployment is scaled in the middle of a rollout.
// Upstream: pkg/controller/deployment/sync.go scale, scaleReplicaSet.

import type { ReplicaSet } from '../../api/generated/types.ts';
import { replicaSets as replicaSetResource } from '../../client/index.ts';
import {
  activeReplicaSets,
  annotations,
  byCreation,
  isRollingUpdate,
  maxSurge,
  proportion,
  sumReplicas,
  wantedReplicas,
} from './deployment-math.ts';
import type { DeploymentSync } from './deployment-sync.ts';
import type { Revisions } from './revisions.ts';

/** Sets a ReplicaSet's size and notes the Deployment's in its annotations; whether the size changed. */
export async function scaleReplicaSet(sync: DeploymentSync, replicaSet: ReplicaSet, size: number): Promise<boolean> {
  const { deployment, client, recorder } = sync;
  const { trace } = sync.context;
  const wanted = wantedReplicas(deployment);
  const notes = {
    [annotations.desiredReplicas]: String(wanted),
    [annotations.maxReplicas]: String(wanted + maxSurge(deployment)),
  };
  const from = wantedReplicas(replicaSet);
  const { name } = replicaSet.metadata;
  const noted = Object.entries(notes).every(([key, value]) => replicaSet.metadata.annotations?.[key] === value);
  if (from === size && noted) return false;
  const direction = from < size ? 'up' : 'down';
  const changed = structuredClone(replicaSet);
  changed.spec = { ...changed.spec!, replicas: size };
  changed.metadata.annotations = { ...changed.metadata.annotations, ...notes };
  const will =
    from === size ? `note the size of ReplicaSet ${name}` : `scale ${direction} ReplicaSet ${name} to ${size}`;
  await sync.plan(will, { replicas: from, wanted, total: sumReplicas(sync.replicaSets) });
  sync.replace(await client.update(replicaSetResource, changed, { trace }));
  if (from === size) return false;
  const message = `Scaled ${direction} replica set ${name} from ${from} to ${size}`;
  recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message, { trace });
  return true;
}

/** Whether the Deployment was scaled since its ReplicaSets were given their sizes. */
export function isScalingEvent(sync: DeploymentSync): boolean {
  return activeReplicaSets(sync.replicaSets).some((each) => {
    const noted = each.metadata.annotations?.[annotations.desiredReplicas];
    return noted !== undefined && Number(noted) !== wantedReplicas(sync.deployment);
  });
}

/** Makes the ReplicaSets together as large as the Deployment wants, without moving the rollout on. */
export async function scaleDeployment(sync: DeploymentSync, { newOne, old }: Revisions): Promise<void> {
  const { deployment } = sync;
  const wanted = wantedReplicas(deployment);
  const only = activeOrLatest(newOne, old);
  if (only) {
    if (wantedReplicas(only) !== wanted) await scaleReplicaSet(sync, only, wanted);
    return;
  }
  if (isSaturated(sync, newOne)) {
    for (const each of activeReplicaSets(old)) await scaleReplicaSet(sync, each, 0);
    return;
  }
  if (!isRollingUpdate(deployment)) return;
  const active = activeReplicaSets(newOne ? [...old, newOne] : old);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - sumReplicas(active);
  // The largest first; of equals the newest when growing, the oldest when shrinking.
  active.sort((a, b) => wantedReplicas(b) - wantedReplicas(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const each of active) {
    const share = proportion(each, deployment, toAdd, added);
    sizes.set(each, wantedReplicas(each) + share);
    added += share;
  }
  const [largest] = active;
  if (largest && toAdd !== 0) sizes.set(largest, Math.max(0, sizes.get(largest)! + toAdd - added));
  for (const [each, size] of sizes) await scaleReplicaSet(sync, each, size);
}

/** The one to scale if there is nothing to weigh: the only active one, or with none active the newest. */
function activeOrLatest(newOne: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  if (!newOne && old.length === 0) return undefined;
  const active = activeReplicaSets(newOne ? [...old, newOne] : old);
  if (active.length > 1) return undefined;
  return active[0] ?? newOne ?? [...old].sort((a, b) => byCreation(b, a))[0];
}

/** Whether the new ReplicaSet alone does what the Deployment wants. */
function isSaturated(sync: DeploymentSync, newOne: ReplicaSet | undefined): boolean {
  if (!newOne) return false;
  const wanted = wantedReplicas(sync.deployment);
  return (
    wantedReplicas(newOne) === wanted &&
    Number(newOne.metadata.annotations?.[annotations.desiredReplicas]) === wanted &&
    (newOne.status?.availableReplicas ?? 0) === wanted
  );
}

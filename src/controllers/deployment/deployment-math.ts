// The arithmetic of rollouts: no I/O. Upstream: pkg/controller/deployment/util/deployment_util.go.

import type { Deployment, DeploymentStatus, PodTemplateSpec, ReplicaSet } from '../../api/generated/types.ts';
import { scaledValue } from '../../api/int-or-string.ts';
import { parseTime } from '../../api/time.ts';
import { semanticEqual } from '../shared/equality.ts';
import { progressingCondition } from './deployment-conditions.ts';

export const annotations = {
  revision: 'deployment.kubernetes.io/revision',
  revisionHistory: 'deployment.kubernetes.io/revision-history',
  desiredReplicas: 'deployment.kubernetes.io/desired-replicas',
  maxReplicas: 'deployment.kubernetes.io/max-replicas',
} as const;

export const podTemplateHashLabel = 'pod-template-hash';

export function wantedReplicas(of: { spec?: { replicas?: number } }): number {
  return of.spec?.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

/** maxSurge and maxUnavailable as numbers of pods; never both 0, or a rollout could not move. */
export function resolveFenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const replicas = wantedReplicas(deployment);
  const surge = scaledValue(maxSurge, replicas, true);
  const unavailable = scaledValue(maxUnavailable, replicas, false);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? resolveFenceposts(deployment).surge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  const replicas = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(resolveFenceposts(deployment).unavailable, replicas);
}

export function sumReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + wantedReplicas(replicaSet), 0);
}

export function sumStatus(
  replicaSets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number {
  return replicaSets.reduce((sum, replicaSet) => sum + (replicaSet.status?.[field] ?? 0), 0);
}

/** Those that want pods. */
export function activeReplicaSets(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter((replicaSet) => wantedReplicas(replicaSet) > 0);
}

/** Equal but for the hash label that the controller adds. */
export function equalIgnoringHash(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [podTemplateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** Oldest first; ties by name. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [x, y] = [a, b].map((each) => parseTime(each.metadata.creationTimestamp ?? '') ?? 0) as [number, number];
  return x - y || (a.metadata.name < b.metadata.name ? -1 : 1);
}

export function revisionOf(replicaSet: ReplicaSet): number {
  const text = replicaSet.metadata.annotations?.[annotations.revision] ?? '';
  return /^[0-9]+$/.test(text) ? Number(text) : 0;
}

/** The ReplicaSet whose template is the Deployment's: the oldest, should there be several. */
export function findNewReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...replicaSets]
    .sort(byCreation)
    .find((each) => equalIgnoringHash(each.spec?.template, deployment.spec.template));
}

/** How large the new ReplicaSet may be made now. */
export function newReplicaSetSize(deployment: Deployment, all: readonly ReplicaSet[], newOne: ReplicaSet): number {
  const wanted = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - sumReplicas(all);
  const current = wantedReplicas(newOne);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** Whether the rollout is over: all replicas updated and available, none left of the old. */
export function deploymentComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Whether anything moved since the status was last written. */
export function deploymentProgressing(deployment: Deployment, next: DeploymentStatus): boolean {
  const last = deployment.status ?? {};
  const oldOnes = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (last.updatedReplicas ?? 0) ||
    oldOnes(next) < oldOnes(last) ||
    (next.readyReplicas ?? 0) > (last.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (last.availableReplicas ?? 0)
  );
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  const deadline = deployment.spec.progressDeadlineSeconds;
  return deadline !== undefined && deadline !== 2147483647;
}

/** Whether no progress was made for longer than the deadline. */
export function deploymentTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = progressingCondition(status);
  if (!hasProgressDeadline(deployment) || !condition) return false;
  if (condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const since = parseTime(condition.lastUpdateTime ?? '') ?? now;
  return since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 < now;
}

/** The share of `toAdd` (negative: to remove) that goes to a ReplicaSet when all are scaled in proportion. */
export function proportion(replicaSet: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const current = wantedReplicas(replicaSet);
  if (current === 0 || toAdd === 0 || toAdd === added) return 0;
  const allowed = toAdd - added;
  const share = fraction(replicaSet, deployment);
  return toAdd > 0 ? Math.min(share, allowed) : Math.max(share, allowed);
}

function fraction(replicaSet: ReplicaSet, deployment: Deployment): number {
  const current = wantedReplicas(replicaSet);
  const wanted = wantedReplicas(deployment);
  if (wanted === 0) return -current;
  // The size of the whole when this ReplicaSet got its size: kept in an annotation, so that rounding errors do not pile up.
  const before = Number(replicaSet.metadata.annotations?.[annotations.maxReplicas]) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return Math.round((current * (wanted + maxSurge(deployment))) / before) - current;
}

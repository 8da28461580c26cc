// The status of a Deployment: counts, Available, and whether its rollout progresses, is complete or got stuck. Upstream: pkg/controller/deployment/progress.go.

import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { findCondition } from '../shared/conditions.ts';
import { canonicalJson } from '../shared/equality.ts';
import {
  newCondition,
  progressingCondition,
  removeDeploymentCondition,
  setDeploymentCondition,
} from './deployment-conditions.ts';
import {
  deploymentComplete,
  deploymentProgressing,
  deploymentTimedOut,
  hasProgressDeadline,
  maxUnavailable,
  sumReplicas,
  sumStatus,
  wantedReplicas,
} from './deployment-math.ts';
import type { DeploymentSync } from './deployment-sync.ts';

/** Writes the status if it changed. Returns the ms after which to look again for a missed progress deadline, if there is one to miss. */
export async function syncRolloutStatus(
  sync: DeploymentSync,
  newOne: ReplicaSet | undefined,
): Promise<number | undefined> {
  const { deployment } = sync;
  const status = calculateDeploymentStatus(sync, newOne);
  if (!hasProgressDeadline(deployment)) removeDeploymentCondition(status, 'Progressing');
  const current = progressingCondition(deployment.status);
  const wasComplete = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  if (hasProgressDeadline(deployment) && !wasComplete) setProgress(sync, status, newOne, current);

  const failure = replicaFailure(sync.replicaSets, newOne);
  if (failure) setDeploymentCondition(status, failure);
  else removeDeploymentCondition(status, 'ReplicaFailure');

  if (statusEqual(deployment.status, status)) return untilDeadline(sync, status);
  await sync.updateStatus(status);
  return undefined;
}

/** Counts and the Available condition, without looking at progress; for Deployments that are paused, scaled or being deleted. */
export async function syncStatusOnly(sync: DeploymentSync, newOne: ReplicaSet | undefined): Promise<void> {
  const status = calculateDeploymentStatus(sync, newOne);
  if (!statusEqual(sync.deployment.status, status)) await sync.updateStatus(status);
}

function setProgress(
  sync: DeploymentSync,
  status: DeploymentStatus,
  newOne: ReplicaSet | undefined,
  current: DeploymentCondition | undefined,
): void {
  const { deployment } = sync;
  const name = newOne ? `ReplicaSet "${newOne.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const now = sync.now();
  if (deploymentComplete(deployment, status)) {
    const message = `${name} has successfully progressed.`;
    setDeploymentCondition(status, newCondition('Progressing', 'True', 'NewReplicaSetAvailable', message, now));
  } else if (deploymentProgressing(deployment, status)) {
    const condition = newCondition('Progressing', 'True', 'ReplicaSetUpdated', `${name} is progressing.`, now);
    // Every move renews the update time, from which the deadline counts.
    if (current?.status === 'True') condition.lastTransitionTime = current.lastTransitionTime;
    removeDeploymentCondition(status, 'Progressing');
    setDeploymentCondition(status, condition);
  } else if (deploymentTimedOut(deployment, status, sync.env.clock.now())) {
    const message = `${name} has timed out progressing.`;
    setDeploymentCondition(status, newCondition('Progressing', 'False', 'ProgressDeadlineExceeded', message, now));
  }
}

export function calculateDeploymentStatus(sync: DeploymentSync, newOne: ReplicaSet | undefined): DeploymentStatus {
  const { deployment, replicaSets } = sync;
  const latest = newOne && (replicaSets.find((each) => each.metadata.uid === newOne.metadata.uid) ?? newOne);
  const available = sumStatus(replicaSets, 'availableReplicas');
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: sumStatus(replicaSets, 'replicas'),
    updatedReplicas: latest?.status?.replicas ?? 0,
    readyReplicas: sumStatus(replicaSets, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sumReplicas(replicaSets) - available),
    terminatingReplicas: sumStatus(replicaSets, 'terminatingReplicas'),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
    conditions: [...(deployment.status?.conditions ?? [])],
  };
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment);
  setDeploymentCondition(
    status,
    enough
      ? newCondition(
          'Available',
          'True',
          'MinimumReplicasAvailable',
          'Deployment has minimum availability.',
          sync.now(),
        )
      : newCondition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          sync.now(),
        ),
  );
  return status;
}

/** ReplicaFailure of the new ReplicaSet, or of any other. */
function replicaFailure(all: readonly ReplicaSet[], newOne: ReplicaSet | undefined): DeploymentCondition | undefined {
  const others = all.filter((each) => each.metadata.uid !== newOne?.metadata.uid);
  for (const each of [...(newOne ? [newOne] : []), ...others]) {
    const condition = findCondition(each.status?.conditions, 'ReplicaFailure');
    if (condition?.status !== 'True') continue;
    const { lastTransitionTime, reason = '', message = '' } = condition;
    return {
      type: 'ReplicaFailure',
      status: 'True',
      reason,
      message,
      lastTransitionTime,
      lastUpdateTime: lastTransitionTime,
    };
  }
  return undefined;
}

function untilDeadline(sync: DeploymentSync, status: DeploymentStatus): number | undefined {
  const { deployment } = sync;
  const condition = progressingCondition(deployment.status);
  if (!hasProgressDeadline(deployment) || !condition || deploymentComplete(deployment, status)) return undefined;
  if (condition.reason === 'ProgressDeadlineExceeded' || condition.reason === 'NewReplicaSetAvailable')
    return undefined;
  const since = parseTime(condition.lastUpdateTime ?? '');
  if (since === undefined) return undefined;
  const deadline = since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
  return Math.max(0, deadline - sync.env.clock.now()) + 1000;
}

/** Zero counts are left out by the server. */
function statusEqual(a: DeploymentStatus | undefined, b: DeploymentStatus): boolean {
  return canonicalJson(withoutZeros(a ?? {})) === canonicalJson(withoutZeros(b));
}

function withoutZeros(status: DeploymentStatus): object {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
}

// Conditions of a Deployment: Available, Progressing, ReplicaFailure. Upstream: pkg/controller/deployment/util.

import type { DeploymentCondition, DeploymentStatus } from '../../api/generated/types.ts';
import { findCondition, removeCondition } from '../shared/conditions.ts';

export function progressingCondition(status: DeploymentStatus | undefined): DeploymentCondition | undefined {
  return findCondition(status?.conditions, 'Progressing');
}

/** A condition that became so now. */
export function newCondition(
  type: string,
  status: string,
  reason: string,
  message: string,
  now: string,
): DeploymentCondition {
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** Sets unless status and reason are as they were; keeps the transition time while the status is the same. Changes `status`. */
export function setDeploymentCondition(status: DeploymentStatus, condition: DeploymentCondition): void {
  const current = findCondition(status.conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return;
  const lastTransitionTime =
    current?.status === condition.status ? current.lastTransitionTime : condition.lastTransitionTime;
  status.conditions = [...removeCondition(status.conditions, condition.type), { ...condition, lastTransitionTime }];
}

export function removeDeploymentCondition(status: DeploymentStatus, type: string): void {
  status.conditions = removeCondition(status.conditions, type);
}

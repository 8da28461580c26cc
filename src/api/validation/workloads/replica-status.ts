// What a status may say of replicas (ValidateDeploymentStatus and its like in pkg/apis/apps/validation and pkg/apis/core/validation).

import { type FieldErrorList, invalid } from '../../field-error.ts';
import type { DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from '../../generated/types.ts';
import { nonNegative, statusPath } from '../common.ts';

type Counts = Readonly<Record<string, unknown>> | undefined;

function notNegative(errors: FieldErrorList, status: Counts, fields: readonly string[]): void {
  for (const field of fields) {
    const value = status?.[field];
    if (typeof value === 'number' && value < 0) nonNegative(errors, statusPath.child(field), value);
  }
}

/** No part is greater than the whole; `ready` is how the message calls what there is of ready ones. */
function withinReplicas(errors: FieldErrorList, status: Counts, parts: readonly string[], ready: string): void {
  const count = (field: string) => (status?.[field] as number | undefined) ?? 0;
  for (const part of parts)
    if (count(part) > count('replicas'))
      errors.push(invalid(statusPath.child(part), count(part), 'cannot be greater than status.replicas'));
  if (count('availableReplicas') > count('readyReplicas'))
    errors.push(
      invalid(statusPath.child('availableReplicas'), count('availableReplicas'), `cannot be greater than ${ready}`),
    );
}

function neverLess(errors: FieldErrorList, count: number | undefined, before: number | undefined): void {
  if (before !== undefined && (count === undefined || count < before))
    errors.push(invalid(statusPath.child('collisionCount'), count ?? 0, 'cannot be decremented'));
}

const deploymentCounts = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'collisionCount',
];

export function validateDeploymentStatus({ status }: Deployment, old: Deployment): FieldErrorList {
  const errors: FieldErrorList = [];
  const counts = status as Counts;
  notNegative(errors, counts, deploymentCounts);
  withinReplicas(errors, counts, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'readyReplicas');
  neverLess(errors, status?.collisionCount, old.status?.collisionCount);
  return errors;
}

const replicaSetCounts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
];

/** ReplicaSets and ReplicationControllers say the same of themselves. */
export function validateReplicaSetStatus({ status }: ReplicaSet | ReplicationController): FieldErrorList {
  const errors: FieldErrorList = [];
  const counts = status as Counts;
  notNegative(errors, counts, replicaSetCounts);
  withinReplicas(errors, counts, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'readyReplicas');
  return errors;
}

const statefulSetCounts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
];

export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet): FieldErrorList {
  const errors: FieldErrorList = [];
  const counts = status as Counts;
  notNegative(errors, counts, statefulSetCounts);
  withinReplicas(
    errors,
    counts,
    ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    'status.readyReplicas',
  );
  neverLess(errors, status?.collisionCount, old.status?.collisionCount);
  return errors;
}

const daemonSetCounts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

export function validateDaemonSetStatus({ status }: DaemonSet, old: DaemonSet): FieldErrorList {
  const errors: FieldErrorList = [];
  notNegative(errors, status as Counts, daemonSetCounts);
  neverLess(errors, status?.collisionCount, old.status?.collisionCount);
  return errors;
}

// The status of a ReplicaSet, from its pods. Upstream: pkg/controller/replicaset replica_set_utils.go.

import type { Pod, ReplicaSetStatus } from '../../api/generated/types.ts';
import { selectorFromSet, selectorMatches } from '../../api/labels.ts';
import { rfc3339 } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import { findCondition, removeCondition, setCondition } from '../shared/conditions.ts';
import { isPodAvailable, isPodReady } from '../shared/pods.ts';
import type { ReplicaOwner } from './replica-owner.ts';

/**
 * @param active pods that count as replicas
 * @param terminating pods being deleted
 * @param failure why pods could not be created or deleted just now, if so
 */
export function calculateStatus(
  owner: ReplicaOwner,
  active: readonly Pod[],
  terminating: readonly Pod[],
  failure: unknown,
  now: number,
): ReplicaSetStatus {
  const templateLabels = selectorFromSet(owner.spec?.template?.metadata?.labels);
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  let conditions = owner.status?.conditions ?? [];
  const failed = findCondition(conditions, 'ReplicaFailure');
  if (failure !== undefined && !failed) {
    const tooFew = active.length < (owner.spec?.replicas ?? 1);
    const reason = tooFew ? 'FailedCreate' : 'FailedDelete';
    const condition = { type: 'ReplicaFailure', status: 'True', reason, message: messageOf(failure) };
    conditions = setCondition(conditions, condition, rfc3339(now));
  } else if (failure === undefined && failed) {
    conditions = removeCondition(conditions, 'ReplicaFailure');
  }
  const count = (test: (pod: Pod) => boolean) => active.filter(test).length;
  return {
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => selectorMatches(templateLabels, pod.metadata.labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, minReadySeconds, now)),
    // ReplicationControllers have no such field.
    ...(owner.kind === 'ReplicaSet' ? { terminatingReplicas: terminating.length } : {}),
    observedGeneration: owner.metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Zero counts are left out by the server: compare as numbers. */
export function statusEqual(a: ReplicaSetStatus | undefined, b: ReplicaSetStatus): boolean {
  const fields = [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
    'observedGeneration',
  ] as const;
  return (
    fields.every((field) => (a?.[field] ?? 0) === (b[field] ?? 0)) &&
    JSON.stringify(a?.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}

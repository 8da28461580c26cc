// Status conditions: one per type, its transition time changed only when its status does.

interface ConditionLike {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export function findCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The list with `condition` in place of the one of its type, or added. `now` (RFC 3339) becomes the transition time if the status changed;
 * the same list if status, reason and message are as they were.
 */
export function setCondition<C extends ConditionLike>(conditions: readonly C[] = [], condition: C, now: string): C[] {
  const old = findCondition(conditions, condition.type);
  if (old && old.status === condition.status && old.reason === condition.reason && old.message === condition.message) {
    return [...conditions];
  }
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : now;
  const next = { ...condition, lastTransitionTime };
  return old ? conditions.map((each) => (each === old ? next : each)) : [...conditions, next];
}

export function removeCondition<C extends ConditionLike>(conditions: readonly C[] = [], type: string): C[] {
  return conditions.filter((condition) => condition.type !== type);
}

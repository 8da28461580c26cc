// What several plugins share. Upstream: pkg/scheduler/framework/plugins/helper.

import type { Pod } from '../../api/generated/types.ts';

/** A pod's priority, 0 if it has none. */
export function podPriority(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/** Scales scores linearly so that the highest becomes 100; reversed, 100 becomes 0. All zero: all zero, or all 100 reversed. */
export function defaultNormalize(scores: Map<string, number>, reverse: boolean): void {
  let highest = 0;
  for (const score of scores.values()) highest = Math.max(highest, score);
  for (const [node, score] of scores) {
    const scaled = highest === 0 ? 0 : Math.floor((score * 100) / highest);
    scores.set(node, reverse ? 100 - scaled : scaled);
  }
}

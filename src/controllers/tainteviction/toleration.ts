// How long a pod stays on a node with NoExecute taints. Upstream: pkg/controller/tainteviction.

import type { Pod, Taint } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { tolerates } from '../../client/index.ts';

/**
 * Cluster ms at which the pod has to go: `now` if some taint is not tolerated; undefined if it may stay for ever. Time counts from when each taint was
 * added, so that a new leader comes to the same answer.
 */
export function evictionTime(pod: Pod, taints: readonly Taint[], now: number): number | undefined {
  let earliest: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return now;
    const limits = matching.flatMap(({ tolerationSeconds }) =>
      tolerationSeconds === undefined ? [] : [tolerationSeconds],
    );
    if (limits.length === 0) continue;
    const since = parseTime(taint.timeAdded ?? '') ?? now;
    const at = since + Math.max(0, Math.min(...limits)) * 1000;
    if (earliest === undefined || at < earliest) earliest = at;
  }
  return earliest;
}

// Which pods go first when there are too many. Upstream: pkg/controller ActivePodsWithRanks.
//
// In this order: not assigned to a node; Pending, Unknown, Running; not ready; lower deletion cost; more siblings on its node; ready for a shorter time (on a
// logarithmic scale, ties by uid); more restarts; younger (the same way).

import type { Pod } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { isPodActive, isPodReady, maxRestarts, readySince } from '../shared/pods.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/** `count` of `candidates`, those to be deleted first. `related` are the pods of sibling owners, `candidates` included; they tell how crowded a node is. */
export function podsToDelete(candidates: readonly Pod[], related: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= candidates.length) return [...candidates];
  const perNode = new Map<string, number>();
  for (const pod of related) {
    if (!isPodActive(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod) => perNode.get(pod.spec.nodeName ?? '') ?? 0;
  return [...candidates].sort((a, b) => comparePods(a, b, rank, now)).slice(0, count);
}

/** Negative: a goes first. */
export function comparePods(a: Pod, b: Pod, rank: (pod: Pod) => number, now: number): number {
  return (
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
    phaseOrder(a) - phaseOrder(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    rank(b) - rank(a) ||
    compareAges(a, b, isPodReady(a) ? readySince : () => undefined, now) ||
    maxRestarts(b) - maxRestarts(a) ||
    compareAges(a, b, (pod) => parseTime(pod.metadata.creationTimestamp ?? ''), now)
  );
}

const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

function phaseOrder(pod: Pod): number {
  return phases[pod.status?.phase ?? 'Pending'] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '0';
  return /^-?[0-9]+$/.test(text) ? Number(text) : 0;
}

function compareAges(a: Pod, b: Pod, timeOf: (pod: Pod) => number | undefined, now: number): number {
  const first = timeOf(a);
  const second = timeOf(b);
  if (first === second) return 0;
  // A time that is not known counts as the oldest.
  if (first === undefined) return 1;
  if (second === undefined) return -1;
  const difference = magnitude(now - first) - magnitude(now - second);
  if (difference !== 0) return difference;
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1;
}

/** The power of two of an age: pods of about the same age are equal, so that not always the youngest goes. */
function magnitude(milliseconds: number): number {
  return milliseconds <= 0 ? -1 : Math.floor(Math.log2(milliseconds));
}

// Taints that follow from a node's conditions. Upstream: pkg/controller/nodelifecycle, pkg/util/taints, core/v1 well_known_taints.go.

import type { Node, Taint } from '../../api/generated/types.ts';
import { findCondition } from '../shared/conditions.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

const conditionTaints: [condition: string, status: string, taint: string][] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const managedNoSchedule = new Set([...conditionTaints.map(([, , taint]) => taint), unschedulableTaint]);

/** The NoSchedule taints the node should have for its conditions and for being cordoned; others are left as they are. */
export function withNoScheduleTaints(node: Node, now: string): Taint[] {
  const wanted = conditionTaints
    .filter(([type, status]) => findCondition(node.status?.conditions, type)?.status === status)
    .map(([, , taint]) => taint);
  if (node.spec?.unschedulable) wanted.push(unschedulableTaint);
  const taints = node.spec?.taints ?? [];
  const isManaged = (taint: Taint) => taint.effect === 'NoSchedule' && managedNoSchedule.has(taint.key);
  const kept = taints.filter((taint) => !isManaged(taint) || wanted.includes(taint.key));
  const present = new Set(kept.filter(isManaged).map(({ key }) => key));
  const added = wanted.filter((key) => !present.has(key)).map((key) => ({ key, effect: 'NoSchedule', timeAdded: now }));
  return [...kept, ...added];
}

/** The NoExecute taint that evicts pods: of not-ready and unreachable the one that fits `ready`, or none. */
export function withNoExecuteTaints(node: Node, ready: string, now: string): Taint[] {
  const wanted = ready === 'False' ? notReadyTaint : ready === 'Unknown' ? unreachableTaint : undefined;
  const taints = node.spec?.taints ?? [];
  const kept = taints.filter(
    ({ key, effect }) =>
      effect !== 'NoExecute' || (key !== notReadyTaint && key !== unreachableTaint) || key === wanted,
  );
  if (wanted === undefined || kept.some(({ key, effect }) => key === wanted && effect === 'NoExecute')) return kept;
  return [...kept, { key: wanted, effect: 'NoExecute', timeAdded: now }];
}

export function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  const text = (taints: readonly Taint[]) =>
    taints.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`).sort();
  return text(a).join() === text(b).join();
}

// Why a pod fits nowhere, in the words users know from `kubectl describe`. Upstream: pkg/scheduler/framework FitError.

import type { Diagnosis, Status } from './types.ts';

/** "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: ..." */
export function fitErrorMessage(nodeCount: number, diagnosis: Diagnosis, postFilterMessage = ''): string {
  let message = `0/${nodeCount} nodes are available`;
  if (diagnosis.preFilterMessage !== '') message += `: ${diagnosis.preFilterMessage}.`;
  else {
    const histogram = reasonHistogram(diagnosis.rejected.values());
    if (histogram.length > 0) message += `: ${histogram.join(', ')}.`;
  }
  return postFilterMessage === '' ? message : `${message} ${postFilterMessage}`;
}

/** "2 Insufficient cpu", sorted as text. */
export function reasonHistogram(statuses: Iterable<Status>): string[] {
  const counts = new Map<string, number>();
  for (const { reasons } of statuses) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

// What the node itself checks before it runs a pod that was bound to it: room, node selector and affinity, host ports, the pod count.
// Upstream: pkg/kubelet/lifecycle/predicate.go (the scheduler's filters once more, because somebody may have bound the pod by hand).

import type { Node, Pod } from '../../api/generated/types.ts';
import { requiredNodeAffinityMatches } from '../../client/index.ts';
import { amountOf, milliCpu, podRequests } from '../containers/resources.ts';

export interface Rejection {
  /** "OutOfcpu", "NodeAffinity", "NodePorts". */
  reason: string;
  message: string;
}

/** Undefined if the pod may run here. `others`: the pods that are admitted already. */
export function admitPod(pod: Pod, others: Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable;
  const maxPods = amountOf(allocatable, 'pods');
  if (allocatable?.['pods'] !== undefined && others.length + 1 > maxPods)
    return outOf('pods', 1, others.length, maxPods);
  const wanted = podRequests(pod);
  const used = others.map(podRequests);
  const checks: [string, number, number, number][] = [
    ['cpu', wanted.milliCpu, sum(used.map((u) => u.milliCpu)), milliCpu(allocatable)],
    ['memory', wanted.memory, sum(used.map((u) => u.memory)), amountOf(allocatable, 'memory')],
    [
      'ephemeral-storage',
      wanted.ephemeralStorage,
      sum(used.map((u) => u.ephemeralStorage)),
      amountOf(allocatable, 'ephemeral-storage'),
    ],
  ];
  for (const [resource, requested, inUse, capacity] of checks)
    if (requested > 0 && requested > capacity - inUse) return outOf(resource, requested, inUse, capacity);
  if (!requiredNodeAffinityMatches(pod, node))
    return {
      reason: 'NodeAffinity',
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    };
  const taken = new Set(others.flatMap(hostPorts));
  if (hostPorts(pod).some((port) => taken.has(port)))
    return {
      reason: 'NodePorts',
      message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    };
  return undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function hostPorts(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).flatMap((port) => (port.hostPort ? [`${port.protocol ?? 'TCP'} ${port.hostPort}`] : [])),
  );
}

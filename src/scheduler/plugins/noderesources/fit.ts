// A node must have room for what a pod requests; fuller or emptier nodes are preferred by strategy. Upstream: plugins/noderesources Fit.

import type { NodeInfo } from '../../cache/node-info.ts';
import { podRequests, type Resources } from '../../cache/resources.ts';
import { type CycleState, maxNodeScore, type Plugin, type Status } from '../../framework/types.ts';

const stateKey = 'NodeResourcesFit';

export type ScoringStrategy = 'LeastAllocated' | 'MostAllocated';

export interface FitOptions {
  strategy?: ScoringStrategy;
  /** Weight per resource. Default: cpu 1, memory 1. */
  weights?: Record<string, number>;
}

export function nodeResourcesFit(options: FitOptions = {}): Plugin {
  const strategy = options.strategy ?? 'LeastAllocated';
  const weights = Object.entries(options.weights ?? { cpu: 1, memory: 1 });
  return {
    name: 'NodeResourcesFit',
    events: ['node add', 'node allocatable', 'pod delete', 'pod scale down'],
    preFilter(state, pod) {
      state.write(stateKey, podRequests(pod));
      return undefined;
    },
    filter: (state, _pod, node) => fits(requestsIn(state), node),
    preScore(state, pod) {
      state.write(`${stateKey}/score`, podRequests(pod, { nonZero: true }));
      return undefined;
    },
    score(state, _pod, node) {
      const requests = state.read<Resources>(`${stateKey}/score`);
      let sum = 0;
      let weightSum = 0;
      for (const [name, weight] of weights) {
        const capacity = node.allocatable.get(name) ?? 0;
        if (capacity === 0) continue;
        const used = Math.min((node.nonZeroRequested.get(name) ?? 0) + (requests.get(name) ?? 0), capacity);
        const share = strategy === 'LeastAllocated' ? capacity - used : used;
        sum += Math.floor((share * maxNodeScore) / capacity) * weight;
        weightSum += weight;
      }
      return weightSum === 0 ? 0 : Math.floor(sum / weightSum);
    },
  };
}

const requestsIn = (state: CycleState) => state.read<Resources>(stateKey);

/** Which resources do not suffice. More than the node could ever give is unresolvable: evicting would not help. */
export function fits(requests: Resources, node: NodeInfo): Status | undefined {
  const reasons: string[] = [];
  let beyond = false;
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, wanted] of requests) {
    if (wanted === 0) continue;
    const allocatable = node.allocatable.get(name) ?? 0;
    if (wanted <= allocatable - (node.requested.get(name) ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    if (wanted > allocatable) beyond = true;
  }
  if (reasons.length === 0) return undefined;
  return { code: beyond ? 'UnschedulableAndUnresolvable' : 'Unschedulable', reasons };
}

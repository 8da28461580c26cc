// Prefers nodes whose resources would be used to about the same share, so that none is left over without the other. Upstream: plugins/noderesources
// BalancedAllocation.

import { podRequests, type Resources } from '../../cache/resources.ts';
import { maxNodeScore, type Plugin, skip } from '../../framework/types.ts';

const stateKey = 'NodeResourcesBalancedAllocation';
const balanced = ['cpu', 'memory'];

export function nodeResourcesBalancedAllocation(): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore(state, pod) {
      const requests = podRequests(pod);
      // a pod that asks for nothing changes no balance
      if (balanced.every((name) => (requests.get(name) ?? 0) === 0)) return skip;
      state.write(stateKey, requests);
      return undefined;
    },
    score(state, _pod, node) {
      const requests = state.read<Resources>(stateKey);
      const shares: number[] = [];
      for (const name of balanced) {
        const capacity = node.allocatable.get(name) ?? 0;
        if (capacity > 0)
          shares.push(Math.min(((node.requested.get(name) ?? 0) + (requests.get(name) ?? 0)) / capacity, 1));
      }
      return Math.floor((1 - deviation(shares)) * maxNodeScore);
    },
  };
}

/** Standard deviation; of two shares, half their difference. */
function deviation(shares: number[]): number {
  if (shares.length < 2) return 0;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
}

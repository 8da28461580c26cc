// Order of the queue: higher priority first, then who came first. Upstream: plugins/queuesort.

import { podPriority } from '../../framework/helpers.ts';
import type { Plugin } from '../../framework/types.ts';

export function prioritySort(): Plugin {
  return {
    name: 'PrioritySort',
    less(a, b) {
      const first = podPriority(a.pod);
      const second = podPriority(b.pod);
      return first === second ? a.timestamp < b.timestamp : first > second;
    },
  };
}

// Keeps pods with scheduling gates out of the queue until their last gate is removed. Upstream: plugins/schedulinggates.

import { type Plugin, unresolvable } from '../../framework/types.ts';

export function schedulingGates(): Plugin {
  return {
    name: 'SchedulingGates',
    events: ['gates'],
    preEnqueue(pod) {
      const gates = (pod.spec.schedulingGates ?? []).map((gate) => gate.name);
      return gates.length === 0 ? undefined : unresolvable(`waiting for scheduling gates: [${gates.join(' ')}]`);
    },
  };
}

// Host ports of a pod must be free on its node. Upstream: plugins/nodeports.

import { hostPorts } from '../../cache/node-info.ts';
import { type Plugin, skip, unschedulable } from '../../framework/types.ts';

export function nodePorts(): Plugin {
  return {
    name: 'NodePorts',
    events: ['node add', 'pod delete'],
    preFilter: (_state, pod) => (hostPorts(pod).length === 0 ? { status: skip } : undefined),
    filter(_state, pod, node) {
      const taken = hostPorts(pod).some((wanted) => [...node.usedPorts.keys()].some((used) => conflict(wanted, used)));
      return taken ? unschedulable("node(s) didn't have free ports for the requested pod ports") : undefined;
    },
  };
}

/** Same protocol and port, and addresses that overlap: 0.0.0.0 overlaps every address. */
function conflict(a: string, b: string): boolean {
  const [ipA, ...portA] = a.split('|');
  const [ipB, ...portB] = b.split('|');
  return portA.join('|') === portB.join('|') && (ipA === ipB || ipA === '0.0.0.0' || ipB === '0.0.0.0');
}

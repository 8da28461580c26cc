// A pod that names its node fits only there. Upstream: plugins/nodename.

import { type Plugin, unresolvable } from '../../framework/types.ts';

export function nodeName(): Plugin {
  return {
    name: 'NodeName',
    events: ['node add'],
    filter(_state, pod, node) {
      if (!pod.spec.nodeName || pod.spec.nodeName === node.name) return undefined;
      return unresolvable("node(s) didn't match the requested node name");
    },
  };
}

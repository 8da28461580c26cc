// Cordoned nodes take no new pods, unless the pod tolerates that. Upstream: plugins/nodeunschedulable.

import { tolerates } from '../../../client/index.ts';
import { type Plugin, unresolvable } from '../../framework/types.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export function nodeUnschedulable(): Plugin {
  return {
    name: 'NodeUnschedulable',
    events: ['node add', 'node unschedulable'],
    filter(_state, pod, node) {
      if (!node.node?.spec.unschedulable) return undefined;
      if ((pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint))) return undefined;
      return unresolvable('node(s) were unschedulable');
    },
  };
}

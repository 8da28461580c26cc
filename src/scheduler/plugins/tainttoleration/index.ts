// Taints keep pods away that do not tolerate them; PreferNoSchedule ones only weigh. Upstream: plugins/tainttoleration.

import type { Pod } from '../../../api/generated/types.ts';
import { findUntoleratedTaint, tolerates } from '../../../client/index.ts';
import { defaultNormalize } from '../../framework/helpers.ts';
import { type Plugin, unresolvable } from '../../framework/types.ts';

export function taintToleration(): Plugin {
  return {
    name: 'TaintToleration',
    events: ['node add', 'node taint'],
    filter(_state, pod, node) {
      const taint = findUntoleratedTaint(node.node?.spec.taints ?? [], pod.spec.tolerations ?? [], [
        'NoSchedule',
        'NoExecute',
      ]);
      return taint ? unresolvable('node(s) had untolerated taint(s)') : undefined;
    },
    score(_state, pod, node) {
      const tolerations = softTolerations(pod);
      const soft = (node.node?.spec.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule');
      return soft.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint))).length;
    },
    normalizeScores: (_state, _pod, scores) => defaultNormalize(scores, true),
  };
}

const softTolerations = (pod: Pod) =>
  (pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');

// nodeSelector and node affinity: required ones filter, preferred ones score. Upstream: plugins/nodeaffinity.

import type { Pod } from '../../../api/generated/types.ts';
import { nodeSelectorTermMatches, requiredNodeAffinityMatches } from '../../../client/index.ts';
import { defaultNormalize } from '../../framework/helpers.ts';
import { type Plugin, type PreFilterResult, skip, unresolvable } from '../../framework/types.ts';

export function nodeAffinity(): Plugin {
  return {
    name: 'NodeAffinity',
    events: ['node add', 'node label'],
    preFilter(_state, pod) {
      const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      if (!pod.spec.nodeSelector && !required) return { status: skip };
      const result = namedNodes(pod);
      if (!result) return undefined;
      if (result.nodeNames?.size === 0) return { status: unresolvable('pod affinity terms conflict') };
      return { result };
    },
    filter(_state, pod, node) {
      if (node.node && requiredNodeAffinityMatches(pod, node.node)) return undefined;
      return unresolvable("node(s) didn't match Pod's node affinity/selector");
    },
    preScore: (_state, pod) => (preferredOf(pod).length === 0 ? skip : undefined),
    score(_state, pod, node) {
      let score = 0;
      for (const { preference, weight } of preferredOf(pod)) {
        const empty = (preference.matchExpressions ?? []).length === 0 && (preference.matchFields ?? []).length === 0;
        if (node.node && (empty || nodeSelectorTermMatches(preference, node.node))) score += weight;
      }
      return score;
    },
    normalizeScores: (_state, _pod, scores) => defaultNormalize(scores, false),
  };
}

const preferredOf = (pod: Pod) =>
  pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];

/** If every required term names nodes (metadata.name in [...]), as DaemonSet pods do, only those need a look. */
function namedNodes(pod: Pod): PreFilterResult | undefined {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const term of terms) {
    const named = (term.matchFields ?? []).filter((field) => field.key === 'metadata.name' && field.operator === 'In');
    const [first, ...others] = named;
    if (!first) return undefined;
    for (const name of first.values ?? []) if (others.every((other) => other.values?.includes(name))) names.add(name);
  }
  return { nodeNames: names };
}

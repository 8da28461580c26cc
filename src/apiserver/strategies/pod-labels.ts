// Keys whose values a new pod's affinity and spreading take from its own labels: they become part of the selectors
// (pkg/registry/core/pod: mutatePodAffinity, mutateTopologySpreadConstraints).

import type { LabelSelector, Pod, PodAffinityTerm } from '../../api/generated/types.ts';

function merge(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Record<string, string> | undefined,
): void {
  // No selector selects nothing, whatever the keys.
  if (!selector || !keys) return;
  const added = keys.flatMap((key) => {
    const value = labels?.[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
  if (added.length > 0) selector.matchExpressions = [...(selector.matchExpressions ?? []), ...added];
}

export function mergeLabelKeys({ metadata: { labels }, spec }: Pod): void {
  const term = ({ labelSelector, matchLabelKeys, mismatchLabelKeys }: PodAffinityTerm) => {
    merge(labelSelector, matchLabelKeys, 'In', labels);
    merge(labelSelector, mismatchLabelKeys, 'NotIn', labels);
  };
  for (const kind of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const each of kind?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      if (each.podAffinityTerm) term(each.podAffinityTerm);
    for (const each of kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []) term(each);
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? [])
    merge(labelSelector, matchLabelKeys, 'In', labels);
}

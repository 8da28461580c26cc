// Affinity terms between pods, made ready for matching. Upstream: pkg/scheduler/framework AffinityTerm.

import type { Pod, PodAffinityTerm } from '../../../api/generated/types.ts';
import { labelSelectorAsSelector, nothing, type Selector, selectorMatches } from '../../../api/labels.ts';
import type { Handle } from '../../framework/types.ts';

export interface Term {
  topologyKey: string;
  selector: Selector;
  namespaces: ReadonlySet<string>;
  namespaceSelector: Selector;
}

export interface WeightedTerm extends Term {
  weight: number;
}

function prepare(pod: Pod, term: PodAffinityTerm): Term {
  const named = term.namespaces ?? [];
  const own = named.length === 0 && !term.namespaceSelector ? [pod.metadata.namespace ?? ''] : named;
  return {
    topologyKey: term.topologyKey,
    selector: term.labelSelector ? labelSelectorAsSelector(term.labelSelector) : nothing,
    namespaces: new Set(own),
    namespaceSelector: term.namespaceSelector ? labelSelectorAsSelector(term.namespaceSelector) : nothing,
  };
}

const required = (pod: Pod, terms: PodAffinityTerm[] | undefined) => (terms ?? []).map((term) => prepare(pod, term));

export const requiredAffinity = (pod: Pod) =>
  required(pod, pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
export const requiredAntiAffinity = (pod: Pod) =>
  required(pod, pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution);

/** Preferred terms of both signs: anti-affinity has negative weights. */
export function preferredTerms(pod: Pod): WeightedTerm[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const weighted = (sign: number) => (term: { weight: number; podAffinityTerm: PodAffinityTerm }) => ({
    ...prepare(pod, term.podAffinityTerm),
    weight: sign * term.weight,
  });
  return [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(1)),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(-1)),
  ];
}

export function termMatches(term: Term, pod: Pod, handle: Handle): boolean {
  const namespace = pod.metadata.namespace ?? '';
  const inNamespace =
    term.namespaces.has(namespace) ||
    (term.namespaceSelector !== nothing &&
      selectorMatches(term.namespaceSelector, handle.namespaceLabels(namespace) ?? {}));
  return inNamespace && selectorMatches(term.selector, pod.metadata.labels);
}

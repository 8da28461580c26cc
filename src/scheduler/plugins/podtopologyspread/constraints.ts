// A pod's spread constraints, made ready for counting. Upstream: plugins/podtopologyspread common.go.

import type { Pod } from '../../../api/generated/types.ts';
import { labelSelectorAsSelector, type Selector, selectorFromSet, selectorMatches } from '../../../api/labels.ts';
import { findUntoleratedTaint, requiredNodeAffinityMatches } from '../../../client/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { Handle } from '../../framework/types.ts';

export interface Constraint {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  selector: Selector;
  honorAffinity: boolean;
  honorTaints: boolean;
}

type Unsatisfiable = 'DoNotSchedule' | 'ScheduleAnyway';

/** The constraints a pod states, with that consequence. */
export function statedConstraints(pod: Pod, action: Unsatisfiable): Constraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === action)
    .map((constraint) => {
      const labels = pod.metadata.labels ?? {};
      const shared = (constraint.matchLabelKeys ?? [])
        .filter((key) => key in labels)
        .map((key) => [key, labels[key] as string]);
      return {
        topologyKey: constraint.topologyKey,
        maxSkew: constraint.maxSkew,
        minDomains: constraint.minDomains ?? 1,
        selector: [
          ...labelSelectorAsSelector(constraint.labelSelector),
          ...selectorFromSet(Object.fromEntries(shared)),
        ],
        honorAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
        honorTaints: (constraint.nodeTaintsPolicy ?? 'Ignore') === 'Honor',
      };
    });
}

/** What the scheduler prefers for pods that state nothing but belong to something: spread over zones and hosts. */
export function defaultConstraints(pod: Pod, handle: Handle): Constraint[] {
  if ((pod.spec.topologySpreadConstraints ?? []).length > 0) return [];
  const selector = handle.defaultSelector(pod);
  if (selector.length === 0) return [];
  const constraint = (topologyKey: string, maxSkew: number): Constraint => ({
    topologyKey,
    maxSkew,
    minDomains: 1,
    selector,
    honorAffinity: true,
    honorTaints: false,
  });
  return [constraint('kubernetes.io/hostname', 3), constraint('topology.kubernetes.io/zone', 5)];
}

/** Whether a node's pods count for a constraint. */
export function counts(constraint: Constraint, pod: Pod, info: NodeInfo): boolean {
  if (!info.node) return false;
  if (constraint.honorAffinity && !requiredNodeAffinityMatches(pod, info.node)) return false;
  if (!constraint.honorTaints) return true;
  return !findUntoleratedTaint(info.node.spec.taints ?? [], pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute']);
}

/** Pods on a node, of that namespace and not on their way out, that a selector matches. */
export function matchingPods(info: NodeInfo, namespace: string | undefined, selector: Selector): number {
  let matching = 0;
  for (const { pod } of info.pods.values()) {
    if (
      pod.metadata.namespace === namespace &&
      !pod.metadata.deletionTimestamp &&
      selectorMatches(selector, pod.metadata.labels)
    )
      matching++;
  }
  return matching;
}

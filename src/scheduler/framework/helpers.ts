// Judgements about pods and nodes that several plugins share. Upstream: k8s.io/component-helpers/scheduling/corev1.

import type { Node, NodeSelectorTerm, Pod, Taint, Toleration } from '../../api/generated/types.ts';
import { newRequirement, requirementMatches } from '../../api/labels.ts';

/** A pod's priority, 0 if it has none. */
export function podPriority(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/** Whether a toleration covers a taint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
    case '':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Gt':
      return Number(taint.value) > Number(toleration.value);
    case 'Lt':
      return Number(taint.value) < Number(toleration.value);
    default:
      return false;
  }
}

/** The first taint of those effects that no toleration covers. */
export function findUntoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  return taints.find(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' } as const;

/** Whether a node satisfies one term: all its expressions and fields. An empty term matches nothing. */
export function nodeSelectorTermMatches(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const matches =
    (labels: Record<string, string>) => (requirement: { key: string; operator: string; values?: string[] }) => {
      const operator = operators[requirement.operator as keyof typeof operators];
      return (
        operator !== undefined &&
        requirementMatches(newRequirement(requirement.key, operator, requirement.values ?? []), labels)
      );
    };
  return expressions.every(matches(node.metadata.labels ?? {})) && fields.every(matchesField(node));
}

// the only selectable field of a node is its name
function matchesField(node: Node) {
  return ({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }) => {
    if (key !== 'metadata.name') return false;
    const included = values.includes(node.metadata.name);
    return operator === 'In' ? included : operator === 'NotIn' ? !included : false;
  };
}

/** Whether a node satisfies a pod's nodeSelector and its required node affinity. */
export function nodeMatchesPod(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => nodeSelectorTermMatches(term, node));
}

/** Scales scores linearly so that the highest becomes 100; reversed, 100 becomes 0. All zero: all zero, or all 100 reversed. */
export function defaultNormalize(scores: Map<string, number>, reverse: boolean): void {
  let highest = 0;
  for (const score of scores.values()) highest = Math.max(highest, score);
  for (const [node, score] of scores) {
    const scaled = highest === 0 ? 0 : Math.floor((score * 100) / highest);
    scores.set(node, reverse ? 100 - scaled : scaled);
  }
}

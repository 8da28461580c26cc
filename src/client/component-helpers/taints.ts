// Which taints a pod tolerates. Upstream: k8s.io/component-helpers/scheduling/corev1.

import type { Pod, Taint, Toleration } from '../../api/generated/types.ts';

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const operator = toleration.operator || 'Equal';
  if (operator === 'Exists') return true;
  if (!toleration.key) return false;
  const value = taint.value ?? '';
  if (operator === 'Equal') return (toleration.value ?? '') === value;
  // Comparison of numbers (KEP-5471).
  const [bound, actual] = [Number(toleration.value), Number(value)];
  if (!Number.isInteger(bound) || !Number.isInteger(actual) || value === '') return false;
  return operator === 'Lt' ? actual < bound : operator === 'Gt' && actual > bound;
}

/** The first taint with one of `effects` that no toleration covers. */
export function findUntoleratedTaint(
  taints: readonly Taint[] = [],
  tolerations: readonly Toleration[] = [],
  effects: readonly string[] = ['NoSchedule', 'NoExecute'],
): Taint | undefined {
  return taints.find(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

export function podToleratesTaints(pod: Pod, taints: readonly Taint[] | undefined): boolean {
  return findUntoleratedTaint(taints, pod.spec.tolerations) === undefined;
}

// The quality-of-service class of a pod (pkg/apis/core/v1/helper/qos).

import type { PodSpec } from './generated/types.ts';
import { compareQuantity, quantityMilliValue } from './quantity.ts';

const computed = ['cpu', 'memory'] as const;

/** The pod says for all its containers together what they need. */
function hasOwn({ resources }: PodSpec): boolean {
  const names = [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})];
  return names.some((name) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'));
}

/**
 * Guaranteed: each container limits cpu and memory to what it requests. BestEffort: nothing asked. Burstable: the rest. Resources of the pod take the place
 * of its containers'.
 */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let any = false;
  let guaranteed = true;
  const parts =
    spec?.resources && hasOwn(spec) ? [spec] : [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  for (const { resources } of parts) {
    for (const name of computed) {
      const request = positive(resources?.requests?.[name]);
      const limit = positive(resources?.limits?.[name]);
      if (request !== undefined || limit !== undefined) any = true;
      if (limit === undefined || (request !== undefined && compareQuantity(request, limit) !== 0)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function positive(quantity: string | undefined): string | undefined {
  return quantity !== undefined && quantityMilliValue(quantity) > 0 ? quantity : undefined;
}

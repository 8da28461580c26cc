// What pods ask for and nodes have, as plain numbers. Upstream: pkg/scheduler/framework types.go and component-helpers/resource.

import type { Container, Pod } from '../../api/generated/types.ts';
import { quantityMilliValue, quantityValue } from '../../api/quantity.ts';

/** Millicores for cpu, bytes or units for everything else. */
export type Resources = Map<string, number>;

/** Requests that count in scores for containers that state none (so that they do not all land on one node). */
const nonZeroDefaults = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

export function parseResources(list: Record<string, string> | undefined): Resources {
  const resources: Resources = new Map();
  for (const [name, text] of Object.entries(list ?? {})) {
    resources.set(name, name === 'cpu' ? quantityMilliValue(text) : quantityValue(text));
  }
  return resources;
}

export function addResources(to: Resources, more: Resources, sign = 1): void {
  for (const [name, amount] of more) to.set(name, (to.get(name) ?? 0) + sign * amount);
}

function raiseTo(resources: Resources, least: Resources): void {
  for (const [name, amount] of least) if (amount > (resources.get(name) ?? 0)) resources.set(name, amount);
}

function requestsOf(container: Container, nonZero: boolean): Resources {
  const requests = parseResources(container.resources?.requests as Record<string, string> | undefined);
  if (nonZero) for (const [name, amount] of nonZeroDefaults) if (!requests.has(name)) requests.set(name, amount);
  return requests;
}

/**
 * What a pod needs of a node: its containers and sidecars together, or more if an init container (with the sidecars started before it) needs more; plus overhead.
 * Pod-level requests take the place of the containers' where they are given.
 */
export function podRequests(pod: Pod, options: { nonZero?: boolean } = {}): Resources {
  const nonZero = options.nonZero ?? false;
  const total: Resources = new Map();
  for (const container of pod.spec.containers) addResources(total, requestsOf(container, nonZero));
  const sidecars: Resources = new Map();
  const peak: Resources = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container, nonZero);
    if (container.restartPolicy === 'Always') {
      addResources(total, requests);
      addResources(sidecars, requests);
      raiseTo(peak, sidecars);
    } else {
      addResources(requests, sidecars);
      raiseTo(peak, requests);
    }
  }
  raiseTo(total, peak);
  for (const [name, amount] of parseResources(pod.spec.resources?.requests as Record<string, string> | undefined))
    total.set(name, amount);
  addResources(total, parseResources(pod.spec.overhead as Record<string, string> | undefined));
  return total;
}

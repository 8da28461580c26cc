// What a pod asks for and is limited to, as quota counts it (component-helpers/resource PodRequests and PodLimits).

import type { Container, ContainerStatus, Pod } from '../generated/types.ts';
import { addQuantity, compareQuantity, parseQuantity, type Quantity } from '../quantity.ts';

export type Amounts = Map<string, Quantity>;
type Field = 'requests' | 'limits';

export function addTo(amounts: Amounts, name: string, quantity: Quantity): void {
  const known = amounts.get(name);
  amounts.set(name, known ? addQuantity(known, quantity) : quantity);
}

function addAll(to: Amounts, more: Amounts): void {
  for (const [name, quantity] of more) addTo(to, name, quantity);
}

function raiseTo(to: Amounts, least: Amounts): void {
  for (const [name, quantity] of least) {
    const known = to.get(name);
    if (!known || compareQuantity(quantity, known) > 0) to.set(name, quantity);
  }
}

function read(list: Record<string, string> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

/** One container's amounts: while a resize is under way the larger of what is wanted and what the node still gives. */
function ofContainer(
  container: Container,
  status: ContainerStatus | undefined,
  field: Field,
  refused: boolean,
): Amounts {
  const wanted = read(container.resources?.[field]);
  const given = status?.resources;
  if (!given) return wanted;
  const out = refused ? new Map<string, Quantity>() : wanted;
  raiseTo(out, read(given[field]));
  if (field === 'requests') raiseTo(out, read(status.allocatedResources));
  return out;
}

/**
 * Containers and sidecars together, or more if an init container (with the sidecars started before it) needs more; the pod's own amounts take the place of
 * its containers' where they are given; overhead is added (to limits only where there is one).
 */
export function podAmounts({ spec, status }: Pod, field: Field): Amounts {
  const refused = (status?.conditions ?? []).some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  );
  const statuses = new Map(
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map((each) => [each.name, each]),
  );
  const amounts = (container: Container) => ofContainer(container, statuses.get(container.name), field, refused);
  const total: Amounts = new Map();
  for (const container of spec.containers) addAll(total, amounts(container));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const its = amounts(container);
    if (container.restartPolicy === 'Always') {
      addAll(total, its);
      addAll(sidecars, its);
      raiseTo(peak, sidecars);
    } else {
      addAll(its, sidecars);
      raiseTo(peak, its);
    }
  }
  raiseTo(total, peak);
  for (const [name, quantity] of read(spec.resources?.[field])) total.set(name, quantity);
  for (const [name, quantity] of read(spec.overhead))
    if (field === 'requests' || total.has(name)) addTo(total, name, quantity);
  return total;
}

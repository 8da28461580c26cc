// Turns the slices there are into slices that hold the wanted endpoints, with few writes. Upstream: k8s.io/endpointslice reconciler.go reconcileByPortMapping.
//
// Invariants: a slice holds at most `max` endpoints; every wanted endpoint is in exactly one slice; slices that need not change are not written; what is missing goes
// into slices that are written anyway, then into new ones.

import type { Endpoint, EndpointSlice } from '../../api/generated/types.ts';
import { semanticEqual } from '../shared/equality.ts';

export interface SliceDiff {
  /** The endpoints of each slice to be made. */
  create: Endpoint[][];
  update: { slice: EndpointSlice; endpoints: Endpoint[] }[];
  delete: EndpointSlice[];
}

/** Who an endpoint is: its pod, or its addresses. */
function identityOf(endpoint: Endpoint): string {
  return endpoint.targetRef?.uid ?? endpoint.addresses.join(',');
}

/** @param existing slices of one Service, address type and set of ports */
export function diffSlices(existing: readonly EndpointSlice[], wanted: readonly Endpoint[], max: number): SliceDiff {
  const missing = new Map(wanted.map((endpoint) => [identityOf(endpoint), endpoint]));
  const kept: { slice: EndpointSlice; endpoints: Endpoint[]; changed: boolean }[] = [];
  for (const slice of existing) {
    const endpoints: Endpoint[] = [];
    let changed = false;
    for (const endpoint of slice.endpoints ?? []) {
      const match = missing.get(identityOf(endpoint));
      if (!match) {
        changed = true;
        continue;
      }
      missing.delete(identityOf(endpoint));
      endpoints.push(match);
      if (!semanticEqual(match, endpoint)) changed = true;
    }
    kept.push({ slice, endpoints, changed });
  }
  const rest = [...missing.values()];
  // First into slices that change anyway, the fullest first; then, for a remainder that does not fill a slice, into one with room.
  const writable = kept.filter(({ changed, endpoints }) => changed && endpoints.length > 0);
  for (const each of writable.sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    each.endpoints.push(...rest.splice(0, max - each.endpoints.length));
  }
  const create: Endpoint[][] = [];
  while (rest.length >= max) create.push(rest.splice(0, max));
  if (rest.length > 0) {
    const roomy = kept
      .filter(({ endpoints }) => endpoints.length + rest.length <= max)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
    if (roomy) {
      roomy.endpoints.push(...rest);
      roomy.changed = true;
    } else create.push(rest);
  }
  return {
    create,
    update: kept.filter(({ changed, endpoints }) => changed && endpoints.length > 0),
    delete: kept.filter(({ endpoints }) => endpoints.length === 0).map(({ slice }) => slice),
  };
}

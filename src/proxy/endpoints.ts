// Which endpoints of a service port get traffic. Upstream: pkg/proxy/topology.go CategorizeEndpoints and endpointslicecache.go.
//
// Invariants: ready endpoints are used if there are any; otherwise those that terminate but still serve; the same once more among this node's own for "Local".

import type { EndpointSlice } from '../api/generated/types.ts';
import { isIpv4, type ServicePort, type ServicePortName } from './service-ports.ts';

export interface ProxyEndpoint {
  ip: string;
  port: number;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  isLocal: boolean;
  /** Zones it is meant for, if the slice says so. */
  zoneHints: string[];
  nodeHints: string[];
}

export interface EndpointChoice {
  /** For traffic policy Cluster. */
  cluster: ProxyEndpoint[];
  /** For traffic policy Local. */
  local: ProxyEndpoint[];
  /** Some endpoint exists that could take traffic, here or elsewhere. */
  any: boolean;
}

export interface NodeView {
  nodeName: string;
  /** topology.kubernetes.io/zone of the node; empty if unknown. */
  zone?: string;
}

/** All endpoints of all slices by service port, each address once, in order. */
export function endpointsByPort(slices: readonly EndpointSlice[], node: NodeView): Map<string, ProxyEndpoint[]> {
  const found = new Map<string, Map<string, ProxyEndpoint>>();
  for (const slice of slices) {
    const labels = slice.metadata.labels ?? {};
    const service = labels['kubernetes.io/service-name'];
    if (!service || slice.addressType !== 'IPv4' || labels['service.kubernetes.io/service-proxy-name'] !== undefined)
      continue;
    if (labels['service.kubernetes.io/headless'] !== undefined) continue;
    for (const port of slice.ports ?? []) {
      if (port.port === undefined) continue;
      const protocol = (port.protocol ?? 'TCP').toLowerCase() as ServicePortName['protocol'];
      const key = portKey({
        namespace: slice.metadata.namespace ?? '',
        name: service,
        port: port.name ?? '',
        protocol,
      });
      let endpoints = found.get(key);
      if (!endpoints) {
        endpoints = new Map();
        found.set(key, endpoints);
      }
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses[0];
        if (!ip || !isIpv4(ip)) continue;
        const { ready, serving, terminating } = endpoint.conditions ?? {};
        const entry: ProxyEndpoint = {
          ip,
          port: port.port,
          // no conditions at all means ready
          ready: ready ?? true,
          serving: serving ?? ready ?? true,
          terminating: terminating ?? false,
          isLocal: endpoint.nodeName === node.nodeName,
          zoneHints: (endpoint.hints?.forZones ?? []).map((zone) => zone.name),
          nodeHints: (endpoint.hints?.forNodes ?? []).map((hint) => hint.name),
        };
        const address = `${ip}:${port.port}`;
        const known = endpoints.get(address);
        // an address may be in two slices while it moves from one to the other
        if (!known || (entry.ready && !known.ready)) endpoints.set(address, entry);
      }
    }
  }
  const order = (a: ProxyEndpoint, b: ProxyEndpoint) => (`${a.ip}:${a.port}` < `${b.ip}:${b.port}` ? -1 : 1);
  return new Map([...found].map(([key, endpoints]) => [key, [...endpoints.values()].sort(order)]));
}

export function portKey(name: ServicePortName): string {
  return `${name.namespace}/${name.name}:${name.port}/${name.protocol}`;
}

export function chooseEndpoints(
  endpoints: readonly ProxyEndpoint[],
  service: ServicePort,
  node: NodeView,
): EndpointChoice {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const terminating = endpoints.filter((endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating);
  const cluster = ready.length > 0 ? byHints(ready, node) : terminating;
  const usesLocal = service.internalLocal || service.externalLocal;
  const localReady = ready.filter((endpoint) => endpoint.isLocal);
  const local = !usesLocal
    ? []
    : localReady.length > 0
      ? localReady
      : terminating.filter((endpoint) => endpoint.isLocal);
  return { cluster, local, any: cluster.length > 0 || local.length > 0 };
}

/** Topology hints: followed only if every endpoint has them and some are for here. */
function byHints(ready: ProxyEndpoint[], node: NodeView): ProxyEndpoint[] {
  if (ready.every((endpoint) => endpoint.nodeHints.length > 0)) {
    const here = ready.filter((endpoint) => endpoint.nodeHints.includes(node.nodeName));
    if (here.length > 0) return here;
  }
  const { zone } = node;
  if (zone && ready.every((endpoint) => endpoint.zoneHints.length > 0)) {
    const here = ready.filter((endpoint) => endpoint.zoneHints.includes(zone));
    if (here.length > 0) return here;
  }
  return ready;
}

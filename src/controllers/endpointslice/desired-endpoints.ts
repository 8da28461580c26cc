// The endpoints a Service should have, grouped by their ports. Upstream: k8s.io/endpointslice utils.go podToEndpoint, getEndpointPorts.

import type { DiscoveryV1EndpointPort, Endpoint, Node, Pod, Service } from '../../api/generated/types.ts';
import { isPodReady } from '../shared/pods.ts';
import { belongsInEndpoints, findPort, hostnameUnder } from '../shared/service-members.ts';

/** Endpoints that share one set of port numbers (named ports may differ from pod to pod). */
export interface PortGroup {
  ports: DiscoveryV1EndpointPort[];
  endpoints: Endpoint[];
}

export type AddressType = 'IPv4' | 'IPv6';

export function addressTypesOf(service: Service): AddressType[] {
  const families = service.spec?.ipFamilies ?? [];
  return families.length > 0 ? families.map((family) => (family === 'IPv6' ? 'IPv6' : 'IPv4')) : ['IPv4'];
}

/** By the text of the ports. */
export function desiredEndpoints(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
  addressType: AddressType,
): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, true)) continue;
    const addresses = addressesOf(pod, addressType);
    if (addresses.length === 0) continue;
    const ports = portsOf(service, pod);
    // None of the Service's named ports is there.
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    const key = portsText(ports);
    let group = groups.get(key);
    if (!group) {
      group = { ports, endpoints: [] };
      groups.set(key, group);
    }
    group.endpoints.push(endpointOf(service, pod, addresses, nodeOf));
  }
  return groups;
}

/** Equal for equal sets of ports, whatever their order. */
export function portsText(ports: readonly DiscoveryV1EndpointPort[]): string {
  return ports
    .map((each) => [each.name ?? '', each.protocol ?? 'TCP', each.port, each.appProtocol ?? ''].join('/'))
    .sort()
    .join(',');
}

function addressesOf(pod: Pod, addressType: AddressType): string[] {
  const all = pod.status?.podIPs?.map(({ ip }) => ip) ?? [pod.status?.podIP ?? ''];
  return all.filter((ip) => ip !== '' && ip.includes(':') === (addressType === 'IPv6'));
}

function portsOf(service: Service, pod: Pod): DiscoveryV1EndpointPort[] {
  const ports: DiscoveryV1EndpointPort[] = [];
  for (const { name = '', protocol = 'TCP', port, targetPort, appProtocol } of service.spec?.ports ?? []) {
    const number = findPort(pod, targetPort, port, protocol);
    if (number !== undefined) ports.push({ name, protocol, port: number, ...(appProtocol ? { appProtocol } : {}) });
  }
  return ports;
}

function endpointOf(
  service: Service,
  pod: Pod,
  addresses: string[],
  nodeOf: (name: string) => Node | undefined,
): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName } = pod.spec;
  const zone = nodeName ? nodeOf(nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'] : undefined;
  const hostname = hostnameUnder(pod, service);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

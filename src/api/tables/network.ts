// Tables of services, endpoints, ingresses, nodes and events.

import type {
  CoreV1Event,
  EndpointSlice,
  Endpoints,
  EventsV1Event,
  Ingress,
  IngressClass,
  IPAddress,
  LoadBalancerIngress,
  NetworkPolicy,
  Node,
  Service,
  ServiceCIDR,
} from '../generated/types.ts';
import { formatLabels } from '../labels.ts';
import { translateTimestampSince } from '../time.ts';
import { age, columns, firstFew, none, selectorCell, sorted, unset } from './columns.ts';

const ingressAddresses = (ingress: readonly { ip?: string; hostname?: string }[] | undefined): string =>
  sorted(new Set((ingress ?? []).map((at: LoadBalancerIngress) => at.ip || at.hostname || '').filter(Boolean))).join(
    ',',
  );

function externalIp(service: Service): string {
  const { spec } = service;
  const external = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type === 'LoadBalancer') {
    const addresses = [ingressAddresses(service.status?.loadBalancer?.ingress), ...external].filter(Boolean);
    return addresses.length > 0 ? addresses.join(',') : '<pending>';
  }
  return external.length > 0 ? external.join(',') : none;
}

export const serviceColumns = columns<Service>(
  'Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*',
  (service, now) => {
    const ports = (service.spec.ports ?? []).map(
      (port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol ?? 'TCP'}`,
    );
    return [
      service.metadata.name,
      service.spec.type ?? 'ClusterIP',
      service.spec.clusterIPs?.[0] || service.spec.clusterIP || none,
      externalIp(service),
      ports.length > 0 ? ports.join(',') : none,
      age(service, now),
      formatLabels(service.spec.selector),
    ];
  },
);

const hostPort = (host: string, port: number) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

export const endpointsColumns = columns<Endpoints>('Name|Endpoints|Age', (endpoints, now) => {
  const { subsets = [] } = endpoints;
  const list: string[] = [];
  for (const subset of subsets) {
    if ((subset.ports ?? []).length === 0) list.push(...(subset.addresses ?? []).map((address) => address.ip));
    for (const port of subset.ports ?? [])
      for (const address of subset.addresses ?? []) list.push(hostPort(address.ip, port.port));
  }
  return [endpoints.metadata.name, subsets.length > 0 ? firstFew(list) : none, age(endpoints, now)];
});

export const endpointSliceColumns = columns<EndpointSlice>('Name|AddressType|Ports|Endpoints|Age', (slice, now) => {
  const ports = (slice.ports ?? []).map((port) => (port.port === undefined ? (port.name ?? '*') : String(port.port)));
  const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
  return [
    slice.metadata.name,
    slice.addressType,
    firstFew(ports) || unset,
    firstFew(addresses) || unset,
    age(slice, now),
  ];
});

/** The first three hosts; what is said to be more counts all rules after the third, with or without a host. */
function hostsCell(hosts: readonly string[]): string {
  const list: string[] = [];
  let more = false;
  for (const host of hosts) {
    if (list.length === 3) more = true;
    else if (host) list.push(host);
  }
  if (list.length === 0) return '*';
  return list.join(',') + (more ? ` + ${hosts.length - 3} more...` : '');
}

export const ingressColumns = columns<Ingress>('Name|Class|Hosts|Address|Ports|Age', (ingress, now) => [
  ingress.metadata.name,
  ingress.spec?.ingressClassName ?? none,
  hostsCell((ingress.spec?.rules ?? []).map((rule) => rule.host ?? '')),
  ingressAddresses(ingress.status?.loadBalancer?.ingress),
  (ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
  age(ingress, now),
]);

export const ingressClassColumns = columns<IngressClass>('Name|Controller|Parameters|Age', (c, now) => {
  const parameters = c.spec?.parameters;
  const kind =
    parameters && `${parameters.kind}${parameters.apiGroup ? `.${parameters.apiGroup}` : ''}/${parameters.name}`;
  const isDefault = c.metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
  return [
    `${c.metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`,
    c.spec?.controller ?? '',
    kind ?? none,
    age(c, now),
  ];
});

export const networkPolicyColumns = columns<NetworkPolicy>('Name|Pod-Selector|Age', (p, now) => [
  p.metadata.name,
  selectorCell(p.spec?.podSelector),
  age(p, now),
]);

/** Rows have one cell more than there are columns: upstream's do. */
export const ipAddressColumns = columns<IPAddress>('Name|ParentRef', (a, now) => {
  const ref = a.spec?.parentRef;
  const resource = ref && (ref.resource + (ref.group ? `.${ref.group}` : '')).toLowerCase();
  return [a.metadata.name, ref ? [resource, ref.namespace, ref.name].filter(Boolean).join('/') : none, age(a, now)];
});

export const serviceCidrColumns = columns<ServiceCIDR>('Name|CIDRs|Age', (c, now) => [
  c.metadata.name,
  (c.spec?.cidrs ?? []).join(','),
  age(c, now),
]);

/** Ready, NotReady or Unknown, with SchedulingDisabled when cordoned. */
export function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find((c) => c.type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (node.spec.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

/** From node-role.kubernetes.io/<role> and kubernetes.io/role labels, in order; "<none>" when there is none. */
export function nodeRoles(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith('node-role.kubernetes.io/')) roles.add(key.slice('node-role.kubernetes.io/'.length));
    else if (key === 'kubernetes.io/role') roles.add(value);
  }
  roles.delete('');
  return sorted(roles).join(',') || none;
}

export const nodeColumns = columns<Node>(
  'Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*',
  (node, now) => {
    const address = (type: string) => node.status?.addresses?.find((a) => a.type === type)?.address ?? none;
    const info = node.status?.nodeInfo;
    return [
      node.metadata.name,
      nodeStatus(node),
      nodeRoles(node),
      age(node, now),
      info?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      info?.osImage || '<unknown>',
      info?.kernelVersion || '<unknown>',
      info?.containerRuntimeVersion || '<unknown>',
    ];
  },
);

const eventSpec = 'Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*';

interface EventView {
  name: string;
  first?: string;
  last?: string;
  type?: string;
  reason?: string;
  object?: { kind?: string; name?: string; fieldPath?: string };
  source: string;
  message?: string;
  count: number;
}

const eventCells = (event: EventView, now: number) => [
  translateTimestampSince(event.last, now),
  event.type ?? '',
  event.reason ?? '',
  event.object?.name
    ? `${(event.object.kind ?? '').toLowerCase()}/${event.object.name}`
    : (event.object?.kind ?? '').toLowerCase(),
  event.object?.fieldPath ?? '',
  event.source,
  (event.message ?? '').trim(),
  translateTimestampSince(event.first, now),
  event.count,
  event.name,
];

const sourceCell = (component = '', host = '') => (host ? `${component}, ${host}` : component);

export const eventColumns = columns<CoreV1Event>(eventSpec, (e, now) =>
  eventCells(
    {
      name: e.metadata.name,
      first: e.firstTimestamp || e.eventTime,
      last: e.series?.lastObservedTime || e.lastTimestamp || e.firstTimestamp || e.eventTime,
      type: e.type,
      reason: e.reason,
      object: e.involvedObject,
      source: sourceCell(e.source?.component || e.reportingComponent, e.source?.host || e.reportingInstance),
      message: e.message,
      count: e.series?.count ?? (e.count || 1),
    },
    now,
  ),
);

export const eventsV1Columns = columns<EventsV1Event>(eventSpec, (e, now) =>
  eventCells(
    {
      name: e.metadata.name,
      first: e.deprecatedFirstTimestamp || e.eventTime,
      last: e.series?.lastObservedTime || e.deprecatedLastTimestamp || e.deprecatedFirstTimestamp || e.eventTime,
      type: e.type,
      reason: e.reason,
      object: e.regarding,
      source: sourceCell(
        e.deprecatedSource?.component || e.reportingController,
        e.deprecatedSource?.host || e.reportingInstance,
      ),
      message: e.note,
      count: e.series?.count ?? (e.deprecatedCount || 1),
    },
    now,
  ),
);

// The legacy Endpoints object of each Service, for readers older than EndpointSlices. Upstream: pkg/controller/endpoint.
//
// Invariants: at most 1000 addresses (with upstream's annotation when there would be more); the subsets' order is canonical, so equal sets of pods give equal objects.

import type {
  CoreV1EndpointPort,
  EndpointAddress,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../api/generated/types.ts';
import {
  causeOf,
  endpoints as endpointsResource,
  isNotFound,
  keyOf,
  newController,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  services,
  splitKey,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { isPodReady } from '../shared/pods.ts';
import {
  belongsInEndpoints,
  findPort,
  hasSelector,
  hostnameUnder,
  podMembershipHandler,
  selectsPod,
} from '../shared/service-members.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const maxAddresses = 1000;

export const initEndpointsController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const serviceInformer = informers.of(services);
  const podInformer = informers.of(pods);
  const endpointsInformer = informers.of(endpointsResource);
  serviceInformer.addHandler({
    onAdd: (service) => queue.add(keyOf(service), causeOf(service)),
    onUpdate: (_, service) => queue.add(keyOf(service), causeOf(service)),
    onDelete: (service) => queue.add(keyOf(service), causeOf(service)),
  });
  podInformer.addHandler(podMembershipHandler(serviceInformer.lister, queue));
  endpointsInformer.addHandler({
    onDelete: (gone) => queue.add(keyOf(gone), causeOf(gone)),
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const { trace } = context;
    const service = serviceInformer.lister.getByKey(key);
    const current = endpointsInformer.lister.getByKey(key);
    if (!service) {
      if (!current || current.metadata.labels?.[managedByLabel] === undefined) return {};
      await context.plan({ subject: referenceTo(current), will: `delete Endpoints ${key}` });
      await client.delete(endpointsResource, splitKey(key), {}, { trace }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      return {};
    }
    if (!hasSelector(service)) return {};
    const members = podInformer.lister.list(service.metadata.namespace).filter((pod) => selectsPod(service, pod));
    const { subsets, truncated } = desiredSubsets(service, members);
    const wanted = desiredObject(service, current, subsets, truncated);
    if (
      current &&
      semanticEqual(current.subsets ?? [], subsets) &&
      semanticEqual(current.metadata.labels ?? {}, wanted.metadata.labels) &&
      current.metadata.annotations?.[overCapacity] === wanted.metadata.annotations?.[overCapacity]
    ) {
      return {};
    }
    const ready = subsets.reduce((sum, subset) => sum + (subset.addresses?.length ?? 0), 0);
    await context.plan({
      subject: referenceTo(service),
      saw: { pods: members.length, ready },
      will: `${current ? 'update' : 'create'} Endpoints ${key}`,
    });
    if (current) await client.update(endpointsResource, wanted, { trace });
    else await client.create(endpointsResource, wanted, { trace });
    return {};
  }

  return newController({
    env,
    name: 'endpoints-controller',
    queue,
    reconcile,
    workers: config.workers,
    maxRetries: 15,
    onError: controllerContext.onError('endpoints-controller'),
  });
};

function desiredObject(
  service: Service,
  current: Endpoints | undefined,
  subsets: EndpointSubset[],
  truncated: boolean,
): Endpoints {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  const { [overCapacity]: __, ...annotations } = current?.metadata.annotations ?? {};
  const { name, namespace } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...(current?.metadata ?? { name, namespace }),
      labels: {
        ...labels,
        [managedByLabel]: 'endpoint-controller',
        ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
      },
      annotations: { ...annotations, ...(truncated ? { [overCapacity]: 'truncated' } : {}) },
    },
    subsets,
  };
}

/** Pods with the same ports share a subset. */
function desiredSubsets(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const evenNotReady = service.spec?.publishNotReadyAddresses === true;
  const groups = new Map<
    string,
    { ports: CoreV1EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }
  >();
  let left = maxAddresses;
  let truncated = false;
  for (const pod of [...pods].sort((a, b) => Number(isPodReady(b)) - Number(isPodReady(a)))) {
    if (!belongsInEndpoints(pod, evenNotReady)) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    if (left-- <= 0) {
      truncated = true;
      break;
    }
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (!group) {
      group = { ports, ready: [], notReady: [] };
      groups.set(key, group);
    }
    (evenNotReady || isPodReady(pod) ? group.ready : group.notReady).push(addressOf(service, pod));
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
  const subsets = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length > 0 ? { addresses: ready.sort(byIp) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.sort(byIp) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }));
  return { subsets, truncated };
}

function portsOf(service: Service, pod: Pod): CoreV1EndpointPort[] {
  const ports: CoreV1EndpointPort[] = [];
  for (const { name, protocol = 'TCP', port, targetPort, appProtocol } of service.spec?.ports ?? []) {
    const number = findPort(pod, targetPort, port, protocol);
    if (number === undefined) continue;
    ports.push({ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol ? { appProtocol } : {}) });
  }
  return ports.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameUnder(pod, service);
  return {
    ip: pod.status?.podIP ?? pod.status?.podIPs?.[0]?.ip ?? '',
    ...(hostname ? { hostname } : {}),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

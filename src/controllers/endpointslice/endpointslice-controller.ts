// Keeps EndpointSlices in step with the pods that Services select. Upstream: pkg/controller/endpointslice.
//
// Invariants: touches only slices it manages (label endpointslice.kubernetes.io/managed-by); a Service without endpoints keeps one empty slice, so that readers can
// tell "none" from "not yet"; it does not act while its cache lacks slices it wrote itself, so a stale cache makes no duplicates.

import type { EndpointSlice, Service } from '../../api/generated/types.ts';
import {
  causeOf,
  type Draft,
  endpointSlices,
  isNotFound,
  keyOf,
  namespacedKey,
  newController,
  newControllerRef,
  nodes,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  services,
  WorkQueue,
} from '../../client/index.ts';
import { messageOf } from '../../env/errors.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { groupBy } from '../shared/group-by.ts';
import { hasSelector, podMembershipHandler, selectsPod } from '../shared/service-members.ts';
import { addressTypesOf, desiredEndpoints, type PortGroup, portsText } from './desired-endpoints.ts';
import { diffSlices } from './slice-diff.ts';
import { SliceTracker } from './slice-tracker.ts';

const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslice-controller.k8s.io';
const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';
const maxEndpointsPerSlice = 100;
const maxStaleLooks = 10;
const byService = 'service';

export const initEndpointSliceController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = controllerContext.recorder('endpoint-slice-controller');
  const tracker = new SliceTracker();
  const serviceInformer = informers.of(services);
  const podInformer = informers.of(pods);
  const sliceInformer = informers.of(endpointSlices);
  const nodeInformer = informers.of(nodes);
  sliceInformer.addIndex(byService, (slice) => (isManaged(slice) ? [serviceKeyOf(slice)] : []));

  serviceInformer.addHandler({
    onAdd: (service) => queue.add(keyOf(service), causeOf(service)),
    onUpdate: (_, service) => queue.add(keyOf(service), causeOf(service)),
    onDelete: (service) => queue.add(keyOf(service), causeOf(service)),
  });
  podInformer.addHandler(podMembershipHandler(serviceInformer.lister, queue));
  const sliceChanged = (slice: EndpointSlice) => {
    if (isManaged(slice) && !tracker.isOwnWrite(serviceKeyOf(slice), slice))
      queue.add(serviceKeyOf(slice), causeOf(slice));
  };
  sliceInformer.addHandler({
    onAdd: sliceChanged,
    onUpdate: (_, slice) => sliceChanged(slice),
    onDelete(slice) {
      if (!isManaged(slice)) return;
      const ours = tracker.deleted(serviceKeyOf(slice), slice);
      if (!ours) queue.add(serviceKeyOf(slice), causeOf(slice));
    },
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const service = serviceInformer.lister.getByKey(key);
    if (!service) {
      // The garbage collector takes the slices: the Service owns them.
      tracker.forget(key);
      return {};
    }
    if (!hasSelector(service) || service.metadata.deletionTimestamp) return {};
    const existing = sliceInformer.lister.byIndex(byService, key).filter((slice) => !slice.metadata.deletionTimestamp);
    if (tracker.isStale(key, existing)) {
      // A slice that came and went while nobody watched is never seen: give up waiting at some point.
      if (queue.numRequeues(key) < maxStaleLooks) throw new Error('EndpointSlice informer cache is out of date');
      tracker.forget(key);
    }
    try {
      await reconcileService(service, existing, context);
    } catch (error) {
      const message = `Error updating Endpoint Slices for Service ${key}: ${messageOf(error)}`;
      recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message, { trace: context.trace });
      throw error;
    }
    return {};
  }

  async function reconcileService(
    service: Service,
    existing: EndpointSlice[],
    context: ReconcileContext,
  ): Promise<void> {
    const members = podInformer.lister.list(service.metadata.namespace).filter((pod) => selectsPod(service, pod));
    const types = addressTypesOf(service);
    for (const type of types) {
      const slices = existing.filter((slice) => slice.addressType === type);
      const wanted = desiredEndpoints(service, members, (name) => nodeInformer.lister.getByKey(name), type);
      if (wanted.size === 0) wanted.set('', { ports: [], endpoints: [] });
      await reconcileType(service, type, slices, wanted, context);
    }
    const surplus = existing.filter((slice) => !types.some((type) => type === slice.addressType));
    for (const slice of surplus) await remove(service, slice, context);
  }

  async function reconcileType(
    service: Service,
    addressType: string,
    slices: EndpointSlice[],
    wanted: Map<string, PortGroup>,
    context: ReconcileContext,
  ): Promise<void> {
    const labels = labelsFor(service);
    const byPorts = groupBy(slices, (slice) => portsText(slice.ports ?? []));
    const surplus = [...byPorts].filter(([ports]) => !wanted.has(ports)).flatMap(([, group]) => group);
    const create: Draft<EndpointSlice>[] = [];
    const update: EndpointSlice[] = [];
    for (const [ports, group] of wanted) {
      const current = byPorts.get(ports) ?? [];
      const diff = diffSlices(current, group.endpoints, maxEndpointsPerSlice);
      if (group.endpoints.length === 0) {
        // The one empty slice: any that is there will do.
        const [spare, ...others] = current;
        surplus.push(...others);
        if (!spare) create.push(draft(service, addressType, group, []));
        else if (diff.update.length > 0 || (spare.endpoints?.length ?? 0) > 0) update.push({ ...spare, endpoints: [] });
      } else {
        surplus.push(...diff.delete);
        create.push(...diff.create.map((endpoints) => draft(service, addressType, group, endpoints)));
        update.push(...diff.update.map(({ slice, endpoints }) => ({ ...slice, endpoints })));
      }
      for (const slice of current) {
        const touched = [...update, ...surplus].some((each) => each.metadata.name === slice.metadata.name);
        if (!touched && !semanticEqual(slice.metadata.labels, labels)) update.push(slice);
      }
    }
    // An old slice can be reused for new ports instead of deleting one and making another.
    while (create.length > 0 && surplus.length > 0) {
      const { ports, endpoints } = create.shift()!;
      update.push({ ...surplus.shift()!, ports, endpoints });
    }
    if (create.length + update.length + surplus.length === 0) return;
    const counts = [...wanted.values()].reduce((sum, { endpoints }) => sum + endpoints.length, 0);
    await context.plan({
      subject: referenceTo(service),
      saw: { slices: slices.length, endpoints: counts },
      will: `EndpointSlices: create ${create.length}, update ${update.length}, delete ${surplus.length}`,
    });
    const { trace } = context;
    const key = keyOf(service);
    for (const slice of create) tracker.wrote(key, await client.create(endpointSlices, slice, { trace }));
    for (const slice of update) {
      const metadata = { ...slice.metadata, labels };
      tracker.wrote(key, await client.update(endpointSlices, { ...slice, metadata }, { trace }));
    }
    for (const slice of surplus) await remove(service, slice, context);
  }

  async function remove(service: Service, slice: EndpointSlice, context: ReconcileContext): Promise<void> {
    tracker.willDelete(keyOf(service), slice);
    try {
      await client.delete(endpointSlices, slice.metadata, {}, { trace: context.trace });
    } catch (error) {
      tracker.forgetSlice(keyOf(service), slice);
      if (!isNotFound(error)) throw error;
    }
  }

  return newController({
    env,
    name: 'endpointslice-controller',
    queue,
    reconcile,
    workers: config.workers,
    maxRetries: 15,
    onError: controllerContext.onError('endpointslice-controller'),
  });
};

function isManaged(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[managedByLabel] === managedBy;
}

function serviceKeyOf(slice: EndpointSlice): string {
  return namespacedKey(slice.metadata.namespace, slice.metadata.labels?.[serviceNameLabel] ?? '');
}

/** The Service's labels, and ours. */
function labelsFor(service: Service): Record<string, string> {
  const labels = { ...service.metadata.labels };
  for (const own of [managedByLabel, serviceNameLabel, headlessLabel]) delete labels[own];
  return {
    ...labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
    ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  };
}

function draft(
  service: Service,
  addressType: string,
  { ports }: PortGroup,
  endpoints: EndpointSlice['endpoints'],
): Draft<EndpointSlice> {
  return {
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: labelsFor(service),
      ownerReferences: [newControllerRef(service, services)],
    },
    addressType,
    ports,
    endpoints,
  };
}

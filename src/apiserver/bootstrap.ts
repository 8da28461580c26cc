// What a fresh cluster has from the start: system namespaces, RBAC defaults, priority classes, flow control, the Service of the API itself
// (pkg/controlplane, rbac bootstrappolicy, scheduling bootstrap).

import { isAlreadyExists } from '../api/status.ts';
import { rfc3339 } from '../env/clock.ts';
import { group as apiRegistration, builtInApiServices } from './apiregistration/objects.ts';
import { defaultRoles } from './auth/default-roles.ts';
import { addMissing, type DefaultRole, refersElsewhere } from './auth/reconcile-roles.ts';
import { defaults } from './config.ts';
import { flowSchemas, priorityLevels } from './flowcontrol/defaults.ts';
import { deepCopy, type KubeObject } from './object.ts';
import { addressAt, ipRange } from './registry/ip-range.ts';
import type { ResourceInfo } from './registry/resource.ts';
import { loopbackUser, type RequestContext } from './server/context.ts';
import type { Core } from './server/core.ts';
import { trackWrite } from './server/machinery.ts';
import { parseRequestInfo } from './server/request-info.ts';
import type { Entry } from './storage/entry.ts';
import { patiently } from './storage/patiently.ts';

const rbac = 'rbac.authorization.k8s.io';
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** A context for the server's own writes. */
export function ownContext(core: Core, method: string, path: string): RequestContext {
  const url = new URL(path, 'http://localhost');
  return {
    env: core.env,
    request: new Request(url, { method }),
    url,
    info: parseRequestInfo(method, url),
    user: loopbackUser,
    span: core.env.trace.span(),
    parentSpanId: undefined,
    warnings: new Set(),
  };
}

/**
 * Changes an object that the server itself keeps; whoever wrote meanwhile is taken into account. `subresource`: what of it may change; '' is the spec,
 * 'finalizer' no more than that.
 */
export async function updateOwn<T>(
  core: Core,
  group: string,
  resource: string,
  name: string,
  subresource: '' | 'status' | 'finalizer',
  change: (object: T) => void,
  namespace = '',
): Promise<void> {
  const registry = core.catalog.registry(group, resource);
  const path = `${collectionPath(group, registry.resource, namespace)}/${name}`;
  const context = ownContext(core, 'PUT', subresource === 'status' ? `${path}/status` : path);
  const changed = async (current: Entry) => {
    const object = current.copy();
    change(object as unknown as T);
    delete object.metadata.resourceVersion;
    return object;
  };
  await registry.update(namespace, name, context, changed, { dryRun: false, subresource });
}

function collectionPath(group: string, { version, resource }: ResourceInfo, namespace: string): string {
  const base = group === '' ? '/api/v1' : `/apis/${group}/${version}`;
  return namespace ? `${base}/namespaces/${namespace}/${resource}` : `${base}/${resource}`;
}

/** Creates `object` unless it is there. */
export async function ensure(core: Core, group: string, resource: string, object: KubeObject): Promise<void> {
  const registry = core.catalog.registry(group, resource);
  const { namespace = '', name } = object.metadata;
  if (await registry.find(namespace, name)) return;
  const context = ownContext(core, 'POST', collectionPath(group, registry.resource, namespace));
  const time = rfc3339(core.env.clock.now());
  trackWrite(registry.resource, object, undefined, { manager: 'kube-apiserver', subresource: '', time });
  registry.fillSystemFields(object, context);
  await registry.create(object, context, { dryRun: false }).catch((error) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

/** Makes what is missing; waits for a store that cannot answer yet. */
export function bootstrap(core: Core): Promise<void> {
  return patiently(core.env.clock, () => createMissing(core));
}

/** Creates a default role or binding, or brings it up to date. */
async function ensureRole(core: Core, resource: string, wanted: DefaultRole): Promise<void> {
  const registry = core.catalog.registry(rbac, resource);
  const { name, namespace = '' } = wanted.metadata;
  const existing = (await registry.find(namespace, name))?.copy() as DefaultRole | undefined;
  if (existing && refersElsewhere(existing, wanted)) {
    const context = ownContext(core, 'DELETE', `${collectionPath(rbac, registry.resource, namespace)}/${name}`);
    await registry.delete(namespace, name, context, {});
  } else if (existing) {
    if (!addMissing(existing, wanted)) return;
    return updateOwn<DefaultRole>(core, rbac, resource, name, '', (it) => void addMissing(it, wanted), namespace);
  }
  await ensure(core, rbac, resource, wanted as unknown as KubeObject);
}

async function createMissing(core: Core): Promise<void> {
  await Promise.all([
    ...namespaces.map((name) =>
      ensure(core, '', 'namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
      }),
    ),
    ...Object.entries(defaultRoles()).flatMap(([resource, objects]) =>
      objects.map((object) => ensureRole(core, resource, object)),
    ),
    ...priorityClasses.map(({ name, value, description }) =>
      ensure(core, 'scheduling.k8s.io', 'priorityclasses', {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name },
        value,
        description,
        preemptionPolicy: 'PreemptLowerPriority',
      }),
    ),
    ensureFlowControl(core),
    ...builtInApiServices().map((object) => ensure(core, apiRegistration, 'apiservices', object)),
  ]);
  await ownRange(core);
  await ownService(core);
}

const priorityClasses = [
  {
    name: 'system-node-critical',
    value: 2000001000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2000000000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

/** Makes what is missing of API Priority and Fairness. */
export async function ensureFlowControl(core: Core): Promise<void> {
  const all = [
    ...priorityLevels.map((object) => ['prioritylevelconfigurations', object] as const),
    ...flowSchemas.map((object) => ['flowschemas', object] as const),
  ];
  await Promise.all(
    all.map(([resource, object]) =>
      ensure(core, 'flowcontrol.apiserver.k8s.io', resource, deepCopy(object) as unknown as KubeObject),
    ),
  );
}

/** The range of the server's own flag, as a ServiceCIDR (pkg/controlplane/controller/defaultservicecidr). */
export async function ownRange(core: Core): Promise<void> {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: rfc3339(core.env.clock.now()),
  };
  await ensure(core, 'networking.k8s.io', 'servicecidrs', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [core.config.serviceCidr ?? defaults.serviceCidr] },
    status: { conditions: [condition] },
  });
}

/** Service and endpoints "kubernetes": how pods find the API. */
async function ownService(core: Core): Promise<void> {
  const { config } = core;
  const clusterIP = addressAt(ipRange(config.serviceCidr ?? defaults.serviceCidr), 0);
  const port = config.advertisePort ?? defaults.advertisePort;
  const address = config.advertiseAddress ?? defaults.advertiseAddress;
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  await ensure(core, '', 'services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ name: 'https', port: 443, targetPort: port, protocol: 'TCP' }],
    },
  });
  await ensure(core, '', 'endpoints', {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
  await ensure(core, 'discovery.k8s.io', 'endpointslices', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
}

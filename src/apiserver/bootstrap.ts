// What a fresh cluster has from the start: system namespaces, RBAC defaults, priority classes, flow control, the Service of the API itself
// (pkg/controlplane, rbac bootstrappolicy, scheduling bootstrap).

import { isAlreadyExists } from '../api/status.ts';
import { defaultRoles } from './auth/default-roles.ts';
import { defaults } from './config.ts';
import { flowSchemas, priorityLevels } from './flowcontrol/defaults.ts';
import { deepCopy, type KubeObject } from './object.ts';
import { addressAt, ipRange } from './registry/ip-range.ts';
import { loopbackUser, type RequestContext } from './server/context.ts';
import type { Core } from './server/core.ts';
import { parseRequestInfo } from './server/request-info.ts';
import type { Entry } from './storage/entry.ts';
import { patiently } from './storage/patiently.ts';

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
 * Changes an object without a namespace that the server itself keeps; whoever wrote meanwhile is taken into account. `subresource`: what of it may change;
 * '' is the spec, 'finalizer' no more than that.
 */
export async function updateOwn<T>(
  core: Core,
  group: string,
  resource: string,
  name: string,
  subresource: '' | 'status' | 'finalizer',
  change: (object: T) => void,
): Promise<void> {
  const registry = core.catalog.registry(group, resource);
  const path = `/apis/${group}/${registry.resource.version}/${resource}/${name}`;
  const context = ownContext(core, 'PUT', subresource === 'status' ? `${path}/status` : path);
  const changed = async (current: Entry) => {
    const object = current.copy();
    change(object as unknown as T);
    delete object.metadata.resourceVersion;
    return object;
  };
  await registry.update('', name, context, changed, { dryRun: false, subresource });
}

/** Creates `object` unless it is there. */
export async function ensure(core: Core, group: string, resource: string, object: KubeObject): Promise<void> {
  const registry = core.catalog.registry(group, resource);
  const { namespace = '', name } = object.metadata;
  if (await registry.find(namespace, name)) return;
  const base = group === '' ? '/api/v1' : `/apis/${group}/${registry.resource.version}`;
  const path = namespace ? `${base}/namespaces/${namespace}/${resource}` : `${base}/${resource}`;
  const context = ownContext(core, 'POST', path);
  registry.fillSystemFields(object, context);
  await registry.create(object, context, { dryRun: false }).catch((error) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

/** Makes what is missing; waits for a store that cannot answer yet. */
export function bootstrap(core: Core): Promise<void> {
  return patiently(core.env.clock, () => createMissing(core));
}

async function createMissing(core: Core): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io';
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
      objects.map((object) => ensure(core, rbac, resource, object)),
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
  ]);
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

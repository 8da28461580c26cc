// ResourceQuota: what a namespace may hold in all (plugin/pkg/admission/resourcequota).
//
// Invariant: usage is charged by a compare-and-swap on the quota's status before the object is written, so two writers cannot both have the last share.
// A write that fails after being charged is set right by the quota controller's next recount.

import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../api/generated/types.ts';
import { addQuantity, compareQuantity, formatQuantity, parseQuantity, subQuantity } from '../../../api/quantity.ts';
import { newForbidden } from '../../../api/status.ts';
import type { KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { ResourceInfo } from '../../registry/resource.ts';
import { qosClass } from '../../strategies/qos.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

type Usage = Record<string, string>;

const computeNames = ['cpu', 'memory', 'ephemeral-storage'];
const plainCounts = new Set([
  'pods',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
]);

export function resourceQuota(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { operation, subresource, resource, namespace, object, old, dryRun } = attributes;
      if (!resource.namespaced || subresource !== '' || !object || operation === 'DELETE') return;
      if (resource.resource === 'events' || resource.resource === 'resourcequotas') return;
      const delta = difference(usageOf(resource, object), operation === 'UPDATE' && old ? usageOf(resource, old) : {});
      if (Object.keys(delta).length === 0) return;
      const quotas = catalog.registry('', 'resourcequotas');
      const all = await quotas.store.recent(quotas.resource.storagePrefix);
      for (const entry of all?.list(quotas.prefixOf(namespace)) ?? []) {
        const quota = entry.object as unknown as ResourceQuota;
        if (!inScope(quota, resource, object)) continue;
        await charge(catalog, attributes, quota, delta, dryRun);
      }
    },
  };
}

async function charge(
  catalog: Catalog,
  attributes: AdmissionAttributes,
  quota: ResourceQuota,
  delta: Usage,
  dryRun: boolean,
): Promise<void> {
  const { resource, object, namespace, context } = attributes;
  const name = (object as KubeObject).metadata.name;
  const hard = quota.spec?.hard ?? {};
  const relevant = Object.keys(delta).filter((key) => hard[key] !== undefined);
  const missing =
    resource.resource === 'pods' && resource.group === '' ? unspecified(object as unknown as Pod, hard) : [];
  const refuse = (why: string) => newForbidden(resource.groupResource, name, why);
  if (missing.length > 0 && attributes.operation === 'CREATE')
    throw refuse(`failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`);
  if (relevant.length === 0) return;
  await catalog.registry('', 'resourcequotas').update(
    namespace,
    quota.metadata.name,
    context,
    async (current) => {
      const copy = current.copy();
      const it = copy as unknown as ResourceQuota;
      const used: Usage = { ...it.status?.used };
      const over = relevant.filter(
        (key) =>
          compareQuantity(addQuantity(used[key] ?? '0', delta[key] as string), (it.spec?.hard ?? hard)[key] as string) >
          0,
      );
      if (over.length > 0) {
        const list = (of: Usage) =>
          over
            .sort()
            .map((key) => `${key}=${formatQuantity(parseQuantity(of[key] ?? '0'))}`)
            .join(',');
        throw refuse(
          `exceeded quota: ${quota.metadata.name}, requested: ${list(delta)}, used: ${list(used)}, limited: ${list(hard)}`,
        );
      }
      for (const key of relevant) used[key] = formatQuantity(addQuantity(used[key] ?? '0', delta[key] as string));
      it.status = { hard: it.status?.hard ?? hard, ...it.status, used };
      delete copy.metadata.resourceVersion;
      return copy;
    },
    { dryRun, subresource: 'status', exclusive: true },
  );
}

const mustBeSpecified = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

/** "limits.cpu for: a,b" for each limited resource that containers say nothing of. */
function unspecified({ spec }: Pod, hard: Usage): string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return mustBeSpecified
    .filter((key) => hard[key] !== undefined)
    .flatMap((key) => {
      const field = key.startsWith('limits.') ? 'limits' : 'requests';
      const name = key.replace(/^(requests|limits)\./, '');
      const silent = containers.filter(({ resources }) => resources?.[field]?.[name] === undefined);
      return silent.length > 0
        ? [
            `${key} for: ${silent
              .map((container) => container.name)
              .sort()
              .join(',')}`,
          ]
        : [];
    });
}

function difference(now: Usage, before: Usage): Usage {
  const out: Usage = {};
  for (const [key, quantity] of Object.entries(now)) {
    const more = formatQuantity(subQuantity(quantity, before[key] ?? '0'));
    if (compareQuantity(more, '0') > 0) out[key] = more;
  }
  return out;
}

/** What one object counts for. */
export function usageOf(resource: ResourceInfo, object: KubeObject): Usage {
  const { group, resource: plural } = resource;
  const out: Usage = { [`count/${plural}${group ? `.${group}` : ''}`]: '1' };
  if (group === '' && plainCounts.has(plural) && plural !== 'pods') out[plural] = '1';
  if (group === '' && plural === 'pods') Object.assign(out, podUsage(object as unknown as Pod));
  if (group === '' && plural === 'services') {
    const { spec } = object as unknown as Service;
    const ports = (spec.ports ?? []).filter(({ nodePort }) => nodePort).length;
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
      out['services.nodeports'] = String(ports || spec.ports?.length || 0);
    if (spec.type === 'LoadBalancer') out['services.loadbalancers'] = '1';
  }
  if (group === '' && plural === 'persistentvolumeclaims') {
    const { spec } = object as unknown as PersistentVolumeClaim;
    const size = spec?.resources?.requests?.['storage'];
    if (size) out['requests.storage'] = size;
    const storageClass = spec?.storageClassName;
    if (storageClass) {
      out[`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`] = '1';
      if (size) out[`${storageClass}.storageclass.storage.k8s.io/requests.storage`] = size;
    }
  }
  return out;
}

function podUsage({ spec, status }: Pod): Usage {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return {};
  const out: Usage = { pods: '1' };
  for (const field of ['requests', 'limits'] as const) {
    const total: Usage = {};
    for (const { resources } of spec.containers)
      for (const [name, quantity] of Object.entries(resources?.[field] ?? {}))
        total[name] = formatQuantity(addQuantity(total[name] ?? '0', quantity));
    for (const { resources } of spec.initContainers ?? [])
      for (const [name, quantity] of Object.entries(resources?.[field] ?? {}))
        if (compareQuantity(quantity, total[name] ?? '0') > 0) total[name] = quantity;
    for (const [name, quantity] of Object.entries(total)) {
      out[`${field}.${name}`] = quantity;
      if (field === 'requests' && computeNames.includes(name)) out[name] = quantity;
    }
  }
  return out;
}

function inScope({ spec }: ResourceQuota, resource: ResourceInfo, object: KubeObject): boolean {
  const selectors = [
    ...(spec?.scopes ?? []).map((scopeName) => ({
      scopeName,
      operator: 'Exists',
      values: undefined as string[] | undefined,
    })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (selectors.length === 0) return true;
  if (resource.resource !== 'pods') return false;
  const pod = object as unknown as Pod;
  return selectors.every(({ scopeName, operator, values = [] }) => {
    switch (scopeName) {
      case 'Terminating':
        return pod.spec.activeDeadlineSeconds !== undefined;
      case 'NotTerminating':
        return pod.spec.activeDeadlineSeconds === undefined;
      case 'BestEffort':
        return qosClass(pod.spec) === 'BestEffort';
      case 'NotBestEffort':
        return qosClass(pod.spec) !== 'BestEffort';
      case 'CrossNamespacePodAffinity':
        return crossesNamespaces(pod.spec);
      case 'PriorityClass': {
        const name = pod.spec.priorityClassName ?? '';
        if (operator === 'In') return values.includes(name);
        if (operator === 'NotIn') return !values.includes(name);
        return operator === 'Exists' ? name !== '' : name === '';
      }
      default:
        return false;
    }
  });
}

/** Whether a pod's affinity looks into other namespaces. */
function crossesNamespaces({ affinity }: Pod['spec']): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((each) =>
    [
      ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ].some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined),
  );
}

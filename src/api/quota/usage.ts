// What objects count for in a ResourceQuota: which names of its `hard` a kind is counted by, and how much of each one object uses
// (pkg/quota/v1/evaluator/core, apiserver/pkg/quota/v1/generic). Shared by admission, which charges, and by the controller, which recounts.

import type { PersistentVolumeClaim, Pod, Service } from '../generated/types.ts';
import { compareQuantity, parseQuantity, type Quantity, quantityOf, quantityValue, subQuantity } from '../quantity.ts';
import type { GroupResource } from '../status.ts';
import { parseTime } from '../time.ts';
import { type Amounts, addTo, podAmounts } from './pod-resources.ts';

/** Amounts by the names that a quota's `hard` uses. */
export type Usage = Amounts;

const one = quantityOf(1);
const zero = quantityOf(0);
const core = (resource: string): GroupResource => ({ group: '', resource });

// Names from before count/<plural>.<group>, and those of what a kind uses.
const plainNames: Record<string, string> = {
  pods: 'pods',
  cpu: 'pods',
  memory: 'pods',
  'ephemeral-storage': 'pods',
  'requests.cpu': 'pods',
  'requests.memory': 'pods',
  'requests.ephemeral-storage': 'pods',
  'limits.cpu': 'pods',
  'limits.memory': 'pods',
  'limits.ephemeral-storage': 'pods',
  services: 'services',
  'services.nodeports': 'services',
  'services.loadbalancers': 'services',
  persistentvolumeclaims: 'persistentvolumeclaims',
  'requests.storage': 'persistentvolumeclaims',
  configmaps: 'configmaps',
  secrets: 'secrets',
  replicationcontrollers: 'replicationcontrollers',
  resourcequotas: 'resourcequotas',
};
const storageClassName = /\.storageclass\.storage\.k8s\.io\/(persistentvolumeclaims|requests\.storage)$/;

// Kinds that are never counted: those that are not stored, and events.
const uncounted = new Set(['bindings', 'componentstatuses', 'events', 'events.events.k8s.io']);

/** "example.com/gpu": neither one of Kubernetes' own nor without a domain. */
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');

const countName = ({ group, resource }: GroupResource): string => `count/${resource}${group && `.${group}`}`;

/** The kind that a name of `hard` counts, or undefined if it is nobody's. */
export function countedKind(name: string): GroupResource | undefined {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    const kind = { group: group.join('.'), resource };
    return resource === '' || uncounted.has(countName(kind).slice('count/'.length)) ? undefined : kind;
  }
  if (Object.hasOwn(plainNames, name)) return core(plainNames[name] as string);
  if (storageClassName.test(name)) return core('persistentvolumeclaims');
  if (/^(requests\.)?hugepages-/.test(name)) return core('pods');
  return name.startsWith('requests.') && isExtended(name) ? core('pods') : undefined;
}

/** Those of `names` that count objects of a kind. */
export const namesOf = ({ group, resource }: GroupResource, names: readonly string[]): string[] =>
  names.filter((name) => {
    const kind = countedKind(name);
    return kind?.resource === resource && kind.group === group;
  });

/** What one object uses at cluster time `now` (ms). */
export function usageOf(kind: GroupResource, object: object, now: number): Usage {
  const usage: Usage = new Map([[countName(kind), one]]);
  if (kind.group !== '') return usage;
  switch (kind.resource) {
    case 'pods':
      podUsage(usage, object as Pod, now);
      break;
    case 'services':
      serviceUsage(usage, object as Service);
      break;
    case 'persistentvolumeclaims':
      claimUsage(usage, object as PersistentVolumeClaim);
      break;
    default:
      if (plainNames[kind.resource] === kind.resource) usage.set(kind.resource, one);
  }
  return usage;
}

/** Whether a pod still uses what it asked for: not once it has ended, nor when it should have been gone by now (its node may be lost). */
export function usesResources({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= (parseTime(deletionTimestamp) ?? 0) + deletionGracePeriodSeconds * 1000;
}

function podUsage(usage: Usage, pod: Pod, now: number): void {
  if (!usesResources(pod, now)) return;
  usage.set('pods', one);
  for (const [name, quantity] of podAmounts(pod, 'requests')) {
    const isCompute = plainNames[name] === 'pods' && name !== 'pods';
    const isHugePages = name.startsWith('hugepages-');
    if (isCompute || isHugePages) usage.set(name, quantity);
    if (isCompute || isHugePages || isExtended(name)) usage.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of podAmounts(pod, 'limits'))
    if (plainNames[`limits.${name}`] === 'pods') usage.set(`limits.${name}`, quantity);
}

function serviceUsage(usage: Usage, { spec }: Service): void {
  const ports = spec?.ports ?? [];
  const balanced = spec?.type === 'LoadBalancer';
  const explicit = balanced && spec.allocateLoadBalancerNodePorts === false;
  const opened = explicit ? ports.filter(({ nodePort }) => nodePort) : ports;
  usage.set('services', one);
  usage.set('services.nodeports', balanced || spec?.type === 'NodePort' ? quantityOf(opened.length) : zero);
  usage.set('services.loadbalancers', balanced ? one : zero);
}

function claimUsage(usage: Usage, { metadata, spec, status }: PersistentVolumeClaim): void {
  usage.set('persistentvolumeclaims', one);
  const storageClass = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
  const ofClass = (name: string) => `${storageClass}.storageclass.storage.k8s.io/${name}`;
  if (storageClass) usage.set(ofClass('persistentvolumeclaims'), one);
  const asked = spec?.resources?.requests?.['storage'];
  if (asked === undefined) return;
  const allocated = status?.allocatedResources?.['storage'];
  const larger = allocated !== undefined && compareQuantity(allocated, asked) > 0 ? allocated : asked;
  const size = wholeBytes(parseQuantity(larger));
  usage.set('requests.storage', size);
  if (storageClass) usage.set(ofClass('requests.storage'), size);
}

const wholeBytes = (quantity: Quantity): Quantity =>
  quantity.nanos % 1_000_000_000n === 0n ? quantity : quantityOf(quantityValue(quantity), quantity.format);

/** What `now` uses more than `before`. */
export function increase(now: Usage, before: Usage): Usage {
  const out: Usage = new Map();
  for (const [name, quantity] of now) {
    const more = subQuantity(quantity, before.get(name) ?? zero);
    if (more.nanos > 0n) out.set(name, more);
  }
  return out;
}

/** Whether two usages are the same amounts. */
export const sameUsage = (a: Usage, b: Usage): boolean =>
  a.size === b.size && [...a].every(([name, quantity]) => b.get(name)?.nanos === quantity.nanos);

/** The sum over objects, of the names that are asked for; those that nothing uses are 0. */
export function totalUsage(
  kind: GroupResource,
  objects: Iterable<object>,
  names: readonly string[],
  now: number,
): Usage {
  const total: Usage = new Map(names.map((name) => [name, zero]));
  for (const object of objects)
    for (const [name, quantity] of usageOf(kind, object, now)) if (total.has(name)) addTo(total, name, quantity);
  return total;
}

const mustBeSaid = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

/** "limits.cpu for: a,b; memory for: c": what a pod's containers must say because `names` limits it; '' if they say it all, or the pod speaks for them. */
export function unsaid({ spec }: Pod, names: readonly string[]): string {
  if (Object.keys({ ...spec.resources?.requests, ...spec.resources?.limits }).length > 0) return '';
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return mustBeSaid
    .filter((key) => names.includes(key))
    .flatMap((key) => {
      const field = key.startsWith('limits.') ? 'limits' : 'requests';
      const name = key.replace(/^(requests|limits)\./, '');
      const silent = containers.filter(({ resources }) => resources?.[field]?.[name] === undefined);
      return silent.length > 0
        ? [
            `${key} for: ${silent
              .map((each) => each.name)
              .sort()
              .join(',')}`,
          ]
        : [];
    })
    .join('; ');
}

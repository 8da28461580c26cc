// LimitRanger: defaults and bounds that a namespace's LimitRanges put on containers, pods and claims (plugin/pkg/admission/limitranger).

import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  ResourceRequirements,
} from '../../../api/generated/types.ts';
import { compareQuantity, formatQuantity, parseQuantity, quantityMilliValue } from '../../../api/quantity.ts';
import { podAmounts } from '../../../api/quota/pod-resources.ts';
import { newForbidden } from '../../../api/status.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

type Quantities = Record<string, string>;

export function limitRanger(catalog: Catalog): AdmissionPlugin {
  const items = async (namespace: string): Promise<LimitRangeItem[]> => {
    const registry = catalog.registry('', 'limitranges');
    const all = await registry.store.recent(registry.resource.storagePrefix);
    return (all?.list(registry.prefixOf(namespace)) ?? []).flatMap(
      ({ object }) => (object as unknown as LimitRange).spec.limits,
    );
  };
  // A pod's resources are set when it is made, and changed by resize alone.
  const concerns = ({ operation, resource: { group, resource }, subresource }: AdmissionAttributes) => {
    if (group !== '') return false;
    if (resource === 'pods')
      return (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize');
    return resource === 'persistentvolumeclaims' && subresource === '' && /^(CREATE|UPDATE)$/.test(operation);
  };
  return {
    name: 'LimitRanger',
    resources: ['pods', 'persistentvolumeclaims'],
    async mutate(attributes) {
      const { object, namespace, resource } = attributes;
      if (!concerns(attributes) || !object || resource.resource !== 'pods') return undefined;
      const pod = object as unknown as Pod;
      const notes: string[] = [];
      for (const item of await items(namespace)) {
        if (item.type !== 'Container') continue;
        for (const container of pod.spec?.containers ?? []) notes.push(...fill(container, item, 'container'));
        for (const container of pod.spec?.initContainers ?? []) notes.push(...fill(container, item, 'init container'));
      }
      if (notes.length > 0)
        pod.metadata.annotations = {
          ...pod.metadata.annotations,
          'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
        };
      return object;
    },
    async validate(attributes) {
      const { object, namespace, resource } = attributes;
      if (!concerns(attributes) || !object) return;
      const errors: string[] = [];
      for (const item of await items(namespace)) {
        if (resource.resource === 'persistentvolumeclaims') {
          if (item.type !== 'PersistentVolumeClaim') continue;
          const requests = ((object as unknown as PersistentVolumeClaim).spec?.resources?.requests ?? {}) as Quantities;
          errors.push(...claimBounds(item, requests));
          continue;
        }
        const pod = object as unknown as Pod;
        if (item.type === 'Container')
          for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers])
            errors.push(...bounds(item, container.resources ?? {}));
        if (item.type === 'Pod') errors.push(...bounds(item, podTotals(pod)));
      }
      if (errors.length > 0)
        throw newForbidden(
          resource.groupResource,
          object.metadata.name,
          errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`,
        );
    },
  };
}

/** Fills in what the container does not say. Returns what was set, as the pod's annotation tells it. */
function fill(container: Container, { default: limits, defaultRequest }: LimitRangeItem, what: string): string[] {
  const own: ResourceRequirements = { ...container.resources };
  const notes: string[] = [];
  // A limit that the container sets itself is its request too, where it states none: that was decided when defaults were filled in.
  const merge = (field: 'requests' | 'limits', wanted: Quantities | undefined, word: string) => {
    const added = Object.keys(wanted ?? {}).filter((name) => own[field]?.[name] === undefined);
    if (added.length === 0) return;
    own[field] = { ...wanted, ...own[field] };
    notes.push(`${added.sort().join(', ')} ${word} for ${what} ${container.name}`);
  };
  merge('requests', defaultRequest, 'request');
  merge('limits', limits, 'limit');
  if (own.requests || own.limits) container.resources = own;
  return notes;
}

const text = (quantity: string): string => formatQuantity(parseQuantity(quantity));

/** One complaint at most for each resource: of the request first. */
function minimum(item: LimitRangeItem, requests: Quantities, limits: Quantities): string[] {
  return Object.entries(item.min ?? {}).flatMap(([name, min]) => {
    const start = `minimum ${name} usage per ${item.type} is ${text(min)}`;
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined) return [`${start}.  No request is specified`];
    if (compareQuantity(request, min) < 0) return [`${start}, but request is ${text(request)}`];
    return limit !== undefined && compareQuantity(limit, min) < 0 ? [`${start}, but limit is ${text(limit)}`] : [];
  });
}

/** The same, of the limit first. */
function maximum(item: LimitRangeItem, requests: Quantities, limits: Quantities): string[] {
  return Object.entries(item.max ?? {}).flatMap(([name, max]) => {
    const start = `maximum ${name} usage per ${item.type} is ${text(max)}`;
    const [request, limit] = [requests[name], limits[name]];
    if (limit === undefined) return [`${start}.  No limit is specified`];
    if (compareQuantity(limit, max) > 0) return [`${start}, but limit is ${text(limit)}`];
    return request !== undefined && compareQuantity(request, max) > 0
      ? [`${start}, but request is ${text(request)}`]
      : [];
  });
}

/** A claim has requests alone. */
function claimBounds(item: LimitRangeItem, requests: Quantities): string[] {
  const most = Object.entries(item.max ?? {}).flatMap(([name, max]) => {
    const start = `maximum ${name} usage per ${item.type} is ${text(max)}`;
    const request = requests[name];
    if (request === undefined) return [`${start}.  No request is specified`];
    return compareQuantity(request, max) > 0 ? [`${start}, but request is ${text(request)}`] : [];
  });
  return [...minimum(item, requests, {}), ...most];
}

function bounds(item: LimitRangeItem, { requests = {}, limits = {} }: ResourceRequirements): string[] {
  const out = [...minimum(item, requests, limits), ...maximum(item, requests, limits)];
  const what = item.type;
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const request = requests[name];
    const limit = limits[name];
    const start = `${name} max limit to request ratio per ${what} is ${text(ratio)}`;
    if (request === undefined || quantityMilliValue(request) === 0) {
      out.push(`${start}, but no request is specified or request is 0`);
      continue;
    }
    if (limit === undefined || quantityMilliValue(limit) === 0) {
      out.push(`${start}, but no limit is specified or limit is 0`);
      continue;
    }
    const actual = quantityMilliValue(limit) / quantityMilliValue(request);
    if (actual > quantityMilliValue(ratio) / 1000) out.push(`${start}, but provided ratio is ${actual.toFixed(6)}`);
  }
  return out;
}

/** What the pod asks for in all: its containers beside its sidecars, or an init container if that asks for more; what it runs with beside them does not count. */
function podTotals({ metadata, spec: { overhead: _, ...spec } }: Pod): ResourceRequirements {
  const list = (field: 'requests' | 'limits'): Quantities =>
    Object.fromEntries(
      [...podAmounts({ metadata, spec } as Pod, field)].map(([name, quantity]) => [name, formatQuantity(quantity)]),
    );
  return { requests: list('requests'), limits: list('limits') };
}

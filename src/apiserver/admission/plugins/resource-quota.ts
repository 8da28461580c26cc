// ResourceQuota: what a namespace may hold in all (apiserver/pkg/admission/plugin/resourcequota).
//
// Invariants: usage is charged by a compare-and-swap on the quota's status before the object is written, so two writers cannot both have the last share; a quota
// whose status has no hard limits yet limits nothing (the quota controller fills them in), one whose usage is not known yet refuses. A write that fails after
// being charged is set right by the controller's next recount.

import type { Pod, ResourceQuota } from '../../../api/generated/types.ts';
import { addQuantity, compareQuantity, formatQuantity, parseQuantity } from '../../../api/quantity.ts';
import { inScope } from '../../../api/quota/scopes.ts';
import { increase, namesOf, type Usage, unsaid, usageOf } from '../../../api/quota/usage.ts';
import { type ApiError, isNotFound, newForbidden } from '../../../api/status.ts';
import type { KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

/** Whether a request can use more than before: creations, and the updates of kinds whose size may change. */
function isCharged({ operation, subresource, resource: { group, resource } }: AdmissionAttributes): boolean {
  if (group === '' && resource === 'events') return false;
  if (operation === 'CREATE') return subresource === '';
  if (operation !== 'UPDATE' || group !== '') return false;
  if (resource === 'pods') return subresource === 'resize';
  if (resource === 'persistentvolumeclaims') return subresource === '' || subresource === 'status';
  return resource === 'services' && subresource === '';
}

export function resourceQuota(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { resource, namespace, object } = attributes;
      if (!resource.namespaced || namespace === '' || !object || !isCharged(attributes)) return;
      const quotas = catalog.registry('', 'resourcequotas');
      const all = await quotas.store.recent(quotas.resource.storagePrefix);
      const concerned: [ResourceQuota, Usage][] = [];
      for (const entry of all?.list(quotas.prefixOf(namespace)) ?? []) {
        const quota = entry.object as unknown as ResourceQuota;
        const delta = request(attributes, object, quota);
        if (delta && delta.size > 0) concerned.push([quota, delta]);
      }
      // None is charged when another would refuse.
      if (concerned.length > 1) for (const [quota, delta] of concerned) charged(attributes, quota, delta);
      for (const [quota, delta] of concerned) await charge(catalog, attributes, quota, delta);
    },
  };
}

const refusal = ({ resource, name, object }: AdmissionAttributes, why: string): ApiError =>
  newForbidden(resource.groupResource, name || object?.metadata.generateName || '', why);

/** What a request adds to what a quota counts; undefined if the quota is not about it. Throws Forbidden when that cannot be told. */
function request(attributes: AdmissionAttributes, object: KubeObject, quota: ResourceQuota): Usage | undefined {
  const { resource, operation, old, context } = attributes;
  const names = namesOf(resource, Object.keys(quota.status?.hard ?? {}));
  if (names.length === 0 || !inScope(quota, resource, object)) return undefined;
  const missing = resource.group === '' && resource.resource === 'pods' ? unsaid(object as unknown as Pod, names) : '';
  if (missing) throw refusal(attributes, `failed quota: ${quota.metadata.name}: must specify ${missing}`);
  if (names.some((name) => quota.status?.used?.[name] === undefined))
    throw refusal(attributes, `status unknown for quota: ${quota.metadata.name}, resources: ${names.sort().join(',')}`);
  const now = context.env.clock.now();
  const usage = usageOf(resource, object, now);
  const negative = [...usage].filter(([, { nanos }]) => nanos < 0n).map(([name]) => name);
  if (negative.length > 0)
    throw refusal(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  // What was in the quota's scope already has been charged for.
  const before =
    operation === 'UPDATE' && old && inScope(quota, resource, old) ? usageOf(resource, old, now) : new Map();
  return new Map([...increase(usage, before)].filter(([name]) => names.includes(name)));
}

/** The quota's usage with the request's added. Throws Forbidden when that is too much. */
function charged(attributes: AdmissionAttributes, { metadata, status }: ResourceQuota, delta: Usage) {
  const hard = status?.hard ?? {};
  const used = { ...status?.used };
  const over: string[] = [];
  for (const [name, more] of delta) {
    const limit = hard[name];
    if (limit === undefined) continue;
    const total = addQuantity(used[name] ?? '0', more);
    if (compareQuantity(total, limit) > 0) over.push(name);
    used[name] = formatQuantity(total);
  }
  // The status of a claim tells what is: it is counted, and never refused.
  if (over.length === 0 || attributes.subresource === 'status') return used;
  const list = (amount: (name: string) => string) =>
    over
      .sort()
      .map((name) => `${name}=${amount(name)}`)
      .join(',');
  const text = (of: Record<string, string> | undefined) =>
    list((name) => formatQuantity(parseQuantity(of?.[name] ?? '0')));
  const requested = list((name) => formatQuantity(delta.get(name) ?? parseQuantity('0')));
  throw refusal(
    attributes,
    `exceeded quota: ${metadata.name}, requested: ${requested}, used: ${text(status?.used)}, limited: ${text(hard)}`,
  );
}

/** Takes the request's share. A quota that has gone meanwhile limits nothing. */
async function charge(
  catalog: Catalog,
  attributes: AdmissionAttributes,
  quota: ResourceQuota,
  delta: Usage,
): Promise<void> {
  const { namespace, context, dryRun } = attributes;
  try {
    await catalog.registry('', 'resourcequotas').update(
      namespace,
      quota.metadata.name,
      context,
      async (current) => {
        const copy = current.copy();
        const it = copy as unknown as ResourceQuota;
        it.status = { ...it.status, used: charged(attributes, it, delta) };
        delete copy.metadata.resourceVersion;
        return copy;
      },
      { dryRun, subresource: 'status', exclusive: true },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

// Keeps the APIServices of custom resources, which come and go with their definitions (kube-aggregator's pkg/controllers/autoregister and crdregistration).
//
// Invariant: it writes only what differs, so that several servers over one store come to rest.

import type { APIService, CustomResourceDefinition } from '../../api/generated/types.ts';
import { ensure, ownContext } from '../bootstrap.ts';
import { keep } from '../registry/keeper.ts';
import type { Core } from '../server/core.ts';
import { automanaged, customApiService, group } from './objects.ts';

/** Follows definitions and APIServices until stopped. */
export function keepApiServices(core: Core): { stop(): void } {
  const collection = (of: string, resource: string) => {
    const prefix = core.catalog.registry(of, resource).resource.storagePrefix;
    return { changes: () => core.store.cache.collection(prefix).changes, prefix };
  };
  const definitions = collection('apiextensions.k8s.io', 'customresourcedefinitions');
  const services = collection(group, 'apiservices');
  return keep(core, {
    stamp: () => `${definitions.changes()} ${services.changes()}`,
    settle: () => settle(core, definitions.prefix, services.prefix),
  });
}

async function settle(core: Core, definitions: string, services: string): Promise<void> {
  const all = <T>(prefix: string): T[] =>
    core.store.cache
      .collection(prefix)
      .list(prefix)
      .map(({ object }) => object as unknown as T);
  const wanted = new Map(
    all<CustomResourceDefinition>(definitions).flatMap((definition) =>
      servedVersions(definition).map((version) => {
        const object = customApiService(definition.spec.group, version);
        return [object.metadata.name, object] as const;
      }),
    ),
  );
  const there = new Map(all<APIService>(services).map((service) => [service.metadata?.name ?? '', service]));
  const outdated = [...there].filter(
    ([name, { metadata }]) => metadata?.labels?.[automanaged] === 'true' && !wanted.has(name),
  );
  const missing = [...wanted].filter(([name]) => !there.has(name));
  await Promise.all([
    ...missing.map(([, object]) => ensure(core, group, 'apiservices', object)),
    ...outdated.map(([name]) => remove(core, name)),
  ]);
}

function servedVersions({ metadata, spec, status }: CustomResourceDefinition): string[] {
  const established = status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  if (!established || metadata?.deletionTimestamp) return [];
  return spec.versions.flatMap(({ name, served }) => (served ? [name] : []));
}

async function remove(core: Core, name: string): Promise<void> {
  const context = ownContext(core, 'DELETE', `/apis/${group}/v1/apiservices/${name}`);
  await core.catalog.registry(group, 'apiservices').delete('', name, context, {});
}

// Everything the server serves now: built-in resources from the table, and those that CustomResourceDefinitions add and remove while it runs.
//
// Invariants: versions of one resource share one key prefix, so one store of objects; the order is that of discovery, built-ins first.

import { resources as builtIns, groupKind, groupResource, groupVersion, type Resource } from '../../api/resources.ts';
import type { Store } from '../storage/store.ts';
import { type Checks, Registry } from './registry.ts';
import { type ResourceInfo, storagePrefixOf } from './resource.ts';
import type { Served } from './served.ts';
import type { Strategy } from './strategy.ts';
import type { Conversions } from './versions.ts';

// Reviews and bindings are answered, never stored.
const virtual = new Set([
  'bindings',
  'componentstatuses',
  'selfsubjectreviews',
  'tokenreviews',
  'localsubjectaccessreviews',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'subjectaccessreviews',
]);

// apimachinery's APILifecycleDeprecated: said to whoever uses them.
const deprecations: Record<string, string> = {
  endpoints: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  componentstatuses: 'v1 ComponentStatus is deprecated in v1.19+',
};

/** A row of the table as the server uses it. */
export function builtInResource(row: Resource, conversions: Conversions): ResourceInfo {
  const { group, version, kind, plural, singular, shortNames, categories, namespaced, verbs, subresources } = row;
  const resource = plural;
  const conversion = conversions[`${plural}.${groupVersion(row)}`];
  return {
    group,
    version,
    resource,
    kind,
    listKind: `${kind}List`,
    singular,
    shortNames,
    categories,
    namespaced,
    verbs,
    subresources,
    type: row.type,
    apiVersion: groupVersion(row),
    groupResource: groupResource(row),
    groupKind: groupKind(row),
    storagePrefix: storagePrefixOf(group, plural, false),
    custom: false,
    selectableFields: [],
    ...(group === '' && deprecations[plural] !== undefined && { deprecation: deprecations[plural] }),
    ...conversion,
  };
}

export class Catalog {
  readonly #store: Store;
  readonly #checks: Checks;
  readonly #served = new Map<string, Served>();
  /** By "<plural>.<group>": the version that comes first. */
  readonly #first = new Map<string, Served>();
  readonly #listeners = new Set<() => void>();
  /** Counts changes, so that derived documents know when they are stale. */
  generation = 0;

  constructor(
    store: Store,
    checks: Checks,
    strategies: (resource: ResourceInfo) => Strategy,
    conversions: Conversions,
  ) {
    this.#store = store;
    this.#checks = checks;
    for (const row of builtIns) {
      const resource = builtInResource(row, conversions);
      this.add(resource, strategies(resource));
    }
  }

  /** Serves a resource at a version, in place of an earlier definition. */
  add(resource: ResourceInfo, strategy: Strategy): Served {
    const { group, version, storagePrefix } = resource;
    const served = { resource, registry: new Registry(resource, this.#store, strategy, this.#checks) };
    this.#served.set(`${group}/${version}/${resource.resource}`, served);
    if (!virtual.has(resource.resource)) this.#store.cache.collection(storagePrefix);
    this.#changed();
    return served;
  }

  remove(group: string, version: string, resource: string): void {
    const key = `${group}/${version}/${resource}`;
    const served = this.#served.get(key);
    if (!served) return;
    this.#served.delete(key);
    const { storagePrefix } = served.resource;
    if (![...this.#served.values()].some((other) => other.resource.storagePrefix === storagePrefix))
      this.#store.cache.drop(storagePrefix);
    this.#changed();
  }

  #changed(): void {
    this.generation++;
    this.#first.clear();
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  find(group: string, version: string, resource: string): Served | undefined {
    return this.#served.get(`${group}/${version}/${resource}`);
  }

  /** By group and plural, at whichever version comes first. */
  findAny(group: string, resource: string): Served | undefined {
    const key = `${resource}.${group}`;
    let found = this.#first.get(key);
    if (found) return found;
    for (const served of this.#served.values()) {
      if (served.resource.group !== group || served.resource.resource !== resource) continue;
      found = served;
      this.#first.set(key, found);
      break;
    }
    return found;
  }

  findKind(group: string, version: string, kind: string): Served | undefined {
    for (const served of this.#served.values())
      if (served.resource.group === group && served.resource.version === version && served.resource.kind === kind)
        return served;
    return undefined;
  }

  /** For the server's own use. Throws when there is no such built-in. */
  registry(group: string, resource: string): Registry {
    const served = this.findAny(group, resource);
    if (!served) throw new Error(`no such resource: ${resource}.${group}`);
    return served.registry;
  }

  all(): IterableIterator<Served> {
    return this.#served.values();
  }

  hasGroup(group: string): boolean {
    for (const { resource } of this.all()) if (resource.group === group) return true;
    return false;
  }

  hasGroupVersion(group: string, version: string): boolean {
    for (const { resource } of this.all()) if (resource.group === group && resource.version === version) return true;
    return false;
  }
}

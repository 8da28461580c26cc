// Which resources the server has: aggregated discovery first, the legacy documents where that is not served. Kept per fetch, read anew when
// a type is not found.

import { CliError } from '../cli/errors.ts';
import type { KubectlIo } from '../io.ts';
import type { ApiClient } from './client.ts';

export interface Resource {
  group: string;
  version: string;
  kind: string;
  /** The plural, lower-case name in paths. */
  name: string;
  singular: string;
  shortNames: string[];
  namespaced: boolean;
  verbs: string[];
  categories: string[];
  subresources: string[];
}

interface AggregatedResource {
  resource: string;
  responseKind?: { kind: string; group?: string; version?: string };
  scope: string;
  singularResource?: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: { subresource: string }[];
}
interface AggregatedList {
  kind: string;
  items: { metadata?: { name?: string }; versions: { version: string; resources?: AggregatedResource[] }[] }[];
}
interface LegacyResources {
  resources: {
    name: string;
    singularName?: string;
    namespaced: boolean;
    kind: string;
    verbs?: string[];
    shortNames?: string[];
    categories?: string[];
  }[];
}

const cache = new WeakMap<KubectlIo['fetch'], { resources: Resource[]; versions: string[] }>();

export class Discovery {
  readonly #client: ApiClient;
  readonly #key: KubectlIo['fetch'];

  constructor(client: ApiClient, io: KubectlIo) {
    this.#client = client;
    this.#key = io.fetch;
  }

  /** Every resource of every served version, core first, groups and versions in the server's order of preference. */
  async resources(): Promise<Resource[]> {
    return (await this.#load()).resources;
  }

  /** "v1", "apps/v1"... */
  async groupVersions(): Promise<string[]> {
    return (await this.#load()).versions;
  }

  invalidate(): void {
    cache.delete(this.#key);
  }

  async #load(): Promise<{ resources: Resource[]; versions: string[] }> {
    const known = cache.get(this.#key);
    if (known) return known;
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const documents = await Promise.all(
      ['/api', '/apis'].map((path) => this.#client.json<AggregatedList & { versions?: string[] }>(path, { accept })),
    );
    const loaded = documents.every((document) => document.kind === 'APIGroupDiscoveryList')
      ? fromAggregated(documents)
      : await this.#legacy(documents);
    cache.set(this.#key, loaded);
    return loaded;
  }

  async #legacy(documents: unknown[]): Promise<{ resources: Resource[]; versions: string[] }> {
    const core = documents[0] as { versions: string[] };
    const groups = (documents[1] as { groups?: { name: string; versions: { version: string }[] }[] }).groups ?? [];
    const all = [
      ...core.versions.map((version) => ({ group: '', version, path: `/api/${version}` })),
      ...groups.flatMap((group) =>
        group.versions.map(({ version }) => ({ group: group.name, version, path: `/apis/${group.name}/${version}` })),
      ),
    ];
    const lists = await Promise.all(all.map(({ path }) => this.#client.json<LegacyResources>(path)));
    const resources = lists.flatMap((list, i) => {
      const { group, version } = all[i]!;
      return list.resources
        .filter((each) => !each.name.includes('/'))
        .map(
          (each): Resource => ({
            group,
            version,
            kind: each.kind,
            name: each.name,
            singular: each.singularName || each.kind.toLowerCase(),
            shortNames: each.shortNames ?? [],
            namespaced: each.namespaced,
            verbs: each.verbs ?? [],
            categories: each.categories ?? [],
            subresources: list.resources
              .filter((sub) => sub.name.startsWith(`${each.name}/`))
              .map((sub) => sub.name.slice(each.name.length + 1)),
          }),
        );
    });
    return { resources, versions: all.map(({ group, version }) => (group ? `${group}/${version}` : version)) };
  }

  /**
   * Finds what a user means by "pods", "po", "pod", "Deployment", "deployments.apps" or "deployments.v1.apps".
   * Throws "the server doesn't have a resource type" otherwise.
   */
  async find(argument: string): Promise<Resource> {
    for (const again of [false, true]) {
      if (again) this.invalidate();
      const found = match(await this.resources(), argument);
      if (found) return found;
    }
    throw new CliError(`the server doesn't have a resource type ${JSON.stringify(argument.split('.')[0])}`);
  }

  /** The resource that serves a kind of an API version, if any. */
  async forKind(group: string, version: string, kind: string): Promise<Resource | undefined> {
    for (const again of [false, true]) {
      if (again) this.invalidate();
      const found = (await this.resources()).find(
        (each) => each.group === group && each.version === version && each.kind === kind,
      );
      if (found) return found;
    }
    return undefined;
  }
}

function fromAggregated(documents: AggregatedList[]): { resources: Resource[]; versions: string[] } {
  const resources: Resource[] = [];
  const versions: string[] = [];
  for (const item of documents.flatMap((document) => document.items)) {
    const group = item.metadata?.name ?? '';
    for (const { version, resources: list } of item.versions) {
      versions.push(group ? `${group}/${version}` : version);
      for (const each of list ?? []) {
        resources.push({
          group,
          version,
          kind: each.responseKind?.kind ?? '',
          name: each.resource,
          singular: each.singularResource || (each.responseKind?.kind ?? '').toLowerCase(),
          shortNames: each.shortNames ?? [],
          namespaced: each.scope === 'Namespaced',
          verbs: each.verbs ?? [],
          categories: each.categories ?? [],
          subresources: (each.subresources ?? []).map((sub) => sub.subresource),
        });
      }
    }
  }
  return { resources, versions };
}

function match(resources: Resource[], argument: string): Resource | undefined {
  const parts = argument.split('.');
  const name = parts[0]!.toLowerCase();
  const named = (each: Resource) =>
    each.name === name || each.singular === name || each.kind.toLowerCase() === name || each.shortNames.includes(name);
  const exact = (each: Resource) => each.name === name || each.singular === name || each.kind.toLowerCase() === name;
  const candidates: ((each: Resource) => boolean)[] = [];
  if (parts.length >= 3 && /^v\d/.test(parts[1]!)) {
    const group = parts.slice(2).join('.');
    candidates.push((each) => named(each) && each.version === parts[1] && each.group === group);
  }
  if (parts.length === 2 && /^v\d/.test(parts[1]!)) {
    candidates.push((each) => named(each) && each.version === parts[1] && each.group === '');
  }
  if (parts.length >= 2) {
    const group = parts.slice(1).join('.');
    candidates.push((each) => named(each) && each.group === group);
    candidates.push((each) => named(each) && each.group.startsWith(group));
  } else {
    candidates.push(exact, named);
  }
  for (const candidate of candidates) {
    const found = resources.find(candidate);
    if (found) return found;
  }
  return undefined;
}

export const apiVersionOf = (resource: { group: string; version: string }): string =>
  resource.group ? `${resource.group}/${resource.version}` : resource.version;

/** "pods" or "deployments.apps", as messages name a resource. */
export const groupResource = (resource: Resource): string =>
  resource.group ? `${resource.name}.${resource.group}` : resource.name;

/** "pod/web" or "deployment.apps/web", as -o name prints it. */
export const nameOf = (resource: Pick<Resource, 'kind' | 'group'>, name: string): string =>
  `${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''}/${name}`;

/** Where a collection, or one object of it, lives. */
export function pathOf(resource: Resource, namespace: string | undefined, name?: string, subresource?: string): string {
  const base = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${base}${scope}/${resource.name}${name ? `/${encodeURIComponent(name)}` : ''}${subresource ? `/${subresource}` : ''}`;
}

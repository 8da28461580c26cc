// Discovery: what the server serves, in the legacy form (one document per group and version) and aggregated (apidiscovery.k8s.io/v2, one for all).

import type { Catalog } from '../registry/catalog.ts';
import { apiVersionOf, type ResourceInfo } from '../registry/resource.ts';

interface GroupVersions {
  group: string;
  versions: Map<string, ResourceInfo[]>;
}

// Higher versions first: GA, then beta, then alpha (apimachinery/pkg/version.CompareKubeAwareVersionStrings).
function compareVersions(a: string, b: string): number {
  const parse = (text: string): [number, number, number] | undefined => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text);
    return match
      ? [match[2] === 'alpha' ? 0 : match[2] === 'beta' ? 1 : 2, Number(match[1]), Number(match[3] ?? 0)]
      : undefined;
  };
  const left = parse(a);
  const right = parse(b);
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1;
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return (right[i] as number) - (left[i] as number);
  return 0;
}

function groups(catalog: Catalog): GroupVersions[] {
  const found = new Map<string, GroupVersions>();
  for (const { resource } of catalog.all()) {
    let entry = found.get(resource.group);
    if (!entry) {
      entry = { group: resource.group, versions: new Map() };
      found.set(resource.group, entry);
    }
    const list = entry.versions.get(resource.version) ?? [];
    list.push(resource);
    entry.versions.set(resource.version, list);
  }
  for (const entry of found.values())
    entry.versions = new Map([...entry.versions].sort(([a], [b]) => compareVersions(a, b)));
  return [...found.values()];
}

function apiGroup({ group, versions }: GroupVersions) {
  const list = [...versions.keys()].map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

export function apiGroupList(catalog: Catalog) {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups(catalog)
      .filter(({ group }) => group !== '')
      .map(apiGroup),
  };
}

export function apiGroupDocument(catalog: Catalog, group: string) {
  const found = groups(catalog).find((entry) => entry.group === group);
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found) };
}

export const apiVersions = (host: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: host }],
});

/** A short, stable fingerprint, as discovery shows one per storage version. */
function storageVersionHash({ group, version, kind }: ResourceInfo): string {
  let h = 0xcbf29ce484222325n;
  for (const c of `${group}/${version}/${kind}`) h = BigInt.asUintN(64, (h ^ BigInt(c.charCodeAt(0))) * 0x100000001b3n);
  let bytes = '';
  for (let i = 0n; i < 8n; i++) bytes += String.fromCharCode(Number((h >> (8n * i)) & 255n));
  return btoa(bytes);
}

/** /api/v1 and /apis/<group>/<version>: each resource followed by its subresources. */
export function apiResourceList(catalog: Catalog, group: string, version: string) {
  const list = groups(catalog)
    .find((entry) => entry.group === group)
    ?.versions.get(version);
  if (!list) return undefined;
  const resources = [...list]
    .sort((a, b) => (a.resource < b.resource ? -1 : 1))
    .flatMap((resource) => [
      {
        name: resource.resource,
        singularName: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: resource.verbs,
        ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
        ...(resource.categories.length > 0 && { categories: resource.categories }),
        ...(resource.verbs.includes('list') && { storageVersionHash: storageVersionHash(resource) }),
      },
      ...resource.subresources.map((sub) => ({
        name: `${resource.resource}/${sub.name}`,
        singularName: '',
        namespaced: resource.namespaced,
        ...(sub.group !== undefined && { group: sub.group, version: sub.version }),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]);
  return {
    kind: 'APIResourceList',
    ...(group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(group, version),
    resources,
  };
}

/** The aggregated document of /api (the core group) or /apis (all others). */
export function aggregated(catalog: Catalog, core: boolean) {
  const items = groups(catalog)
    .filter(({ group }) => (group === '') === core)
    .map(({ group, versions }) => ({
      metadata: group === '' ? {} : { name: group },
      versions: [...versions].map(([name, list]) => ({
        version: name,
        resources: [...list]
          .sort((a, b) => (a.resource < b.resource ? -1 : 1))
          .map((resource) => ({
            resource: resource.resource,
            responseKind: { group, version: name, kind: resource.kind },
            scope: resource.namespaced ? 'Namespaced' : 'Cluster',
            singularResource: resource.singular,
            verbs: resource.verbs,
            ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
            ...(resource.categories.length > 0 && { categories: resource.categories }),
            ...(resource.subresources.length > 0 && {
              subresources: resource.subresources.map((sub) => ({
                subresource: sub.name,
                responseKind: { group: sub.group ?? group, version: sub.version ?? name, kind: sub.kind },
                verbs: sub.verbs,
              })),
            }),
          })),
        freshness: 'Current',
      })),
    }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

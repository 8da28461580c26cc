// What the server serves, from discovery. Upstream: client-go discovery ServerPreferredResources over aggregated discovery.

import { apiVersionOf, type KubernetesObject, type Resource } from './resources.ts';
import type { CallOptions, RestClient } from './rest-client.ts';

export interface DiscoveredResource extends Resource {
  readonly verbs: readonly string[];
}

interface AggregatedResource {
  resource: string;
  scope: string;
  verbs: string[];
  responseKind?: { kind: string };
}

interface AggregatedGroup {
  metadata?: { name?: string };
  versions: { version: string; freshness?: string; resources?: AggregatedResource[] }[];
}

export interface DiscoveryResult {
  resources: DiscoveredResource[];
  /** Groups and versions whose resources could not be read ("metrics.k8s.io/v1beta1"): what is in them is not known. */
  failed: string[];
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Each resource once, in its group's preferred version (the first that has it). Subresources are left out. */
export async function discoverResources(client: RestClient, options: CallOptions = {}): Promise<DiscoveryResult> {
  const resources: DiscoveredResource[] = [];
  const failed: string[] = [];
  for (const path of ['/api', '/apis']) {
    const list = await client.request<{ items: AggregatedGroup[] }>('GET', path, { ...options, accept: aggregated });
    for (const group of list.items) {
      const name = group.metadata?.name ?? '';
      const seen = new Set<string>();
      for (const version of group.versions) {
        if (version.freshness === 'Stale') failed.push(name === '' ? version.version : `${name}/${version.version}`);
        for (const { resource, scope, verbs, responseKind } of version.resources ?? []) {
          if (seen.has(resource)) continue;
          seen.add(resource);
          const kind = responseKind?.kind ?? '';
          const namespaced = scope === 'Namespaced';
          resources.push({ group: name, version: version.version, resource, kind, namespaced, verbs });
        }
      }
    }
  }
  return { resources, failed };
}

/** Kind and apiVersion, or any version of its group, to the resource: what a RESTMapper does. */
export function resourceForKind<R extends Resource<KubernetesObject>>(
  resources: readonly R[],
  apiVersion: string,
  kind: string,
): R | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const candidates = resources.filter((each) => each.kind === kind && each.group === group);
  return candidates.find((each) => apiVersionOf(each) === apiVersion) ?? candidates[0];
}

// /metrics in Prometheus' text form: what was asked of this server, what is being served, what is stored (apiserver/pkg/endpoints/metrics).
//
// Invariant: labels take only values that the server knows, never a client's, so that their number stays small.

import { defaults } from '../config.ts';
import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';

const verbs: Record<string, string> = {
  create: 'POST',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  get: 'GET',
  list: 'LIST',
  patch: 'PATCH',
  update: 'PUT',
  watch: 'WATCH',
};
const connecting = new Set(['attach', 'exec', 'portforward', 'proxy']);
const readOnly = new Set(['GET', 'HEAD']);

export class Metrics {
  readonly #requests = new Map<string, number>();
  #reading = 0;
  #writing = 0;

  /** Notes that a request is being served. */
  begin({ request }: RequestContext): void {
    if (readOnly.has(request.method)) this.#reading++;
    else this.#writing++;
  }

  /** Notes that it has been answered, be it with the first of many events. */
  end(core: Core, context: RequestContext, code: number): void {
    if (readOnly.has(context.request.method)) this.#reading--;
    else this.#writing--;
    const labels = labelsOf(core, context, code);
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
  }

  /** All that is known, as text. */
  render({ catalog, config, store }: Core): string {
    const version = config.version ?? defaults.version;
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
    const stored = new Map<string, number>();
    for (const { resource } of catalog.all()) {
      const labels = `group="${resource.group}",resource="${resource.resource}"`;
      stored.set(labels, store.cache.collection(resource.storagePrefix).entries.size);
    }
    return [
      ...family('apiserver_current_inflight_requests', 'gauge', 'Requests being served now.', [
        ['request_kind="mutating"', this.#writing],
        ['request_kind="readOnly"', this.#reading],
      ]),
      ...family('apiserver_request_total', 'counter', 'Requests answered.', [...this.#requests].sort()),
      ...family('apiserver_resource_objects', 'gauge', 'Objects stored.', [...stored].sort()),
      ...family('kubernetes_build_info', 'gauge', 'Always 1; the labels tell the version.', [
        [`git_version="${version}",major="${major}",minor="${minor}"`, 1],
      ]),
      '',
    ].join('\n');
  }
}

function family(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([of, value]) => `${name}{${of}} ${value}`),
  ];
}

function labelsOf({ catalog }: Core, { info, request, url }: RequestContext, code: number): string {
  const known = info.isResource ? catalog.find(info.group, info.version, info.resource)?.resource : undefined;
  const sub = info.subresource;
  const isKnownSub =
    known !== undefined && (connecting.has(sub) || known.subresources.some(({ name }) => name === sub));
  const verb = connecting.has(sub) ? 'CONNECT' : known ? verbs[info.verb] : readOnly.has(request.method) ? 'GET' : '';
  const scope = !known
    ? ''
    : info.name !== '' || verb === 'POST'
      ? 'resource'
      : info.namespace
        ? 'namespace'
        : 'cluster';
  const dryRun = url.search !== '' && url.searchParams.get('dryRun') === 'All' ? 'All' : '';
  return `code="${code}",component="apiserver",dry_run="${dryRun}",group="${known?.group ?? ''}",resource="${known?.resource ?? ''}",scope="${scope}",subresource="${isKnownSub ? sub : ''}",verb="${verb || 'other'}",version="${known?.version ?? ''}"`;
}

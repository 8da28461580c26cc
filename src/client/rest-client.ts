// The typed client of the API server: objects in, objects out, a Status as ApiError, the caller's span as `traceparent`. Upstream: client-go rest.RESTClient.
//
// Invariants: one HTTP request per call (no hidden retry, no cache); an answer outside 2xx rejects with ApiError; no answer rejects with fetch's error.
// With a clock in the config, a call other than watch is given up after `timeoutSeconds`.

import type { DeleteOptions, ListMeta, Status } from '../api/generated/types.ts';
import { type Clock, timeoutSignal } from '../env/clock.ts';
import { formatTraceparent, type TraceContext } from '../env/trace.ts';
import { ApiError } from './errors.ts';
import { apiVersionOf, type Draft, type KubernetesObject, type Resource, withKind } from './resources.ts';
import { readWatchEvents, type WatchEvent } from './watch-stream.ts';

export interface RestConfig {
  fetch: (input: string, init?: RequestInit) => Promise<Response>;
  /** "http://kube-apiserver:6443". */
  server: string;
  /** Bearer token; none: anonymous. */
  token?: string;
  /** "kube-scheduler/v1.36.0". */
  userAgent: string;
  /** Without it calls wait as long as fetch does. */
  clock?: Clock;
  /** Default 30. */
  timeoutSeconds?: number;
}

/** What any call may carry. */
export interface CallOptions {
  /** The span that makes this call; the server records the write under it. */
  trace?: TraceContext;
  signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  limit?: number;
  continue?: string;
  /** Ask for nothing but metadata (PartialObjectMetadata): much less to send and keep. */
  metadataOnly?: boolean;
}

export interface WatchOptions extends ListOptions {
  allowWatchBookmarks?: boolean;
  /** The server ends the watch after this many seconds. */
  timeoutSeconds?: number;
}

/** Where one object is. Leave the namespace out for cluster-scoped resources. */
export interface ObjectKey {
  namespace?: string;
  name: string;
}

export interface ObjectList<T> {
  metadata: ListMeta;
  items: T[];
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

export interface RequestOptions extends CallOptions {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
}

export class RestClient {
  readonly #config: RestConfig;

  constructor(config: RestConfig) {
    this.#config = config;
  }

  get<T extends KubernetesObject>(of: Resource<T>, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#object<T>('GET', this.path(of, key.namespace, key.name), options);
  }

  /** One page (all of it unless `limit` is given), in the namespace or, with '', in all. */
  async list<T extends KubernetesObject>(
    of: Resource<T>,
    namespace = '',
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const { trace, signal, metadataOnly, ...query } = options;
    const list = await this.#object<{ metadata?: ListMeta; items?: T[] | null }>('GET', this.path(of, namespace), {
      trace,
      signal,
      query,
      accept: metadataOnly ? acceptMetadata('PartialObjectMetadataList') : undefined,
    });
    return { metadata: list.metadata ?? {}, items: (list.items ?? []).map((item) => withKind(of, item)) };
  }

  /** Creates in the object's own namespace. `metadata.generateName` does as upstream. */
  create<T extends KubernetesObject>(of: Resource<T>, object: Draft<T>, options: CallOptions = {}): Promise<T> {
    const body = { ...object, apiVersion: apiVersionOf(of), kind: of.kind };
    return this.#object<T>('POST', this.path(of, object.metadata.namespace), { ...options, body });
  }

  /** Replaces; with metadata.resourceVersion set, only that revision (409 Conflict otherwise). */
  update<T extends KubernetesObject>(of: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#object<T>('PUT', this.path(of, namespace, name), { ...options, body: withKind(of, object) });
  }

  /** Replaces the status and nothing else. */
  updateStatus<T extends KubernetesObject>(of: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.updateSubresource(of, object, 'status', options);
  }

  updateSubresource<T extends KubernetesObject>(
    of: Resource<T>,
    object: T,
    subresource: string,
    options: CallOptions = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const body = withKind(of, object);
    return this.#object<T>('PUT', this.path(of, namespace, name, subresource), { ...options, body });
  }

  patch<T extends KubernetesObject>(
    of: Resource<T>,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...call } = options;
    const path = this.path(of, key.namespace, key.name, subresource);
    return this.#object<T>('PATCH', path, { ...call, body: patch, contentType: type });
  }

  /** Deletes by name; resolves with what the server answered (the object being deleted, or a Status). */
  delete<T extends KubernetesObject>(
    of: Resource<T>,
    key: ObjectKey,
    deleteOptions: DeleteOptions = {},
    options: CallOptions = {},
  ): Promise<T | Status> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...deleteOptions };
    return this.#object<T | Status>('DELETE', this.path(of, key.namespace, key.name), { ...options, body });
  }

  /** Deletes all that match, in one namespace. */
  async deleteCollection(
    of: Resource,
    namespace: string,
    deleteOptions: DeleteOptions = {},
    options: ListOptions = {},
  ): Promise<void> {
    const { trace, signal, metadataOnly: _, ...query } = options;
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...deleteOptions };
    await this.request('DELETE', this.path(of, namespace), { trace, signal, query, body });
  }

  /**
   * Events from `options.resourceVersion` on, in order, until the server ends the watch (the iteration ends) or the signal aborts.
   * An ERROR event is thrown as ApiError (410 Expired: list again).
   */
  async *watch<T extends KubernetesObject>(
    of: Resource<T>,
    namespace = '',
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>> {
    const { trace, signal, metadataOnly, ...query } = options;
    const response = await this.#send('GET', this.path(of, namespace), {
      trace,
      signal,
      query: { ...query, watch: true },
      accept: metadataOnly ? acceptMetadata('PartialObjectMetadata') : undefined,
    });
    if (!response.ok) throw await errorOf(response);
    for await (const event of readWatchEvents<T>(response, signal)) {
      yield event.type === 'BOOKMARK' ? event : { type: event.type, object: withKind(of, event.object) };
    }
  }

  /** Any request whose answer is JSON ("/apis", subresources). Rejects with ApiError outside 2xx. */
  async request<T = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const { clock, timeoutSeconds = 30 } = this.#config;
    if (!clock) return await this.#answer<T>(await this.#send(method, path, options));
    const timeout = timeoutSignal(clock, timeoutSeconds * 1000);
    try {
      const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
      return await this.#answer<T>(await this.#send(method, path, { ...options, signal }));
    } finally {
      timeout.cancel();
    }
  }

  /** "/apis/apps/v1/namespaces/default/deployments/web/status"; with an empty namespace, of all namespaces. */
  path(of: Resource, namespace = '', name?: string, subresource?: string): string {
    const root = of.group === '' ? `/api/${of.version}` : `/apis/${of.group}/${of.version}`;
    const scope = of.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    const tail = name === undefined ? '' : `/${encodeURIComponent(name)}`;
    return `${root}${scope}/${of.resource}${tail}${subresource === undefined ? '' : `/${subresource}`}`;
  }

  #object<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    return this.request<T>(method, path, options);
  }

  async #answer<T>(response: Response): Promise<T> {
    if (!response.ok) throw await errorOf(response);
    return (await response.json()) as T;
  }

  #send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const { fetch, server, token, userAgent } = this.#config;
    const headers: Record<string, string> = {
      Accept: options.accept ?? 'application/json',
      'User-Agent': userAgent,
    };
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    if (options.trace) headers['traceparent'] = formatTraceparent(options.trace);
    const init: RequestInit = { method, headers };
    if (options.body !== undefined) {
      headers['Content-Type'] = options.contentType ?? 'application/json';
      init.body = JSON.stringify(options.body);
    }
    if (options.signal) init.signal = options.signal;
    return fetch(server + path + queryString(options.query), init);
  }
}

function queryString(query: RequestOptions['query']): string {
  const parts = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}=${encodeURIComponent(String(value))}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function acceptMetadata(as: string): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`;
}

/** The error in an answer outside 2xx; made up from the HTTP status if the body is no Status (a proxy or a dying server answered). */
async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    return ApiError.from(response.status, JSON.parse(text));
  } catch {
    return ApiError.from(response.status, text);
  }
}

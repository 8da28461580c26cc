// A very small API server for unit tests of clients and controllers: create, get, list, watch, update, status, merge patch, delete with finalizers, in memory.
//
// It keeps what controllers rely on (one revision counter, compare-and-swap, uids, graceful handling of finalizers, watch from a revision, 410 on demand) and
// checks nothing else. Tests of real behaviour run against src/apiserver.

import { applyMergePatch } from './merge-patch.ts';

interface Stored {
  apiVersion?: string;
  kind?: string;
  metadata: Record<string, unknown> & { name: string; namespace?: string; resourceVersion?: string };
  [field: string]: unknown;
}

interface LogEntry {
  revision: number;
  path: string;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: Stored;
}

/** One write as a test sees it. */
export interface RecordedWrite {
  method: string;
  path: string;
  body: unknown;
  userAgent: string;
}

const encoder = new TextEncoder();

export class MemoryApi {
  /** Every write that was attempted, in order. */
  readonly writes: RecordedWrite[] = [];
  /** Called before each request is handled; an answer it gives is sent instead. */
  intercept: ((request: Request, path: string) => Response | undefined) | undefined;
  readonly #objects = new Map<string, Stored>();
  readonly #log: LogEntry[] = [];
  readonly #watches = new Set<(entry: LogEntry) => void>();
  readonly #now: () => number;
  #revision = 100;
  #oldest = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Forgets history: watches from before now answer 410. */
  compact(): void {
    this.#oldest = this.#revision;
    this.#log.length = 0;
  }

  /** Reads without a request; the path is that of a single object. */
  peek<T>(path: string): T | undefined {
    return this.#objects.get(path) as T | undefined;
  }

  readonly handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const answer = this.intercept?.(request, url.pathname);
    if (answer) return answer;
    const parts = url.pathname.split('/').filter((part) => part !== '');
    const root = parts[0] === 'api' ? 2 : 3;
    const prefix = `/${parts.slice(0, root).join('/')}`;
    let rest = parts.slice(root);
    let namespace: string | undefined;
    if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')) {
      namespace = rest[1];
      rest = rest.slice(2);
    }
    const [resource = '', name, subresource] = rest;
    const at = (ns: string | undefined, objectName: string) =>
      `${prefix}${ns ? `/namespaces/${ns}` : ''}/${resource}/${objectName}`;
    const text = request.method === 'GET' ? '' : await request.text();
    const body = text === '' ? undefined : (JSON.parse(text) as Stored);
    if (request.method !== 'GET') {
      const userAgent = request.headers.get('user-agent') ?? '';
      this.writes.push({ method: request.method, path: url.pathname, body, userAgent });
    }
    const collection = { prefix, namespace, resource };
    if (request.method === 'GET' && name === undefined) {
      return url.searchParams.get('watch') === 'true'
        ? this.#watch(collection, url, request.signal)
        : this.#list(collection);
    }
    if (request.method === 'POST' && name === undefined) return this.#create(body!, (n) => at(namespace, n), namespace);
    const path = at(namespace, name ?? '');
    const current = this.#objects.get(path);
    if (request.method === 'POST' && subresource === 'binding') {
      const target = (body as unknown as { target: { name: string } }).target;
      if (!current) return failure(404, 'NotFound', `${resource} "${name}" not found`);
      return this.#commit(path, { ...current, spec: { ...(current['spec'] as object), nodeName: target.name } });
    }
    if (!current) return failure(404, 'NotFound', `${resource} "${name}" not found`);
    if (request.method === 'GET') return json(current);
    if (request.method === 'DELETE') return this.#delete(path, current, body);
    const wanted = request.method === 'PATCH' ? (applyMergePatch(current, body) as Stored) : body!;
    const { resourceVersion, uid } = (request.method === 'PATCH' ? body! : wanted).metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
      return conflict(resource, name!);
    if (uid !== undefined && uid !== current.metadata['uid']) return conflict(resource, name!);
    const { status: _, ...withoutStatus } = wanted;
    if (subresource === 'status') return this.#commit(path, { ...current, status: wanted['status'] });
    const next =
      resource === 'namespaces' && subresource === 'finalize' ? { ...current, spec: wanted['spec'] } : withoutStatus;
    return this.#commit(path, {
      ...next,
      ...(current['status'] === undefined ? {} : { status: current['status'] }),
    } as Stored);
  };

  #create(body: Stored, at: (name: string) => string, namespace: string | undefined): Response {
    const revision = this.#revision + 1;
    const name = body.metadata.name || `${body.metadata['generateName']}${revision.toString(36).padStart(5, 'x')}`;
    const path = at(name);
    if (this.#objects.has(path)) return failure(409, 'AlreadyExists', `"${name}" already exists`);
    const metadata = {
      ...body.metadata,
      name,
      ...(namespace ? { namespace } : {}),
      uid: `uid-${revision}`,
      creationTimestamp: new Date(this.#now()).toISOString().replace(/\.\d+Z/, 'Z'),
      generation: 1,
    };
    return this.#commit(path, { ...body, metadata }, 'ADDED', 201);
  }

  #delete(path: string, current: Stored, body: Stored | undefined): Response {
    const wanted =
      (body as unknown as { preconditions?: { uid?: string }; propagationPolicy?: string } | undefined) ?? {};
    if (wanted.preconditions?.uid && wanted.preconditions.uid !== current.metadata['uid']) {
      return conflict('object', current.metadata.name);
    }
    const finalizers = [...((current.metadata['finalizers'] as string[] | undefined) ?? [])];
    if (wanted.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion');
    if (wanted.propagationPolicy === 'Orphan') finalizers.push('orphan');
    if (finalizers.length > 0) {
      const deletionTimestamp = new Date(this.#now()).toISOString().replace(/\.\d+Z/, 'Z');
      return this.#commit(path, { ...current, metadata: { ...current.metadata, finalizers, deletionTimestamp } });
    }
    return this.#commit(path, current, 'DELETED');
  }

  #commit(path: string, wanted: Stored, type: LogEntry['type'] = 'MODIFIED', code = 200): Response {
    const revision = ++this.#revision;
    const old = this.#objects.get(path);
    const changedSpec = JSON.stringify(old?.['spec']) !== JSON.stringify(wanted['spec']);
    const generation = ((old?.metadata['generation'] as number | undefined) ?? 0) + (changedSpec ? 1 : 0);
    const object: Stored = {
      ...wanted,
      metadata: { ...wanted.metadata, resourceVersion: String(revision), generation: generation || 1 },
    };
    const unfinalized =
      object.metadata['deletionTimestamp'] && !(object.metadata['finalizers'] as string[] | undefined)?.length;
    const gone = type === 'DELETED' || unfinalized;
    if (gone) this.#objects.delete(path);
    else this.#objects.set(path, object);
    const entry: LogEntry = { revision, path, type: gone ? 'DELETED' : type, object };
    this.#log.push(entry);
    for (const watch of this.#watches) watch(entry);
    return json(object, code);
  }

  #list(of: Collection): Response {
    const items = [...this.#objects].filter(([path]) => belongs(path, of)).map(([, object]) => object);
    return json({ kind: 'List', metadata: { resourceVersion: String(this.#revision) }, items });
  }

  #watch(of: Collection, url: URL, signal: AbortSignal): Response {
    const from = Number(url.searchParams.get('resourceVersion') ?? 0);
    if (from < this.#oldest) {
      return new Response(
        `${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old resource version') })}\n`,
      );
    }
    let send: (entry: LogEntry) => void = () => {};
    const stop = () => {
      this.#watches.delete(send);
    };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (entry) => {
          if (belongs(entry.path, of)) {
            controller.enqueue(encoder.encode(`${JSON.stringify({ type: entry.type, object: entry.object })}\n`));
          }
        };
        for (const entry of this.#log) if (entry.revision > from) send(entry);
        this.#watches.add(send);
      },
      cancel: stop,
    });
    signal.addEventListener('abort', stop, { once: true });
    return new Response(body);
  }
}

interface Collection {
  prefix: string;
  namespace: string | undefined;
  resource: string;
}

function belongs(path: string, { prefix, namespace, resource }: Collection): boolean {
  if (!path.startsWith(`${prefix}/`)) return false;
  const parts = path.slice(prefix.length + 1).split('/');
  if (parts.at(-2) !== resource) return false;
  return namespace === undefined || (parts[0] === 'namespaces' && parts[1] === namespace);
}

function json(body: unknown, code = 200): Response {
  return new Response(JSON.stringify(body), { status: code, headers: { 'Content-Type': 'application/json' } });
}

function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

function failure(code: number, reason: string, message: string): Response {
  return json(status(code, reason, message), code);
}

function conflict(resource: string, name: string): Response {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified`,
  );
}

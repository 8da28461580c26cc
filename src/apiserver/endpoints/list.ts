// Lists: from the watch cache where it can answer, from the store at an old revision where it must (resourceVersion semantics of the API concepts page).
//
// Invariant: all pages of one paged list show one revision, or the client is told with 410 that it cannot be had any more.

import { parseJson } from '../../api/json-text.ts';
import { newBadRequest, newExpired, newTooLargeResourceVersion } from '../../api/status.ts';
import { bytesOfBase64Url } from '../../env/base64.ts';
import { EtcdError, prefixEnd } from '../../etcd/client/types.ts';
import type { Registry } from '../registry/registry.ts';
import { Entry } from '../storage/entry.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { type ListOptions, parseResourceVersion } from './list-options.ts';
import type { Representation } from './representation.ts';
import type { Selection } from './selection.ts';

export interface ListResult {
  /** 0: of what is not in the store. */
  revision: number;
  entries: Entry[];
  continue: string;
  remaining: number | undefined;
}

const waitForRevision = 3000;
const storePage = 1000;

/** Waits until the cache knows `revision`. Throws Timeout (504: resourceVersion from the future). */
export async function waitUntilFresh(cache: WatchCache, revision: number): Promise<void> {
  if (!(await cache.waitFor(revision, waitForRevision))) throw newTooLargeResourceVersion(revision, cache.revision);
}

interface ContinueToken {
  v: string;
  rv: number;
  start: string;
}

function encodeToken(revision: number, start: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start }));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

const invalidToken = (why: string) => newBadRequest(`invalid continue token: continue key is not valid${why}`);

/** storage.DecodeContinue. Throws BadRequest. */
function decodeToken(text: string): ContinueToken {
  const wrong = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1);
  if (wrong >= 0) throw invalidToken(`: illegal base64 data at input byte ${wrong}`);
  let token: Partial<ContinueToken> | null;
  try {
    token = parseJson(new TextDecoder().decode(bytesOfBase64Url(text))).value as typeof token;
  } catch (error) {
    throw invalidToken(`: ${(error as Error).message}`);
  }
  if (token?.v !== 'meta.k8s.io/v1')
    throw invalidToken(`: server does not recognize this encoded version ${token?.v ?? ''}`);
  if (!Number.isInteger(token.rv) || token.rv === 0)
    throw invalidToken(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof token.start !== 'string' || token.start === '')
    throw invalidToken(': encoded start key empty (version meta.k8s.io/v1)');
  // Nothing above or beside the collection: the path is as path.Clean leaves it.
  const start = token.start.replace(/^\//, '');
  if (start.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw invalidToken(`: ${token.start}`);
  return { ...(token as ContinueToken), start };
}

/** Throws BadRequest, Expired (410) and Timeout (504: resourceVersion from the future). */
export async function list(
  registry: Registry,
  namespace: string,
  selection: Selection,
  options: ListOptions,
): Promise<ListResult> {
  const prefix = registry.prefixOf(namespace);
  const { cache } = registry.store;
  const collectionPrefix = registry.resource.storagePrefix;
  if (options.continue !== '') {
    const token = decodeToken(options.continue);
    if (options.resourceVersion !== '' && options.resourceVersion !== '0')
      throw newBadRequest('specifying resource version is not allowed when using continue');
    if (token.rv > 0) {
      const unchanged =
        cache.whole && cache.revision >= token.rv && cache.collection(collectionPrefix).eventsAfter(token.rv);
      if (unchanged && unchanged.length === 0)
        return page(
          await registry.view(cache.collection(collectionPrefix).list(prefix)),
          prefix,
          prefix + token.start,
          token.rv,
          selection,
          options,
        );
      return fromStore(registry, prefix, prefix + token.start, token.rv, selection, options);
    }
    const fresh = await registry.store.fresh(collectionPrefix);
    if (!fresh) return fromStore(registry, prefix, prefix + token.start, 0, selection, options);
    const now = cache.revision;
    return page(await registry.view(fresh.list(prefix)), prefix, prefix + token.start, now, selection, options);
  }
  const wanted =
    options.resourceVersion === ''
      ? undefined
      : parseResourceVersion(options.resourceVersion, 'invalid resource version: ');
  if (
    options.resourceVersionMatch === 'Exact' ||
    (wanted !== undefined && wanted > 0 && options.limit > 0 && options.resourceVersionMatch === '')
  ) {
    const exact = wanted as number;
    if (cache.whole && cache.revision >= exact && cache.collection(collectionPrefix).eventsAfter(exact)?.length === 0)
      return page(
        await registry.view(cache.collection(collectionPrefix).list(prefix)),
        prefix,
        prefix,
        exact,
        selection,
        options,
      );
    return fromStore(registry, prefix, prefix, exact, selection, options);
  }
  if (wanted !== undefined) {
    await waitUntilFresh(cache, wanted);
    const now = cache.revision;
    const entries = await registry.view(cache.collection(collectionPrefix).list(prefix));
    return page(entries, prefix, prefix, now, selection, options);
  }
  const fresh = await registry.store.fresh(collectionPrefix);
  if (!fresh) return fromStore(registry, prefix, prefix, 0, selection, options);
  const now = cache.revision;
  return page(await registry.view(fresh.list(prefix)), prefix, prefix, now, selection, options);
}

/** Cuts one page out of all entries of a prefix. */
function page(
  all: readonly Entry[],
  prefix: string,
  start: string,
  revision: number,
  selection: Selection,
  { limit }: ListOptions,
): ListResult {
  const entries: Entry[] = [];
  for (let i = start === prefix ? 0 : firstFrom(all, start); i < all.length; i++) {
    const entry = all[i] as Entry;
    if (!selection.all && !selection.matches(entry.object)) continue;
    if (limit > 0 && entries.length === limit) {
      const last = entries[entries.length - 1] as Entry;
      const next = encodeToken(revision, `${last.key.slice(prefix.length)}\0`);
      return { revision, entries, continue: next, remaining: selection.all ? all.length - i : undefined };
    }
    entries.push(entry);
  }
  return { revision, entries, continue: '', remaining: undefined };
}

function firstFrom(all: readonly Entry[], key: string): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as Entry).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function fromStore(
  registry: Registry,
  prefix: string,
  start: string,
  revision: number,
  selection: Selection,
  options: ListOptions,
): Promise<ListResult> {
  const { limit } = options;
  const rangeEnd = prefixEnd(prefix);
  const entries: Entry[] = [];
  let key = start;
  let at = revision;
  for (;;) {
    const answer = await registry.store.etcd
      .range({ key, rangeEnd, revision: at, limit: limit > 0 && selection.all ? limit : storePage })
      .catch((error) => {
        throw translate(error, at, registry, prefix, key);
      });
    if (at === 0) at = answer.revision;
    const read = await registry.view(answer.kvs.map((kv) => new Entry(kv.key, kv.modRevision, kv.value)));
    for (const [i, entry] of read.entries()) {
      if (!selection.all && !selection.matches(entry.object)) continue;
      entries.push(entry);
      const more = answer.more || i < read.length - 1;
      if (limit > 0 && entries.length === limit && more) {
        const next = encodeToken(at, `${entry.key.slice(prefix.length)}\0`);
        return { revision: at, entries, continue: next, remaining: selection.all ? answer.count - i - 1 : undefined };
      }
    }
    const last = answer.kvs[answer.kvs.length - 1];
    if (!answer.more || !last) return { revision: at, entries, continue: '', remaining: undefined };
    key = `${last.key}\0`;
  }
}

const expiredWithToken =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

function translate(error: unknown, revision: number, registry: Registry, prefix: string, key: string): unknown {
  if (!(error instanceof EtcdError) || error.code !== 11) return error;
  if (/future/.test(error.message)) return newTooLargeResourceVersion(revision, registry.store.cache.revision);
  if (key === prefix) return newExpired(`The resourceVersion for the provided list is too old.`);
  const expired = newExpired(expiredWithToken);
  expired.status.metadata = { continue: encodeToken(-1, key.slice(prefix.length)) };
  return expired;
}

const batch = 500;

/** The list as JSON: whole when it is short, else streamed in batches so that a long one is never held in one piece. */
export function renderList(
  result: ListResult,
  representation: Representation,
): string | ReadableStream<Uint8Array<ArrayBuffer>> {
  const metadata = JSON.stringify({
    ...(result.revision > 0 && { resourceVersion: String(result.revision) }),
    ...(result.continue !== '' && { continue: result.continue }),
    ...(result.remaining !== undefined && { remainingItemCount: result.remaining }),
  });
  const { head, tail } = representation.list(metadata);
  const { compare } = representation;
  const entries = compare ? [...result.entries].sort(compare) : result.entries;
  if (entries.length <= batch) return head + entries.map(representation.item).join(',') + tail;
  const encoder = new TextEncoder();
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = entries
        .slice(at, at + batch)
        .map(representation.item)
        .join(',');
      const end = at + batch >= entries.length;
      controller.enqueue(encoder.encode((at === 0 ? head : ',') + piece + (end ? tail : '')));
      at += batch;
      if (end) controller.close();
    },
  });
}

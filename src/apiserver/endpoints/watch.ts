// Watches: newline-delimited JSON events out of the watch cache, pushed to whoever sends them on.
//
// Invariants: each change after the starting revision is sent once and in order; a change that makes an object enter or leave the selection is sent as ADDED or
// DELETED; a watcher that does not read is cut off (its stream ends) rather than let grow; an encoding is made once for all watchers who look alike.

import { ApiError, newTooLargeResourceVersion, newTooOldResourceVersion } from '../../api/status.ts';
import type { Clock } from '../../env/clock.ts';
import type { Registry } from '../registry/registry.ts';
import type { ByteSink, PushSource } from '../server/push.ts';
import { asApiError } from '../server/respond.ts';
import type { EventSink } from '../storage/collection.ts';
import type { Entry, StoreEvent } from '../storage/entry.ts';
import { type ListOptions, parseResourceVersion } from './list-options.ts';
import type { Representation } from './representation.ts';
import type { Selection } from './selection.ts';

const queueLimit = 10_000;
const bookmarkPeriod = 60_000;
const chunkTarget = 64 * 1024;
const encoder = new TextEncoder();

type EventType = StoreEvent['type'];
type Bytes = Uint8Array<ArrayBuffer>;

function encodeEvent(type: string, object: string): Bytes {
  return encoder.encode(`{"type":"${type}","object":${object}}\n`);
}

/** An event that is sent to all watchers with the same representation is encoded for the first of them. */
function sharedEncoding(event: StoreEvent, type: EventType, entry: Entry, representation: Representation): Bytes {
  event.encodings ??= new Map();
  const asItIs = type === event.type && entry === event.entry;
  const id = asItIs ? representation.id : `${type} ${entry === event.entry ? '' : 'previous '}${representation.id}`;
  let bytes = event.encodings.get(id);
  if (!bytes) {
    bytes = encodeEvent(type, representation.one(entry));
    event.encodings.set(id, bytes);
  }
  return bytes;
}

/** What one event means to a selection: its type there, or undefined if it does not concern it. */
function seen(event: StoreEvent, selection: Selection): EventType | undefined {
  if (selection.all) return event.type;
  const before = event.previous !== undefined && selection.matches(event.previous.object);
  const after = event.type !== 'DELETED' && selection.matches(event.entry.object);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

export interface WatchEnvironment {
  clock: Clock;
  registry: Registry;
  namespace: string;
  selection: Selection;
  options: ListOptions;
  representation: Representation;
  signal: AbortSignal;
}

/** Opens a watch. Resolves when its starting point is known. A resourceVersion that is too old is answered, as upstream's, by an ERROR event. */
export async function watch(environment: WatchEnvironment): Promise<PushSource> {
  const { registry, options, selection, representation } = environment;
  const { cache } = registry.store;
  const prefix = registry.prefixOf(environment.namespace);
  const watcher = new Watcher(environment, prefix);
  const wanted = options.resourceVersion === '' ? undefined : parseResourceVersion(options.resourceVersion);
  const initial = options.sendInitialEvents ?? (wanted === undefined || wanted === 0);
  try {
    if (initial) {
      if (wanted === undefined) {
        const revision = await registry.store.currentRevision();
        if (!(await cache.waitFor(revision, 3000))) throw newTooLargeResourceVersion(revision, cache.revision);
      } else if (!(await cache.waitFor(wanted, 3000))) throw newTooLargeResourceVersion(wanted, cache.revision);
    } else if (!cache.whole) await cache.waitFor(0, 3000);
    const collection = cache.collection(registry.resource.storagePrefix);
    if (initial) {
      const add = (entries: readonly Entry[]) => {
        for (const entry of entries)
          if (selection.all || selection.matches(entry.object))
            watcher.push(() => encodeEvent('ADDED', representation.one(entry)));
      };
      const entries = collection.list(prefix);
      if (registry.converts) watcher.later(async () => add(await registry.view(entries)));
      else add(entries);
      watcher.reached = cache.revision;
      if (options.sendInitialEvents && options.allowWatchBookmarks) watcher.mark(true);
    } else {
      const from = wanted ?? cache.revision;
      const missed = collection.eventsAfter(from);
      if (!missed) throw newTooOldResourceVersion(from, collection.oldest);
      watcher.reached = from;
      for (const event of missed) watcher.event(event);
    }
    watcher.attach(collection.sinks);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== 410 && error.code !== 504) throw error;
    watcher.push(() => encodeEvent('ERROR', JSON.stringify(error.status)));
    watcher.end();
  }
  return watcher;
}

/** One watcher: an event goes to its sink at once while that takes more, and waits in a queue while it does not. */
class Watcher implements EventSink, PushSource {
  reached = 0;
  readonly #environment: WatchEnvironment;
  readonly #prefix: string;
  #queue: (() => Bytes)[] = [];
  /** Events that wait, be it for the sink or to be converted. */
  #pending = 0;
  #sink: ByteSink | undefined;
  #hasRoom = false;
  #sinks: Set<EventSink> | undefined;
  #ended = false;
  #work: Promise<void> = Promise.resolve();
  #cancels: (() => void)[] = [];

  constructor(environment: WatchEnvironment, prefix: string) {
    this.#environment = environment;
    this.#prefix = prefix;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.resume();
  }

  resume(): void {
    this.#hasRoom = true;
    this.#flush();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#queue = [];
    this.#close();
  }

  /** Begins to follow events as they come. */
  attach(sinks: Set<EventSink>): void {
    const { clock, options, signal } = this.#environment;
    if (this.#ended) return;
    this.#sinks = sinks;
    sinks.add(this);
    const seconds = options.timeoutSeconds ?? 0;
    this.#cancels.push(clock.after(seconds > 0 ? seconds * 1000 : 1_800_000, () => this.#timedOut()));
    if (options.allowWatchBookmarks) this.#scheduleBookmark();
    const abort = () => this.end();
    signal.addEventListener('abort', abort, { once: true });
    this.#cancels.push(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) this.end();
  }

  #scheduleBookmark(): void {
    let cancel = () => {};
    const next = () => {
      cancel = this.#environment.clock.after(bookmarkPeriod, () => {
        if (this.#queue.length === 0) this.mark(false);
        next();
      });
    };
    next();
    this.#cancels.push(() => cancel());
  }

  #timedOut(): void {
    if (this.#environment.options.allowWatchBookmarks) this.mark(false);
    this.#then(() => this.end());
  }

  /** Does something after what has been asked for `later`, at once if that is nothing. */
  #then(work: () => void): void {
    if (this.#environment.registry.converts) this.later(async () => work());
    else work();
  }

  /** Sends a BOOKMARK at what has been reached now. */
  mark(initialEventsEnd: boolean): void {
    const bookmark = this.#bookmark(initialEventsEnd);
    this.#then(() => this.push(bookmark));
  }

  #bookmark(initialEventsEnd: boolean): () => Bytes {
    const { registry, representation } = this.#environment;
    // Between events the cache may have advanced without news for this watcher: so has the watcher.
    const { cache } = registry.store;
    if (cache.whole) this.reached = Math.max(this.reached, cache.revision);
    const { kind, apiVersion } = registry.resource;
    const metadata = {
      resourceVersion: String(this.reached),
      creationTimestamp: null,
      ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
    };
    const object = representation.bookmark?.(metadata) ?? JSON.stringify({ kind, apiVersion, metadata });
    return () => encodeEvent('BOOKMARK', object);
  }

  event(event: StoreEvent): boolean {
    if (event.revision <= this.reached) return true;
    this.reached = event.revision;
    if (!event.entry.key.startsWith(this.#prefix)) return true;
    if (!this.#environment.registry.converts) this.#take(event);
    else {
      this.#pending++;
      this.later(async () => {
        const seen = await this.#converted(event);
        this.#pending--;
        this.#take(seen);
      });
    }
    return this.#pending < queueLimit;
  }

  /** The event as this version has it. */
  async #converted({ type, revision, entry, previous }: StoreEvent): Promise<StoreEvent> {
    const [now, before] = await this.#environment.registry.view(previous ? [entry, previous] : [entry]);
    return { type, revision, entry: now as Entry, ...(before && { previous: before }) };
  }

  /** Does what takes time, in the order of the calls. What it fails with ends the stream. */
  later(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error) => {
      if (this.#ended) return;
      this.push(() => encodeEvent('ERROR', JSON.stringify(asApiError(error).status)));
      this.end();
    });
  }

  #take(event: StoreEvent): void {
    const { selection, representation } = this.#environment;
    const type = seen(event, selection);
    if (!type) return;
    // An object that leaves the selection is shown as it last was in it, at the revision at which it left.
    const entry =
      type === 'DELETED' && event.type !== 'DELETED' && event.previous
        ? event.previous.at(event.revision)
        : event.entry;
    if (this.#hasRoom && this.#queue.length === 0 && this.#sink && !this.#ended) {
      this.#hasRoom = this.#sink.write(sharedEncoding(event, type, entry, representation));
      return;
    }
    this.#pending++;
    this.push(() => {
      this.#pending--;
      return sharedEncoding(event, type, entry, representation);
    });
  }

  push(item: () => Bytes): void {
    if (this.#ended) return;
    this.#queue.push(item);
    this.#flush();
  }

  #flush(): void {
    while (this.#sink && this.#hasRoom && this.#queue.length > 0) this.#hasRoom = this.#sink.write(this.#nextPiece());
    if (!this.#ended || this.#queue.length > 0) return;
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end();
  }

  /** What waits, in one piece unless that is long. */
  #nextPiece(): Bytes {
    const pieces: Bytes[] = [];
    let size = 0;
    while (pieces.length < this.#queue.length && size < chunkTarget) {
      const piece = (this.#queue[pieces.length] as () => Bytes)();
      pieces.push(piece);
      size += piece.byteLength;
    }
    this.#queue = pieces.length === this.#queue.length ? [] : this.#queue.slice(pieces.length);
    if (pieces.length === 1) return pieces[0] as Bytes;
    const joined = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.byteLength;
    }
    return joined;
  }

  /** Ends after what is queued. */
  end(): void {
    if (this.#ended) return;
    this.#close();
    this.#flush();
  }

  cut(): void {
    this.#queue = [];
    this.end();
  }

  #close(): void {
    this.#ended = true;
    this.#sinks?.delete(this);
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}

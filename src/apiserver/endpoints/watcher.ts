// One watcher: what it is given first, what it is shown after that, its bookmarks, and its end.
//
// Invariants: what comes while its sink takes more is written at once; what comes while it does not waits in a queue, and beyond `queueLimit` events the watcher is
// cut off.

import type { Clock } from '../../env/clock.ts';
import type { Registry } from '../registry/registry.ts';
import type { ByteSink, PushSource } from '../server/push.ts';
import { asApiError } from '../server/respond.ts';
import type { Collection, EventSink } from '../storage/collection.ts';
import type { Entry, StoreEvent } from '../storage/entry.ts';
import {
  Audience,
  type Batch,
  type Bytes,
  encodeEvent,
  join,
  type Listener,
  type Pace,
  type Shown,
  shownAs,
  type View,
} from './audience.ts';
import type { ListOptions } from './list-options.ts';
import type { Representation } from './representation.ts';
import type { Selection } from './selection.ts';

const queueLimit = 10_000;
const bookmarkPeriod = 60_000;
const chunkTarget = 64 * 1024;

export interface WatchEnvironment {
  clock: Clock;
  registry: Registry;
  namespace: string;
  selection: Selection;
  options: ListOptions;
  representation: Representation;
  signal: AbortSignal;
  /** When watchers are given what has gathered for them. */
  pace: Pace;
}

/** Makes an event's bytes in the form in which it is due. */
type Encode = (form: Representation) => Bytes;

export class Watcher implements Listener, EventSink, PushSource {
  reached = 0;
  /** How the next event looks. */
  #form: Representation;
  readonly #environment: WatchEnvironment;
  readonly #view: View;
  readonly #converts: boolean;
  #queue: Encode[] = [];
  /** Events that wait, be it for the sink or to be converted. */
  #pending = 0;
  #sink: ByteSink | undefined;
  #hasRoom = false;
  /** Where events come from. */
  #following: { settle(): void; leave(): void } | undefined;
  #ended = false;
  #work: Promise<void> = Promise.resolve();
  #cancels: (() => void)[] = [];

  constructor(environment: WatchEnvironment, view: View) {
    this.#environment = environment;
    this.#view = view;
    this.#form = environment.representation;
    this.#converts = environment.registry.converts;
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
  follow(collection: Collection): void {
    const { clock, options, signal } = this.#environment;
    if (this.#ended) return;
    if (this.#converts) {
      // Each event takes its time: nothing is shared but the conversion.
      collection.sinks.add(this);
      this.#following = { settle: () => {}, leave: () => collection.sinks.delete(this) };
    } else {
      const audience = this.#audience(collection);
      audience.join(this);
      this.#following = { settle: () => audience.deliver(), leave: () => audience.leave(this) };
    }
    const seconds = options.timeoutSeconds ?? 0;
    this.#cancels.push(clock.after(seconds > 0 ? seconds * 1000 : 1_800_000, () => this.#timedOut()));
    if (options.allowWatchBookmarks) this.#scheduleBookmark();
    const abort = () => this.end();
    signal.addEventListener('abort', abort, { once: true });
    this.#cancels.push(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) this.end();
  }

  #audience(collection: Collection): Audience {
    const { registry, pace } = this.#environment;
    const { prefix, selection, representation } = this.#view;
    const key = [registry.resource.apiVersion, representation.id, prefix, selection.key].join('\n');
    return Audience.of(collection, key, this.#view, pace);
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
    this.#following?.settle();
    if (this.#environment.options.allowWatchBookmarks) this.mark(false);
    this.#then(() => this.end());
  }

  /** Does something after what has been asked for `later`, at once if that is nothing. */
  #then(work: () => void): void {
    if (this.#converts) this.later(async () => work());
    else work();
  }

  /** Sends a BOOKMARK at what has been reached now. */
  mark(initialEventsEnd: boolean): void {
    this.#following?.settle();
    const bookmark = this.#bookmark(initialEventsEnd);
    this.#then(() => this.push(bookmark));
  }

  #bookmark(initialEventsEnd: boolean): Encode {
    const { registry } = this.#environment;
    // Between events the cache may have advanced without news for this watcher: so has the watcher.
    const { cache } = registry.store;
    if (cache.whole) this.reached = Math.max(this.reached, cache.revision);
    const { kind, apiVersion } = registry.resource;
    const metadata = {
      resourceVersion: String(this.reached),
      ...(initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
    };
    return (form) =>
      encodeEvent('BOOKMARK', form.bookmark?.(metadata) ?? JSON.stringify({ kind, apiVersion, metadata }));
  }

  take(batch: Batch): boolean {
    if (this.#ended) return true;
    const sharesForm = this.#form === this.#view.representation;
    if (this.reached < batch.first && this.#sink && this.#hasRoom && this.#queue.length === 0 && sharesForm) {
      this.reached = batch.last;
      this.#hasRoom = this.#sink.write(batch.bytes);
      return true;
    }
    for (const shown of batch.events) {
      if (shown.revision <= this.reached) continue;
      this.reached = shown.revision;
      this.show(shown);
    }
    return this.#pending < queueLimit;
  }

  /** Puts an event at the end of what waits. */
  show(shown: Shown): void {
    this.#pending++;
    this.push((form) => {
      this.#pending--;
      return shown.encode(form);
    });
  }

  /** An event that has to be converted first. */
  event(event: StoreEvent): boolean {
    if (event.revision <= this.reached) return true;
    this.reached = event.revision;
    if (!event.entry.key.startsWith(this.#view.prefix)) return true;
    this.#pending++;
    this.later(async () => {
      const shown = shownAs(await this.#converted(event), this.#view);
      this.#pending--;
      if (shown) this.show(shown);
    });
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

  push(item: Encode): void {
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
      const piece = (this.#queue[pieces.length] as Encode)(this.#form);
      this.#form = this.#form.following ?? this.#form;
      pieces.push(piece);
      size += piece.byteLength;
    }
    this.#queue = pieces.length === this.#queue.length ? [] : this.#queue.slice(pieces.length);
    return join(pieces);
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
    this.#following?.leave();
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}

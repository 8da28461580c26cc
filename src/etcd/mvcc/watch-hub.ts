// Watches: who wants which keys from which revision on, and the handing out of events (after etcd's watchableStore).
//
// A watcher holds no queue. It is synced when it has been handed everything up to the current revision; then applied events go straight to it. When its sink
// is full (a slow reader) or it starts in the past, it is unsynced: it is fed from the store's own history whenever the sink has room. So a slow watcher
// costs no memory, blocks no writer, and misses nothing unless compaction passes it, which cancels it with the compacted revision.
//
// Invariants: a sink sees events in revision order, each once, all events of one revision in one call; `next` is the first revision not yet handed out.

import type { Event } from '../api/types.ts';
import { toKeyValue } from './key-value.ts';
import type { Store, Version } from './store.ts';

export interface WatchSink {
  /** Whether it takes more now. When it does again after false, the owner calls WatchHub.ready. */
  readonly hasRoom: boolean;
  events(events: Event[], revision: number): void;
  compacted(compactRevision: number): void;
}

export interface WatcherOptions {
  key: string;
  /** undefined: one key; '\0': every key from `key` on. */
  end: string | undefined;
  /** 0: from the next revision on. */
  startRevision: number;
  prevKv: boolean;
  noPut: boolean;
  noDelete: boolean;
}

export interface Watcher extends Readonly<WatcherOptions> {
  readonly sink: WatchSink;
  /** First revision not yet handed out. */
  next: number;
  synced: boolean;
}

/** Most events handed out in one call while catching up (a revision is never split). */
const catchUpBatch = 1000;

export class WatchHub {
  private readonly store: Store;
  private readonly byKey = new Map<string, Set<Watcher>>();
  private readonly ranges = new Set<Watcher>();
  private readonly unsynced = new Set<Watcher>();

  constructor(store: Store) {
    this.store = store;
  }

  get size(): number {
    let size = this.ranges.size;
    for (const watchers of this.byKey.values()) size += watchers.size;
    return size;
  }

  get unsyncedCount(): number {
    return this.unsynced.size;
  }

  add(options: WatcherOptions, sink: WatchSink): Watcher {
    const next = options.startRevision > 0 ? options.startRevision : this.store.currentRevision + 1;
    const watcher: Watcher = { ...options, sink, next, synced: next > this.store.currentRevision };
    if (options.end === undefined) {
      const watchers = this.byKey.get(options.key) ?? new Set();
      watchers.add(watcher);
      this.byKey.set(options.key, watchers);
    } else this.ranges.add(watcher);
    if (!watcher.synced) this.unsynced.add(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    this.unsynced.delete(watcher);
    this.ranges.delete(watcher);
    const watchers = this.byKey.get(watcher.key);
    if (watchers?.delete(watcher) && watchers.size === 0) this.byKey.delete(watcher.key);
  }

  /** Tells watchers of everything applied from revision `from` on. Call once per applied batch. */
  notify(from: number): void {
    const { events } = this.store;
    const start = this.store.eventsFrom(from);
    if (start < events.length && (this.byKey.size > 0 || this.ranges.size > 0)) {
      const matches = new Map<Watcher, Version[]>();
      const match = (watcher: Watcher, event: Version) => {
        if (!watcher.synced || event.modRevision < watcher.next) return;
        const list = matches.get(watcher);
        if (list) list.push(event);
        else matches.set(watcher, [event]);
      };
      for (let i = start; i < events.length; i++) {
        const event = events[i] as Version;
        for (const watcher of this.byKey.get(event.key) ?? []) match(watcher, event);
        for (const watcher of this.ranges) if (inRange(watcher, event.key)) match(watcher, event);
      }
      for (const [watcher, list] of matches) this.hand(watcher, list);
    }
    this.sync();
  }

  /** A sink has room again, or the store was replaced by a snapshot. */
  ready(watcher: Watcher): void {
    if (this.unsynced.has(watcher)) this.catchUp(watcher);
  }

  /** Feeds whoever lags behind. */
  sync(): void {
    for (const watcher of this.unsynced) this.catchUp(watcher);
  }

  /** The store was replaced: everybody looks again from where they are. */
  reset(): void {
    for (const watchers of [...this.byKey.values(), this.ranges])
      for (const watcher of watchers) {
        watcher.synced = false;
        this.unsynced.add(watcher);
      }
    this.sync();
  }

  private hand(watcher: Watcher, versions: Version[]): void {
    if (!watcher.sink.hasRoom) {
      watcher.synced = false;
      watcher.next = (versions[0] as Version).modRevision;
      this.unsynced.add(watcher);
      return;
    }
    this.emit(watcher, versions);
  }

  private emit(watcher: Watcher, versions: Version[]): void {
    const last = versions[versions.length - 1] as Version;
    watcher.next = last.modRevision + 1;
    const events: Event[] = [];
    for (const version of versions)
      if (!(version.version === 0 ? watcher.noDelete : watcher.noPut)) events.push(this.toEvent(watcher, version));
    if (events.length > 0) watcher.sink.events(events, last.modRevision);
  }

  private toEvent(watcher: Watcher, version: Version): Event {
    const event: Event =
      version.version === 0 ? { type: 'DELETE', kv: toKeyValue(version) } : { kv: toKeyValue(version) };
    if (watcher.prevKv) {
      const previous = this.store.before(version.key, version.modRevision);
      if (previous) event.prevKv = toKeyValue(previous);
    }
    return event;
  }

  private catchUp(watcher: Watcher): void {
    const { store } = this;
    if (watcher.next > store.currentRevision + 1) return;
    while (watcher.sink.hasRoom) {
      if (watcher.next <= store.compactRevision) {
        this.remove(watcher);
        watcher.sink.compacted(store.compactRevision);
        return;
      }
      const batch: Version[] = [];
      let at = store.eventsFrom(watcher.next);
      for (; at < store.events.length; at++) {
        const event = store.events[at] as Version;
        const last = batch[batch.length - 1];
        if (batch.length >= catchUpBatch && last && event.modRevision !== last.modRevision) break;
        if (matches(watcher, event.key)) batch.push(event);
      }
      const done = at >= store.events.length;
      if (batch.length > 0) this.emit(watcher, batch);
      if (done) {
        watcher.next = store.currentRevision + 1;
        watcher.synced = true;
        this.unsynced.delete(watcher);
        return;
      }
    }
  }
}

function inRange(watcher: Watcher, key: string): boolean {
  return key >= watcher.key && (watcher.end === '\0' || key < (watcher.end as string));
}

function matches(watcher: Watcher, key: string): boolean {
  return watcher.end === undefined ? key === watcher.key : inRange(watcher, key);
}

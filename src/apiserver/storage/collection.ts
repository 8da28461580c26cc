// The watch cache of one resource: its objects in key order, the recent events, and the watchers that follow them.
//
// Invariants: `keys` is sorted and holds exactly the keys of `entries`; `history` is ordered by revision and complete for revisions > `historyStart`;
// each watcher gets every event after the revision it began at, once, in order, or is cut off.

import type { Entry, StoreEvent } from './entry.ts';

/** Receives events in order. Returns false when it can take no more: it is then dropped. */
export interface EventSink {
  event(event: StoreEvent): boolean;
  /** The watch cannot go on (the cache was rebuilt, or the sink fell behind). */
  cut(): void;
}

const historyCapacity = 4096;
// Watchers read an event soon after it happened or not at all: its encodings need not live as long as the event.
const encodingsKept = 512;

export class Collection {
  readonly prefix: string;
  readonly entries = new Map<string, Entry>();
  /** Counts changes: whoever derives something from the objects knows by it when that is stale. */
  changes = 0;
  #keys: string[] = [];
  #history: StoreEvent[] = [];
  #historyStart: number;
  readonly sinks = new Set<EventSink>();

  constructor(prefix: string, revision: number) {
    this.prefix = prefix;
    this.#historyStart = revision;
  }

  /** Puts an entry in without an event: for filling a fresh cache. Keys must come in order. */
  fill(entry: Entry): void {
    this.entries.set(entry.key, entry);
    this.#keys.push(entry.key);
    this.changes++;
  }

  put(entry: Entry): StoreEvent {
    const previous = this.entries.get(entry.key);
    this.entries.set(entry.key, entry);
    if (!previous) this.#keys.splice(lowerBound(this.#keys, entry.key), 0, entry.key);
    return this.#record(
      previous
        ? { type: 'MODIFIED', revision: entry.revision, entry, previous }
        : { type: 'ADDED', revision: entry.revision, entry },
    );
  }

  /** Removes a key. Returns undefined if it was not there. */
  remove(key: string, last: (previous: Entry) => Entry): StoreEvent | undefined {
    const previous = this.entries.get(key);
    if (!previous) return undefined;
    this.entries.delete(key);
    this.#keys.splice(lowerBound(this.#keys, key), 1);
    const entry = last(previous);
    return this.#record({ type: 'DELETED', revision: entry.revision, entry, previous });
  }

  #record(event: StoreEvent): StoreEvent {
    this.changes++;
    this.#history.push(event);
    const stale = this.#history[this.#history.length - encodingsKept];
    if (stale) delete stale.encodings;
    if (this.#history.length > historyCapacity * 2) {
      const dropped = this.#history.splice(0, historyCapacity);
      this.#historyStart = dropped[dropped.length - 1]?.revision ?? this.#historyStart;
    }
    for (const sink of this.sinks) {
      if (sink.event(event)) continue;
      this.sinks.delete(sink);
      sink.cut();
    }
    return event;
  }

  /** Entries whose keys begin with `prefix`, in key order. */
  list(prefix: string): Entry[] {
    const out: Entry[] = [];
    for (let i = lowerBound(this.#keys, prefix); i < this.#keys.length; i++) {
      const key = this.#keys[i] as string;
      if (!key.startsWith(prefix)) break;
      out.push(this.entries.get(key) as Entry);
    }
    return out;
  }

  /** The oldest revision after which all events are still known. */
  get oldest(): number {
    return this.#historyStart;
  }

  /** Events after `revision`, or undefined if some of them are forgotten. */
  eventsAfter(revision: number): StoreEvent[] | undefined {
    if (revision < this.#historyStart) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle] as StoreEvent).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  cutAll(): void {
    for (const sink of [...this.sinks]) sink.cut();
    this.sinks.clear();
  }
}

/** Index of the first key >= `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

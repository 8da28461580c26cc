// The watch cache: everything in the store, held in memory, kept current by one watch on the whole key space.
//
// Invariants: `revision` never goes back while the cache is whole; every event up to `revision` has been applied and handed to the watchers before `revision`
// is announced. One stream for all resources means that a quiet resource is as fresh as a busy one: its bookmarks carry the same revision.

import { type Clock, sleep } from '../../env/clock.ts';
import { type EtcdClient, EtcdError, prefixEnd, type WatchResponse } from '../../etcd/client/types.ts';
import { Collection } from './collection.ts';
import { Entry } from './entry.ts';

const root = '/registry/';
const pageSize = 2000;

interface Waiter {
  revision: number;
  resolve: (reached: boolean) => void;
}

export class WatchCache {
  readonly #etcd: EtcdClient;
  readonly #clock: Clock;
  readonly #collections = new Map<string, Collection>();
  /** Keys that no collection claims yet, so that a resource added later (a CRD) finds its objects. */
  readonly #unclaimed = new Map<string, Entry>();
  readonly #stopped = new AbortController();
  #revision = 0;
  #waiters: Waiter[] = [];
  #listeners = new Set<() => void>();
  #ready: Promise<void>;
  #markReady: () => void = () => {};
  /** False until the first fill, and again while the cache is being rebuilt. */
  whole = false;
  /** How often it was filled from scratch. */
  fills = 0;

  constructor(etcd: EtcdClient, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
    this.#ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  get revision(): number {
    return this.#revision;
  }

  /** Starts following the store; resolves when the cache is filled. Keeps trying until stopped. */
  start(): Promise<void> {
    void this.#run();
    return this.#ready;
  }

  stop(): void {
    this.#stopped.abort();
    for (const collection of this.#collections.values()) collection.cutAll();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(false);
  }

  /** The collection of a resource, by its key prefix ("/registry/pods/"). */
  collection(prefix: string): Collection {
    let found = this.#collections.get(prefix);
    if (!found) {
      found = new Collection(prefix, this.#revision);
      this.#collections.set(prefix, found);
      const claimed = [...this.#unclaimed.values()].filter((entry) => entry.key.startsWith(prefix));
      claimed.sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const entry of claimed) {
        found.fill(entry);
        this.#unclaimed.delete(entry.key);
      }
    }
    return found;
  }

  /** Forgets a resource that is served no more; its watchers are cut. */
  drop(prefix: string): void {
    const gone = this.#collections.get(prefix);
    if (!gone) return;
    this.#collections.delete(prefix);
    gone.cutAll();
    for (const entry of gone.entries.values()) this.#unclaimed.set(entry.key, entry);
  }

  /** Called after each batch of events, when `revision` has advanced. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves true once the cache has reached `revision`, false if it has not within `milliseconds`. */
  waitFor(revision: number, milliseconds: number): Promise<boolean> {
    if (this.#revision >= revision && this.whole) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        revision,
        resolve: (reached) => {
          cancel();
          resolve(reached);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  async #run(): Promise<void> {
    const signal = this.#stopped.signal;
    let delay = 50;
    while (!signal.aborted) {
      try {
        if (!this.whole) await this.#fill();
        delay = 50;
        const request = { key: '\0', rangeEnd: '\0', startRevision: this.#revision + 1, progressNotify: true };
        for await (const response of this.#etcd.watch(request, signal)) this.#apply(response);
      } catch (error) {
        if (error instanceof EtcdError && error.code === 11) this.whole = false;
      }
      if (signal.aborted) return;
      await sleep(this.#clock, delay, signal).catch(() => {});
      delay = Math.min(delay * 2, 2000);
    }
  }

  async #fill(): Promise<void> {
    const loaded: Entry[] = [];
    const rangeEnd = prefixEnd(root);
    let key = root;
    let revision = 0;
    for (;;) {
      const page = await this.#etcd.range({ key, rangeEnd, limit: pageSize, revision }, this.#stopped.signal);
      if (revision === 0) revision = page.revision;
      for (const kv of page.kvs) loaded.push(new Entry(kv.key, kv.modRevision, kv.value));
      const last = page.kvs[page.kvs.length - 1];
      if (!page.more || !last) break;
      key = `${last.key}\0`;
    }
    const prefixes = [...this.#collections.keys()];
    for (const collection of this.#collections.values()) collection.cutAll();
    this.#collections.clear();
    this.#unclaimed.clear();
    this.#revision = revision;
    for (const prefix of prefixes) this.collection(prefix);
    for (const entry of loaded) {
      const owner = this.#owner(entry.key);
      if (owner) owner.fill(entry);
      else this.#unclaimed.set(entry.key, entry);
    }
    this.whole = true;
    this.fills++;
    this.#markReady();
    this.#announce();
  }

  /** The collection that a key belongs to: "/registry/pods/", or for grouped resources "/registry/<group>/<resource>/". */
  #owner(key: string): Collection | undefined {
    const second = key.indexOf('/', root.length);
    if (second < 0) return undefined;
    const short = this.#collections.get(key.slice(0, second + 1));
    if (short) return short;
    const third = key.indexOf('/', second + 1);
    return third < 0 ? undefined : this.#collections.get(key.slice(0, third + 1));
  }

  #apply(response: WatchResponse): void {
    for (const { type, kv } of response.events) {
      if (!kv.key.startsWith(root)) continue;
      const owner = this.#owner(kv.key);
      if (type === 'put') {
        const entry = new Entry(kv.key, kv.modRevision, kv.value);
        if (owner) owner.put(entry);
        else this.#unclaimed.set(kv.key, entry);
      } else if (owner) {
        owner.remove(kv.key, (previous) => previous.at(kv.modRevision));
      } else {
        this.#unclaimed.delete(kv.key);
      }
    }
    const last = response.events[response.events.length - 1];
    // The header of an answer with events may run ahead of events still to come: only what was applied counts. Without events it is a progress note.
    const reached = last ? last.kv.modRevision : response.created ? this.#revision : response.revision;
    if (reached > this.#revision) {
      this.#revision = reached;
      this.#announce();
    }
  }

  #announce(): void {
    const reached = this.#waiters.filter((waiter) => waiter.revision <= this.#revision);
    if (reached.length > 0) {
      this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#revision);
      for (const waiter of reached) waiter.resolve(true);
    }
    for (const listener of this.#listeners) listener();
  }
}

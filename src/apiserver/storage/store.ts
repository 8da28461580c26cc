// Reads and writes of single objects: compare-and-swap on the store's modRevision, linearizable reads from the watch cache.
//
// Invariants: a write names the revision it replaces and loses to nobody silently; a read without a resourceVersion sees every write that was acknowledged,
// by any API server, before the read began. The store's current revision is asked for once for all reads that wait at that moment. What writes and admission look
// up first may be older, but never older than what this server itself has written.

import type { Clock } from '../../env/clock.ts';
import type { EtcdClient } from '../../etcd/client/types.ts';
import { encodeForStorage, type KubeObject } from '../object.ts';
import type { Collection } from './collection.ts';
import { Entry } from './entry.ts';
import type { WatchCache } from './watch-cache.ts';

const cacheWait = 3000;

/** Called around each commit: `before` may hold the writer at a gate. */
export interface CommitObserver {
  before(key: string, object: KubeObject | undefined, previous: Entry | undefined): Promise<void> | undefined;
  after(key: string, revision: number, object: KubeObject | undefined, previous: Entry | undefined): void;
}

export type WriteResult = { entry: Entry } | { conflict: Entry | undefined };

export class Store {
  readonly etcd: EtcdClient;
  readonly cache: WatchCache;
  readonly clock: Clock;
  /** By the first part of the key: the last revision that this server wrote. */
  readonly #written = new Map<string, number>();
  #reading: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(etcd: EtcdClient, cache: WatchCache, clock: Clock) {
    this.etcd = etcd;
    this.cache = cache;
    this.clock = clock;
  }

  /** The store's revision at some moment after the call: one question to the store serves all who ask at the same time. */
  currentRevision(): Promise<number> {
    if (!this.#reading) {
      this.#reading = this.#ask();
      return this.#reading;
    }
    // The question under way may have been answered by the store before this call: wait for the one after it.
    this.#next ??= this.#reading.then(
      () => this.#advance(),
      () => this.#advance(),
    );
    return this.#next;
  }

  #advance(): Promise<number> {
    this.#next = undefined;
    this.#reading = this.#ask();
    return this.#reading;
  }

  async #ask(): Promise<number> {
    try {
      const response = await this.etcd.range({ key: '/registry/health', limit: 1, keysOnly: true });
      return response.revision;
    } finally {
      if (!this.#next) this.#reading = undefined;
    }
  }

  /** The cache, once it has everything that was acknowledged before this call. Returns undefined if it does not catch up in time. */
  async fresh(prefix: string): Promise<Collection | undefined> {
    const revision = await this.currentRevision();
    if (!(await this.cache.waitFor(revision, cacheWait))) return undefined;
    return this.cache.collection(prefix);
  }

  /** The cache, once it has what this server itself has written there: for look-ups that may trail other servers' writes by moments, as upstream's informers do. */
  async recent(prefix: string): Promise<Collection | undefined> {
    const own = this.#written.get(familyOf(prefix)) ?? 0;
    if (this.cache.whole && this.cache.revision >= own) return this.cache.collection(prefix);
    if (!(await this.cache.waitFor(own, cacheWait))) return undefined;
    return this.cache.collection(prefix);
  }

  /** What the cache holds of a key, possibly stale: good for a first try of a compare-and-swap. */
  known(prefix: string, key: string): Entry | undefined {
    return this.cache.whole ? this.cache.collection(prefix).entries.get(key) : undefined;
  }

  #wrote(key: string, revision: number): void {
    const family = familyOf(key);
    if (revision > (this.#written.get(family) ?? 0)) this.#written.set(family, revision);
  }

  /** A linearizable read of one key. */
  async get(prefix: string, key: string): Promise<Entry | undefined> {
    const collection = await this.fresh(prefix);
    if (collection) return collection.entries.get(key);
    return this.getFromStore(key);
  }

  /** A read that bypasses the cache. */
  async getFromStore(key: string): Promise<Entry | undefined> {
    const { kvs } = await this.etcd.range({ key });
    const kv = kvs[0];
    return kv && new Entry(kv.key, kv.modRevision, kv.value);
  }

  /** Puts a new key. A conflict carries what is there already. */
  create(key: string, object: KubeObject, observer?: CommitObserver): Promise<WriteResult> {
    return this.#put(key, object, undefined, observer);
  }

  /** Replaces `previous`. A conflict carries what is there now (undefined: nothing). `exclusive`: two writers of one text are two. */
  replace(previous: Entry, object: KubeObject, observer?: CommitObserver, exclusive = false): Promise<WriteResult> {
    return this.#put(previous.key, object, previous, observer, exclusive);
  }

  async #put(
    key: string,
    object: KubeObject,
    previous: Entry | undefined,
    observer: CommitObserver | undefined,
    exclusive = false,
  ): Promise<WriteResult> {
    const held = observer?.before(key, object, previous);
    if (held) await held;
    const value = encodeForStorage(object);
    const answer = await this.etcd.txn({
      compare: [{ target: 'modRevision', key, result: 'equal', value: previous?.revision ?? 0 }],
      success: [{ type: 'put', key, value }],
      failure: [{ type: 'range', key }],
    });
    let { revision } = answer;
    if (!answer.succeeded) {
      const current = found(answer.responses[0]?.kvs);
      // The very text we wrote: an earlier attempt was committed, only its answer was lost. Of a counter another writer may have written the same.
      if (exclusive || current?.value !== value || current.revision === previous?.revision)
        return { conflict: current };
      revision = current.revision;
    }
    this.#wrote(key, revision);
    observer?.after(key, revision, object, previous);
    return { entry: new Entry(key, revision, value) };
  }

  /** Deletes `previous`. The entry returned is the last state, at the revision of the deletion. */
  async delete(previous: Entry, observer?: CommitObserver): Promise<WriteResult> {
    const { key } = previous;
    const held = observer?.before(key, undefined, previous);
    if (held) await held;
    const answer = await this.etcd.txn({
      compare: [{ target: 'modRevision', key, result: 'equal', value: previous.revision }],
      success: [{ type: 'delete', key }],
      failure: [{ type: 'range', key }],
    });
    if (!answer.succeeded) return { conflict: found(answer.responses[0]?.kvs) };
    this.#wrote(key, answer.revision);
    observer?.after(key, answer.revision, undefined, previous);
    return { entry: new Entry(key, answer.revision, previous.value) };
  }
}

/** "/registry/pods/default/web" and "/registry/pods/" are of the family "/registry/pods/". */
const familyOf = (key: string): string => key.slice(0, key.indexOf('/', '/registry/'.length) + 1);

function found(kvs: readonly { key: string; modRevision: number; value: string }[] | undefined): Entry | undefined {
  const kv = kvs?.[0];
  return kv && new Entry(kv.key, kv.modRevision, kv.value);
}

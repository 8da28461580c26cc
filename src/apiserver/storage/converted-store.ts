// The stored objects of a resource as one of its versions has them, where versions differ by more than their name (a conversion webhook).
//
// Invariants: what comes out is in the one version, what goes in is stored in the storage version; keys and revisions are those of the store, so compare-and-swap
// works on converted entries. An entry of the watch cache is converted once.

import { encodeForStorage, type KubeObject } from '../object.ts';
import { Entry } from './entry.ts';
import type { CommitObserver, Store, WriteResult } from './store.ts';

/** How objects cross versions. Throws an ApiError. */
export interface VersionConversion {
  /** apiVersion in which objects are stored. */
  readonly storage: string;
  /** Objects of any version in this one's form, in their order. */
  read(objects: readonly KubeObject[]): Promise<KubeObject[]>;
  /** An object of this version in the form in which it is stored. */
  store(object: KubeObject): Promise<KubeObject>;
}

/** An entry in another form than that in which it is stored. */
export class ConvertedEntry extends Entry {
  /** It was stored in another version than objects are stored in now: writing it unchanged changes that. */
  readonly outdated: boolean;

  constructor({ key, revision }: Entry, object: KubeObject, outdated: boolean) {
    super(key, revision, encodeForStorage(object));
    this.outdated = outdated;
  }
}

/** What a registry does with stored objects. */
export type ObjectStore = Pick<Store, 'get' | 'known' | 'getFromStore' | 'create' | 'replace' | 'delete'>;

export class ConvertedStore implements ObjectStore {
  readonly #store: Store;
  readonly #conversion: VersionConversion;
  readonly #converted = new WeakMap<Entry, Promise<Entry>>();

  constructor(store: Store, conversion: VersionConversion) {
    this.#store = store;
    this.#conversion = conversion;
  }

  /** Entries in this version, in their order. */
  async view(entries: readonly Entry[]): Promise<Entry[]> {
    const missing = entries.filter((entry) => !this.#converted.has(entry));
    if (missing.length > 0) {
      const batch = this.#conversion.read(missing.map((entry) => entry.object));
      for (const [i, entry] of missing.entries()) {
        const outdated = entry.object.apiVersion !== this.#conversion.storage;
        const one = batch.then((objects) => new ConvertedEntry(entry, objects[i] as KubeObject, outdated));
        // What failed is tried again by the next who asks.
        one.catch(() => this.#converted.delete(entry));
        this.#converted.set(entry, one);
      }
    }
    return Promise.all(entries.map((entry) => this.#converted.get(entry) as Promise<Entry>));
  }

  async #one(entry: Entry | undefined): Promise<Entry | undefined> {
    return entry && (await this.view([entry]))[0];
  }

  async get(prefix: string, key: string): Promise<Entry | undefined> {
    return this.#one(await this.#store.get(prefix, key));
  }

  /** Nothing is known without asking. */
  known(): undefined {
    return undefined;
  }

  async getFromStore(key: string): Promise<Entry | undefined> {
    return this.#one(await this.#store.getFromStore(key));
  }

  async create(key: string, object: KubeObject, observer?: CommitObserver): Promise<WriteResult> {
    return this.#result(await this.#store.create(key, await this.#conversion.store(object), observer), object);
  }

  async replace(
    previous: Entry,
    object: KubeObject,
    observer?: CommitObserver,
    exclusive = false,
  ): Promise<WriteResult> {
    const stored = await this.#conversion.store(object);
    return this.#result(await this.#store.replace(previous, stored, observer, exclusive), object);
  }

  async delete(previous: Entry, observer?: CommitObserver): Promise<WriteResult> {
    const result = await this.#store.delete(previous, observer);
    return 'conflict' in result ? { conflict: await this.#one(result.conflict) } : result;
  }

  async #result(result: WriteResult, written: KubeObject): Promise<WriteResult> {
    if ('conflict' in result) return { conflict: await this.#one(result.conflict) };
    return { entry: new ConvertedEntry(result.entry, written, false) };
  }
}

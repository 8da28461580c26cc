// The local copy of one resource, with secondary indices. Upstream: client-go tools/cache ThreadSafeStore and Indexer.
//
// Invariants: objects in it are shared by every reader of the process: nobody may change them (copy with structuredClone first); an index always agrees with
// the objects. Lookups by key and by index cost O(result).

import { keyOf } from './keys.ts';
import type { KubernetesObject } from './resources.ts';

/** The values under which an object is found: its node's name, its owners' uids. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Every informer has this index, over metadata.namespace. */
export const namespaceIndex = 'namespace';

/** What reconcilers read. */
export interface Lister<T extends KubernetesObject> {
  /** By "namespace/name" or "name". */
  getByKey(key: string): T | undefined;
  get(namespace: string | undefined, name: string): T | undefined;
  /** All, or those of one namespace, in no particular order. */
  list(namespace?: string): T[];
  /** Those for which the index function gave `value`. Throws RangeError if there is no such index. */
  byIndex(index: string, value: string): T[];
  readonly size: number;
}

export class Indexer<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #functions = new Map<string, IndexFunction<T>>();
  readonly #indices = new Map<string, Map<string, Map<string, T>>>();

  constructor(indexers: Record<string, IndexFunction<T>> = {}) {
    this.addIndex(namespaceIndex, (object) => [object.metadata.namespace ?? '']);
    for (const [name, of] of Object.entries(indexers)) this.addIndex(name, of);
  }

  get size(): number {
    return this.#objects.size;
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(namespace ? `${namespace}/${name}` : name);
  }

  list(namespace = ''): T[] {
    return namespace === '' ? [...this.#objects.values()] : this.byIndex(namespaceIndex, namespace);
  }

  byIndex(index: string, value: string): T[] {
    const values = this.#indices.get(index);
    if (!values) throw new RangeError(`Index with name ${index} does not exist`);
    const found = values.get(value);
    return found ? [...found.values()] : [];
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  hasIndex(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Adds an index at any time; objects already there are indexed. Adding one that exists does nothing. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#functions.has(name)) return;
    this.#functions.set(name, of);
    const values = new Map<string, Map<string, T>>();
    this.#indices.set(name, values);
    for (const [key, object] of this.#objects) enter(values, of(object), key, object);
  }

  /** Stores an object; returns the one it replaced. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const [name, of] of this.#functions) {
      const values = this.#indices.get(name)!;
      if (old) leave(values, of(old), key);
      enter(values, of(object), key, object);
    }
    return old;
  }

  /** Removes by key; returns what was there. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#objects.delete(key);
    for (const [name, of] of this.#functions) leave(this.#indices.get(name)!, of(old), key);
    return old;
  }
}

function enter<T>(values: Map<string, Map<string, T>>, under: readonly string[], key: string, object: T): void {
  for (const value of under) {
    let entry = values.get(value);
    if (!entry) {
      entry = new Map();
      values.set(value, entry);
    }
    entry.set(key, object);
  }
}

function leave<T>(values: Map<string, Map<string, T>>, under: readonly string[], key: string): void {
  for (const value of under) {
    const entry = values.get(value);
    if (!entry) continue;
    entry.delete(key);
    if (entry.size === 0) values.delete(value);
  }
}

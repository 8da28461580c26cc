// One stored object at one revision. The text is kept; the parsed form is made when asked for and may be collected again.
//
// Invariant: entries are immutable. `object` is shared by all readers: who wants to change it takes `copy()`.

import { type KubeObject, withResourceVersion } from '../object.ts';

export class Entry {
  readonly key: string;
  /** The store's modRevision: the object's resourceVersion. */
  readonly revision: number;
  /** The stored text, without resourceVersion. */
  readonly value: string;
  #parsed: WeakRef<KubeObject> | undefined;

  constructor(key: string, revision: number, value: string, parsed?: KubeObject) {
    this.key = key;
    this.revision = revision;
    this.value = value;
    if (parsed) this.#parsed = new WeakRef(parsed);
  }

  /** The same object as if it were at another revision: what a deletion shows. */
  at(revision: number): Entry {
    return new Entry(this.key, revision, this.value);
  }

  /** The object as clients see it, in JSON. */
  get json(): string {
    return withResourceVersion(this.value, this.revision);
  }

  /** The object as clients see it. Shared: do not change it. */
  get object(): KubeObject {
    const known = this.#parsed?.deref();
    if (known) return known;
    const parsed = this.copy();
    this.#parsed = new WeakRef(parsed);
    return parsed;
  }

  /** The object as clients see it, to be changed at will. */
  copy(): KubeObject {
    const parsed = JSON.parse(this.value) as KubeObject;
    parsed.metadata.resourceVersion = String(this.revision);
    return parsed;
  }
}

/** What happened to one key at one revision. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  revision: number;
  /** The object after the event; for DELETED the last state, at the revision of the deletion. */
  entry: Entry;
  /** The object before the event; absent when ADDED. */
  previous?: Entry;
  /** Encodings for watchers, made once each by representation; forgotten when the event is no longer fresh. */
  encodings?: Map<string, Uint8Array<ArrayBuffer>>;
}

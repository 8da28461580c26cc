// The ordered index of keys: chunks of sorted entries, found by binary search over the chunks' last keys. Lookups and inserts cost O(log n) comparisons and
// one splice of at most `chunkSize` pointers; sized for 150,000 keys.
//
// Invariants: no chunk is empty; entries are strictly ascending within and across chunks.

const chunkSize = 512;

export interface Keyed {
  readonly key: string;
}

export class KeyIndex<T extends Keyed> {
  private chunks: T[][] = [];
  private length = 0;

  get size(): number {
    return this.length;
  }

  get(key: string): T | undefined {
    const chunk = this.chunks[this.chunkFor(key)];
    if (!chunk) return undefined;
    const at = lowerBound(chunk, key);
    const found = chunk[at];
    return found?.key === key ? found : undefined;
  }

  /** Adds an entry whose key is not yet there. */
  insert(entry: T): void {
    this.length++;
    if (this.chunks.length === 0) {
      this.chunks.push([entry]);
      return;
    }
    const end = this.chunks.length - 1;
    const newest = this.chunks[end]?.at(-1);
    // ascending inserts are the rule when a store is filled
    const number = newest && newest.key < entry.key ? end : this.chunkFor(entry.key);
    const chunk = this.chunks[number] as T[];
    const last = chunk[chunk.length - 1] as T;
    if (last.key < entry.key) chunk.push(entry);
    else chunk.splice(lowerBound(chunk, entry.key), 0, entry);
    if (chunk.length > chunkSize) {
      // ascending inserts fill chunks nearly whole; others split in half
      const keep = last.key < entry.key ? chunkSize - 16 : chunkSize >> 1;
      this.chunks.splice(number + 1, 0, chunk.splice(keep));
    }
  }

  delete(key: string): void {
    const number = this.chunkFor(key);
    const chunk = this.chunks[number];
    if (!chunk) return;
    const at = lowerBound(chunk, key);
    if (chunk[at]?.key !== key) return;
    chunk.splice(at, 1);
    this.length--;
    if (chunk.length === 0) this.chunks.splice(number, 1);
  }

  /** Calls `visit` for each entry with from <= key < end (no end: all) in order, until it returns false. The index must not change meanwhile. */
  scan(from: string, end: string | undefined, visit: (entry: T) => boolean | undefined): void {
    let number = this.chunkFor(from);
    let at = number < this.chunks.length ? lowerBound(this.chunks[number] as T[], from) : 0;
    for (; number < this.chunks.length; number++, at = 0) {
      const chunk = this.chunks[number] as T[];
      for (; at < chunk.length; at++) {
        const entry = chunk[at] as T;
        if (end !== undefined && entry.key >= end) return;
        if (visit(entry) === false) return;
      }
    }
  }

  /** Replaces all entries by these, which come in order. */
  fill(entries: readonly T[]): void {
    this.chunks = [];
    // room for some more in each
    for (let i = 0; i < entries.length; i += chunkSize - 16) this.chunks.push(entries.slice(i, i + chunkSize - 16));
    this.length = entries.length;
  }

  /** Number of the first chunk whose last key is >= key; chunks.length if there is none. */
  private chunkFor(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.chunks[middle] as T[];
      if ((chunk[chunk.length - 1] as T).key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lowerBound<T extends Keyed>(entries: T[], key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as T).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A member's log as it stands in memory: a snapshot's index and term, then entries without gaps. Tracks what is committed, applied and handed over for saving.
//
// Invariants: applied <= committed <= lastIndex; entries up to `committed` never change; `savedTo` only falls when entries beyond it are replaced.

import type { Entry } from './types.ts';

export class RaftLog {
  /** Index and term up to which entries were compacted away. */
  offset: number;
  offsetTerm: number;
  entries: Entry[] = [];
  committed: number;
  applied: number;
  /** Entries up to here were handed over for saving. */
  handedOver: number;

  constructor(offset = 0, offsetTerm = 0, entries: Entry[] = [], committed = offset) {
    this.offset = offset;
    this.offsetTerm = offsetTerm;
    this.entries = entries;
    this.committed = Math.max(committed, offset);
    this.applied = offset;
    this.handedOver = this.lastIndex;
  }

  get firstIndex(): number {
    return this.offset + 1;
  }

  get lastIndex(): number {
    return this.offset + this.entries.length;
  }

  get lastTerm(): number {
    return this.termAt(this.lastIndex) as number;
  }

  /** Term of an entry; undefined if it was compacted away or is not there yet. */
  termAt(index: number): number | undefined {
    if (index === this.offset) return this.offsetTerm;
    return this.entries[index - this.offset - 1]?.term;
  }

  matches(index: number, term: number): boolean {
    return this.termAt(index) === term;
  }

  /** Entries from `from` to `to` inclusive, as many as fit in `maxBytes` but at least one. */
  slice(from: number, to: number, maxBytes = Infinity): Entry[] {
    const start = from - this.offset - 1;
    let end = start;
    let bytes = 0;
    const limit = Math.min(to, this.lastIndex) - this.offset;
    while (end < limit) {
      bytes += (this.entries[end] as Entry).data.length;
      if (bytes > maxBytes && end > start) break;
      end++;
    }
    return this.entries.slice(start, end);
  }

  /** Leader: adds entries at the end. */
  append(entries: Entry[]): void {
    for (const entry of entries) this.entries.push(entry);
  }

  /** Follower: takes over entries that follow (index, term); replaces what conflicts. Returns the last index that now agrees, or undefined if the point before does not match. */
  maybeAppend(index: number, term: number, entries: Entry[]): number | undefined {
    if (!this.matches(index, term)) return undefined;
    const last = index + entries.length;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (this.matches(entry.index, entry.term)) continue;
      if (entry.index <= this.committed)
        throw new Error(`entry ${entry.index} conflicts with committed entry [committed ${this.committed}]`);
      if (entry.index <= this.lastIndex) this.entries.length = entry.index - this.offset - 1;
      this.handedOver = Math.min(this.handedOver, entry.index - 1);
      for (; i < entries.length; i++) this.entries.push(entries[i] as Entry);
    }
    return last;
  }

  /** The largest index <= `index` whose term is <= `term`: where two logs may agree. */
  findConflictByTerm(index: number, term: number): { index: number; term: number } {
    let at = Math.min(index, this.lastIndex);
    for (; at > this.offset; at--) {
      const own = this.termAt(at) as number;
      if (own <= term) return { index: at, term: own };
    }
    return { index: at, term: this.termAt(at) ?? 0 };
  }

  commitTo(index: number): void {
    if (index <= this.committed) return;
    if (index > this.lastIndex) throw new Error(`commit ${index} is out of range [last ${this.lastIndex}]`);
    this.committed = index;
  }

  isUpToDate(index: number, term: number): boolean {
    const own = this.lastTerm;
    return term > own || (term === own && index >= this.lastIndex);
  }

  /** Forgets entries up to `upTo`, which must be applied; those not yet handed over for saving stay. */
  compact(upTo: number): void {
    if (upTo > this.applied) throw new Error(`cannot compact ${upTo}: applied is ${this.applied}`);
    const index = Math.min(upTo, this.handedOver);
    if (index <= this.offset) return;
    const term = this.termAt(index) as number;
    this.entries = this.entries.slice(index - this.offset);
    this.offset = index;
    this.offsetTerm = term;
  }

  /** Starts over after a snapshot. */
  restore(index: number, term: number): void {
    this.offset = index;
    this.offsetTerm = term;
    this.entries = [];
    this.committed = index;
    this.applied = index;
    this.handedOver = index;
  }
}

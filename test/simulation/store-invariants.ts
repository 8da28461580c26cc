// Raft's promises, checked after every step of the simulation: election safety, log matching, leader completeness, state-machine safety. Incremental: only what the
// member that just moved has new is looked at, against a record of everything ever seen.

import type { Raft } from '../../src/etcd/raft/raft.ts';

interface Seen {
  term: number;
  /** Term of the entry before. */
  before: number;
  data: string;
}

export class Violation extends Error {}

export class Invariants {
  private readonly leaders = new Map<number, string>();
  private readonly entries = new Map<string, Seen>();
  /** By index; `in`: the term in which it was first seen committed. */
  private readonly committed: { term: number; data: string; in: number }[] = [];
  /** Highest committed index known, and by member what was checked. */
  private maxCommitted = 0;
  private readonly checked = new Map<string, { terms: Map<number, number>; committed: number; ledTerm: number }>();

  /** A member restarted: what it has in its log is looked at afresh. */
  forget(id: string): void {
    this.checked.delete(id);
  }

  /** Checks a member that just moved. Returns whether its commit index is news. */
  check(raft: Raft): boolean {
    let own = this.checked.get(raft.id);
    if (!own) {
      own = { terms: new Map(), committed: raft.log.offset, ledTerm: 0 };
      this.checked.set(raft.id, own);
    }
    this.logMatching(raft, own.terms);
    if (raft.role === 'leader') this.election(raft, own);
    for (let index = Math.max(own.committed, raft.log.offset) + 1; index <= raft.log.committed; index++)
      this.commit(raft, index);
    const news = raft.log.committed > own.committed;
    own.committed = raft.log.committed;
    return news;
  }

  /** Two logs that hold an entry of the same index and term are the same up to there. */
  private logMatching(raft: Raft, terms: Map<number, number>): void {
    const { log } = raft;
    for (let i = log.entries.length - 1; i >= 0; i--) {
      const entry = log.entries[i];
      if (!entry || terms.get(entry.index) === entry.term) break;
      terms.set(entry.index, entry.term);
      const before = log.termAt(entry.index - 1) ?? 0;
      const key = `${entry.index}:${entry.term}`;
      const seen = this.entries.get(key);
      if (!seen) this.entries.set(key, { term: entry.term, before, data: entry.data });
      else if (seen.before !== before || seen.data !== entry.data)
        throw new Violation(`log matching: ${raft.id} has another entry or predecessor at ${key}`);
    }
  }

  /** At most one leader a term, and it has every entry that was committed in an earlier one (elected late, it may lack what newer terms committed meanwhile). */
  private election(raft: Raft, own: { ledTerm: number }): void {
    const known = this.leaders.get(raft.term);
    if (known !== undefined && known !== raft.id)
      throw new Violation(`election safety: ${known} and ${raft.id} both lead term ${raft.term}`);
    this.leaders.set(raft.term, raft.id);
    if (own.ledTerm === raft.term) return;
    own.ledTerm = raft.term;
    for (let index = raft.log.offset; index <= this.maxCommitted; index++) {
      const committed = this.committed[index];
      if (committed && committed.in < raft.term && raft.log.termAt(index) !== committed.term)
        throw new Violation(
          `leader completeness: ${raft.id} leads term ${raft.term} without entry ${index} of term ${committed.term}`,
        );
    }
  }

  /** What one member takes as committed at an index, all do. */
  private commit(raft: Raft, index: number): void {
    const entry = raft.log.entries[index - raft.log.offset - 1];
    if (!entry) return;
    const known = this.committed[index];
    if (!known) {
      this.committed[index] = { term: entry.term, data: entry.data, in: raft.term };
      this.maxCommitted = Math.max(this.maxCommitted, index);
    } else if (known.term !== entry.term || known.data !== entry.data)
      throw new Violation(`state-machine safety: ${raft.id} committed another entry at ${index}`);
  }
}

// The disk of one simulated member: log records and one snapshot, with writes that take time and crashes that catch them half way.

import type { Random } from '../../src/env/random.ts';
import type { RaftLog } from '../../src/etcd/raft/log.ts';
import type { ConfState, HardState, Unsaved } from '../../src/etcd/raft/types.ts';
import type { SnapshotData } from '../../src/etcd/server/replica.ts';
import { decodeRecord, encodeRecord } from '../../src/etcd/wal/records.ts';
import { restoreLog } from '../../src/etcd/wal/restore.ts';

export interface StoredSnapshot {
  index: number;
  term: number;
  conf: ConfState;
  data: SnapshotData;
}

export class StoreDisk {
  records: Uint8Array[] = [];
  snapshot: StoredSnapshot | undefined;
  /** Entry index that the newest entries of each record reach. */
  private reach: number[] = [];
  /** Writes under way, oldest first (more than one only in builds that are broken on purpose). */
  private pending: (() => void)[] = [];

  /** Begins a write; call the result when it is durable. */
  begin(unsaved: Unsaved, options: { forgetVote: boolean }): () => void {
    const hardState: HardState = options.forgetVote ? { ...unsaved.hardState, vote: '' } : unsaved.hardState;
    const { snapshot, entries } = unsaved;
    const reset = snapshot && { index: snapshot.index, term: snapshot.term };
    const bytes = encodeRecord({ hardState, entries, ...(reset ? { reset } : {}) });
    const write = () => {
      const at = this.pending.indexOf(write);
      if (at < 0) return;
      this.pending.splice(at, 1);
      if (snapshot) this.snapshot = { ...snapshot, data: snapshot.data as SnapshotData };
      this.records.push(bytes);
      this.reach.push(entries.at(-1)?.index ?? 0);
    };
    this.pending.push(write);
    return write;
  }

  /** The machine stops: each write under way happened or did not, none after one that did not. */
  crash(random: Random): void {
    for (const write of [...this.pending]) {
      if (random.next() < 0.5) break;
      write();
    }
    this.pending = [];
  }

  saveSnapshot(snapshot: StoredSnapshot): void {
    if (this.snapshot && this.snapshot.index >= snapshot.index) return;
    this.snapshot = snapshot;
    let keep = 0;
    while (keep < this.records.length - 1 && (this.reach[keep] as number) <= snapshot.index) keep++;
    this.records = this.records.slice(keep);
    this.reach = this.reach.slice(keep);
  }

  load(): { hardState: HardState; log: RaftLog; snapshot: StoredSnapshot | undefined } {
    const restored = restoreLog(this.records.map(decodeRecord), this.snapshot ?? { index: 0, term: 0 });
    if (!restored) throw new Error('entries between snapshot and log are missing');
    return { ...restored, snapshot: this.snapshot };
  }
}

// What one member keeps on its disk: who it is, a log of records (../wal/records.ts), and the newest snapshot (./disk-snapshot.ts). Loads all of it at start; saves in
// order.
//
// Invariants: log records are dropped only after a snapshot that makes them superfluous is whole on disk; the newest record is never dropped (it holds the hard state).

import { CorruptLogError, type Disk, type Log } from '../../env/disk.ts';
import type { RaftLog } from '../raft/log.ts';
import type { ConfState, HardState, Unsaved } from '../raft/types.ts';
import { decodeRecord, encodeRecord } from '../wal/records.ts';
import { restoreLog } from '../wal/restore.ts';
import { DiskSnapshot, type LoadedSnapshot } from './disk-snapshot.ts';
import type { SnapshotData } from './replica.ts';
import type { StateSnapshot } from './snapshot.ts';

export interface Loaded {
  hardState: HardState;
  log: RaftLog;
  snapshot: LoadedSnapshot | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Storage {
  private readonly disk: Disk;
  private log!: Log;
  /** Newest entry of each log record that is on disk. */
  private records: { record: number; lastEntry: number }[] = [];
  private snapshot: DiskSnapshot;
  /** Bytes written to the log since the newest snapshot. */
  bytesSinceSnapshot = 0;
  private snapshotting = false;

  constructor(disk: Disk) {
    this.disk = disk;
    this.snapshot = new DiskSnapshot(disk);
  }

  /** Reads everything. Rejects with CorruptLogError if something that was acknowledged is missing. */
  async load(): Promise<Loaded> {
    // the snapshot is read meanwhile
    const loading = this.snapshot.load();
    loading.catch(() => {});
    this.log = await this.disk.openLog('wal');
    const decoded = [];
    for (const { index, data } of await this.log.read()) {
      const record = decodeRecord(data);
      decoded.push(record);
      this.records.push({ record: index, lastEntry: record.entries.at(-1)?.index ?? 0 });
      this.bytesSinceSnapshot += data.length;
    }
    const snapshot = await loading;
    const restored = restoreLog(decoded, snapshot ?? { index: 0, term: 0 });
    if (!restored) throw new CorruptLogError('wal', 0);
    // a crash may have come between a snapshot and this
    await this.dropCovered(this.snapshot.index);
    return { ...restored, snapshot };
  }

  /** Writes one batch; resolves when it is durable. */
  async save(unsaved: Unsaved): Promise<void> {
    const { hardState, entries, snapshot } = unsaved;
    if (snapshot) {
      const { head, chunks } = snapshot.data as SnapshotData;
      const { index, term, conf } = snapshot;
      await this.snapshot.replace({ index, term, conf, head }, chunks);
    }
    const reset = snapshot && { index: snapshot.index, term: snapshot.term };
    const bytes = encodeRecord({ hardState, entries, ...(reset ? { reset } : {}) });
    this.bytesSinceSnapshot += bytes.length;
    const record = await this.log.append(bytes);
    this.records.push({ record, lastEntry: entries.at(-1)?.index ?? 0 });
    if (snapshot) await this.dropCovered(snapshot.index);
  }

  /**
   * Writes a snapshot of the member's own state piece by piece, then drops what it covers. One at a time. `inUse`: bytes of the state. Resolves with the revision up
   * to which the oldest part of what is on disk now has all.
   */
  async saveOwnSnapshot(
    point: { index: number; term: number; conf: ConfState },
    { head, parts }: StateSnapshot,
    inUse: number,
  ): Promise<number> {
    if (this.snapshotting || point.index <= this.snapshot.index) return 0;
    this.snapshotting = true;
    const begun = this.bytesSinceSnapshot;
    try {
      if (!(await this.snapshot.write({ ...point, head }, parts, begun, inUse))) return 0;
      this.bytesSinceSnapshot -= begun;
      await this.dropCovered(point.index);
      return this.snapshot.oldest;
    } finally {
      this.snapshotting = false;
    }
  }

  get busy(): boolean {
    return this.snapshotting;
  }

  private async dropCovered(index: number): Promise<void> {
    let keep = 0;
    while (keep < this.records.length - 1 && (this.records[keep] as { lastEntry: number }).lastEntry <= index) keep++;
    if (keep === 0) return;
    this.records = this.records.slice(keep);
    await this.log.dropBefore((this.records[0] as { record: number }).record);
  }

  async readIdentity<T>(): Promise<T | undefined> {
    const bytes = await this.disk.get('member');
    return bytes ? (JSON.parse(decoder.decode(bytes)) as T) : undefined;
  }

  async writeIdentity(identity: unknown): Promise<void> {
    await this.disk.put('member', encoder.encode(JSON.stringify(identity)));
  }

  async wipe(): Promise<void> {
    this.log?.close();
    await this.disk.wipe();
    this.records = [];
    this.bytesSinceSnapshot = 0;
    this.snapshot = new DiskSnapshot(this.disk);
  }

  close(): void {
    this.log?.close();
  }
}

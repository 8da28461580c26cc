// What one member keeps on its disk: who it is, a log of records (../wal/records.ts), and the newest snapshot in pieces. Loads all of it at start; saves in order.
//
// A snapshot "snapshot/<index>" is a manifest that is written last; its pieces are "snapshot/<index>/<n>". Each blob begins with the CRC-32 of the rest.
//
// Invariants: log records are dropped only after a snapshot that makes them superfluous is whole on disk; the newest record is never dropped (it holds the hard state).

import { CorruptLogError, type Disk, type Log } from '../../env/disk.ts';
import { crc32 } from '../../env/disk-checksum.ts';
import { encodeParts } from '../bytes.ts';
import type { RaftLog } from '../raft/log.ts';
import type { ConfState, HardState, Unsaved } from '../raft/types.ts';
import { decodeRecord, encodeRecord } from '../wal/records.ts';
import { restoreLog } from '../wal/restore.ts';
import type { SnapshotData } from './replica.ts';
import type { StateHead } from './snapshot.ts';

export interface Manifest {
  index: number;
  term: number;
  conf: ConfState;
  head: StateHead;
  chunks: number;
}

export interface Loaded {
  hardState: HardState;
  log: RaftLog;
  snapshot: { manifest: Manifest; chunks: string[] } | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nameOf = (index: number) => `snapshot/${String(index).padStart(16, '0')}`;
const manifestName = /^snapshot\/\d{16}$/;

export class Storage {
  private readonly disk: Disk;
  private log!: Log;
  /** Newest entry of each log record that is on disk. */
  private records: { record: number; lastEntry: number }[] = [];
  private snapshotIndex = 0;
  /** Bytes written to the log since the newest snapshot. */
  bytesSinceSnapshot = 0;
  private snapshotting = false;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Reads everything. Rejects with CorruptLogError if something that was acknowledged is missing. */
  async load(): Promise<Loaded> {
    this.log = await this.disk.openLog('wal');
    const decoded = [];
    for (const { index, data } of await this.log.read()) {
      const record = decodeRecord(data);
      decoded.push(record);
      this.records.push({ record: index, lastEntry: record.entries.at(-1)?.index ?? 0 });
      this.bytesSinceSnapshot += data.length;
    }
    const snapshot = await this.loadSnapshot();
    const base = snapshot?.manifest ?? { index: 0, term: 0 };
    this.snapshotIndex = base.index;
    const restored = restoreLog(decoded, base);
    if (!restored) throw new CorruptLogError('wal', 0);
    return { ...restored, snapshot };
  }

  private async loadSnapshot(): Promise<Loaded['snapshot']> {
    const newest = (await this.disk.list()).filter((name) => manifestName.test(name)).at(-1);
    if (!newest) return undefined;
    const manifest = JSON.parse(await this.readBlob(newest)) as Manifest;
    const chunks: string[] = [];
    for (let n = 0; n < manifest.chunks; n++) chunks.push(await this.readBlob(`${newest}/${n}`));
    return { manifest, chunks };
  }

  private async readBlob(name: string): Promise<string> {
    const sealed = await this.disk.get(name);
    const data = sealed?.subarray(4);
    if (!sealed || !data || sealed.length < 4) throw new CorruptLogError(name, 0);
    if (new DataView(sealed.buffer, sealed.byteOffset).getUint32(0) !== crc32(data)) throw new CorruptLogError(name, 0);
    return decoder.decode(data);
  }

  /** `parts`: a text, in as many strings as it comes. */
  private async writeBlob(name: string, parts: readonly string[]): Promise<void> {
    const sealed = encodeParts(parts, 4);
    new DataView(sealed.buffer).setUint32(0, crc32(sealed.subarray(4)));
    await this.disk.put(name, sealed);
  }

  /** Writes one batch; resolves when it is durable. */
  async save(unsaved: Unsaved): Promise<void> {
    const { hardState, entries, snapshot } = unsaved;
    if (snapshot) {
      const data = snapshot.data as SnapshotData;
      const { index, term, conf } = snapshot;
      const pieces = data.chunks.map((chunk) => [chunk]);
      await this.writeSnapshot({ index, term, conf, head: data.head }, pieces);
    }
    const reset = snapshot && { index: snapshot.index, term: snapshot.term };
    const bytes = encodeRecord({ hardState, entries, ...(reset ? { reset } : {}) });
    this.bytesSinceSnapshot += bytes.length;
    const record = await this.log.append(bytes);
    this.records.push({ record, lastEntry: entries.at(-1)?.index ?? 0 });
    if (snapshot) await this.dropCovered(snapshot.index);
  }

  /** Writes a snapshot of the member's own state piece by piece, then drops what it covers. One at a time. */
  async saveOwnSnapshot(manifest: Omit<Manifest, 'chunks'>, pieces: Iterable<readonly string[]>): Promise<void> {
    if (this.snapshotting || manifest.index <= this.snapshotIndex) return;
    this.snapshotting = true;
    const begun = this.bytesSinceSnapshot;
    try {
      await this.writeSnapshot(manifest, pieces);
      this.bytesSinceSnapshot -= begun;
      await this.dropCovered(manifest.index);
    } finally {
      this.snapshotting = false;
    }
  }

  get busy(): boolean {
    return this.snapshotting;
  }

  private async writeSnapshot(manifest: Omit<Manifest, 'chunks'>, pieces: Iterable<readonly string[]>): Promise<void> {
    const name = nameOf(manifest.index);
    let count = 0;
    for (const piece of pieces) await this.writeBlob(`${name}/${count++}`, piece);
    const { index, term, conf, head } = manifest;
    await this.writeBlob(name, [JSON.stringify({ index, term, conf, head, chunks: count } satisfies Manifest)]);
    this.snapshotIndex = Math.max(this.snapshotIndex, index);
    const stale = (await this.disk.list()).filter((old) => old.startsWith('snapshot/') && !old.startsWith(name));
    // manifests first, so that no manifest stands without its pieces
    stale.sort((a, b) => a.length - b.length);
    for (const old of stale) await this.disk.delete(old);
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
    this.snapshotIndex = 0;
  }

  close(): void {
    this.log?.close();
  }
}

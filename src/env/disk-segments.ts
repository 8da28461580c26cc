// An append-only log in files, for hosts that have files (Node, OPFS): frames in numbered segments. Nothing is overwritten; dropping records appends a marker, and
// segments that hold nothing any more are deleted.
//
// A frame: uint32 length of data | uint32 checksum of what follows | uint8 kind | float64 index | data. Kinds: 0 a record, 1 drop before index, 2 drop from index;
// a marker's data is the next index, as a float64.
//
// Invariants: a last frame that is not whole and right is cut on open; an index is never used twice.

import { CorruptLogError, type Log, type LogRecord } from './disk.ts';
import { checksum, isIntact } from './disk-checksum.ts';

/** One open file. Sizes and positions in bytes. */
export interface SegmentFile {
  size(): number;
  readAll(): Uint8Array | Promise<Uint8Array>;
  /** Writes at the end and makes it durable. */
  append(bytes: Uint8Array): void | Promise<void>;
  truncate(size: number): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface SegmentFolder {
  list(): Promise<string[]>;
  open(name: string): Promise<SegmentFile>;
  remove(name: string): Promise<void>;
}

const headSize = 17;
const kinds = { record: 0, dropBefore: 1, dropFrom: 2 } as const;

interface Segment {
  name: string;
  number: number;
  /** Highest index of a record in it, 0 without. */
  last: number;
}

/** Opens the log whose segments are called "<name>.<number>". `segmentBytes`: size at which the next one is begun. */
export async function openSegmentedLog(folder: SegmentFolder, name: string, segmentBytes = 16 << 20): Promise<Log> {
  const log = new SegmentedLog(folder, name, segmentBytes);
  try {
    await log.open();
  } catch (error) {
    log.close();
    throw error;
  }
  return log;
}

class SegmentedLog implements Log {
  private readonly folder: SegmentFolder;
  private readonly name: string;
  private readonly segmentBytes: number;
  private segments: Segment[] = [];
  private file: SegmentFile | undefined;
  private next = 1;
  private tail: Promise<unknown> = Promise.resolve();
  private records: LogRecord[] = [];

  constructor(folder: SegmentFolder, name: string, segmentBytes: number) {
    this.folder = folder;
    this.name = name;
    this.segmentBytes = segmentBytes;
  }

  async open(): Promise<void> {
    const numbers = (await this.folder.list())
      .filter((file) => file.startsWith(`${this.name}.`) && /^\d+$/.test(file.slice(this.name.length + 1)))
      .map((file) => Number(file.slice(this.name.length + 1)))
      .sort((a, b) => a - b);
    for (const number of numbers) {
      const segment: Segment = { name: `${this.name}.${number}`, number, last: 0 };
      await this.file?.close();
      this.file = await this.folder.open(segment.name);
      const bytes = await this.file.readAll();
      const end = this.scan(bytes, segment);
      if (end < bytes.length) {
        // appends end one after another, so only the last frame can be torn
        if (number !== numbers.at(-1)) throw new CorruptLogError(this.name, this.next);
        await this.file.truncate(end);
      }
      this.segments.push(segment);
    }
    if (this.segments.length === 0) await this.begin(1);
  }

  /** Takes in a segment's frames; returns where the good ones end. */
  private scan(bytes: Uint8Array, segment: Segment): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at + headSize <= bytes.length) {
      const end = at + headSize + view.getUint32(at);
      if (end > bytes.length) break;
      if (!isIntact(bytes.subarray(at + 8, end), view.getUint32(at + 4))) {
        if (end < bytes.length) throw new CorruptLogError(this.name, this.next);
        break;
      }
      const kind = view.getUint8(at + 8);
      const index = view.getFloat64(at + 9);
      const data = bytes.subarray(at + headSize, end);
      if (kind === kinds.record) {
        this.records.push({ index, data });
        segment.last = index;
        this.next = Math.max(this.next, index + 1);
      } else {
        this.records = this.records.filter((record) =>
          kind === kinds.dropBefore ? record.index >= index : record.index < index,
        );
        this.next = Math.max(this.next, view.getFloat64(at + headSize));
      }
      at = end;
    }
    return at;
  }

  private async begin(number: number): Promise<void> {
    await this.file?.close();
    const segment: Segment = { name: `${this.name}.${number}`, number, last: 0 };
    this.file = await this.folder.open(segment.name);
    this.segments.push(segment);
  }

  async read(): Promise<LogRecord[]> {
    await this.tail;
    if (this.records.length > 0 || this.next === 1) return this.takeRecords();
    this.segments = [];
    await this.file?.close();
    this.file = undefined;
    await this.open();
    return this.takeRecords();
  }

  /** What open found; not kept, since a log is read once and then only written. */
  private takeRecords(): LogRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }

  append(data: Uint8Array): Promise<number> {
    const index = this.next++;
    this.records = [];
    return this.enqueue(async () => {
      await this.write(kinds.record, index, data);
      (this.segments[this.segments.length - 1] as Segment).last = index;
      return index;
    });
  }

  dropBefore(first: number): Promise<void> {
    this.records = [];
    return this.enqueue(async () => {
      await this.mark(kinds.dropBefore, first);
      while (this.segments.length > 1 && (this.segments[0] as Segment).last < first)
        await this.folder.remove((this.segments.shift() as Segment).name);
    });
  }

  dropFrom(first: number): Promise<void> {
    this.records = [];
    return this.enqueue(() => this.mark(kinds.dropFrom, first));
  }

  close(): void {
    void this.enqueue(async () => {
      await this.file?.close();
      this.file = undefined;
    });
  }

  private async mark(kind: number, index: number): Promise<void> {
    const next = new Uint8Array(8);
    new DataView(next.buffer).setFloat64(0, this.next);
    await this.write(kind, index, next);
  }

  private async write(kind: number, index: number, data: Uint8Array): Promise<void> {
    if (!this.file) throw new Error(`log ${this.name} is closed`);
    const frame = new Uint8Array(headSize + data.length);
    const view = new DataView(frame.buffer);
    view.setUint32(0, data.length);
    view.setUint8(8, kind);
    view.setFloat64(9, index);
    frame.set(data, headSize);
    view.setUint32(4, checksum(frame.subarray(8)));
    if (this.file.size() + frame.length > this.segmentBytes && this.file.size() > 0)
      await this.begin((this.segments[this.segments.length - 1] as Segment).number + 1);
    await this.file.append(frame);
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => {});
    return result;
  }
}

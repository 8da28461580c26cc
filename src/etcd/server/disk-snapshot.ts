// The newest snapshot on a member's disk, in segments: each holds what changed after the one before it, so that a snapshot of a large state writes little. Segments
// are merged as they gather: the oldest that is not larger than half of what is newer is written anew with all after it; and everything is, when more than half of
// it is of no use any more.
//
// A snapshot "snapshot/<index>" is a manifest that is written last; a segment's pieces are "snapshot/<index it was written at>/<n>". Each blob begins with a checksum of
// the rest.
//
// Invariant: the pieces of the newest manifest are whole on disk; what no manifest names is deleted, older manifests first.

import { CorruptLogError, type Disk } from '../../env/disk.ts';
import { checksum, isIntact } from '../../env/disk-checksum.ts';
import { encodeParts } from '../bytes.ts';
import type { ConfState } from '../raft/types.ts';
import type { StateHead } from './snapshot.ts';

export interface Segment {
  name: string;
  pieces: number;
  bytes: number;
  /** The newest revision it tells of. */
  to: number;
}

/** Where in the log a state stands, and what of it is not in pieces. */
export interface SnapshotPoint {
  index: number;
  term: number;
  conf: ConfState;
  head: StateHead;
}

interface Manifest extends SnapshotPoint {
  /** Oldest first. */
  segments?: Segment[];
  /** In place of segments, on disks written before there were any: the number of pieces under the manifest's own name. */
  chunks?: number;
}

export interface LoadedSnapshot extends SnapshotPoint {
  chunks: string[];
}

const decoder = new TextDecoder();
const nameOf = (index: number) => `snapshot/${String(index).padStart(16, '0')}`;
const manifestName = /^snapshot\/\d{16}$/;
const piecesOf = ({ name, pieces }: Segment) => Array.from({ length: pieces }, (_, n) => `${name}/${n}`);
/** Pieces read at once. */
const readAhead = 8;

/** How many segments, oldest first, a snapshot leaves as they are. `incoming`: bytes of what is new; `inUse`: bytes of the state. */
export function segmentsToKeep(sizes: readonly number[], incoming: number, inUse: number): number {
  let newer = incoming;
  for (const size of sizes) newer += size;
  if (newer > 2 * inUse) return 0;
  for (const [i, size] of sizes.entries()) {
    newer -= size;
    if (2 * size <= newer) return i;
  }
  return sizes.length;
}

export class DiskSnapshot {
  /** Of the newest snapshot; 0 without. */
  index = 0;
  private readonly disk: Disk;
  private segments: Segment[] = [];
  /** Counts snapshots that came from elsewhere: one of the own state that is being written is void then. */
  private replaced = 0;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Reads all of it. Rejects with CorruptLogError if some is missing or damaged. */
  async load(): Promise<LoadedSnapshot | undefined> {
    const newest = (await this.disk.list()).filter((name) => manifestName.test(name)).at(-1);
    if (!newest) return undefined;
    const { segments, chunks: pieces = 0, ...point } = JSON.parse(await this.read(newest)) as Manifest;
    this.index = point.index;
    this.segments = segments ?? [{ name: newest, pieces, bytes: 0, to: point.head.currentRevision }];
    const names = this.segments.flatMap(piecesOf);
    const chunks = new Array<string>(names.length);
    let next = 0;
    const readOn = async () => {
      for (let at = next++; at < names.length; at = next++) chunks[at] = await this.read(names[at] as string);
    };
    await Promise.all(Array.from({ length: readAhead }, readOn));
    return { ...point, chunks };
  }

  /** The revision up to which the oldest segment has all; 0 without one. */
  get oldest(): number {
    return this.segments[0]?.to ?? 0;
  }

  /**
   * Writes the member's own state. `parts` yields what changed after a revision; `incoming` and `inUse` are bytes, as for segmentsToKeep. Resolves with false if a
   * snapshot from elsewhere came in between.
   */
  async write(
    point: SnapshotPoint,
    parts: (after: number) => Iterable<readonly string[]>,
    incoming: number,
    inUse: number,
  ): Promise<boolean> {
    const { replaced } = this;
    const sizes = this.segments.map(({ bytes }) => bytes);
    const kept = this.segments.slice(0, segmentsToKeep(sizes, incoming, inUse));
    const isVoid = () => this.replaced !== replaced;
    const segment = await this.writeSegment(point, parts(kept.at(-1)?.to ?? 0), isVoid);
    if (isVoid()) return false;
    await this.finish(point, segment.pieces > 0 ? [...kept, segment] : kept, isVoid);
    return !isVoid();
  }

  /** Writes a state that came from elsewhere. */
  async replace(point: SnapshotPoint, chunks: readonly string[]): Promise<void> {
    this.replaced++;
    const pieces = chunks.map((chunk) => [chunk]);
    await this.finish(point, [await this.writeSegment(point, pieces, () => false)], () => false);
  }

  private async writeSegment(
    { index, head }: SnapshotPoint,
    parts: Iterable<readonly string[]>,
    isVoid: () => boolean,
  ): Promise<Segment> {
    const segment: Segment = { name: nameOf(index), pieces: 0, bytes: 0, to: head.currentRevision };
    for (const piece of parts) {
      segment.bytes += await this.put(`${segment.name}/${segment.pieces++}`, piece);
      if (isVoid()) break;
    }
    return segment;
  }

  /** Makes the segments the newest snapshot, and deletes what is of no use any more. */
  private async finish(point: SnapshotPoint, segments: Segment[], isVoid: () => boolean): Promise<void> {
    const { index, term, conf, head } = point;
    const name = nameOf(index);
    await this.put(name, [JSON.stringify({ index, term, conf, head, segments } satisfies Manifest)]);
    if (isVoid()) return;
    this.index = index;
    this.segments = segments;
    const used = new Set([name, ...segments.flatMap(piecesOf)]);
    const stale = (await this.disk.list()).filter((old) => old.startsWith('snapshot/') && !used.has(old));
    // manifests first, so that no manifest stands without its pieces
    stale.sort((a, b) => a.length - b.length);
    for (const old of stale) {
      if (isVoid()) return;
      await this.disk.delete(old);
    }
  }

  private async read(name: string): Promise<string> {
    const sealed = await this.disk.get(name);
    if (!sealed || sealed.length < 4) throw new CorruptLogError(name, 0);
    const data = sealed.subarray(4);
    const sum = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
    if (!isIntact(data, sum)) throw new CorruptLogError(name, 0);
    return decoder.decode(data);
  }

  /** `parts`: a text, in as many strings as it comes. Resolves with its size. */
  private async put(name: string, parts: readonly string[]): Promise<number> {
    const sealed = encodeParts(parts, 4);
    new DataView(sealed.buffer).setUint32(0, checksum(sealed.subarray(4)));
    await this.disk.put(name, sealed);
    return sealed.length;
  }
}

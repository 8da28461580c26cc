// The replicated state as text, in pieces, and back. Versions never change once made, so the pieces can be read while writes go on: what is later than the
// snapshot's revision is passed over, and the store is pinned so that compaction leaves the rest in place.
//
// A snapshot may hold only what came after an earlier one; put behind it, the two make the whole (../mvcc/restore.ts).

import type { Version } from '../mvcc/store.ts';
import type { MemberAttributes, State } from './state.ts';

export interface StateHead {
  currentRevision: number;
  compactRevision: number;
  leases: [id: string, ttl: number, remaining: number][];
  alarms: string[];
  attributes: [string, MemberAttributes][];
}

export interface StateSnapshot {
  head: StateHead;
  /**
   * Pieces: "#<length of head>\n" and the head as a JSON list of rows, then each row's value. Read them to the end or call release. `after`: only what changed in later
   * revisions, deletions that void what came before among it. Throws when the state was replaced meanwhile.
   */
  parts(after?: number): Generator<string[]>;
  /** All of it, each piece in one. */
  chunks(): Generator<string>;
  release(): void;
}

type Row = [key: string, length: number, create: number, mod: number, sub: number, version: number, lease: string];

type OldRow = [key: string, value: string, create: number, mod: number, sub: number, version: number, lease: string];

/** Characters of keys and values in one piece. */
const chunkSize = 2 << 20;

/** Captures the state as it is now. */
export function takeSnapshot(state: State): StateSnapshot {
  const { store, lessor } = state;
  const revision = store.currentRevision;
  const pin = store.pin();
  const head: StateHead = {
    currentRevision: revision,
    compactRevision: store.compactRevision,
    leases: lessor.list().map((lease) => [lease.id, lease.ttl, lease.remainingTtl]),
    alarms: [...state.alarms],
    attributes: [...state.attributes],
  };
  function* parts(after = 0): Generator<string[]> {
    let from: string | undefined = '';
    // what compaction voids but was not swept yet must void what is on disk, too
    const compacted = after > 0 ? -1 : head.compactRevision;
    while (from !== undefined) {
      const piece = new Piece();
      let next: string | undefined;
      if (!pin.holds) throw new Error('the state was replaced while its snapshot was read');
      store.versions(from, revision, compacted, (v) => {
        if (v.modRevision <= after) return undefined;
        // a key's versions stay together, so that the next piece can start at a key
        if (piece.isFull && v.key !== piece.last) {
          next = v.key;
          return false;
        }
        piece.add(v);
        return undefined;
      });
      if (piece.last !== undefined) yield piece.parts();
      from = next;
    }
    if (after > 0) yield* buried(after);
    pin.release();
  }
  function* buried(after: number): Generator<string[]> {
    let piece = new Piece();
    for (const version of [...store.buried(after)]) {
      piece.add(version);
      if (!piece.isFull) continue;
      yield piece.parts();
      piece = new Piece();
    }
    if (piece.last !== undefined) yield piece.parts();
  }
  function* chunks(): Generator<string> {
    for (const piece of parts()) yield piece.join('');
  }
  return { head, parts, chunks, release: () => pin.release() };
}

/** A piece in the making. */
class Piece {
  /** Its newest key. */
  last: string | undefined;
  private readonly rows: Row[] = [];
  private readonly values: string[] = [];
  private size = 0;

  add(v: Version): void {
    this.last = v.key;
    this.size += v.key.length + v.value.length + 40;
    this.rows.push([v.key, v.value.length, v.createRevision, v.modRevision, v.sub, v.version, v.lease]);
    this.values.push(v.value);
  }

  get isFull(): boolean {
    return this.size > chunkSize;
  }

  parts(): string[] {
    const json = JSON.stringify(this.rows);
    return [`#${json.length}\n${json}`, ...this.values];
  }
}

/** Makes `state` what the snapshot holds, or the snapshots that follow each other; `chunks` are their pieces, `head` is the newest one's. */
export function loadSnapshot(state: State, head: StateHead, chunks: Iterable<string>): void {
  state.alarms.clear();
  for (const alarm of head.alarms) state.alarms.add(alarm);
  state.attributes.clear();
  for (const [id, attributes] of head.attributes) state.attributes.set(id, attributes);
  state.lessor.clear();
  for (const [id, ttl, remaining] of head.leases) state.lessor.restore(id, ttl, remaining);
  const versions: Version[] = [];
  for (const chunk of chunks) readPiece(chunk, versions);
  state.store.restore(head.currentRevision, head.compactRevision, versions);
  const live = new Map<string, string>();
  state.store.versions('', head.currentRevision, head.compactRevision, (version) => {
    if (version.lease !== '0') live.set(version.key, version.lease);
    else if (live.size > 0) live.delete(version.key);
    return undefined;
  });
  for (const [key, lease] of live) state.lessor.attach(lease, key);
}

function readPiece(text: string, out: Version[]): void {
  if (text.startsWith('[')) {
    // as pieces were written before values followed their rows: disks may still hold some
    for (const [key, value, createRevision, modRevision, sub, version, lease] of JSON.parse(text) as OldRow[])
      out.push({ key, value, createRevision, modRevision, sub, version, lease });
    return;
  }
  const lineEnd = text.indexOf('\n');
  let at = lineEnd + 1 + Number(text.slice(1, lineEnd));
  const rows = JSON.parse(text.slice(lineEnd + 1, at)) as Row[];
  for (const [key, length, createRevision, modRevision, sub, version, lease] of rows) {
    const value = text.slice(at, at + length);
    at += length;
    out.push({ key, value, createRevision, modRevision, sub, version, lease });
  }
}

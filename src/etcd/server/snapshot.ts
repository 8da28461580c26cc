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
   * Pieces: "%<length of head>\n" and the head as JSON, one list for each field of the versions, then the values end to end. Read them to the end or call release.
   * `after`: only what changed in later revisions, deletions that void what came before among it. Throws when the state was replaced meanwhile.
   */
  parts(after?: number): Generator<string[]>;
  /** All of it, each piece in one. */
  chunks(): Generator<string>;
  release(): void;
}

/** One list for each field: a list for each version would cost a start more than all else in it. */
type Columns = [
  keys: string[],
  lengths: number[],
  creates: number[],
  mods: number[],
  subs: number[],
  versions: number[],
  leases: string[],
];

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
  private readonly columns: Columns = [[], [], [], [], [], [], []];
  private readonly values: string[] = [];
  private size = 0;

  add(v: Version): void {
    this.last = v.key;
    this.size += v.key.length + v.value.length + 40;
    const [keys, lengths, creates, mods, subs, versions, leases] = this.columns;
    keys.push(v.key);
    lengths.push(v.value.length);
    creates.push(v.createRevision);
    mods.push(v.modRevision);
    subs.push(v.sub);
    versions.push(v.version);
    leases.push(v.lease);
    this.values.push(v.value);
  }

  get isFull(): boolean {
    return this.size > chunkSize;
  }

  parts(): string[] {
    const json = JSON.stringify(this.columns);
    return [`%${json.length}\n${json}`, ...this.values];
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
  if (!text.startsWith('%')) {
    readOldPiece(text, out);
    return;
  }
  const lineEnd = text.indexOf('\n');
  let at = lineEnd + 1 + Number(text.slice(1, lineEnd));
  const [keys, lengths, creates, mods, subs, versions, leases] = JSON.parse(text.slice(lineEnd + 1, at)) as Columns;
  for (let i = 0; i < keys.length; i++) {
    const end = at + (lengths[i] as number);
    out.push({
      key: keys[i] as string,
      value: text.slice(at, end),
      createRevision: creates[i] as number,
      modRevision: mods[i] as number,
      sub: subs[i] as number,
      version: versions[i] as number,
      // one text for all that have none
      lease: leases[i] === '0' ? '0' : (leases[i] as string),
    });
    at = end;
  }
}

/** Pieces as they were written before, with their values in the rows or behind them: disks may still hold some. */
function readOldPiece(text: string, out: Version[]): void {
  if (text.startsWith('[')) {
    for (const [key, value, createRevision, modRevision, sub, version, lease] of JSON.parse(text) as OldRow[])
      out.push({ key, value, createRevision, modRevision, sub, version, lease });
    return;
  }
  const lineEnd = text.indexOf('\n');
  let at = lineEnd + 1 + Number(text.slice(1, lineEnd));
  for (const [key, length, createRevision, modRevision, sub, version, lease] of JSON.parse(
    text.slice(lineEnd + 1, at),
  ) as Row[]) {
    out.push({ key, value: text.slice(at, at + length), createRevision, modRevision, sub, version, lease });
    at += length;
  }
}

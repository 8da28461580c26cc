// The replicated state as text, in pieces, and back. Versions never change once made, so the pieces can be read while writes go on: what is later than the
// snapshot's revision is passed over, and the store is pinned so that compaction leaves the rest in place.

import { ownCopy } from '../bytes.ts';
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
  /** Pieces: "#<length of head>\n" and the head as a JSON list of rows, then each row's value. Read them to the end or call release. */
  parts(): Generator<string[]>;
  /** The same, each piece in one. */
  chunks(): Generator<string>;
  release(): void;
}

type Row = [key: string, length: number, create: number, mod: number, sub: number, version: number, lease: string];

type OldRow = [key: string, value: string, create: number, mod: number, sub: number, version: number, lease: string];

/** Characters of keys and values in one piece. */
const chunkSize = 1 << 20;

/** Captures the state as it is now. */
export function takeSnapshot(state: State): StateSnapshot {
  const { store, lessor } = state;
  const revision = store.currentRevision;
  const release = store.pin();
  const head: StateHead = {
    currentRevision: revision,
    compactRevision: store.compactRevision,
    leases: lessor.list().map((lease) => [lease.id, lease.ttl, lease.remainingTtl]),
    alarms: [...state.alarms],
    attributes: [...state.attributes],
  };
  function* parts(): Generator<string[]> {
    let from: string | undefined = '';
    while (from !== undefined) {
      const rows: Row[] = [];
      const values: string[] = [];
      let size = 0;
      let last = '';
      let next: string | undefined;
      store.versions(from, revision, head.compactRevision, (v) => {
        // a key's versions stay together, so that the next piece can start at a key
        if (size > chunkSize && v.key !== last) {
          next = v.key;
          return false;
        }
        last = v.key;
        size += v.key.length + v.value.length + 40;
        rows.push([v.key, v.value.length, v.createRevision, v.modRevision, v.sub, v.version, v.lease]);
        values.push(v.value);
        return undefined;
      });
      const json = JSON.stringify(rows);
      yield [`#${json.length}\n${json}`, ...values];
      from = next;
    }
    release();
  }
  function* chunks(): Generator<string> {
    for (const piece of parts()) yield piece.join('');
  }
  return { head, parts, chunks, release };
}

/** Makes `state` what the snapshot holds. */
export function loadSnapshot(state: State, head: StateHead, chunks: Iterable<string>): void {
  state.alarms.clear();
  for (const alarm of head.alarms) state.alarms.add(alarm);
  state.attributes.clear();
  for (const [id, attributes] of head.attributes) state.attributes.set(id, attributes);
  state.lessor.clear();
  for (const [id, ttl, remaining] of head.leases) state.lessor.restore(id, ttl, remaining);
  const live = new Map<string, string>();
  function* versions(): Generator<Version> {
    for (const chunk of chunks)
      for (const version of readPiece(chunk)) {
        if (version.lease !== '0') live.set(version.key, version.lease);
        else if (live.size > 0) live.delete(version.key);
        yield version;
      }
  }
  state.store.restore(head.currentRevision, head.compactRevision, versions());
  for (const [key, lease] of live) state.lessor.attach(lease, key);
}

function* readPiece(text: string): Generator<Version> {
  if (text.startsWith('[')) {
    // as pieces were written before values followed their rows: disks may still hold some
    for (const [key, value, createRevision, modRevision, sub, version, lease] of JSON.parse(text) as OldRow[])
      yield { key, value, createRevision, modRevision, sub, version, lease };
    return;
  }
  const lineEnd = text.indexOf('\n');
  let at = lineEnd + 1 + Number(text.slice(1, lineEnd));
  const rows = JSON.parse(text.slice(lineEnd + 1, at)) as Row[];
  for (const [key, length, createRevision, modRevision, sub, version, lease] of rows) {
    // else one value that stays would keep its whole piece
    const value = ownCopy(text.slice(at, at + length));
    at += length;
    yield { key, value, createRevision, modRevision, sub, version, lease };
  }
}

// The replicated state as text, in pieces, and back. Versions never change once made, so the pieces can be read while writes go on: what is later than the
// snapshot's revision is passed over, and the store is pinned so that compaction leaves the rest in place.

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
  /** Pieces, each the JSON of a list of rows. Read them to the end or call release. */
  chunks(): Generator<string>;
  release(): void;
}

type Row = [key: string, value: string, create: number, mod: number, sub: number, version: number, lease: string];

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
  function* chunks(): Generator<string> {
    let from: string | undefined = '';
    while (from !== undefined) {
      const rows: Row[] = [];
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
        rows.push([v.key, v.value, v.createRevision, v.modRevision, v.sub, v.version, v.lease]);
        return undefined;
      });
      yield JSON.stringify(rows);
      from = next;
    }
    release();
  }
  return { head, chunks, release };
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
      for (const [key, value, createRevision, modRevision, sub, version, lease] of JSON.parse(chunk) as Row[]) {
        if (lease !== '0') live.set(key, lease);
        else if (live.size > 0) live.delete(key);
        yield { key, value, createRevision, modRevision, sub, version, lease };
      }
  }
  state.store.restore(head.currentRevision, head.compactRevision, versions());
  for (const [key, lease] of live) state.lessor.attach(lease, key);
}

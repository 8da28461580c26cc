// From what a disk holds (log records and the newest snapshot) to the raft log a member starts with.

import { RaftLog } from '../raft/log.ts';
import type { HardState } from '../raft/types.ts';
import { replay, type WalRecord } from './records.ts';

/**
 * `snapshot`: index and term of the newest one, zeros without. Entries that it covers go, as do all that cannot follow it (a log that the snapshot replaced).
 * Returns undefined if something between snapshot and log is missing.
 */
export function restoreLog(
  records: Iterable<WalRecord>,
  snapshot: { index: number; term: number },
): { hardState: HardState; log: RaftLog } | undefined {
  const { hardState, entries, reset } = replay(records);
  const first = entries[0]?.index ?? snapshot.index + 1;
  if (reset.index > snapshot.index || first > snapshot.index + 1) return undefined;
  const at = snapshot.index - first;
  const follows = at < 0 || at >= entries.length || entries[at]?.term === snapshot.term;
  const rest = follows ? entries.slice(at + 1) : [];
  const commit = Math.min(hardState.commit, snapshot.index + rest.length);
  return { hardState, log: new RaftLog(snapshot.index, snapshot.term, rest, commit) };
}

// What a follower does with what its leader sends.

import type { Raft } from './raft.ts';
import type { Message } from './types.ts';

export function handleAppend(raft: Raft, m: Message): void {
  const { log } = raft;
  const before = m.index ?? 0;
  if (before < log.committed) {
    raft.sendAfterSave({ type: 'appResp', to: m.from, index: log.committed });
    return;
  }
  const last = log.maybeAppend(before, m.logTerm ?? 0, m.entries ?? []);
  if (last !== undefined) {
    log.commitTo(Math.min(m.commit ?? 0, last));
    raft.sendAfterSave({ type: 'appResp', to: m.from, index: last });
    return;
  }
  const hint = log.findConflictByTerm(Math.min(before, log.lastIndex), m.logTerm ?? 0);
  raft.send({ type: 'appResp', to: m.from, index: before, reject: true, hint: hint.index, logTerm: hint.term });
}

export function handleHeartbeat(raft: Raft, m: Message): void {
  raft.log.commitTo(Math.min(m.commit ?? 0, raft.log.lastIndex));
  raft.send({ type: 'heartbeatResp', to: m.from, context: m.context, sent: m.sent });
}

export function handleSnapshot(raft: Raft, m: Message): void {
  const snapshot = m.snapshot;
  if (!snapshot) return;
  const { log } = raft;
  if (snapshot.index <= log.committed) {
    raft.sendAfterSave({ type: 'appResp', to: m.from, index: log.committed });
    return;
  }
  if (log.matches(snapshot.index, snapshot.term)) {
    // the log reaches that far: only the commit index is news
    log.commitTo(snapshot.index);
    raft.sendAfterSave({ type: 'appResp', to: m.from, index: log.committed });
    return;
  }
  raft.restore(snapshot);
  raft.sendAfterSave({ type: 'appResp', to: m.from, index: log.lastIndex });
}

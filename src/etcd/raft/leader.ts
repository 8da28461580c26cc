// What a leader does: replicate, commit, confirm reads, hand over its office.

import { Progress } from './progress.ts';
import { allMembers, committedIndex, isQuorum } from './quorum.ts';
import type { Raft } from './raft.ts';
import type { ConfChange, Entry, Message } from './types.ts';

export function becomeLeader(raft: Raft): void {
  raft.reset(raft.term);
  raft.role = 'leader';
  raft.leader = raft.id;
  for (const id of allMembers(raft.conf)) {
    const progress = new Progress(raft.log.lastIndex + 1);
    if (id === raft.id) {
      progress.state = 'replicate';
      progress.recentActive = true;
    }
    raft.progress.set(id, progress);
  }
  // whatever change of the configuration may be among the uncommitted entries is respected by allowing no other before them
  raft.pendingConfIndex = raft.log.lastIndex;
  appendEntries(raft, [{ term: 0, index: 0, kind: 0, data: '' }]);
  broadcastAppend(raft);
}

function appendEntries(raft: Raft, entries: Entry[]): void {
  let index = raft.log.lastIndex;
  raft.log.append(
    entries.map((entry): Entry => ({ term: raft.term, index: ++index, kind: entry.kind, data: entry.data })),
  );
  // the own copy counts once it is on disk
  raft.sendAfterSave({ type: 'appResp', to: raft.id, index });
}

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.progress.keys()) if (id !== raft.id) sendAppend(raft, id, true);
}

export function broadcastHeartbeat(raft: Raft, context = raft.pendingReads.at(-1)?.context): void {
  const sent = raft.config.readMode === 'lease' ? raft.time : undefined;
  for (const [id, progress] of raft.progress) {
    if (id === raft.id) continue;
    // never beyond what the follower has: its log may differ after that
    raft.send({ type: 'heartbeat', to: id, commit: Math.min(progress.match, raft.log.committed), context, sent });
  }
}

/** Sends what comes next to a follower, or a snapshot if the log no longer has it. Returns whether something went. */
export function sendAppend(raft: Raft, to: string, evenIfEmpty: boolean): boolean {
  const progress = raft.progress.get(to);
  if (!progress || progress.paused) return false;
  const { log } = raft;
  const before = progress.next - 1;
  const logTerm = log.termAt(before);
  if (logTerm === undefined) {
    if (!progress.recentActive) return false;
    const snapshot = raft.config.snapshot();
    progress.become('snapshot');
    progress.pendingSnapshot = snapshot.index;
    raft.send({ type: 'snap', to, snapshot });
    return true;
  }
  const entries = log.slice(progress.next, log.lastIndex, raft.config.maxAppendBytes);
  if (entries.length === 0 && !evenIfEmpty) return false;
  raft.send({ type: 'app', to, index: before, logTerm, entries, commit: log.committed });
  const last = entries[entries.length - 1];
  if (last) {
    if (progress.state === 'replicate') {
      progress.next = last.index + 1;
      progress.inflight.push(last.index);
    } else progress.probeSent = true;
  }
  return true;
}

/** Every election timeout: a leader that has not heard from a quorum gives up. */
export function checkQuorum(raft: Raft): void {
  if (!raft.quorumActive) {
    raft.becomeFollower(raft.term, '');
    return;
  }
  for (const [id, progress] of raft.progress) if (id !== raft.id) progress.recentActive = false;
}

/** Commits what a quorum has on disk, if it is of this term. Returns whether that is news. */
function maybeCommit(raft: Raft): boolean {
  const index = committedIndex(raft.conf, (id) => raft.progress.get(id)?.match ?? 0);
  if (index <= raft.log.committed || !raft.log.matches(index, raft.term)) return false;
  raft.log.commitTo(index);
  return true;
}

/** The configuration changed: a smaller quorum may commit more, and new members want to hear. */
export function reconfigured(raft: Raft): void {
  maybeCommit(raft);
  broadcastAppend(raft);
}

const committedInTerm = (raft: Raft) => raft.log.termAt(raft.log.committed) === raft.term;

export function stepLeader(raft: Raft, m: Message): boolean {
  switch (m.type) {
    case 'prop':
      return propose(raft, m.entries ?? []);
    case 'readIndex':
      readIndex(raft, m);
      return true;
    case 'appResp':
      handleAppendResponse(raft, m);
      return true;
    case 'heartbeatResp':
      handleHeartbeatResponse(raft, m);
      return true;
    case 'transferLeader':
      transfer(raft, m);
      return true;
    default:
      return true;
  }
}

function propose(raft: Raft, proposed: Entry[]): boolean {
  if (!raft.progress.has(raft.id) || raft.transferee !== '') return false;
  const entries: Entry[] = [];
  for (const entry of proposed) {
    if (entry.kind === 0) {
      entries.push(entry);
      continue;
    }
    const change = JSON.parse(entry.data) as ConfChange;
    const joint = raft.conf.votersOutgoing.length > 0;
    const refused = raft.pendingConfIndex > raft.log.applied || (change.transition === 'leave') !== joint;
    // only one change of the configuration at a time: another becomes an empty entry
    if (refused) entries.push({ ...entry, kind: 0, data: '' });
    else {
      raft.pendingConfIndex = raft.log.lastIndex + entries.length + 1;
      entries.push(entry);
    }
  }
  appendEntries(raft, entries);
  broadcastAppend(raft);
  return true;
}

function handleAppendResponse(raft: Raft, m: Message): void {
  const progress = raft.progress.get(m.from);
  if (!progress) return;
  progress.recentActive = true;
  const index = m.index ?? 0;
  if (m.reject) {
    const { log } = raft;
    const hint = m.logTerm ? log.findConflictByTerm(m.hint ?? 0, m.logTerm).index : (m.hint ?? 0);
    if (!progress.decrease(index, hint)) return;
    if (progress.state === 'replicate') progress.become('probe');
    sendAppend(raft, m.from, true);
    return;
  }
  if (index > raft.log.lastIndex) return;
  const wasPaused = progress.paused;
  const news = progress.update(index);
  if (!news && progress.state !== 'probe') return;
  if (progress.state === 'replicate') progress.freeTo(index);
  else if (progress.state === 'probe' || progress.match >= progress.pendingSnapshot) progress.become('replicate');
  if (maybeCommit(raft)) {
    for (const read of raft.earlyReads.splice(0)) readIndex(raft, read);
    broadcastAppend(raft);
  } else if (wasPaused && m.from !== raft.id) sendAppend(raft, m.from, true);
  if (m.from !== raft.id) while (sendAppend(raft, m.from, false));
  if (m.from === raft.transferee && progress.match === raft.log.lastIndex) handOver(raft, m.from);
}

function handleHeartbeatResponse(raft: Raft, m: Message): void {
  const progress = raft.progress.get(m.from);
  if (!progress) return;
  progress.recentActive = true;
  progress.probeSent = false;
  if (m.sent !== undefined) progress.answered = Math.max(progress.answered, m.sent);
  // what was lost on the way is found out here: the follower is alive and yet nothing moves
  const waiting = progress.state === 'snapshot' || progress.inflight.length > 0;
  progress.stale = waiting ? progress.stale + 1 : 0;
  if (progress.stale > (progress.state === 'snapshot' ? staleSnapshot : staleAppend)) {
    progress.stale = 0;
    progress.become('probe');
  }
  if (progress.match < raft.log.lastIndex || progress.state === 'probe') sendAppend(raft, m.from, true);
  if (m.context) confirmReads(raft, m.from, m.context);
}

/** Heartbeats answered without progress after which an append, or a snapshot, is taken as lost. */
const staleAppend = 5;
const staleSnapshot = 50;

function readIndex(raft: Raft, m: Message): void {
  const alone = isQuorum(raft.conf, (id) => id === raft.id);
  if (!committedInTerm(raft)) {
    raft.earlyReads.push(m);
    return;
  }
  const context = m.context ?? '';
  if (alone || leaseHolds(raft)) {
    answer(raft, m.from, context, raft.log.committed);
    return;
  }
  raft.pendingReads.push({ context, from: m.from, index: raft.log.committed, acks: new Set([raft.id]) });
  broadcastHeartbeat(raft, context);
}

/** Whether a quorum answered a heartbeat so lately that nobody else can lead yet. */
function leaseHolds(raft: Raft): boolean {
  if (raft.config.readMode !== 'lease' || raft.handedOver) return false;
  const { time, progress } = raft;
  const since = committedIndex(raft.conf, (id) => (id === raft.id ? time : (progress.get(id)?.answered ?? -Infinity)));
  return time < since + raft.config.lease;
}

/** A member answered the heartbeat sent for a read: it and all older ones are confirmed once a quorum did. */
function confirmReads(raft: Raft, from: string, context: string): void {
  const at = raft.pendingReads.findIndex((read) => read.context === context);
  const read = raft.pendingReads[at];
  if (!read) return;
  read.acks.add(from);
  if (!isQuorum(raft.conf, (id) => read.acks.has(id))) return;
  for (const done of raft.pendingReads.splice(0, at + 1)) answer(raft, done.from, done.context, done.index);
}

function answer(raft: Raft, to: string, context: string, index: number): void {
  if (to === raft.id) raft.answerRead({ context, index });
  else raft.send({ type: 'readIndexResp', to, context, index });
}

/** Hands the office to a member, as soon as it has the whole log. */
function transfer(raft: Raft, m: Message): void {
  const to = m.from;
  if (to === raft.id || raft.transferee === to || !raft.conf.voters.includes(to)) return;
  const progress = raft.progress.get(to);
  if (!progress) return;
  raft.transferee = to;
  raft.electionElapsed = 0;
  if (progress.match === raft.log.lastIndex) handOver(raft, to);
  else sendAppend(raft, to, true);
}

function handOver(raft: Raft, to: string): void {
  raft.handedOver = true;
  raft.send({ type: 'timeoutNow', to });
}

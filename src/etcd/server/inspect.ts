// What a member shows of itself, for panels and tests.

import type { EtcdMember } from './member.ts';

export interface MemberInspection {
  name: string;
  id: string;
  clusterId: string;
  /** 'starting' until the member takes part; then its role; 'stopped' at the end. */
  role: 'starting' | 'follower' | 'preCandidate' | 'candidate' | 'leader' | 'stopped';
  paused: boolean;
  term: number;
  /** Names, '' for nobody. */
  vote: string;
  leader: string;
  firstIndex: number;
  lastIndex: number;
  commit: number;
  applied: number;
  /** The newest entries of the log, oldest first. */
  log: { term: number; index: number; text: string }[];
  /** Leader: what it knows of the others. */
  peers: { name: string; id: string; match: number; next: number; state: string; inflight: number; active: boolean }[];
  voters: string[];
  learners: string[];
  revision: number;
  compactRevision: number;
  keys: number;
  dbSize: number;
  watchers: number;
  leases: number;
  alarms: string[];
}

/** The member as it is now, with its last `entries` log entries. */
export function inspect(member: EtcdMember, entries = 20): MemberInspection {
  const raft = member.replica?.raft;
  const nameOf = (id: string) => member.state.attributes.get(id)?.name ?? id;
  const { store, lessor, alarms } = member.state;
  return {
    name: member.config.name,
    id: member.identity?.id ?? '',
    clusterId: member.identity?.clusterId ?? '',
    role: member.halted ? 'stopped' : (raft?.role ?? 'starting'),
    paused: member.peers.paused,
    term: raft?.term ?? 0,
    vote: nameOf(raft?.vote ?? ''),
    leader: nameOf(raft?.leader ?? ''),
    firstIndex: raft?.log.firstIndex ?? 1,
    lastIndex: raft?.log.lastIndex ?? 0,
    commit: raft?.log.committed ?? 0,
    applied: raft?.log.applied ?? 0,
    log: (raft?.log.entries.slice(-entries) ?? []).map(({ term, index, data }) => ({
      term,
      index,
      text: data.slice(data.indexOf(' ') + 1, data.indexOf(' ') + 121),
    })),
    peers: [...(raft?.progress ?? [])]
      .filter(([id]) => id !== raft?.id)
      .map(([id, progress]) => ({
        name: nameOf(id),
        id,
        match: progress.match,
        next: progress.next,
        state: progress.state,
        inflight: progress.inflight.length,
        active: progress.recentActive,
      })),
    voters: (raft?.conf.voters ?? []).map(nameOf),
    learners: (raft?.conf.learners ?? []).map(nameOf),
    revision: store.currentRevision,
    compactRevision: store.compactRevision,
    keys: store.keyCount,
    dbSize: store.size,
    watchers: member.hub.size,
    leases: lessor.list().length,
    alarms: [...alarms],
  };
}

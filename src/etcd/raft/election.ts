// Elections: standing (with a pre-vote first), and granting or refusing votes.

import { allVoters } from './quorum.ts';
import type { Raft } from './raft.ts';
import type { Message } from './types.ts';

/** Stands for election, unless a committed change of the configuration is still to be applied. */
export function hup(raft: Raft, how: 'preVote' | 'transfer'): void {
  if (raft.role === 'leader' || !raft.promotable) return;
  const { log } = raft;
  for (let index = log.applied + 1; index <= log.committed; index++)
    if (log.entries[index - log.offset - 1]?.kind === 1) return;
  campaign(raft, how);
}

/** Asks for votes: 'preVote' without raising the term, 'transfer' although the leader is alive. */
export function campaign(raft: Raft, how: 'preVote' | 'vote' | 'transfer'): void {
  const pre = how === 'preVote';
  if (pre) {
    raft.votes = new Map();
    raft.role = 'preCandidate';
    raft.leader = '';
    raft.electionElapsed = 0;
    const { electionTicks, random } = raft.config;
    raft.electionTimeout = electionTicks + Math.floor(random() * electionTicks);
  } else {
    raft.reset(raft.term + 1);
    raft.role = 'candidate';
    raft.vote = raft.id;
  }
  const term = pre ? raft.term + 1 : raft.term;
  const { log } = raft;
  for (const id of allVoters(raft.conf)) {
    if (id === raft.id) {
      // the own vote counts once it is on disk
      raft.sendAfterSave({ type: pre ? 'preVoteResp' : 'voteResp', to: id, term });
      continue;
    }
    const m = { to: id, term, index: log.lastIndex, logTerm: log.lastTerm };
    if (how === 'transfer') raft.send({ type: 'vote', ...m, context: 'transfer' });
    else raft.send({ type: pre ? 'preVote' : 'vote', ...m });
  }
}

/** A vote goes to the first candidate of a term whose log is at least as far; a pre-vote to any such. */
export function handleVoteRequest(raft: Raft, m: Message): void {
  const free =
    raft.vote === m.from || (raft.vote === '' && raft.leader === '') || (m.type === 'preVote' && m.term > raft.term);
  const type = m.type === 'vote' ? 'voteResp' : 'preVoteResp';
  if (free && raft.log.isUpToDate(m.index ?? 0, m.logTerm ?? 0)) {
    raft.sendAfterSave({ type, to: m.from, term: m.term });
    if (m.type === 'vote') {
      raft.electionElapsed = 0;
      raft.vote = m.from;
    }
  } else raft.sendAfterSave({ type, to: m.from, term: raft.term, reject: true });
}

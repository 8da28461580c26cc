// Majorities over one set of voters, or over both sets of a joint configuration.

import type { ConfState, Id } from './types.ts';

/** The largest index that a majority of the voters has; Infinity without voters. */
export function majorityIndex(voters: readonly Id[], indexOf: (id: Id) => number): number {
  if (voters.length === 0) return Infinity;
  const sorted = voters.map(indexOf).sort((a, b) => b - a);
  return sorted[voters.length >> 1] as number;
}

export function committedIndex(conf: ConfState, indexOf: (id: Id) => number): number {
  return Math.min(majorityIndex(conf.voters, indexOf), majorityIndex(conf.votersOutgoing, indexOf));
}

export type VoteResult = 'won' | 'lost' | 'pending';

function majorityVote(voters: readonly Id[], voteOf: (id: Id) => boolean | undefined): VoteResult {
  if (voters.length === 0) return 'won';
  let yes = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = voteOf(id);
    if (vote === undefined) missing++;
    else if (vote) yes++;
  }
  const need = (voters.length >> 1) + 1;
  if (yes >= need) return 'won';
  return yes + missing >= need ? 'pending' : 'lost';
}

/** Won if both sets won, lost if one lost. */
export function voteResult(conf: ConfState, voteOf: (id: Id) => boolean | undefined): VoteResult {
  const one = majorityVote(conf.voters, voteOf);
  const two = majorityVote(conf.votersOutgoing, voteOf);
  if (one === two) return one;
  if (one === 'lost' || two === 'lost') return 'lost';
  return 'pending';
}

/** Whether the members for which `has` says yes are a quorum. */
export function isQuorum(conf: ConfState, has: (id: Id) => boolean): boolean {
  return voteResult(conf, has) === 'won';
}

export function allVoters(conf: ConfState): Id[] {
  return [...new Set([...conf.voters, ...conf.votersOutgoing])];
}

export function allMembers(conf: ConfState): Id[] {
  return [...new Set([...conf.voters, ...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext])];
}

/** The configuration after a change. Throws RangeError on a change that the current one does not allow. */
export function changeConf(
  conf: ConfState,
  change: { changes: { type: string; id: Id }[]; transition: string },
): ConfState {
  const joint = conf.votersOutgoing.length > 0;
  if (change.transition === 'leave') {
    if (!joint) throw new RangeError('cannot leave a configuration that is not joint');
    return {
      voters: conf.voters,
      votersOutgoing: [],
      learners: [...new Set([...conf.learners, ...conf.learnersNext])].sort(),
      learnersNext: [],
      autoLeave: false,
    };
  }
  if (joint) throw new RangeError('the configuration is joint already');
  const voters = new Set(conf.voters);
  const learners = new Set(conf.learners);
  const next = new Set<Id>();
  const outgoing = change.transition === 'joint' ? conf.voters : [];
  for (const { type, id } of change.changes) {
    next.delete(id);
    if (type === 'addVoter') {
      learners.delete(id);
      voters.add(id);
    } else {
      voters.delete(id);
      learners.delete(id);
      if (type === 'addLearner') (outgoing.includes(id) ? next : learners).add(id);
    }
  }
  if (voters.size === 0) throw new RangeError('removed all voters');
  const moved = [...voters, ...conf.voters].filter((id) => !voters.has(id) || !conf.voters.includes(id));
  if (change.transition === 'simple' && new Set(moved).size > 1)
    throw new RangeError('more than one voter changed without entering a joint configuration');
  return {
    voters: [...voters].sort(),
    votersOutgoing: [...outgoing],
    learners: [...learners].sort(),
    learnersNext: [...next].sort(),
    autoLeave: change.transition === 'joint',
  };
}

// Do all members hold the same? Compares hashes of one revision, and raises the CORRUPT alarm for those that differ from most (etcd's corruption check).
//
// Invariant: only hashes of the same revision and the same compaction are compared; a member that cannot answer is passed over, not accused.

import { every } from '../../env/clock.ts';
import { EtcdError } from '../client/types.ts';
import type { EtcdMember } from './member.ts';

interface Answer {
  id: string;
  hash: number;
  compactRevision: number;
}

/** ms a member has for its answer: it hashes all it holds. */
const patience = 10_000;

/** Compares all members at this one's current revision. Resolves with the ids that were found to differ, after their alarms are raised. */
export async function checkCorruption(member: EtcdMember): Promise<string[]> {
  await member.backend.readIndex();
  const { state, config } = member;
  const own = state.hash();
  const { revision } = own;
  const asked = member.backend
    .members()
    .filter(({ name }) => name !== config.name)
    .map(async ({ name = '' }): Promise<Answer | undefined> => {
      try {
        return (await member.peers.call(name, 'hash', { revision }, patience)) as unknown as Answer;
      } catch (error) {
        if (error instanceof EtcdError) return undefined;
        throw error;
      }
    });
  const answers: Answer[] = [{ id: member.backend.header().memberId ?? '0', ...own }];
  for (const answer of await Promise.all(asked))
    if (answer && answer.compactRevision === own.compactRevision) answers.push(answer);
  const votes = new Map<number, number>();
  for (const { hash } of answers) votes.set(hash, (votes.get(hash) ?? 0) + 1);
  const most = [...votes].sort((a, b) => b[1] - a[1] || (a[0] === own.hash ? -1 : 1))[0]?.[0];
  const corrupt = answers.filter(({ hash }) => hash !== most).map(({ id }) => id);
  for (const memberID of corrupt) await member.backend.raiseAlarm({ memberID, alarm: 'CORRUPT' });
  return corrupt;
}

/** Checks now and then while this member leads. Returns the end of it. */
export function checkRegularly(member: EtcdMember, interval: number): () => void {
  return every(member.clock, interval, () => {
    if (member.replica?.raft.role === 'leader') checkCorruption(member).catch(() => {});
  });
}

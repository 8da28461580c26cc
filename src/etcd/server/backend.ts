// What the services (kv, lease, lock, ...) ask of the member they run on.

import type { Clock } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import type { AlarmMember, Member, ResponseHeader, StatusResponse } from '../api/types.ts';
import type { WatchHub } from '../mvcc/watch-hub.ts';
import type { Command } from './commands.ts';
import type { State } from './state.ts';

export type MemberChange =
  | { type: 'add'; peerURLs: string[]; isLearner: boolean }
  | { type: 'remove'; ID: string }
  | { type: 'promote'; ID: string };

export interface Backend {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: State;
  readonly hub: WatchHub;
  /** Header of an answer made now; `revision` overrides the current one. */
  header(revision?: number): ResponseHeader;
  /**
   * Replicates and applies a command; resolves with the answer (no header fields but the revision).
   * Rejects with EtcdError: the command's own refusal, or timeout, in which case it may or may not happen later.
   */
  propose(command: Command): Promise<{ header?: ResponseHeader }>;
  /** Resolves once this member has applied everything committed before the call. Rejects with EtcdError timeout or leaderChanged. */
  readIndex(): Promise<void>;
  /** Asks the leader to renew a lease: seconds, or 0 if there is no such lease. */
  leaseRenew(id: string): Promise<number>;
  /** Asks the leader how many seconds a lease still has; undefined if there is no such lease. */
  leaseRemaining(id: string): Promise<{ remaining: number; granted: number; keys: string[] } | undefined>;
  /** Members as they are known here. */
  members(): Member[];
  changeMember(change: MemberChange): Promise<Member | undefined>;
  moveLeader(target: string): Promise<void>;
  status(): StatusResponse;
  /** Raises NOSPACE if `bytes` more would pass the quota; true if so. */
  overQuota(bytes: number): boolean;
  raiseAlarm(alarm: AlarmMember): Promise<void>;
  /** The whole state in the form of a snapshot file, in pieces. */
  snapshot(): AsyncIterable<string>;
  /** Milliseconds between progress notifications of watches that asked for them. */
  readonly progressNotifyInterval: number;
  /** Watch streams that are open. */
  readonly streams: Set<{ noLeader(): void }>;
}

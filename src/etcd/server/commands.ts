// What goes through the raft log: commands, each applied by every member in the same order with the same outcome (etcd's InternalRaftRequest).
//
// Invariant: a command carries everything its outcome depends on (ids, times to live); applying reads no clock, no randomness and nothing local to a member.

import type {
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  LeaseId,
  Member,
  PutRequest,
  TxnRequest,
} from '../api/types.ts';

export interface LeaseCheckpoint {
  ID: string;
  /** Seconds the lease still had to live. */
  remainingTTL: number;
}

export interface Command {
  /** Who waits for the outcome: "member/number". */
  id?: string;
  put?: PutRequest;
  deleteRange?: DeleteRangeRequest;
  txn?: TxnRequest;
  compaction?: CompactionRequest;
  leaseGrant?: { ID: string; TTL: number };
  leaseRevoke?: LeaseId;
  leaseCheckpoint?: { checkpoints: LeaseCheckpoint[] };
  alarm?: AlarmRequest;
  /** A member's name and client addresses, published by itself after it started. */
  memberAttributes?: Required<Pick<Member, 'ID' | 'name' | 'clientURLs'>>;
  memberUpdate?: Required<Pick<Member, 'ID' | 'peerURLs'>>;
}

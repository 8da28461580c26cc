// Vocabulary of the raft core (after etcd-io/raft): entries, messages, configuration, and the batch of work a step leaves behind.

/** A member's raft id; '' is nobody. */
export type Id = string;

export interface Entry {
  readonly term: number;
  readonly index: number;
  /** 0: a command (or the empty entry a new leader begins with); 1: a change of the configuration, as JSON of ConfChange. */
  readonly kind: 0 | 1;
  readonly data: string;
}

export interface HardState {
  term: number;
  vote: Id;
  commit: number;
}

/** Who decides and who only listens. While `votersOutgoing` is not empty the configuration is joint: both sets must agree. */
export interface ConfState {
  voters: Id[];
  votersOutgoing: Id[];
  learners: Id[];
  /** Voters of the outgoing set that become learners when the joint configuration is left. */
  learnersNext: Id[];
  autoLeave: boolean;
}

export interface ConfChange {
  changes: { type: 'addVoter' | 'addLearner' | 'remove'; id: Id }[];
  /** 'simple': at most one voter changes; 'joint': through a joint configuration that is left by itself; 'leave': end of one. */
  transition: 'simple' | 'joint' | 'leave';
  /** Passed through for whoever applies it. */
  context?: string;
}

export interface Snapshot {
  index: number;
  term: number;
  conf: ConfState;
  /** The state itself; opaque to raft. */
  data: unknown;
}

export type MessageType =
  | 'app'
  | 'appResp'
  | 'heartbeat'
  | 'heartbeatResp'
  | 'snap'
  | 'vote'
  | 'voteResp'
  | 'preVote'
  | 'preVoteResp'
  | 'prop'
  | 'readIndex'
  | 'readIndexResp'
  | 'transferLeader'
  | 'timeoutNow';

export interface Message {
  type: MessageType;
  from: Id;
  to: Id;
  /** 0 on messages that carry a request to the leader, whatever its term. */
  term: number;
  /** app: term of the entry before the first. vote, preVote: term of the candidate's last entry. appResp (reject): term of the hint. prop: term it was sent in. */
  logTerm?: number;
  /** app: index before the first entry. vote: candidate's last index. appResp: last index that matches, or the rejected one. readIndexResp: the index to wait for. */
  index?: number;
  entries?: Entry[];
  commit?: number;
  reject?: boolean;
  /** appResp: where the follower's log may agree. */
  hint?: number;
  /** heartbeat, readIndex: the read they confirm. vote: 'transfer' if the leader asked for it. */
  context?: string;
  snapshot?: Snapshot;
  /** heartbeat, heartbeatResp: the leader's time as it sent the heartbeat, where reads rest on a lease. */
  sent?: number;
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export interface ReadState {
  context: string;
  index: number;
}

/** What must be written before `afterSave` may be sent. */
export interface Unsaved {
  hardState: HardState;
  /** Replaces everything from its first index on. */
  entries: Entry[];
  snapshot: Snapshot | undefined;
  /** Nothing of it is news to the disk: the promises may go without a write. */
  saved: boolean;
  /** Promises that hold only once the above is on disk. Those to oneself are stepped. */
  afterSave: Message[];
}

export interface Ready {
  /** To be sent at once. */
  messages: Message[];
  /** Present if asked for and if there is something to write. */
  unsaved: Unsaved | undefined;
  /** To be applied, in order, each once. */
  committed: Entry[];
  /** Reads that may be answered once `index` is applied. */
  reads: ReadState[];
}

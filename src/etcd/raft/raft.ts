// Raft as a pure state machine, after etcd-io/raft: step(message) and tick() change it, ready() hands out what is to be sent, saved and applied. No I/O, clock
// or promise inside; ids are strings, randomness comes from the config.
//
// What a host must keep to: messages of ready() may go at once; `unsaved` is written before its `afterSave` messages are sent (those to itself are stepped),
// one write after another; `committed` is applied in order. So a leader's entries travel while it writes them, yet nothing counts before it is on disk.
//
// Invariants: one leader a term; a log entry is committed only by counting replicas of the leader's own term; a vote and an acknowledgement are given only with what backs
// them on disk; a change of the configuration is applied only when the disk knows it to be committed.

import { campaign, handleVoteRequest, hup } from './election.ts';
import { handleAppend, handleHeartbeat, handleSnapshot } from './follower.ts';
import { becomeLeader, broadcastHeartbeat, checkQuorum, reconfigured, stepLeader } from './leader.ts';
import type { RaftLog } from './log.ts';
import { Progress } from './progress.ts';
import { allMembers, changeConf, isQuorum, type VoteResult, voteResult } from './quorum.ts';
import type {
  ConfChange,
  ConfState,
  Entry,
  HardState,
  Id,
  Message,
  ReadState,
  Ready,
  Role,
  Snapshot,
  Unsaved,
} from './types.ts';

export interface RaftConfig {
  id: Id;
  log: RaftLog;
  hardState: { term: number; vote: Id };
  conf: ConfState;
  /** A random float in [0, 1): spreads election timeouts. */
  random: () => number;
  /** The state as of what is applied, for a follower that needs what the log no longer has. */
  snapshot: () => Snapshot;
  electionTicks?: number;
  heartbeatTicks?: number;
  /** Bytes of entries in one append. */
  maxAppendBytes?: number;
  /**
   * 'safe': a read asks a quorum. 'lease': it trusts that no other can lead while a quorum's answer is younger than `lease`; otherwise it asks. Members then
   * refuse their vote for `electionTicks` after a leader's word, and after a restart.
   */
  readMode?: 'safe' | 'lease';
  /**
   * How long, in units of `time`, a quorum's answer keeps others from leading. At most (electionTicks - 1) ticks of the member whose clock is fastest, as the
   * one whose clock is slowest counts them.
   */
  lease?: number;
}

export class Raft {
  readonly id: Id;
  readonly log: RaftLog;
  readonly config: Required<RaftConfig>;
  term: number;
  vote: Id;
  role: Role = 'follower';
  leader: Id = '';
  conf: ConfState;
  /** The host's clock, set by the host before it calls: only leases look at it. */
  time = 0;

  /** Leader only. */
  progress = new Map<Id, Progress>();
  votes = new Map<Id, boolean>();
  transferee: Id = '';
  pendingConfIndex = 0;
  /** Leader: reads that wait for a quorum to confirm the leadership, oldest first. */
  pendingReads: { context: string; from: Id; index: number; acks: Set<Id> }[] = [];
  /** Leader: reads that came before its term had a committed entry. */
  earlyReads: Message[] = [];
  /** Leader: it told another to stand for election in its place, whenever that arrives, so its lease is void. */
  handedOver = false;

  /** Ticks since a leader was heard, whatever term it led. */
  sinceLeader: number;

  electionElapsed = 0;
  heartbeatElapsed = 0;
  electionTimeout = 0;

  private messages: Message[] = [];
  private afterSave: Message[] = [];
  private reads: ReadState[] = [];
  /** What the newest write, done or under way, tells of. */
  private savedState: HardState;
  /** The commit index that is on disk. */
  private durableCommit: number;
  private unsavedSnapshot: Snapshot | undefined;

  constructor(config: RaftConfig) {
    this.config = {
      electionTicks: 10,
      heartbeatTicks: 1,
      maxAppendBytes: 1 << 20,
      readMode: 'safe',
      lease: 0,
      ...config,
    };
    this.id = config.id;
    this.log = config.log;
    this.term = config.hardState.term;
    this.vote = config.hardState.vote;
    this.savedState = { ...config.hardState, commit: this.log.committed };
    this.durableCommit = this.log.committed;
    this.conf = config.conf;
    // what was promised before a restart is not known
    this.sinceLeader = this.term > 0 ? 0 : this.config.electionTicks;
    this.becomeFollower(this.term, '');
  }

  /** Whether some leader's lease may rest on this member: then it helps nobody else to the office. */
  private get keepsVote(): boolean {
    return this.config.readMode === 'lease' && this.sinceLeader < this.config.electionTicks;
  }

  get isLearner(): boolean {
    return this.conf.learners.includes(this.id);
  }

  /** Whether this member may stand for election: a voter of the current configuration, with no snapshot pending. */
  get promotable(): boolean {
    return (
      this.unsavedSnapshot === undefined &&
      (this.conf.voters.includes(this.id) || this.conf.votersOutgoing.includes(this.id))
    );
  }

  /** One tick of the clock. */
  tick(): void {
    this.sinceLeader++;
    if (this.role === 'leader') {
      this.heartbeatElapsed++;
      this.electionElapsed++;
      if (this.electionElapsed >= this.config.electionTicks) {
        this.electionElapsed = 0;
        checkQuorum(this);
        this.transferee = '';
      }
      if (this.role === 'leader' && this.heartbeatElapsed >= this.config.heartbeatTicks) {
        this.heartbeatElapsed = 0;
        broadcastHeartbeat(this);
      }
      return;
    }
    this.electionElapsed++;
    if (this.promotable && this.electionElapsed >= this.electionTimeout) {
      this.electionElapsed = 0;
      hup(this, 'preVote');
    }
  }

  /** Stands for election at once, with a pre-vote: where there is a leader that disturbs nobody. */
  campaign(): void {
    if (this.role !== 'leader' && this.promotable && !this.keepsVote) hup(this, 'preVote');
  }

  /** Adds commands to the log, or forwards them to the leader. Returns false if there is nobody to take them. */
  propose(data: string[], kind: 0 | 1 = 0): boolean {
    const entries = data.map((text): Entry => ({ term: 0, index: 0, kind, data: text }));
    return this.step({ type: 'prop', from: this.id, to: this.id, term: 0, entries });
  }

  /** Asks for an index that, once applied, makes reads linearizable; answered in Ready.reads under the same context. Returns false without a leader. */
  readIndex(context: string): boolean {
    return this.step({ type: 'readIndex', from: this.id, to: this.id, term: 0, context });
  }

  transferLeadership(to: Id): void {
    this.step({ type: 'transferLeader', from: to, to: this.leader, term: 0 });
  }

  /** Takes in one message. Returns false if a request in it was dropped for want of a leader. */
  step(m: Message): boolean {
    const isVote = m.type === 'vote' || m.type === 'preVote';
    if (isVote && this.keepsVote && m.context !== 'transfer' && m.term >= this.term) return true;
    if (m.term > this.term) {
      if (isVote && m.context !== 'transfer' && this.leader !== '' && this.electionElapsed < this.config.electionTicks)
        return true; // the leader is alive as far as this member knows: whoever asks was cut off
      if (m.type === 'preVote' || (m.type === 'preVoteResp' && !m.reject)) {
        // a pre-vote never changes the term of who hears of it
      } else {
        const fromLeader = m.type === 'app' || m.type === 'heartbeat' || m.type === 'snap';
        this.becomeFollower(m.term, fromLeader ? m.from : '');
      }
    } else if (m.term !== 0 && m.term < this.term) {
      if (m.type === 'app' || m.type === 'heartbeat')
        // a leader left behind hears of the newer term, else a member that was cut off could never come back
        this.send({ type: 'appResp', to: m.from });
      else if (m.type === 'preVote') this.sendAfterSave({ type: 'preVoteResp', to: m.from, reject: true });
      return true;
    }
    if (isVote) {
      handleVoteRequest(this, m);
      return true;
    }
    if (this.role === 'leader') return stepLeader(this, m);
    return this.stepOther(m);
  }

  private stepOther(m: Message): boolean {
    switch (m.type) {
      case 'app':
      case 'heartbeat':
      case 'snap':
        if (this.role !== 'follower') this.becomeFollower(m.term, m.from);
        this.electionElapsed = 0;
        this.sinceLeader = 0;
        this.leader = m.from;
        if (m.type === 'app') handleAppend(this, m);
        else if (m.type === 'heartbeat') handleHeartbeat(this, m);
        else handleSnapshot(this, m);
        return true;
      case 'preVoteResp':
      case 'voteResp':
        this.countVote(m);
        return true;
      case 'prop':
      case 'readIndex':
      case 'transferLeader':
        if (this.leader === '' || this.role !== 'follower') return false;
        // logTerm: the term in which the request is meant to be taken up
        this.send({
          ...m,
          to: this.leader,
          from: m.type === 'transferLeader' ? m.from : this.id,
          term: 0,
          logTerm: this.term,
        });
        return true;
      case 'readIndexResp':
        this.reads.push({ context: m.context ?? '', index: m.index ?? 0 });
        return true;
      case 'timeoutNow':
        if (this.promotable) hup(this, 'transfer');
        return true;
      default:
        return true;
    }
  }

  private countVote(m: Message): void {
    const wanted = this.role === 'preCandidate' ? 'preVoteResp' : this.role === 'candidate' ? 'voteResp' : '';
    if (m.type !== wanted) return;
    const result = this.recordVote(m.from, !m.reject);
    if (result === 'won') {
      if (this.role === 'preCandidate') campaign(this, 'vote');
      else becomeLeader(this);
    } else if (result === 'lost') this.becomeFollower(this.term, '');
  }

  recordVote(id: Id, granted: boolean): VoteResult {
    if (!this.votes.has(id)) this.votes.set(id, granted);
    return voteResult(this.conf, (voter) => this.votes.get(voter));
  }

  becomeFollower(term: number, leader: Id): void {
    this.reset(term);
    this.role = 'follower';
    this.leader = leader;
  }

  /** Back to a blank state in a term; a new term has no vote yet. */
  reset(term: number): void {
    if (term !== this.term) {
      this.term = term;
      this.vote = '';
    }
    this.leader = '';
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    const { electionTicks, random } = this.config;
    this.electionTimeout = electionTicks + Math.floor(random() * electionTicks);
    this.votes = new Map();
    this.transferee = '';
    this.pendingConfIndex = 0;
    this.pendingReads = [];
    this.earlyReads = [];
    this.handedOver = false;
    this.progress = new Map();
  }

  /** Queues a message that may go at once. */
  send(m: Omit<Message, 'from' | 'term'> & { from?: Id; term?: number }): void {
    this.messages.push({ from: this.id, term: this.term, ...m });
  }

  /** Queues a message that may go once everything decided so far is on disk. */
  sendAfterSave(m: Omit<Message, 'from' | 'term'> & { term?: number }): void {
    this.afterSave.push({ from: this.id, term: this.term, ...m });
  }

  answerRead(read: ReadState): void {
    this.reads.push(read);
  }

  /** Takes over a leader's snapshot; the host saves and applies its data. */
  restore(snapshot: Snapshot): void {
    this.log.restore(snapshot.index, snapshot.term);
    this.conf = snapshot.conf;
    this.unsavedSnapshot = snapshot;
  }

  /** Applies a committed change of the configuration. An impossible one changes nothing. */
  applyConfChange(change: ConfChange): ConfState {
    try {
      this.conf = changeConf(this.conf, change);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.conf;
    }
    if (this.role !== 'leader') return this.conf;
    const members = new Set(allMembers(this.conf));
    for (const id of this.progress.keys()) if (!members.has(id)) this.progress.delete(id);
    for (const id of members) {
      if (this.progress.has(id)) continue;
      const progress = new Progress(this.log.lastIndex + 1);
      progress.recentActive = true;
      this.progress.set(id, progress);
    }
    if (!members.has(this.id) || this.isLearner) {
      // a leader that is no longer a voter steps down
      this.becomeFollower(this.term, '');
      return this.conf;
    }
    if (this.transferee && !members.has(this.transferee)) this.transferee = '';
    reconfigured(this);
    return this.conf;
  }

  /** What there is to do. `save`: the host is free to write, so unsaved state is handed over as well. */
  ready(save: boolean): Ready {
    const { messages, reads } = this;
    this.messages = [];
    this.reads = [];
    // the host asks for the next write when the last one is done
    if (save) this.durableCommit = this.savedState.commit;
    const unsaved = save ? this.takeUnsaved() : undefined;
    const { log } = this;
    const unbacked = this.unbackedConf();
    const upTo = unbacked > 0 ? unbacked - 1 : log.committed;
    // nothing is applied on top of a snapshot that the host has not got yet
    const hold = this.unsavedSnapshot !== undefined || log.applied === upTo;
    const committed = hold ? [] : log.slice(log.applied + 1, upTo);
    log.applied += committed.length;
    return { messages, unsaved, committed, reads };
  }

  /** Whether ready(true) would hand something over: to write, or to promise. */
  get hasUnsaved(): boolean {
    return this.afterSave.length > 0 || this.hasNews;
  }

  /**
   * Index of the first change of the configuration that waits to be applied because the disk does not know yet that it is committed; 0: none. Members that acted on
   * it and forgot it in a crash would ask the old configuration for votes, and that may never give them again.
   */
  private unbackedConf(): number {
    const { log } = this;
    for (let index = Math.max(log.applied, this.durableCommit) + 1; index <= log.committed; index++)
      if (log.entries[index - log.offset - 1]?.kind === 1) return index;
    return 0;
  }

  /** Whether there is something that is not on disk. (A commit index need not be, but for a change of the configuration: it is learnt again.) */
  private get hasNews(): boolean {
    return (
      this.log.handedOver < this.log.lastIndex ||
      this.unsavedSnapshot !== undefined ||
      this.term !== this.savedState.term ||
      this.vote !== this.savedState.vote ||
      this.unbackedConf() > this.savedState.commit
    );
  }

  private takeUnsaved(): Unsaved | undefined {
    if (!this.hasUnsaved) return undefined;
    const { log, hardState } = this;
    const saved = !this.hasNews;
    const unsaved: Unsaved = {
      hardState,
      entries: log.slice(log.handedOver + 1, log.lastIndex),
      snapshot: this.unsavedSnapshot,
      saved,
      afterSave: this.afterSave,
    };
    log.handedOver = log.lastIndex;
    if (!saved) this.savedState = hardState;
    this.unsavedSnapshot = undefined;
    this.afterSave = [];
    return unsaved;
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /** Call after applying what ready() handed out: a leader then leaves a joint configuration whose time is over. */
  applied(): void {
    if (this.role !== 'leader' || !this.conf.autoLeave || this.conf.votersOutgoing.length === 0) return;
    if (this.log.applied < this.pendingConfIndex) return;
    const change: ConfChange = { changes: [], transition: 'leave' };
    this.propose([JSON.stringify(change)], 1);
  }

  /** Whether a quorum was heard from lately (leader). */
  get quorumActive(): boolean {
    return isQuorum(this.conf, (id) => id === this.id || (this.progress.get(id)?.recentActive ?? false));
  }
}

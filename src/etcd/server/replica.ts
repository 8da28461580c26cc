// One member between its raft core and its replicated state: proposes, saves, sends, applies, answers. Synchronous, with callbacks for what takes time, so that the
// same code runs in a worker and, step by step, in the simulation.
//
// How it is fast: one write is in flight at a time, and everything that arrives meanwhile becomes the next record (group commit); the leader sends a batch to
// its followers as it begins to write it.
//
// Invariants: a caller is answered only after its command was applied here, which is after a quorum has it on disk; commands are applied in log order, once.

import type { EtcdError } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import type { WatchHub } from '../mvcc/watch-hub.ts';
import type { Raft } from '../raft/raft.ts';
import type { ConfChange, Entry, Message, Snapshot, Unsaved } from '../raft/types.ts';
import type { Command } from './commands.ts';
import { loadSnapshot, type StateHead } from './snapshot.ts';
import type { Outcome, State } from './state.ts';

export interface ReplicaHost {
  now(): number;
  send(message: Message): void;
  /** Writes durably, in the order of calls; `done` comes in a later turn. */
  save(unsaved: Unsaved, done: () => void): void;
  /** Runs `work` soon, in a later turn of its own or at once. */
  soon(work: () => void): void;
  /** A change of the configuration is about to be applied. */
  confChanging(change: ConfChange): void;
  /** A batch was applied, or role, term or leader changed. */
  changed(): void;
}

/** A snapshot's data once its pieces are at hand. */
export interface SnapshotData {
  head: StateHead;
  chunks: string[];
}

interface Pending {
  command: Command | undefined;
  deadline: number;
  done(outcome: Outcome | { error: EtcdError }): void;
}

interface Proposal {
  id: string;
  data: string;
  kind: 0 | 1;
  /** Set: void unless this member leads that term. */
  term?: number;
}

interface PendingRead {
  deadline: number;
  done(error?: EtcdError): void;
}

/** Most proposals put into the log at once, and most commands that may wait: above, callers are told to come later. */
const maxBatch = 4096;
const maxPending = 20_000;
/** Forwarded commands a leader remembers, at least. */
const maxTaken = 50_000;

export class Replica {
  readonly raft: Raft;
  readonly state: State;
  private readonly hub: WatchHub;
  private readonly host: ReplicaHost;
  private readonly tag: string;
  /** Milliseconds until a request is given up (etcd: 5 s and two election timeouts). */
  private readonly timeout: number;
  private counter = 0;
  private writing = false;
  private scheduled = false;
  private stopped = false;

  /** Proposals not yet in the log. */
  private queue: Proposal[] = [];
  private readonly pending = new Map<string, Pending>();
  private taken = { term: 0, newer: new Set<string>(), older: new Set<string>() };
  private waitingReads: PendingRead[] = [];
  private readonly askedReads = new Map<string, PendingRead[]>();
  private confirmedReads: { index: number; reads: PendingRead[] }[] = [];
  private shown = '';
  /** Index up to which the state is applied: within a batch, ahead of raft's own account of it. */
  applied: number;

  constructor(raft: Raft, state: State, hub: WatchHub, host: ReplicaHost, options: { tag: string; timeout: number }) {
    this.raft = raft;
    this.state = state;
    this.hub = hub;
    this.host = host;
    this.tag = options.tag;
    this.timeout = options.timeout;
    this.applied = raft.log.applied;
  }

  /** Replicates and applies a command. `done` gets its answer, or timeout: then it may or may not happen later. */
  propose(command: Command, done: Pending['done']): void {
    this.enqueue(command, done);
  }

  /** The same for what only a leader may decide: the command is refused as soon as this member's term of office is over. */
  proposeAsLeader(command: Command, done: Pending['done']): void {
    if (this.raft.role !== 'leader') done({ error: etcdError('notLeader') });
    else this.enqueue(command, done, this.raft.term);
  }

  private enqueue(command: Command, done: Pending['done'], term?: number): void {
    if (this.pending.size >= maxPending) {
      done({ error: etcdError('tooManyRequests') });
      return;
    }
    const id = `${this.tag}.${++this.counter}`;
    this.pending.set(id, { command, deadline: this.host.now() + this.timeout, done });
    const proposal: Proposal = { id, data: `${id} ${JSON.stringify(command)}`, kind: 0 };
    if (term !== undefined) proposal.term = term;
    this.queue.push(proposal);
    this.schedule();
  }

  /** Proposes a change of the configuration; `done` once it is applied. */
  proposeConfChange(change: ConfChange, done: Pending['done']): void {
    const id = `${this.tag}.${++this.counter}`;
    this.pending.set(id, { command: undefined, deadline: this.host.now() + this.timeout, done });
    const context = JSON.stringify({ id, context: change.context });
    this.queue.push({ id, data: JSON.stringify({ ...change, context }), kind: 1 });
    this.schedule();
  }

  /** `done` when everything committed before the call is applied here. */
  readIndex(done: PendingRead['done']): void {
    this.waitingReads.push({ deadline: this.host.now() + this.timeout, done });
    this.schedule();
  }

  receive(message: Message): void {
    if (this.stopped) return;
    if (message.type === 'prop') {
      this.takeForwarded(message);
      return;
    }
    this.raft.time = this.host.now();
    this.raft.step(message);
    this.drain();
  }

  /**
   * Commands that a follower forwards. A wire may deliver them twice, and late; each must get into the log once. So they count only in the term they were
   * sent in, which has one leader in one incarnation, and that leader remembers what it has taken.
   */
  private takeForwarded(message: Message): void {
    const { raft } = this;
    if (raft.role !== 'leader' || message.logTerm !== raft.term) return;
    if (this.taken.term !== raft.term) this.taken = { term: raft.term, newer: new Set(), older: new Set() };
    for (const { data, kind } of message.entries ?? []) {
      const id = kind === 0 ? data.slice(0, data.indexOf(' ')) : data;
      if (this.taken.newer.has(id) || this.taken.older.has(id)) continue;
      this.taken.newer.add(id);
      this.queue.push({ id: '', data, kind });
    }
    if (this.taken.newer.size > maxTaken) this.taken = { term: raft.term, newer: new Set(), older: this.taken.newer };
    this.schedule();
  }

  tick(): void {
    if (this.stopped) return;
    this.raft.time = this.host.now();
    this.raft.tick();
    this.expire();
    this.drain();
  }

  /** Stops taking part; whoever waits is told. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    const error = etcdError('stopped');
    for (const pending of this.pending.values()) pending.done({ error });
    this.pending.clear();
    for (const read of this.allReads()) read.done(error);
  }

  private allReads(): PendingRead[] {
    const reads = [
      ...this.waitingReads,
      ...[...this.askedReads.values()].flat(),
      ...this.confirmedReads.flatMap((confirmed) => confirmed.reads),
    ];
    this.waitingReads = [];
    this.askedReads.clear();
    this.confirmedReads = [];
    return reads;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.host.soon(() => {
      this.scheduled = false;
      this.drain();
    });
  }

  /** Does all there is to do now. */
  drain(): void {
    this.raft.time = this.host.now();
    for (let busy = true; busy && !this.stopped; ) {
      this.flushProposals();
      this.flushReads();
      const { messages, unsaved, committed, reads } = this.raft.ready(!this.writing);
      for (const message of messages) this.host.send(message);
      if (unsaved) this.write(unsaved);
      if (committed.length > 0) this.apply(committed);
      for (const { context, index } of reads) {
        const asked = this.askedReads.get(context);
        this.askedReads.delete(context);
        if (asked) this.confirmedReads.push({ index, reads: asked });
      }
      if (this.confirmedReads.length > 0) this.answerReads();
      busy = unsaved !== undefined || committed.length > 0 || messages.length > 0;
    }
    this.noticeLeader();
  }

  private flushProposals(): void {
    if (this.queue.length === 0) return;
    const { raft } = this;
    if (raft.role === 'leader' && this.writing) return;
    for (const { id, term } of this.queue)
      if (term !== undefined && (raft.role !== 'leader' || raft.term !== term)) this.refuse(id);
    while (this.queue.length > 0) {
      const kind = (this.queue[0] as { kind: 0 | 1 }).kind;
      let end = 1;
      while (kind === 0 && end < this.queue.length && end < maxBatch && this.queue[end]?.kind === kind) end++;
      const batch = this.queue.slice(0, end).map((item) => item.data);
      if (!this.raft.propose(batch, kind)) return;
      this.queue.splice(0, end);
    }
  }

  private refuse(id: string): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    this.queue = this.queue.filter((proposal) => proposal.id !== id);
    pending?.done({ error: etcdError('leaderChanged') });
  }

  /** All reads that wait share one question; the next ones wait for its answer. */
  private flushReads(): void {
    if (this.waitingReads.length === 0 || this.askedReads.size > 0) return;
    const context = `${this.tag}.${++this.counter}`;
    this.askedReads.set(context, this.waitingReads);
    this.waitingReads = [];
    if (this.raft.readIndex(context)) return;
    this.waitingReads = this.askedReads.get(context) ?? [];
    this.askedReads.delete(context);
  }

  private answerReads(): void {
    // the state's own mark: raft's is ahead while a snapshot waits to be loaded
    const { applied } = this;
    const ready = this.confirmedReads.filter((confirmed) => confirmed.index <= applied);
    if (ready.length === 0) return;
    this.confirmedReads = this.confirmedReads.filter((confirmed) => confirmed.index > applied);
    for (const { reads } of ready) for (const read of reads) read.done();
  }

  private write(unsaved: Unsaved): void {
    if (unsaved.saved) {
      // a host is only asked to write while no other write is under way, so all of it is on disk
      this.promise(unsaved);
      return;
    }
    this.writing = true;
    if (unsaved.snapshot) this.load(unsaved.snapshot);
    this.host.save(unsaved, () => {
      this.writing = false;
      if (this.stopped) return;
      this.promise(unsaved);
      this.drain();
    });
  }

  private promise({ afterSave }: Unsaved): void {
    for (const message of afterSave) {
      if (message.to === this.raft.id) this.raft.step(message);
      else this.host.send(message);
    }
  }

  private load(snapshot: Snapshot): void {
    const data = snapshot.data as SnapshotData;
    loadSnapshot(this.state, data.head, data.chunks);
    this.applied = snapshot.index;
    this.hub.reset();
  }

  private apply(entries: Entry[]): void {
    let from = this.state.store.currentRevision + 1;
    const answers: (() => void)[] = [];
    for (const entry of entries) {
      this.applied = entry.index;
      if (entry.data === '') continue;
      if (entry.kind === 1) this.applyConfChange(entry, answers);
      else from = this.applyCommand(entry.data, from, answers);
    }
    this.raft.applied();
    this.hub.notify(from);
    for (const answer of answers) answer();
    this.host.changed();
  }

  /** `from`: the first revision watchers were not told of. Returns the same, as of now. */
  private applyCommand(data: string, from: number, answers: (() => void)[]): number {
    const space = data.indexOf(' ');
    const id = data.slice(0, space);
    const pending = this.pending.get(id);
    const command = pending?.command ?? (JSON.parse(data.slice(space + 1)) as Command);
    let told = from;
    if (command.compaction) {
      // events of this very batch may go: watchers see them first
      this.hub.notify(from);
      told = this.state.store.currentRevision + 1;
    }
    const outcome = this.state.apply(command, this.host.now());
    if (pending) {
      this.pending.delete(id);
      answers.push(() => pending.done(outcome));
    }
    return told;
  }

  private applyConfChange(entry: Entry, answers: (() => void)[]): void {
    const change = JSON.parse(entry.data) as ConfChange;
    const { id, context } = JSON.parse(change.context ?? '{}') as { id?: string; context?: string };
    this.host.confChanging({ ...change, ...(context === undefined ? {} : { context }) });
    this.raft.applyConfChange(change);
    const pending = id === undefined ? undefined : this.pending.get(id);
    if (!pending || id === undefined) return;
    this.pending.delete(id);
    answers.push(() => pending.done({ response: {} }));
  }

  /** Tells the host when role, term or leader changed; reads that a lost leader was asked are asked again. */
  private noticeLeader(): void {
    const now = `${this.raft.role} ${this.raft.term} ${this.raft.leader}`;
    if (now === this.shown) return;
    this.shown = now;
    if (this.askedReads.size > 0) {
      this.waitingReads = [...[...this.askedReads.values()].flat(), ...this.waitingReads];
      this.askedReads.clear();
      this.schedule();
    }
    if (this.queue.length > 0) this.schedule();
    this.host.changed();
  }

  private expire(): void {
    const now = this.host.now();
    for (const [id, pending] of this.pending) {
      if (pending.deadline > now) break;
      this.pending.delete(id);
      const before = this.queue.length;
      this.queue = this.queue.filter((proposal) => proposal.id !== id);
      pending.done({ error: etcdError(this.queue.length < before ? 'deadlineExceeded' : 'timeout') });
    }
    const overdue = (read: PendingRead) => {
      if (read.deadline > now) return false;
      read.done(etcdError('timeout'));
      return true;
    };
    this.waitingReads = this.waitingReads.filter((read) => !overdue(read));
    for (const [context, reads] of this.askedReads) {
      const left = reads.filter((read) => !overdue(read));
      if (left.length > 0) this.askedReads.set(context, left);
      else this.askedReads.delete(context);
    }
    for (const confirmed of this.confirmedReads) confirmed.reads = confirmed.reads.filter((read) => !overdue(read));
  }
}

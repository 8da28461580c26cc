// One seeded run of the store: members (the real replica, raft core, state and watch hub) on simulated disks and wires, clients that write and read, watchers, and
// faults: loss, duplication, reordering, partitions, crashes between write and acknowledgement, lost disks, skewed clocks, pauses, changes of the membership,
// compactions.
//
// After every event the invariants of the member that moved are checked; at the end all is healed, members must agree, histories must be linearizable, watch
// streams complete, and leases at an end. Everything follows from the seed. The whole member with its HTTP side is simulated in store-cluster.ts.

import { pick, type Random, randomInt, seededRandom } from '../../src/env/random.ts';
import { TimerHeap } from '../../src/env/timer-heap.ts';
import { WatchHub } from '../../src/etcd/mvcc/watch-hub.ts';
import { changeConf } from '../../src/etcd/raft/quorum.ts';
import { Raft } from '../../src/etcd/raft/raft.ts';
import type { ConfChange, ConfState, Message } from '../../src/etcd/raft/types.ts';
import type { Command } from '../../src/etcd/server/commands.ts';
import { LeaseKeeper } from '../../src/etcd/server/lease-keeper.ts';
import { Replica } from '../../src/etcd/server/replica.ts';
import { loadSnapshot, type StateSnapshot, takeSnapshot } from '../../src/etcd/server/snapshot.ts';
import { State } from '../../src/etcd/server/state.ts';
import { StoreDisk } from './store-disk.ts';
import { History } from './store-history.ts';
import { Invariants, Violation } from './store-invariants.ts';

/** A build that is broken on purpose. */
export type Mutation =
  | 'commit older term'
  | 'ack before persist'
  | 'vote not persisted'
  | 'watch that skips'
  | 'lease without end'
  | 'lease that ignores skew'
  | 'restart forgets promises'
  | 'lease outlives hand-over'
  | 'compaction before watchers';

export interface WorldOptions {
  seed: number;
  mutation?: Mutation;
  /** Virtual ms with faults. */
  duration?: number;
  /**
   * What goes wrong: 'faults' of every kind (the default); 'storm': elections, crashes of voters and short cuts without end, which finds what is wrong with
   * votes; 'duel': leaders of five members that are cut down at the moment they commit, which finds what is wrong with commits; 'lease': faults of every kind,
   * and leaders that are asked for reads after others replaced them, with reads that rest on leases and clocks skewed as far as these allow.
   */
  mode?: 'faults' | 'storm' | 'duel' | 'lease';
}

export interface Node {
  id: string;
  disk: StoreDisk;
  alive: boolean;
  /** Until then nothing reaches it and no tick comes. */
  pausedUntil: number;
  /** Its clock: what it showed at virtual time `since`, and how fast it runs. */
  clock: { shown: number; since: number; rate: number };
  incarnation: number;
  replica: Replica;
  hub: WatchHub;
  state: State;
  leases: LeaseKeeper;
}

const tick = 100;
const electionTicks = 10;
/** How fast, at most, a member's clock runs compared with virtual time. */
export const maxClockRate = 2.5;
/** How fast clocks run: any, and where leases are to be trusted: none more than 2.5 times as fast as another. */
const clockRates = { any: [maxClockRate, 1.4, 1, 0.66, 0.33], close: [1.5, 1.2, 1, 0.8, 0.6] };
const maxClockRatio = 2.5;

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly invariants = new Invariants();
  readonly history = new History();
  readonly nodes = new Map<string, Node>();
  /** Virtual ms. */
  now = 0;
  faults = true;
  /** Until then clients ask for nothing. */
  quietUntil = 0;
  steps = 0;
  /** What happened, for whoever reads a failure. */
  readonly log: string[] = [];
  readonly mutation: Mutation | undefined;
  readonly mode: NonNullable<WorldOptions['mode']>;
  /** Called when a node was (re)started or died. */
  onRestart: (node: Node) => void = () => {};
  /** Called with every message that leaves a member. */
  onSend: (m: Message) => void = () => {};
  /** Called with every command that a member applied. */
  onApply: (command: Command, failed: boolean) => void = () => {};
  /** Called when a leader's commit index moved. */
  onCommit: (leader: Node) => void = () => {};
  private readonly events = new TimerHeap();
  private readonly cuts = new Set<string>();
  private readonly founding: ConfState;
  private readonly loss: number;
  private readonly duplicate: number;
  readonly maxDelay: number;
  private readonly maxAppendBytes: number;
  private readonly compactAfter: number;

  constructor({ seed, mutation, mode = 'faults' }: WorldOptions) {
    this.seed = seed;
    this.mutation = mutation;
    this.mode = mode;
    this.random = seededRandom(seed);
    const count = mode === 'duel' || this.random.next() >= 0.7 ? 5 : 3;
    const ids = Array.from({ length: count }, (_, i) => `n${i + 1}`);
    this.founding = { voters: ids, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    this.loss = pick(this.random, [0, 0, 0.01, 0.05, 0.2]);
    this.duplicate = pick(this.random, [0, 0, 0.02, 0.1]);
    this.maxDelay = pick(this.random, [2, 10, 10, 60]);
    // -1: one entry a message, also if it is empty
    this.maxAppendBytes = mode === 'storm' || mode === 'duel' ? -1 : pick(this.random, [-1, 200, 1 << 20]);
    this.compactAfter = pick(this.random, [8, 30, 200]);
    for (const id of ids) this.boot(id, new StoreDisk());
  }

  after(ms: number, callback: () => void): void {
    this.events.add(this.now + ms, callback);
  }

  note(text: string): void {
    this.log.push(`${(this.now / 1000).toFixed(2)} ${text}`);
  }

  /** Runs until `condition` holds, asked every 100 ms, or until virtual time `until`. Returns whether it held. */
  runUntil(condition: () => boolean, until: number): boolean {
    while (!condition()) {
      if (this.now >= until) return false;
      this.run(this.now + 100);
    }
    return true;
  }

  /** Runs until virtual time `until`. */
  run(until: number): void {
    for (;;) {
      const due = this.events.nextDue;
      if (due === undefined || due > until) break;
      this.now = Math.max(this.now, due);
      for (let event = this.events.take(this.now); event; event = this.events.take(this.now)) {
        event();
        this.steps++;
      }
    }
    this.now = until;
  }

  /** Starts a member on what its disk holds. */
  boot(id: string, disk: StoreDisk): Node {
    const { hardState, log, snapshot } = disk.load();
    const state = new State();
    if (snapshot) loadSnapshot(state, snapshot.data.head, snapshot.data.chunks);
    const hub = new WatchHub(state.store);
    const incarnation = (this.nodes.get(id)?.incarnation ?? 0) + 1;
    const raft: Raft = new Raft({
      id,
      log,
      hardState,
      conf: snapshot?.conf ?? this.founding,
      random: () => this.random.next(),
      electionTicks,
      maxAppendBytes: this.maxAppendBytes,
      readMode: this.mode === 'lease' ? 'lease' : 'safe',
      lease: this.lease,
      snapshot: () => ({
        index: node.replica.applied,
        term: raft.log.termAt(node.replica.applied) ?? 0,
        conf: raft.conf,
        data: takeSnapshot(state),
      }),
    });
    if (this.mutation === 'commit older term') {
      const matches = raft.log.matches.bind(raft.log);
      raft.log.matches = (index, term) => (raft.role === 'leader' ? true : matches(index, term));
    }
    if (this.mutation === 'restart forgets promises') raft.sinceLeader = electionTicks;
    if (this.mutation === 'lease outlives hand-over')
      Object.defineProperty(raft, 'handedOver', { get: () => false, set: () => {} });
    if (this.mutation === 'watch that skips') skipWatches(hub, this.random);
    const notifyLate = this.mutation === 'compaction before watchers' ? delayNotify(hub) : () => {};
    const alive = () => this.nodes.get(id) === node && node.alive;
    const replica: Replica = new Replica(
      raft,
      state,
      hub,
      {
        now: () => this.clockOf(node),
        send: (message) => this.send(message),
        save: (unsaved, done) => {
          const durable = disk.begin(unsaved, { forgetVote: this.mutation === 'vote not persisted' });
          const delay = 1 + randomInt(this.random, this.random.next() < 0.02 ? 80 : 5);
          if (this.mutation === 'ack before persist') {
            this.after(0, () => alive() && done());
            this.after(20, () => alive() && durable());
            return;
          }
          this.after(delay, () => {
            if (!alive()) return;
            durable();
            done();
            this.check(node);
          });
        },
        soon: (work) =>
          this.after(0, () => {
            if (!alive()) return;
            work();
            this.check(node);
          }),
        confChanging: () => {},
        changed: () => {
          notifyLate();
          node.leases.roleChanged(raft.role === 'leader', electionTicks * tick);
          this.compact(node);
        },
      },
      { tag: `${id}-${incarnation}`, timeout: 3000 },
    );
    // where a run waits for silence, nothing is written without need
    const checkpoints = this.mode === 'lease' ? 20_000 : 700;
    const leases = new LeaseKeeper({ state, replica, now: () => this.clockOf(node) }, checkpoints);
    const node: Node = {
      id,
      disk,
      alive: true,
      pausedUntil: 0,
      clock: { shown: this.random.next() * 10_000, since: this.now, rate: 1 },
      incarnation,
      replica,
      hub,
      state,
      leases,
    };
    this.nodes.set(id, node);
    this.invariants.forget(id);
    this.history.observe(id, state, (command, failed) => this.onApply(command, failed));
    let ticks = 0;
    const beat = () => {
      if (!alive()) return;
      this.after(tick / node.clock.rate, beat);
      if (this.now < node.pausedUntil) return;
      replica.tick();
      if (++ticks % 5 === 0) leases.tick();
      this.check(node);
    };
    this.after(randomInt(this.random, tick), beat);
    replica.drain();
    this.onRestart(node);
    return node;
  }

  /** How long, by a leader's clock, it trusts a quorum's answer. */
  private get lease(): number {
    if (this.mutation === 'lease without end') return Infinity;
    return ((electionTicks - 1) * tick) / (this.mutation === 'lease that ignores skew' ? 1 : maxClockRatio);
  }

  crash(node: Node): void {
    if (!node.alive) return;
    node.alive = false;
    node.disk.crash(this.random);
    node.replica.stop();
    this.onRestart(node);
  }

  restart(node: Node): Node {
    this.crash(node);
    return this.boot(node.id, node.disk);
  }

  private clockOf(node: Node): number {
    const { shown, since, rate } = node.clock;
    return shown + (this.now - since) * rate;
  }

  /** Rates at which clocks may run, fastest first. */
  get clockRates(): readonly number[] {
    return this.mode === 'lease' ? clockRates.close : clockRates.any;
  }

  setClockRate(node: Node, rate: number): void {
    node.clock = { shown: this.clockOf(node), since: this.now, rate };
  }

  private check(node: Node): void {
    if (!node.alive) return;
    const { raft } = node.replica;
    const committed = this.invariants.check(raft);
    if (committed && raft.role === 'leader') this.onCommit(node);
  }

  private compact(node: Node): void {
    const { raft, applied } = node.replica;
    if (applied - raft.log.offset <= this.compactAfter || raft.log.applied !== applied) return;
    const snapshot = takeSnapshot(node.state);
    const chunks = [...snapshot.chunks()];
    const term = raft.log.termAt(applied) ?? 0;
    node.disk.saveSnapshot({ index: applied, term, conf: raft.conf, data: { head: snapshot.head, chunks } });
    raft.log.compact(applied - (this.compactAfter >> 2));
  }

  // wires

  cut(a: string, b: string): void {
    this.cuts.add(`${a} ${b}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  private send(m: Message): void {
    this.onSend(m);
    let message = m;
    if (m.snapshot) {
      const state = m.snapshot.data as StateSnapshot;
      message = { ...m, snapshot: { ...m.snapshot, data: { head: state.head, chunks: [...state.chunks()] } } };
    }
    const lossy = this.faults ? this.loss : 0;
    if (this.cuts.has(`${m.from} ${m.to}`) || this.random.next() < lossy) return;
    const copies = this.faults && this.random.next() < this.duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) this.deliver(message, 0.5 + this.random.next() * this.maxDelay);
  }

  private deliver(m: Message, delay: number): void {
    this.after(delay, () => {
      const node = this.nodes.get(m.to);
      if (!node?.alive || this.cuts.has(`${m.from} ${m.to}`)) return;
      if (this.now < node.pausedUntil) {
        this.deliver(m, node.pausedUntil - this.now + this.random.next());
        return;
      }
      node.replica.receive(m);
      this.check(node);
    });
  }

  // views

  alive(): Node[] {
    return [...this.nodes.values()].filter((node) => node.alive);
  }

  leader(): Node | undefined {
    return this.alive()
      .filter((node) => node.replica.raft.role === 'leader')
      .sort((a, b) => b.replica.raft.term - a.replica.raft.term)[0];
  }

  /** Members of the newest configuration that somebody alive applied. */
  conf(): ConfState {
    const newest = this.alive().sort((a, b) => b.replica.applied - a.replica.applied)[0];
    return newest?.replica.raft.conf ?? this.founding;
  }

  /** Every configuration that is in force somewhere, or may yet come to be: by changes that are in some log, or that are `underWay`. */
  possibleConfs(underWay: readonly ConfChange[]): ConfState[] {
    return [...this.nodes.values()].flatMap(({ replica: { raft } }) => {
      const confs = [raft.conf];
      const change = (by: ConfChange) => {
        try {
          confs.push(changeConf(confs[confs.length - 1] as ConfState, by));
        } catch (error) {
          // an impossible change changes nothing
          if (!(error instanceof RangeError)) throw error;
        }
      };
      for (const entry of raft.log.entries)
        if (entry.kind === 1 && entry.index > raft.log.applied) change(JSON.parse(entry.data) as ConfChange);
      for (const by of underWay) change(by);
      return confs;
    });
  }

  /** Where every member stands. */
  describe(): string {
    return [...this.nodes.values()]
      .map(({ id, alive, replica: { raft, applied } }) => {
        const conf = JSON.stringify(raft.conf);
        const log = `log ${raft.log.offset}..${raft.log.lastIndex}@${raft.log.lastTerm} commit ${raft.log.committed} applied ${applied}`;
        return `${id} ${alive ? raft.role : 'dead'} term ${raft.term} leader ${raft.leader || '-'} ${log} ${conf}`;
      })
      .join('\n');
  }

  fail(text: string): never {
    throw new Violation(text);
  }
}

/** Breaks a hub: a watcher that could not take events does not get them later either. */
function skipWatches(hub: WatchHub, random: Random): void {
  const inner = hub as unknown as { emit(watcher: unknown, versions: unknown[]): void };
  const emit = inner.emit.bind(hub);
  inner.emit = (watcher, versions) => {
    if (versions.length > 1 && random.next() < 0.5) versions.splice(0, 1);
    emit(watcher, versions);
  };
}

/** Breaks a hub: watchers hear of a batch only when all of it is applied, compactions included. Call the result after each batch. */
function delayNotify(hub: WatchHub): () => void {
  const notify = hub.notify.bind(hub);
  let from = Infinity;
  hub.notify = (revision) => {
    from = Math.min(from, revision);
  };
  return () => {
    if (from < Infinity) notify(from);
    from = Infinity;
  };
}

// One seeded run of the store: members (the real replica, raft core, state and watch hub) on simulated disks and wires, clients that write and read, watchers, and
// faults: loss, duplication, reordering, partitions, crashes between write and acknowledgement, lost disks, skewed clocks, pauses, changes of the membership.
//
// After every event the invariants of the member that moved are checked; at the end all is healed, members must agree, histories must be linearizable and watch
// streams complete. Everything follows from the seed.

import { pick, type Random, randomInt, seededRandom } from '../../src/env/random.ts';
import { TimerHeap } from '../../src/env/timer-heap.ts';
import { WatchHub } from '../../src/etcd/mvcc/watch-hub.ts';
import { Raft } from '../../src/etcd/raft/raft.ts';
import type { ConfState, Message } from '../../src/etcd/raft/types.ts';
import { Replica } from '../../src/etcd/server/replica.ts';
import { loadSnapshot, type StateSnapshot, takeSnapshot } from '../../src/etcd/server/snapshot.ts';
import { State } from '../../src/etcd/server/state.ts';
import { StoreDisk } from './store-disk.ts';
import { Invariants, Violation } from './store-invariants.ts';

export type Mutation = 'commit older term' | 'ack before persist' | 'vote not persisted' | 'watch that skips';

export interface WorldOptions {
  seed: number;
  mutation?: Mutation;
  /** Virtual ms with faults. */
  duration?: number;
  /** Elections, crashes of voters and short cuts without end instead of the usual faults: finds what is wrong with votes and commits. */
  storm?: boolean;
}

export interface Node {
  id: string;
  disk: StoreDisk;
  alive: boolean;
  /** Until then nothing reaches it and no tick comes. */
  pausedUntil: number;
  tickLength: number;
  incarnation: number;
  replica: Replica;
  hub: WatchHub;
  state: State;
}

const tick = 100;
const electionTicks = 10;

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly invariants = new Invariants();
  readonly nodes = new Map<string, Node>();
  /** Highest entry index that some member applied. */
  now = 0;
  faults = true;
  steps = 0;
  /** What happened, for whoever reads a failure. */
  readonly log: string[] = [];
  readonly mutation: Mutation | undefined;
  /** Called when a node was (re)started or died. */
  onRestart: (node: Node) => void = () => {};
  /** Called with every message that leaves a member. */
  onSend: (m: Message) => void = () => {};
  private readonly events = new TimerHeap();
  private readonly cuts = new Set<string>();
  private readonly founding: ConfState;
  private readonly loss: number;
  private readonly duplicate: number;
  private readonly maxDelay: number;
  private readonly maxAppendBytes: number;
  private readonly compactAfter: number;

  constructor({ seed, mutation, storm }: WorldOptions) {
    this.seed = seed;
    this.mutation = mutation;
    this.random = seededRandom(seed);
    const count = this.random.next() < 0.7 ? 3 : 5;
    const ids = Array.from({ length: count }, (_, i) => `n${i + 1}`);
    this.founding = { voters: ids, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    this.loss = pick(this.random, [0, 0, 0.01, 0.05, 0.2]);
    this.duplicate = pick(this.random, [0, 0, 0.02, 0.1]);
    this.maxDelay = pick(this.random, [2, 10, 10, 60]);
    this.maxAppendBytes = storm ? 1 : pick(this.random, [1, 200, 1 << 20]);
    this.compactAfter = pick(this.random, [8, 30, 200]);
    for (const id of ids) this.boot(id, new StoreDisk());
  }

  after(ms: number, callback: () => void): void {
    this.events.add(this.now + ms, callback);
  }

  note(text: string): void {
    this.log.push(`${(this.now / 1000).toFixed(2)} ${text}`);
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
    if (this.mutation === 'watch that skips') skipWatches(hub, this.random);
    const alive = () => this.nodes.get(id) === node && node.alive;
    const replica: Replica = new Replica(
      raft,
      state,
      hub,
      {
        now: () => this.now,
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
        changed: () => this.compact(node),
      },
      { tag: `${id}-${incarnation}`, timeout: 3000 },
    );
    const node: Node = {
      id,
      disk,
      alive: true,
      pausedUntil: 0,
      tickLength: tick,
      incarnation,
      replica,
      hub,
      state,
    };
    this.nodes.set(id, node);
    this.invariants.forget(id);
    const beat = () => {
      if (!alive()) return;
      this.after(node.tickLength, beat);
      if (this.now < node.pausedUntil) return;
      replica.tick();
      this.check(node);
    };
    this.after(randomInt(this.random, tick), beat);
    replica.drain();
    this.onRestart(node);
    return node;
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

  private check(node: Node): void {
    if (node.alive) this.invariants.check(node.replica.raft);
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
      if (!node?.alive) return;
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

  /** Whether some log holds a change of the configuration that its member has not seen committed. */
  confInFlight(): boolean {
    return [...this.nodes.values()].some(({ replica: { raft } }) =>
      raft.log.entries.some((entry) => entry.kind === 1 && entry.index > raft.log.committed),
    );
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

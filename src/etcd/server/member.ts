// The life of one member of the store: loads its disk, finds its place in the cluster, runs the replica on the env's clock and channel, keeps its log short, ends.
// What the services ask of it is in member-backend.ts.
//
// Invariants: nothing is served from before the disk was read; a member whose disk is damaged forgets everything and joins anew.

import { type Cancel, every } from '../../env/clock.ts';
import { CorruptLogError } from '../../env/disk.ts';
import type { Env, Json } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import { randomHex } from '../../env/random.ts';
import type { Member } from '../api/types.ts';
import { etcdError } from '../errors.ts';
import { WatchHub } from '../mvcc/watch-hub.ts';
import { Raft } from '../raft/raft.ts';
import type { ConfChange, ConfState } from '../raft/types.ts';
import { checkRegularly } from './corruption.ts';
import type { HelloReply, Identity } from './identity.ts';
import { findIdentity } from './joining.ts';
import { answerCall } from './leader-calls.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { MemberBackend } from './member-backend.ts';
import { type MemberConfig, Peers } from './peers.ts';
import { Replica } from './replica.ts';
import { loadSnapshot, takeSnapshot } from './snapshot.ts';
import { State } from './state.ts';
import { type Loaded, Storage } from './storage.ts';

export interface EtcdMemberConfig {
  name: string;
  /** All founding members, this one included. */
  members: MemberConfig[];
  /** Bytes above which writes are refused (etcd --quota-backend-bytes). Default 2 GiB. */
  quotaBytes?: number;
  /** Bytes of log after which a snapshot is written; grows with the state. Default 16 MiB. */
  snapshotBytes?: number;
  /** ms between progress notifications of watches. Default 10 minutes. */
  progressNotifyInterval?: number;
  /** ms of a tick; an election timeout is ten to twenty. Default 100. */
  tick?: number;
  /** Ticks from one heartbeat of the leader to the next (etcd --heartbeat-interval, in ticks). Default 1. */
  heartbeatTicks?: number;
  /** Linearizable reads: ask a quorum each time ('safe', the default), or trust the leader's lease while it holds. The same on all members. */
  readMode?: 'safe' | 'lease';
  /** Leases are safe while no member's clock runs more than this many times as fast as another's. Default 1.5. */
  maxClockRatio?: number;
  /** ms between the leader's comparisons of all members' hashes (etcd --experimental-corrupt-check-time). Default 0: only on request. */
  corruptCheckInterval?: number;
}

const electionTicks = 10;
/** How often a member that just started tries to be elected before its time. */
const maxEarlyTries = 8;
/** Entries kept in memory for followers that lag, and their bytes. */
const keepEntries = 5000;
const keepBytes = 8 << 20;

export class EtcdMember {
  readonly clock: Env['clock'];
  readonly random: Env['random'];
  readonly state = new State();
  readonly hub = new WatchHub(this.state.store);
  readonly streams = new Set<{ noLeader(): void }>();
  readonly peers: Peers;
  readonly env: Env;
  readonly config: EtcdMemberConfig;
  readonly timeout: number;
  /** ms. */
  readonly tick: number;
  /** What its services ask of it. */
  readonly backend: MemberBackend;
  identity: Identity | undefined;
  replica: Replica | undefined;
  /** Resolves when the member takes part. */
  readonly up: Promise<Replica>;

  private readonly storage: Storage;
  private readonly incarnation: string;
  private readonly leases: LeaseKeeper;
  private readonly replies = new Map<string, HelloReply>();
  private resolveUp!: (replica: Replica) => void;
  private cancels: Cancel[] = [];
  private stopped = false;
  private shown = '';
  /** This member's clock: what it showed at cluster time `since`, and how fast it runs. */
  private own = { shown: 0, since: 0, rate: 1 };
  private lostLeaderTicks = 0;

  constructor(env: Env, config: EtcdMemberConfig) {
    this.env = env;
    this.config = config;
    this.clock = env.clock;
    this.random = env.random;
    this.tick = config.tick ?? 100;
    this.timeout = 5000 + 2 * electionTicks * this.tick;
    this.incarnation = randomHex(env.random, 12);
    this.backend = new MemberBackend(this);
    this.storage = new Storage(env.disk);
    this.leases = new LeaseKeeper(this);
    this.up = new Promise((resolve) => {
      this.resolveUp = resolve;
    });
    this.peers = new Peers(env.network.channel('raft'), env, {
      nameOf: (id) => this.state.attributes.get(id)?.name,
      clusterId: () => this.identity?.clusterId ?? '',
      receive: (message) => this.replica?.receive(message),
      hello: (from, incarnation) => this.hello(from, incarnation),
      helloReply: (reply) => void this.replies.set(reply.name, reply),
      call: (method, args) => answerCall(this, method, args),
    });
  }

  /** Reads the disk and takes part; one that starts empty goes on finding its place in the background. */
  async start(): Promise<void> {
    let loaded: Loaded;
    try {
      this.identity = await this.storage.readIdentity<Identity>();
      loaded = await this.storage.load();
      if (this.identity) return this.run(loaded);
    } catch (error) {
      if (!(error instanceof CorruptLogError)) throw error;
      this.env.trace.record({ gate: 'raft', will: `discard a damaged disk: ${error.message}` });
      this.identity = undefined;
      await this.storage.wipe();
      loaded = await this.storage.load();
    }
    const finding = this.findPlace(loaded);
    // alone there is nobody to wait for
    if (this.config.members.length === 1) await finding;
    else finding.catch((error: unknown) => this.fail(error));
  }

  private hello(from: string, incarnation: string): HelloReply | undefined {
    const name = this.config.name;
    if (!this.identity) {
      // seeing each other empty is mutual
      this.replies.set(from, { name: from, incarnation });
      return { name, incarnation: this.incarnation };
    }
    return { name, identity: this.identity };
  }

  /** Takes part as a founder, or as one that a running cluster let in. */
  private async findPlace(loaded: Loaded): Promise<void> {
    const identity = await findIdentity(this, this.incarnation, this.replies);
    if (!identity) return;
    this.identity = identity;
    await this.storage.writeIdentity(identity);
    this.run(loaded);
  }

  private run({ hardState, log, snapshot }: Loaded): void {
    if (this.stopped || !this.identity) return;
    const { identity, env } = this;
    for (const { id, name, peerURLs, clientURLs } of identity.initial)
      this.state.attributes.set(id, { name, peerURLs, clientURLs });
    if (snapshot) loadSnapshot(this.state, snapshot.head, snapshot.chunks);
    const founding: ConfState = {
      voters: identity.initial.map((member) => member.id).sort(),
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    const raft: Raft = new Raft({
      id: identity.id,
      log,
      hardState,
      conf: snapshot?.conf ?? founding,
      random: () => env.random.next(),
      electionTicks,
      heartbeatTicks: this.config.heartbeatTicks ?? 1,
      readMode: this.config.readMode ?? 'safe',
      lease: ((electionTicks - 1) * this.tick) / (this.config.maxClockRatio ?? 1.5),
      snapshot: () => ({ ...this.appliedPoint(), data: takeSnapshot(this.state) }),
    });
    const replica: Replica = new Replica(
      raft,
      this.state,
      this.hub,
      {
        now: () => this.now(),
        send: (message) => this.peers.send(message),
        save: (unsaved, done) => {
          this.storage.save(unsaved).then(
            () => !this.stopped && done(),
            (error: unknown) => this.fail(error),
          );
        },
        soon: (work) => queueMicrotask(work),
        confChanging: (change) => this.confChanging(change),
        changed: () => this.changed(),
      },
      { tag: randomHex(env.random, 6), timeout: this.timeout },
    );
    this.replica = replica;
    const beat = () => {
      if (this.stopped) return;
      this.cancels[0] = this.clock.after(this.tick / this.own.rate, beat);
      if (this.peers.paused) return;
      replica.tick();
      this.watchLeader();
    };
    this.cancels = [this.clock.after(this.tick, beat), () => {}, every(this.clock, 500, () => this.leases.tick())];
    const { corruptCheckInterval = 0 } = this.config;
    if (corruptCheckInterval > 0) this.cancels.push(checkRegularly(this, corruptCheckInterval));
    if (identity.initial.length === 1) raft.campaign();
    else this.standSoon(replica);
    replica.drain();
    if (identity.joined) void this.promoteSelf();
    this.resolveUp(replica);
  }

  /**
   * When all members start at once, nobody has to wait an election timeout to find out that nobody leads: a pre-vote does no harm if somebody does. Whoever sees a new
   * term waits for what comes of it.
   */
  private standSoon({ raft }: Replica): void {
    let tries = 0;
    let { term } = raft;
    const stand = () => {
      if (this.stopped || raft.leader !== '' || raft.role === 'leader' || tries++ === maxEarlyTries) return;
      this.cancels[1] = this.clock.after((2 + 3 * this.random.next()) * this.tick, stand);
      const isNews = raft.term !== term;
      term = raft.term;
      if (isNews || this.peers.paused || raft.role === 'candidate') return;
      raft.campaign();
      this.replica?.drain();
    };
    this.cancels[1] = this.clock.after((0.2 + 2 * this.random.next()) * this.tick, stand);
  }

  /** Index, term and configuration that the state stands at. */
  private appliedPoint() {
    const { raft, applied } = this.replica as Replica;
    return { index: applied, term: raft.log.termAt(applied) ?? 0, conf: raft.conf };
  }

  /** A member that joined as a learner asks, until it is heard, to be made a voter. */
  private async promoteSelf(): Promise<void> {
    const replica = this.replica as Replica;
    while (!this.stopped) {
      await new Promise<void>((resolve) => this.clock.after(5 * this.tick, resolve));
      if (replica.raft.conf.voters.includes(replica.raft.id)) return;
      if (!replica.raft.isLearner) continue;
      await this.backend.changeMember({ type: 'promote', ID: replica.raft.id }).catch(() => {});
    }
  }

  private confChanging(change: ConfChange): void {
    const { attributes } = this.state;
    const { member: added, begun = 0 } = JSON.parse(change.context ?? '{}') as { member?: Member; begun?: number };
    for (const { type, id } of change.changes) {
      if (type === 'remove') attributes.delete(id);
      else if (added?.ID === id)
        attributes.set(id, {
          name: added.name ?? '',
          peerURLs: added.peerURLs ?? [],
          clientURLs: added.clientURLs ?? [],
          begun,
        });
    }
  }

  private changed(): void {
    const replica = this.replica;
    if (!replica) return;
    const { raft } = replica;
    this.leases.roleChanged(raft.role === 'leader', electionTicks * this.tick);
    const { trace } = this.env;
    const now = `${raft.role} ${raft.term} ${raft.leader}`;
    if (now !== this.shown || trace.wants('raft')) {
      trace.record({
        gate: 'raft',
        ...(now === this.shown ? {} : { will: `be ${raft.role} in term ${raft.term}` }),
        detail: this.brief(raft),
      });
      this.shown = now;
    }
    this.compact(raft);
  }

  private brief(raft: Raft): { [key: string]: Json } {
    const leader = this.state.attributes.get(raft.leader)?.name ?? '';
    return { role: raft.role, term: raft.term, leader, commit: raft.log.committed, applied: raft.log.applied };
  }

  /** Watches on a member that has lost the cluster end, so that their clients go elsewhere. */
  private watchLeader(): void {
    this.lostLeaderTicks = this.replica?.raft.leader === '' ? this.lostLeaderTicks + 1 : 0;
    if (this.lostLeaderTicks === 3 * electionTicks) for (const stream of [...this.streams]) stream.noLeader();
  }

  /** Keeps the log short: in memory always, on disk by a snapshot now and then. */
  private compact(raft: Raft): void {
    const { log } = raft;
    if (log.entries.length > 2 * keepEntries || (log.entries.length > 64 && this.logBytes(raft) > 2 * keepBytes)) {
      const half = Math.min(Math.max(0, log.entries.length - keepEntries), log.entries.length >> 1);
      log.compact(Math.min(log.offset + Math.max(half, log.entries.length >> 1), log.applied));
    }
    const { storage } = this;
    const { store } = this.state;
    const limit = Math.max(this.config.snapshotBytes ?? 16 << 20, store.sizeInUse / 4);
    if (storage.bytesSinceSnapshot < limit || storage.busy) return;
    const snapshot = takeSnapshot(this.state);
    storage
      .saveOwnSnapshot(this.appliedPoint(), snapshot, store.sizeInUse)
      .then((oldest) => store.forgetBuried(oldest))
      .catch((error: unknown) => this.fail(error))
      .finally(() => snapshot.release());
  }

  private logBytes(raft: Raft): number {
    const { entries } = raft.log;
    // a sample is enough: the bound is soft
    let sample = 0;
    const step = Math.max(1, entries.length >> 5);
    for (let i = 0; i < entries.length; i += step) sample += entries[i]?.data.length ?? 0;
    return sample * step;
  }

  private fail(error: unknown): void {
    if (this.stopped) return;
    // a member that cannot write must not answer: it is as good as dead
    this.env.trace.record({ gate: 'raft', will: `stop: ${messageOf(error)}` });
    this.halt();
  }

  /** Ends at once. */
  halt(): void {
    this.stopped = true;
    for (const cancel of this.cancels) cancel();
    this.replica?.stop();
    for (const stream of [...this.streams]) stream.noLeader();
    this.peers.close();
    this.storage.close();
  }

  get halted(): boolean {
    return this.stopped;
  }

  /** On the leader: begins a lease anew; seconds, or 0 if there is none. */
  renewLease(id: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.leases.renew(id, (answer) => (typeof answer === 'number' ? resolve(answer) : reject(answer)));
    });
  }

  /** Cluster time by this member's clock. */
  now(): number {
    const { shown, since, rate } = this.own;
    return shown + (this.clock.now() - since) * rate;
  }

  /** How fast this member's clock runs compared with the cluster's. */
  setClockRate(rate: number): void {
    this.own = { shown: this.now(), since: this.clock.now(), rate };
  }

  /** The replica, as soon as there is one; rejects with timeout. */
  async running(): Promise<Replica> {
    if (this.stopped) throw etcdError('stopped');
    if (this.replica) return this.replica;
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(this.timeout, () => reject(etcdError('timeout')));
      void this.up.then((replica) => {
        cancel();
        resolve(replica);
      });
    });
  }
}

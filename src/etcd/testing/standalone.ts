// A store of one member without log, peers or network, for unit tests of what stands on the store: same state, same handler, same client as a real one.

import type { Env } from '../../env/env.ts';
import type { Handler } from '../../env/network.ts';
import { randomHex } from '../../env/random.ts';
import type { AlarmMember, Member, ResponseHeader, StatusResponse } from '../api/types.ts';
import { createEtcdClient } from '../client/index.ts';
import type { EtcdClient } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import { WatchHub } from '../mvcc/watch-hub.ts';
import type { Backend } from '../server/backend.ts';
import type { Command } from '../server/commands.ts';
import { createHandler } from '../server/http.ts';
import { State } from '../server/state.ts';

export interface StandaloneEtcd {
  client: EtcdClient;
  handler: Handler;
  state: State;
  /** Ends expired leases; call after advancing the clock. */
  expireLeases(): void;
}

/** A fresh, empty store. Only clock and random of the env are used. */
export function startStandaloneEtcd(env: Pick<Env, 'clock' | 'random'>): StandaloneEtcd {
  const backend = new StandaloneBackend(env);
  const handler = createHandler(backend);
  const client = createEtcdClient({
    endpoints: ['http://etcd-1:2379'],
    fetch: (input, init) =>
      handler(new Request(input, { ...init, ...(init?.body ? { duplex: 'half' } : {}) } as RequestInit)),
    clock: env.clock,
    random: env.random,
  });
  return { client, handler, state: backend.state, expireLeases: () => backend.expireLeases() };
}

class StandaloneBackend implements Backend {
  readonly clock: Env['clock'];
  readonly random: Env['random'];
  readonly state = new State();
  readonly hub = new WatchHub(this.state.store);
  readonly progressNotifyInterval = 600_000;
  readonly streams = new Set<{ noLeader(): void }>();
  private readonly id: string;
  private index = 0;

  constructor(env: Pick<Env, 'clock' | 'random'>) {
    this.clock = env.clock;
    this.random = env.random;
    this.id = BigInt(`0x${randomHex(env.random, 12)}`).toString();
    this.state.lessor.promote(env.clock.now(), 0);
  }

  header(revision?: number): ResponseHeader {
    return {
      clusterId: '1',
      memberId: this.id,
      revision: revision ?? this.state.store.currentRevision,
      raftTerm: 2,
    };
  }

  async propose(command: Command): Promise<{ header?: ResponseHeader }> {
    this.index++;
    const from = this.state.store.currentRevision + 1;
    const outcome = this.state.apply(command, this.clock.now());
    this.hub.notify(from);
    if ('error' in outcome) throw outcome.error;
    return outcome.response;
  }

  async readIndex(): Promise<void> {}

  async leaseRenew(id: string): Promise<number> {
    return this.state.lessor.renew(id, this.clock.now()) ?? 0;
  }

  async leaseRemaining(id: string) {
    const lease = this.state.lessor.get(id);
    if (!lease) return undefined;
    const remaining = this.state.lessor.remaining(lease, this.clock.now());
    return { remaining, granted: lease.ttl, keys: [...lease.keys] };
  }

  expireLeases(): void {
    for (const lease of this.state.lessor.expired(this.clock.now(), Infinity))
      void this.propose({ leaseRevoke: { ID: lease.id } });
  }

  members(): Member[] {
    return [{ ID: this.id, name: 'etcd-1', peerURLs: ['http://etcd-1:2380'], clientURLs: ['http://etcd-1:2379'] }];
  }

  async changeMember(): Promise<Member | undefined> {
    throw etcdError('memberNotFound');
  }

  async moveLeader(): Promise<void> {
    throw etcdError('badLeaderTransferee');
  }

  status(): StatusResponse {
    const { store } = this.state;
    return {
      header: {},
      version: '3.4.23',
      dbSize: store.size,
      leader: this.id,
      raftIndex: this.index,
      raftTerm: 2,
      raftAppliedIndex: this.index,
      dbSizeInUse: store.sizeInUse,
    };
  }

  overQuota(): boolean {
    return false;
  }

  async raiseAlarm(alarm: AlarmMember): Promise<void> {
    await this.propose({ alarm: { action: 'ACTIVATE', ...alarm } });
  }

  async *snapshot(): AsyncGenerator<string> {
    yield JSON.stringify({ revision: this.state.store.currentRevision });
  }
}

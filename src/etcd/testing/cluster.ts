// A whole cluster of the store in the simulated host, driven over its JSON API, for tests.

import type { Disk } from '../../env/disk.ts';
import type { Env, Json } from '../../env/env.ts';
import { createMemoryDisks } from '../../env/simulated/memory-disk.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import type { StampedRecord } from '../../env/traces.ts';
import { createEtcdClient } from '../client/index.ts';
import type { EtcdClient } from '../client/types.ts';
import { type EtcdMemberConfig, type RunningEtcdMember, startEtcdMember } from '../index.ts';

export interface Answer {
  status: number;
  body: { [key: string]: Json };
}

export interface TestCluster {
  readonly simulation: Simulation;
  readonly names: readonly string[];
  readonly client: EtcdClient;
  readonly env: Env;
  readonly trace: StampedRecord[];
  member(name: string): RunningEtcdMember;
  start(name: string, more?: Partial<EtcdMemberConfig>): Promise<void>;
  kill(name: string): void;
  wipe(name: string): void;
  disk(name: string): Disk;
  leader(): string;
  /** POSTs a body to one member (the leader if not said which); runs until it is answered. */
  call(path: string, body: Json, name?: string): Promise<Answer>;
  /** The same, without running the simulation. */
  send(path: string, body: Json, name?: string, signal?: AbortSignal): Promise<Answer>;
  until(condition: () => boolean, limit?: number): Promise<void>;
}

/** base64 of a text, as the gateway wants keys and values. */
export const b64 = (text: string) => btoa(text);
export const unb64 = (text: unknown) => atob(String(text ?? ''));

/** Starts three members (or as many as said); resolves when one leads. */
export async function startCluster(
  options: {
    seed?: number;
    count?: number;
    config?: Partial<EtcdMemberConfig>;
    wrap?: (name: string, disk: Disk) => Disk;
  } = {},
): Promise<TestCluster> {
  const { seed = 1, count = 3, config = {}, wrap = (_, disk) => disk } = options;
  const names = Array.from({ length: count }, (_, i) => `etcd-${i + 1}`);
  const members = names.map((name) => ({ name, client: `${name}:2379` }));
  const disks = createMemoryDisks();
  const disk = (name: string) => wrap(name, disks.open(name));
  const trace: StampedRecord[] = [];
  const simulation = new Simulation({ seed, disk, onTrace: (record) => void trace.push(record) });
  const running = new Map<string, RunningEtcdMember>();
  const env = simulation.env('client');
  const leads = (name: string) => simulation.isAlive(name) && running.get(name)?.inspect().role === 'leader';

  const cluster: TestCluster = {
    simulation,
    names,
    env,
    trace,
    client: createEtcdClient({
      endpoints: names.map((name) => `http://${name}:2379`),
      fetch: (input, init) => env.network.fetch(input, init),
      clock: env.clock,
      random: env.random,
    }),
    member: (name) => running.get(name) as RunningEtcdMember,
    start: async (name, more = {}) => {
      running.set(name, await startEtcdMember(simulation.env(name), { name, members, ...config, ...more }));
    },
    kill: (name) => simulation.kill(name),
    wipe: (name) => disks.wipe(name),
    disk,
    leader: () => {
      const name = [...running.keys()].find(leads);
      if (!name) throw new Error('nobody leads');
      return name;
    },
    send: async (path, body, name, signal) => {
      const response = await env.network.fetch(`http://${name ?? cluster.leader()}:2379${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        signal: signal ?? null,
      });
      return { status: response.status, body: JSON.parse(await response.text()) as Answer['body'] };
    },
    call: (path, body, name) => simulation.finish(cluster.send(path, body, name)),
    until: async (condition, limit = 60_000) => {
      if (!(await simulation.runUntil(condition, limit))) throw new Error('it did not come to pass');
    },
  };
  await simulation.finish(Promise.all(names.map((name) => cluster.start(name))));
  await cluster.until(() => [...running.keys()].some(leads));
  return cluster;
}

// Whole members (disk, identity, peers, services, HTTP) in the simulated host, with clients that speak HTTP to them: what store-world.ts leaves out. Members are
// killed, cut off, paused, run on slow and fast clocks and lose their disks while clients write, read, watch and compact. Slower by far than store-world.ts.

import { pick, randomInt } from '../../src/env/random.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { Simulation } from '../../src/env/simulated/simulation.ts';
import { createEtcdClient } from '../../src/etcd/client/index.ts';
import { type EtcdClient, EtcdError } from '../../src/etcd/client/types.ts';
import { type RunningEtcdMember, startEtcdMember } from '../../src/etcd/index.ts';
import { isLinearizable, type Operation, type RegisterInput, registerModel } from './store-linearizability.ts';

const names = ['etcd-1', 'etcd-2', 'etcd-3'];
const members = names.map((name) => ({ name, client: `${name}:2379` }));
const keys = ['a', 'b', 'c'];
type History = Operation<RegisterInput, string>[];

/** Runs one seed for `duration` virtual ms of faults. Rejects with the seed and what happened in the message. */
export async function runCluster(seed: number, duration = 8000): Promise<{ operations: number; acknowledged: number }> {
  const run = new ClusterRun(seed);
  try {
    return await run.all(duration);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${run.log.join('\n')}`);
  }
}

class ClusterRun {
  readonly log: string[] = [];
  private readonly seed: number;
  private readonly simulation: Simulation;
  private readonly disks;
  private readonly running = new Map<string, RunningEtcdMember>();
  private readonly histories = new Map<string, History>(keys.map((key) => [key, []]));
  /** Acknowledged puts by revision. */
  private readonly acknowledged = new Map<number, string>();
  private readonly begun: number;
  private faults = true;

  constructor(seed: number) {
    this.seed = seed;
    const loss = [0, 0.02, 0.1][seed % 3] as number;
    this.simulation = new Simulation({
      seed,
      faults: { loss, duplicate: loss, reorder: loss },
      disk: (name) => this.disks.open(name),
    });
    const { random } = this.simulation;
    const delay = (done: () => void) => void this.simulation.after(1 + randomInt(random, 6), done);
    this.disks = createMemoryDisks({ delay, random });
    this.begun = this.simulation.now();
  }

  private note(text: string): void {
    this.log.push(`${((this.simulation.now() - this.begun) / 1000).toFixed(2)} ${text}`);
  }

  private get random() {
    return this.simulation.random;
  }

  private async start(name: string): Promise<void> {
    this.running.set(
      name,
      await startEtcdMember(this.simulation.env(name), {
        name,
        members,
        snapshotBytes: 20_000,
        readMode: this.seed % 2 === 0 ? 'safe' : 'lease',
        // as far apart as the saboteur sets clocks
        maxClockRatio: 4,
      }),
    );
  }

  private client(name: string): EtcdClient {
    const { network, clock, random } = this.simulation.env(name);
    const fetch = (input: string, init?: RequestInit) => network.fetch(input, init);
    return createEtcdClient({ endpoints: names.map((member) => `http://${member}:2379`), fetch, clock, random });
  }

  async all(duration: number): Promise<{ operations: number; acknowledged: number }> {
    const { simulation } = this;
    await simulation.finish(Promise.all(names.map((name) => this.start(name))));
    const end = simulation.now() + duration;
    const clients = Array.from({ length: 3 }, (_, i) => this.work(this.client(`client-${i}`), i, end));
    const stop = new AbortController();
    const watching = this.watch(this.client('watcher'), stop.signal);
    this.sabotage(end);
    await simulation.run(duration);
    this.faults = false;
    simulation.network.faults = {};
    for (const a of names) for (const b of names) if (a < b) simulation.network.heal(a, b);
    for (const name of names) {
      if (!simulation.isAlive(name)) await simulation.finish(this.start(name));
      this.running.get(name)?.faults.resume();
      this.running.get(name)?.faults.clockRate(1);
    }
    await simulation.finish(Promise.all(clients), 120_000);
    await this.converge();
    const reader = this.client('reader');
    for (const key of keys) await simulation.finish(this.act(reader, key, { type: 'get' }));
    const last = await simulation.finish(reader.put('z', 'end'));
    const seen = await this.until(watching, stop, last.revision);
    this.verify(seen, last.revision);
    const all = [...this.histories.values()].flat();
    return { operations: all.length, acknowledged: all.filter((op) => op.output !== undefined).length };
  }

  /** All members are voters again and hold the same. */
  private async converge(): Promise<void> {
    const views = () => names.map((name) => (this.running.get(name) as RunningEtcdMember).inspect());
    const calm = () => {
      const all = views();
      return (
        all.filter(({ role }) => role === 'leader').length === 1 &&
        all.every(
          ({ voters, applied }) =>
            voters.length === 3 && names.every((name) => voters.includes(name)) && applied === all[0]?.applied,
        )
      );
    };
    if (!(await this.simulation.runUntil(calm, 60_000)))
      throw new Error(`no calm after healing: ${JSON.stringify(views().map(({ log: _, ...view }) => view))}`);
    const leader = views().find(({ role }) => role === 'leader')?.name as string;
    const corrupt = await this.simulation.finish((this.running.get(leader) as RunningEtcdMember).checkCorruption());
    if (corrupt.length > 0) throw new Error(`${corrupt} hold another state`);
  }

  private async work(client: EtcdClient, who: number, end: number): Promise<void> {
    const { simulation, random } = this;
    for (let i = 0; simulation.now() < end; i++) {
      const key = pick(random, keys);
      const value = `${who}.${i}`;
      const kind = random.next();
      if (kind < 0.4) await this.act(client, key, { type: 'put', value });
      else if (kind < 0.5) await this.act(client, key, { type: 'delete' });
      else if (kind < 0.95) await this.act(client, key, { type: 'get' });
      else {
        const { revision } = await client.range({ key: 'z' }).catch(() => ({ revision: 0 }));
        if (revision > 8) await client.compact(revision - randomInt(random, 8)).catch(() => {});
      }
      await new Promise<void>((resolve) => void simulation.after(randomInt(random, 120), resolve));
    }
  }

  private async act(client: EtcdClient, key: string, input: RegisterInput): Promise<void> {
    const op: History[number] = { call: this.simulation.now(), end: Infinity, input, output: undefined };
    this.histories.get(key)?.push(op);
    try {
      let output = 'ok';
      if (input.type === 'get') output = (await client.range({ key })).kvs[0]?.value ?? '';
      else if (input.type === 'delete') output = (await client.delete(key)).deleted > 0 ? 'yes' : 'no';
      else if (input.type === 'put')
        this.acknowledged.set((await client.put(key, input.value)).revision, `${key} ${input.value}`);
      op.output = output;
      op.end = this.simulation.now();
    } catch (error) {
      // not known whether it happened
      if (!(error instanceof EtcdError || error instanceof TypeError)) throw error;
    }
  }

  private readonly seen = new Map<number, string>();
  private readonly gaps: [number, number][] = [];
  private watchedTo = 1;

  /** Watches all keys for as long as the signal lasts, resuming where it was, listing anew where compaction passed it. */
  private async watch(client: EtcdClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { events } of client.watch(
          { key: 'a', rangeEnd: '~', startRevision: this.watchedTo + 1 },
          signal,
        ))
          for (const { kv, type } of events) {
            if (kv.modRevision <= this.watchedTo)
              throw new RangeError(`watch saw ${kv.modRevision} after ${this.watchedTo}`);
            this.watchedTo = kv.modRevision;
            this.seen.set(kv.modRevision, `${kv.key} ${type === 'delete' ? '' : kv.value}`);
          }
      } catch (error) {
        if (error instanceof RangeError) throw error;
        if (error instanceof EtcdError && error.compactRevision > 0) {
          const list = await client.range({ key: 'a', rangeEnd: '~' }).catch(() => undefined);
          if (list && list.revision > this.watchedTo) {
            this.gaps.push([this.watchedTo, list.revision]);
            this.watchedTo = list.revision;
          }
        }
      }
      await new Promise<void>((resolve) => void this.simulation.after(50, resolve));
    }
  }

  private async until(watching: Promise<void>, stop: AbortController, revision: number): Promise<Map<number, string>> {
    let broken: unknown;
    watching.catch((error: unknown) => {
      broken = error;
    });
    const there = await this.simulation.runUntil(() => this.watchedTo >= revision || broken !== undefined, 30_000);
    stop.abort();
    if (broken) throw broken;
    if (!there) throw new Error(`the watch is at ${this.watchedTo}, the store at ${revision}`);
    return this.seen;
  }

  private verify(seen: Map<number, string>, last: number): void {
    const hidden = (revision: number) => this.gaps.some(([after, upTo]) => revision > after && revision <= upTo);
    for (const [revision, written] of this.acknowledged)
      if (!hidden(revision) && seen.get(revision) !== written)
        throw new Error(`revision ${revision}: ${written} was acknowledged, the watch saw ${seen.get(revision)}`);
    for (let revision = 2; revision <= last; revision++)
      if (!hidden(revision) && !seen.has(revision)) throw new Error(`the watch did not see revision ${revision}`);
    for (const [key, history] of this.histories)
      if (!isLinearizable(history, registerModel))
        throw new Error(`the history of ${key} is not linearizable:\n${JSON.stringify(history)}`);
  }

  private sabotage(end: number): void {
    const { simulation, random } = this;
    const turn = async (): Promise<void> => {
      if (!this.faults || simulation.now() >= end) return;
      simulation.after(300 + randomInt(random, 1500), () => void turn());
      const name = pick(random, names);
      const kind = random.next();
      if (kind < 0.35) this.kill(name);
      else if (kind < 0.55) this.cut();
      else if (kind < 0.65) {
        this.note(`pause ${name}`);
        this.running.get(name)?.faults.pause();
        simulation.after(randomInt(random, 3000), () => this.running.get(name)?.faults.resume());
      } else if (kind < 0.8) this.running.get(name)?.faults.clockRate(pick(random, [0.5, 0.8, 1, 1.5, 2]));
      else this.wipe(name);
    };
    simulation.after(500, () => void turn());
  }

  private kill(name: string): void {
    const { simulation } = this;
    if (!simulation.isAlive(name)) return;
    this.note(`kill ${name}`);
    simulation.kill(name);
    simulation.after(randomInt(this.random, 2500), () => {
      if (!simulation.isAlive(name)) void this.start(name);
    });
  }

  private cut(): void {
    const [a, b] = pick(this.random, [
      ['etcd-1', 'etcd-2'],
      ['etcd-1', 'etcd-3'],
      ['etcd-2', 'etcd-3'],
    ]) as [string, string];
    this.note(`cut ${a} ${b}`);
    this.simulation.network.cut(a, b);
    this.simulation.after(randomInt(this.random, 3000), () => this.simulation.network.heal(a, b));
  }

  /** A disk is lost while the other two are members in good standing. */
  private wipe(name: string): void {
    const views = names
      .filter((other) => this.simulation.isAlive(other))
      .map((other) => this.running.get(other)?.inspect());
    const whole = views.every(
      (view) => view && view.voters.length === 3 && names.every((other) => view.voters.includes(other)),
    );
    if (views.length < 3 || !whole) return;
    this.note(`${name} loses its disk`);
    this.simulation.kill(name);
    this.disks.wipe(name);
    void this.start(name);
  }
}

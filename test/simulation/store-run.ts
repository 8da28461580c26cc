// A whole run: world, saboteur, clients, watchers, and the verdict.

import { pick, type Random, randomInt } from '../../src/env/random.ts';
import type { Event } from '../../src/etcd/api/types.ts';
import type { Watcher } from '../../src/etcd/mvcc/watch-hub.ts';
import { isLinearizable, type Operation, type RegisterInput, registerModel } from './store-linearizability.ts';
import { sabotage, storm } from './store-saboteur.ts';
import { type Node, World, type WorldOptions } from './store-world.ts';

const keys = ['a', 'b', 'c'];

export interface RunReport {
  seed: number;
  steps: number;
  operations: number;
  acknowledged: number;
  events: number;
}

/** Runs one seed. Throws with the seed and what happened in the message. */
export function runStore(options: WorldOptions): RunReport {
  const world = new World(options);
  try {
    return run(world, options);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${options.seed}: ${text}\n${world.log.join('\n')}\n${world.describe()}`);
  }
}

function run(world: World, options: WorldOptions): RunReport {
  const duration = options.duration ?? 8000;
  const histories = new Map<string, Operation<RegisterInput, string>[]>(keys.map((key) => [key, []]));
  const writes: { call: number; end: number; revision: number }[] = [];
  const watchers = Array.from({ length: 3 }, (_, i) => new WatchClient(world, i));
  const clients = Array.from({ length: 4 }, (_, i) => new Client(world, i, histories, writes));
  world.onRestart = () => {
    for (const watcher of watchers) watcher.follow();
  };
  for (const client of clients) client.start(duration);
  if (options.storm) storm(world, duration);
  else sabotage(world, duration);
  world.run(duration);
  heal(world);
  world.run(duration + 9000);
  for (const client of clients) client.readAll();
  world.run(duration + 13_000);
  const events = verdict(world, histories, writes, watchers);
  const all = [...histories.values()].flat();
  return {
    seed: options.seed,
    steps: world.steps,
    operations: all.length,
    acknowledged: all.filter((op) => op.output !== undefined).length,
    events,
  };
}

function heal(world: World): void {
  world.note('heal');
  world.faults = false;
  world.heal();
  for (const node of [...world.nodes.values()]) {
    node.pausedUntil = 0;
    node.tickLength = 100;
    if (!node.alive) world.boot(node.id, node.disk);
  }
}

function verdict(
  world: World,
  histories: Map<string, Operation<RegisterInput, string>[]>,
  writes: { call: number; end: number; revision: number }[],
  watchers: WatchClient[],
): number {
  const leader = world.leader();
  if (!leader) return world.fail('no leader after healing');
  const conf = leader.replica.raft.conf;
  for (const id of conf.voters) {
    const node = world.nodes.get(id);
    if (!node) return world.fail(`voter ${id} does not exist`);
    if (node.replica.applied !== leader.replica.applied)
      return world.fail(`${id} applied ${node.replica.applied}, the leader ${leader.replica.applied}`);
    if (node.state.hash().hash !== leader.state.hash().hash) return world.fail(`${id} holds another state`);
  }
  for (const [key, history] of histories) {
    if (history.some((op) => op.input.type === 'get' && op.call > world.now - 4100 && op.output === undefined))
      return world.fail('a read after healing got no answer');
    if (!isLinearizable(history, registerModel))
      return world.fail(`the history of ${key} is not linearizable:\n${show(history)}`);
  }
  // revisions follow real time: a write that began after another was acknowledged has the higher revision
  writes.sort((a, b) => a.call - b.call);
  const byEnd = [...writes].sort((a, b) => a.end - b.end);
  let newest = 0;
  let done = 0;
  for (const write of writes) {
    while (done < byEnd.length && (byEnd[done] as { end: number }).end < write.call)
      newest = Math.max(newest, (byEnd[done++] as { revision: number }).revision);
    if (write.revision <= newest) return world.fail(`revision ${write.revision} was given after ${newest}`);
  }
  const truth = leader.state.store.events.map(
    (event) => `${event.modRevision} ${event.key} ${event.version && event.value}`,
  );
  for (const watcher of watchers) watcher.verify(truth);
  return truth.length;
}

function show(history: Operation<RegisterInput, string>[]): string {
  return history
    .map(({ call, end, input, output }) => `${call} ${end} ${JSON.stringify(input)} ${output ?? '?'}`)
    .join('\n');
}

class Client {
  private readonly world: World;
  private readonly random: Random;
  private readonly name: number;
  private readonly histories: Map<string, Operation<RegisterInput, string>[]>;
  private readonly writes: { call: number; end: number; revision: number }[];
  private counter = 0;
  private lastSeen = '';

  constructor(
    world: World,
    name: number,
    histories: Map<string, Operation<RegisterInput, string>[]>,
    writes: { call: number; end: number; revision: number }[],
  ) {
    this.world = world;
    this.random = world.random;
    this.name = name;
    this.histories = histories;
    this.writes = writes;
  }

  start(until: number): void {
    const next = () => {
      if (this.world.now >= until) return;
      const alive = this.world.alive().filter((node) => !node.replica.raft.isLearner);
      if (alive.length === 0) {
        this.world.after(100, next);
        return;
      }
      this.one(pick(this.random, alive), pick(this.random, keys), () =>
        this.world.after(1 + randomInt(this.random, 150), next),
      );
    };
    this.world.after(500 + randomInt(this.random, 500), next);
  }

  /** Reads every key once, from a voter. */
  readAll(): void {
    const conf = this.world.conf();
    const voters = this.world.alive().filter((node) => conf.voters.includes(node.id));
    for (const key of keys) this.act(pick(this.random, voters), key, { type: 'get' }, () => {});
  }

  private one(node: Node, key: string, then: () => void): void {
    const value = `${this.name}.${++this.counter}`;
    const kind = this.random.next();
    if (kind < 0.35) this.act(node, key, { type: 'put', value }, then);
    else if (kind < 0.5) this.act(node, key, { type: 'cas', expected: this.lastSeen, value }, then);
    else if (kind < 0.58) this.act(node, key, { type: 'delete' }, then);
    else this.act(node, key, { type: 'get' }, then);
  }

  private act(node: Node, key: string, input: RegisterInput, then: () => void): void {
    const op: Operation<RegisterInput, string> = { call: this.world.now, end: Infinity, input, output: undefined };
    this.histories.get(key)?.push(op);
    const answered = (output: string | undefined, revision = 0) => {
      if (output !== undefined) {
        op.end = this.world.now;
        op.output = output;
        if (revision > 0) this.writes.push({ call: op.call, end: op.end, revision });
      }
      then();
    };
    if (input.type === 'get') {
      node.replica.readIndex((error) => {
        if (error) return answered(undefined);
        this.lastSeen = node.state.store.get(key)?.value ?? '';
        answered(this.lastSeen);
      });
      return;
    }
    const command =
      input.type === 'put'
        ? { put: { key, value: input.value } }
        : input.type === 'delete'
          ? { deleteRange: { key } }
          : {
              txn: {
                compare: [{ key, target: 'VALUE' as const, value: input.expected }],
                success: [{ requestPut: { key, value: input.value } }],
              },
            };
    node.replica.propose(command, (outcome) => {
      if ('error' in outcome) return answered(undefined);
      const response = outcome.response as { header?: { revision?: number }; succeeded?: boolean; deleted?: number };
      const hit = input.type === 'delete' ? (response.deleted ?? 0) > 0 : response.succeeded === true;
      const changed = input.type === 'put' || hit;
      answered(input.type === 'put' ? 'ok' : hit ? 'yes' : 'no', changed ? (response.header?.revision ?? 0) : 0);
    });
  }
}

/** Watches all keys somewhere, is slow at times, and goes on elsewhere when its member dies. */
class WatchClient {
  private readonly world: World;
  private readonly seen: string[] = [];
  private next = 1;
  private lastRevision = 0;
  private room = true;
  private attached: { node: Node; watcher: Watcher } | undefined;

  constructor(world: World, number: number) {
    this.world = world;
    world.after(10 + number, () => this.follow());
    const mood = () => {
      this.room = world.faults ? world.random.next() < 0.6 : true;
      const { attached } = this;
      if (this.room && attached?.node.alive) attached.node.hub.ready(attached.watcher);
      if (world.faults && world.random.next() < 0.03) this.move();
      world.after(150, mood);
    };
    world.after(200, mood);
  }

  private move(): void {
    if (this.attached?.node.alive) this.attached.node.hub.remove(this.attached.watcher);
    this.attached = undefined;
    this.follow();
  }

  follow(): void {
    if (this.attached?.node.alive && this.world.nodes.get(this.attached.node.id) === this.attached.node) return;
    const alive = this.world.alive();
    if (alive.length === 0) return;
    const node = pick(this.world.random, alive);
    const self = this;
    const watcher = node.hub.add(
      { key: 'a', end: 'z', startRevision: this.next, prevKv: false, noPut: false, noDelete: false },
      {
        get hasRoom() {
          return self.room;
        },
        events: (events) => this.take(events),
        compacted: (revision) => this.world.fail(`watch compacted at ${revision} though nobody compacts`),
      },
    );
    this.attached = { node, watcher };
    node.hub.ready(watcher);
  }

  private take(events: Event[]): void {
    for (const { kv, type } of events) {
      const revision = kv?.modRevision ?? 0;
      if (revision < this.lastRevision) this.world.fail(`watch went back from ${this.lastRevision} to ${revision}`);
      this.lastRevision = revision;
      this.seen.push(`${revision} ${kv?.key} ${type === 'DELETE' ? 0 : kv?.value}`);
      this.next = revision + 1;
    }
  }

  verify(truth: string[]): void {
    for (let i = 0; i < truth.length; i++)
      if (this.seen[i] !== truth[i]) this.world.fail(`watch saw ${this.seen[i]} where ${truth[i]} happened`);
    if (this.seen.length !== truth.length) this.world.fail(`watch saw ${this.seen.length} of ${truth.length} events`);
  }
}

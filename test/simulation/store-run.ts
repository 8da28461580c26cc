// A whole run: world, saboteur, clients, watchers, and the verdict.

import { pick, type Random, randomInt } from '../../src/env/random.ts';
import { LeaseClients } from './store-leases.ts';
import { isLinearizable, type Operation, type RegisterInput, registerModel } from './store-linearizability.ts';
import { overstay } from './store-overstay.ts';
import { sabotage } from './store-saboteur.ts';
import { duel, storm } from './store-storm.ts';
import { WatchClient } from './store-watch.ts';
import { type Node, World, type WorldOptions } from './store-world.ts';

const keys = ['a', 'b', 'c'];
/** What those put and read that try leases. */
const doubted = 'd';

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
  const histories = new Map<string, Operation<RegisterInput, string>[]>([...keys, doubted].map((key) => [key, []]));
  const writes: { call: number; end: number; revision: number }[] = [];
  const watchers = Array.from({ length: 3 }, (_, i) => new WatchClient(world, i));
  const clients = Array.from({ length: 4 }, (_, i) => new Client(world, i, histories, writes));
  const leases = new LeaseClients(world, duration);
  world.onApply = (command, failed) => leases.applied(command, failed);
  world.onRestart = () => {
    for (const watcher of watchers) watcher.follow();
  };
  for (const client of clients) client.start(duration);
  if (options.mode === 'lease') for (const client of clients.slice(0, 2)) client.doubt(duration);
  let replacing = () => false;
  if (options.mode === 'storm') storm(world, duration);
  else if (options.mode === 'duel') duel(world, duration);
  else if (options.mode === 'lease') {
    replacing = sabotage(world, duration, 2000);
    overstay(world, duration);
  } else replacing = sabotage(world, duration);
  world.run(duration);
  heal(world);
  const calm = () =>
    !replacing() && clients.every((client) => !client.busy) && leases.allEnded && agreed(world) === undefined;
  if (!world.runUntil(calm, duration + 20_000)) {
    if (!leases.allEnded) world.fail('leases live on though nobody keeps them alive');
    world.fail(agreed(world) ?? 'no calm after healing');
  }
  const reads = clients.flatMap((client) => client.readAll());
  world.runUntil(() => clients.every((client) => !client.busy), world.now + 4000);
  if (reads.some((op) => op.output === undefined)) world.fail('a read after healing got no answer');
  const told = () => watchers.every((watcher) => watcher.isAt(world.history.newest));
  world.runUntil(() => told() && agreed(world) === undefined, world.now + 2000);
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
    world.setClockRate(node, 1);
    if (!node.alive) world.boot(node.id, node.disk);
  }
}

/** What the members that count do not agree on; undefined if they do. Strangers and removed members go. */
function agreed(world: World): string | undefined {
  const leader = world.leader();
  if (!leader) return 'no leader after healing';
  const { conf, log } = leader.replica.raft;
  if (conf.votersOutgoing.length > 0 || leader.replica.applied < log.lastIndex) return 'the leader is not done';
  for (const node of [...world.nodes.values()]) {
    if (conf.voters.includes(node.id) || conf.learners.includes(node.id)) continue;
    world.crash(node);
    world.nodes.delete(node.id);
  }
  for (const id of [...conf.voters, ...conf.learners]) {
    const node = world.nodes.get(id);
    if (!node) return `member ${id} does not exist`;
    if (node.replica.applied !== leader.replica.applied)
      return `${id} applied ${node.replica.applied}, the leader ${leader.replica.applied}`;
  }
  return undefined;
}

function verdict(
  world: World,
  histories: Map<string, Operation<RegisterInput, string>[]>,
  writes: { call: number; end: number; revision: number }[],
  watchers: WatchClient[],
): number {
  const leader = world.leader() as Node;
  for (const { id, state } of world.nodes.values())
    if (state.hash().hash !== leader.state.hash().hash) return world.fail(`${id} holds another state`);
  for (const [key, history] of histories) {
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
  const { history: truth } = world;
  for (const watcher of watchers) watcher.verify(truth.newest);
  return truth.between(1, truth.newest).length;
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
  /** Operations under way. */
  private pending = 0;

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

  get busy(): boolean {
    return this.pending > 0;
  }

  start(until: number): void {
    const next = () => {
      if (this.world.now >= until) return;
      const alive = this.world.alive().filter((node) => !node.replica.raft.isLearner);
      if (alive.length === 0 || this.world.now < this.world.quietUntil) {
        this.world.after(100, next);
        return;
      }
      this.one(pick(this.random, alive), pick(this.random, keys), () =>
        this.world.after(1 + randomInt(this.random, 150), next),
      );
    };
    this.world.after(500 + randomInt(this.random, 500), next);
  }

  /** Where leases are tried: writes to whoever leads, and reads from whoever leads longest, as far as they know. Waits for few answers: many do not come. */
  doubt(until: number): void {
    const waiting = { put: 0, get: 0 };
    const ask = (node: Node, input: RegisterInput & { type: 'put' | 'get' }) => {
      if (waiting[input.type] > 3) return;
      waiting[input.type]++;
      this.act(node, doubted, input, () => waiting[input.type]--);
    };
    const next = () => {
      if (this.world.now >= until) return;
      this.world.after(10 + randomInt(this.random, 60), next);
      const leaders = this.world
        .alive()
        .filter(({ replica }) => replica.raft.role === 'leader')
        .sort((a, b) => a.replica.raft.term - b.replica.raft.term);
      const [oldest, newest] = [leaders[0], leaders.at(-1)];
      if (!oldest || !newest || oldest === newest) return;
      ask(newest, { type: 'put', value: `${this.name}.${++this.counter}` });
      ask(oldest, { type: 'get' });
    };
    this.world.after(500, next);
  }

  /** Reads every key once, from a voter. Each must be answered. */
  readAll(): Operation<RegisterInput, string>[] {
    const conf = this.world.conf();
    const voters = this.world.alive().filter((node) => conf.voters.includes(node.id));
    return keys.map((key) => this.act(pick(this.random, voters), key, { type: 'get' }, () => {}));
  }

  private one(node: Node, key: string, then: () => void): void {
    const value = `${this.name}.${++this.counter}`;
    const kind = this.random.next();
    if (kind < 0.35) this.act(node, key, { type: 'put', value }, then);
    else if (kind < 0.5) this.act(node, key, { type: 'cas', expected: this.lastSeen, value }, then);
    else if (kind < 0.58) this.act(node, key, { type: 'delete' }, then);
    else if (kind < 0.63) {
      // some writes, and at once a compaction that may cover them
      for (let i = randomInt(this.random, 4); i > 0; i--)
        this.act(node, pick(this.random, keys), { type: 'put', value: `${value}.${i}` }, () => {});
      const revision = Math.max(1, node.state.store.currentRevision + randomInt(this.random, 10) - 6);
      node.replica.propose({ compaction: { revision } }, then);
    } else this.act(node, key, { type: 'get' }, then);
  }

  private act(node: Node, key: string, input: RegisterInput, then: () => void): Operation<RegisterInput, string> {
    const op: Operation<RegisterInput, string> = { call: this.world.now, end: Infinity, input, output: undefined };
    this.histories.get(key)?.push(op);
    this.pending++;
    const answered = (output: string | undefined, revision = 0) => {
      if (output !== undefined) {
        op.end = this.world.now;
        op.output = output;
        if (revision > 0) this.writes.push({ call: op.call, end: op.end, revision });
      }
      this.pending--;
      then();
    };
    if (input.type === 'get') {
      node.replica.readIndex((error) => {
        if (error) return answered(undefined);
        this.lastSeen = node.state.store.get(key)?.value ?? '';
        answered(this.lastSeen);
      });
      return op;
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
    return op;
  }
}

import { expect, test } from 'vitest';
import { createMemoryDisks } from '../env/simulated/memory-disk.ts';
import { Simulation } from '../env/simulated/simulation.ts';
import { createEtcdClient } from './client/index.ts';
import { type RunningEtcdMember, startEtcdMember } from './index.ts';

const names = ['etcd-1', 'etcd-2', 'etcd-3'];
const members = names.map((name) => ({ name, client: `${name}:2379` }));

function cluster(seed: number) {
  const disks = createMemoryDisks();
  const simulation = new Simulation({ seed, disk: (name) => disks.open(name) });
  const running = new Map<string, RunningEtcdMember>();
  const start = async (name: string) => {
    running.set(name, await startEtcdMember(simulation.env(name), { name, members }));
  };
  const env = simulation.env('client');
  const client = createEtcdClient({
    endpoints: names.map((name) => `http://${name}:2379`),
    fetch: (input, init) => env.network.fetch(input, init),
    clock: env.clock,
    random: env.random,
  });
  const leader = () => [...running].find(([name, m]) => simulation.isAlive(name) && m.inspect().role === 'leader')?.[0];
  return { simulation, disks, running, start, client, leader };
}

test('three members elect a leader, replicate, survive its death, and take it back', async () => {
  const c = cluster(1);
  await c.simulation.finish(Promise.all(names.map(c.start)));
  expect((await c.simulation.finish(c.client.put('a', '1'))).revision).toBe(2);
  const first = c.leader() as string;
  expect(names).toContain(first);
  c.simulation.kill(first);
  await c.simulation.run(5000);
  await c.simulation.finish(c.client.put('b', '2').catch(() => c.client.put('b', '2')));
  await c.simulation.finish(c.start(first));
  await c.simulation.run(3000);
  const views = [...c.running.values()].map((m) => m.inspect());
  expect(new Set(views.map((view) => view.revision)).size).toBe(1);
  expect(new Set(views.map((view) => view.term)).size).toBe(1);
  const read = await c.simulation.finish(c.client.range({ key: 'a', rangeEnd: 'c' }));
  expect(read.kvs.map((kv) => kv.key)).toEqual(['a', 'b']);
});

test('a member that lost its disk comes back under a new id and catches up', async () => {
  const c = cluster(2);
  await c.simulation.finish(Promise.all(names.map(c.start)));
  for (let i = 0; i < 20; i++) await c.simulation.finish(c.client.put(`k${i}`, 'v'));
  const victim = names.find((name) => name !== c.leader()) as string;
  const before = c.running.get(victim)?.inspect().id;
  c.simulation.kill(victim);
  c.disks.wipe(victim);
  await c.simulation.finish(c.start(victim));
  await c.simulation.run(10_000);
  const view = c.running.get(victim)?.inspect();
  expect(view?.id).not.toBe(before);
  expect(view?.role).toBe('follower');
  expect(view?.revision).toBe(21);
  expect([...(view?.voters ?? [])].sort()).toEqual(names);
});

test('all stop and start again: everything acknowledged is there', async () => {
  const c = cluster(3);
  await c.simulation.finish(Promise.all(names.map(c.start)));
  for (let i = 0; i < 10; i++) await c.simulation.finish(c.client.put('k', String(i)));
  const { id } = await c.simulation.finish(c.client.leaseGrant(30));
  await c.simulation.finish(c.client.put('leased', 'x', { lease: id }));
  for (const name of names) c.simulation.kill(name);
  await c.simulation.finish(Promise.all(names.map(c.start)));
  const read = await c.simulation.finish(c.client.range({ key: 'k' }));
  expect(read.kvs[0]).toMatchObject({ value: '9', version: 10 });
  await c.simulation.run(60_000);
  expect((await c.simulation.finish(c.client.range({ key: 'leased' }))).kvs).toEqual([]);
});

test.each([1, 2, 3, 4, 5])(
  'members that start together lead before an election timeout is over (seed %i)',
  async (seed) => {
    const c = cluster(seed);
    await c.simulation.finish(Promise.all(names.map(c.start)));
    await c.simulation.finish(c.client.put('a', '1'));
    for (const name of names) c.simulation.kill(name);
    // the old leader's last words are heard by nobody
    await c.simulation.run(50);
    await c.simulation.finish(Promise.all(names.map(c.start)));
    expect(await c.simulation.runUntil(() => c.leader() !== undefined, 1000)).toBe(true);
  },
);

test('a member that starts beside a leader leaves it in office', async () => {
  const c = cluster(6);
  await c.simulation.finish(Promise.all(names.map(c.start)));
  await c.simulation.finish(c.client.put('a', '1'));
  const leader = c.leader() as string;
  const term = c.running.get(leader)?.inspect().term;
  for (const name of names.filter((name) => name !== leader)) {
    c.simulation.kill(name);
    await c.simulation.finish(c.start(name));
    await c.simulation.run(2000);
  }
  expect(c.leader()).toBe(leader);
  expect(c.running.get(leader)?.inspect().term).toBe(term);
});

import { expect, test } from 'vitest';
import { b64, startCluster } from './testing/cluster.ts';

type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** Who leads, and thinks so alone. */
const leaders = (c: Cluster) =>
  c.names.filter((name) => c.simulation.isAlive(name) && c.member(name).inspect().role === 'leader');

test('a member shows all of itself: place, log, and what a leader knows of the others', async () => {
  const c = await startCluster({ seed: 61 });
  for (let i = 0; i < 30; i++) await c.simulation.finish(c.client.put(`k${i % 3}`, String(i)));
  const { id: lease } = await c.simulation.finish(c.client.leaseGrant(100));
  await c.simulation.run(1000);
  const leader = c.leader();
  const view = c.member(leader).inspect(5);
  expect(view).toMatchObject({
    name: leader,
    role: 'leader',
    paused: false,
    vote: leader,
    leader,
    revision: 31,
    compactRevision: -1,
    keys: 3,
    watchers: 0,
    leases: 1,
    alarms: [],
    learners: [],
  });
  expect([...view.voters].sort()).toEqual(c.names);
  expect(view.commit).toBe(view.lastIndex);
  expect(view.applied).toBe(view.commit);
  expect(view.dbSize).toBeGreaterThan(0);
  expect(view.log.map(({ index }) => index)).toEqual([4, 3, 2, 1, 0].map((back) => view.lastIndex - back));
  expect(view.log.at(-1)).toEqual({
    term: view.term,
    index: view.lastIndex,
    text: JSON.stringify({ leaseGrant: { ID: lease, TTL: 100 } }),
  });
  expect(view.peers.map(({ name }) => name).sort()).toEqual(c.names.filter((name) => name !== leader));
  for (const peer of view.peers)
    expect(peer).toMatchObject({
      match: view.lastIndex,
      next: view.lastIndex + 1,
      state: 'replicate',
      inflight: 0,
      active: true,
    });
  for (const name of c.names.filter((other) => other !== leader)) {
    const follower = c.member(name).inspect();
    expect(follower).toMatchObject({ role: 'follower', leader, term: view.term, applied: view.applied, peers: [] });
  }
  // what is on its way shows as in flight, and what is behind as behind
  const [behind] = c.names.filter((name) => name !== leader) as [string];
  c.member(leader).faults.link(behind, { drop: 1 });
  for (let i = 0; i < 5; i++) await c.simulation.finish(c.client.put('k', String(i)));
  const lagging = c
    .member(leader)
    .inspect()
    .peers.find(({ name }) => name === behind);
  expect(lagging?.match).toBe(view.lastIndex);
  expect(lagging?.inflight).toBeGreaterThan(0);
  expect(c.member(behind).inspect().lastIndex).toBe(view.lastIndex);
  c.member(leader).faults.link(behind, undefined);
  await c.simulation.run(2000);
  expect(c.member(behind).inspect().revision).toBe(36);
  c.kill(behind);
});

test('a leader that stands still is replaced, and follows when it goes on', async () => {
  const c = await startCluster({ seed: 62 });
  const old = c.leader();
  c.member(old).faults.pause();
  expect(c.member(old).inspect().paused).toBe(true);
  await c.until(() => leaders(c).length === 2);
  const successor = leaders(c).find((name) => name !== old) as string;
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') }, successor)).status).toBe(200);
  expect(c.member(old).inspect().revision).toBe(1);
  c.member(old).faults.resume();
  await c.until(() => c.member(old).inspect().revision === 2);
  expect(c.member(old).inspect()).toMatchObject({ role: 'follower', leader: successor, paused: false });
});

test('two that are cut off from each other go on through the third', async () => {
  const c = await startCluster({ seed: 63 });
  const leader = c.leader();
  const [a, b] = c.names.filter((name) => name !== leader) as [string, string];
  const { term } = c.member(leader).inspect();
  c.member(a).faults.link(b, { drop: 1 });
  c.member(b).faults.link(a, { drop: 1 });
  await c.simulation.run(5000);
  // they hear from the leader: nobody stands
  expect(leaders(c)).toEqual([leader]);
  expect(c.member(a).inspect().term).toBe(term);
  for (const [i, name] of c.names.entries())
    expect((await c.call('/v3/kv/put', { key: b64('k'), value: b64(String(i)) }, name)).status).toBe(200);
  // the leader loses both: it gives up, and without a link between the others nobody can lead
  for (const name of [a, b]) {
    c.member(leader).faults.link(name, { drop: 1 });
    c.member(name).faults.link(leader, { drop: 1 });
  }
  await c.until(() => leaders(c).length === 0);
  await c.simulation.run(5000);
  expect(leaders(c)).toEqual([]);
  // pre-votes alone raise no term
  for (const name of c.names) expect(c.member(name).inspect().term).toBe(term);
  c.member(a).faults.link(b, undefined);
  c.member(b).faults.link(a, undefined);
  await c.until(() => leaders(c).length === 1);
  expect([a, b]).toContain(leaders(c)[0]);
});

test('late messages are late, a third of them lost, and writes come through', async () => {
  const c = await startCluster({ seed: 64 });
  for (const from of c.names)
    for (const to of c.names) if (from !== to) c.member(from).faults.link(to, { delay: 40, drop: 0.3 });
  const begun = c.simulation.now();
  for (let i = 0; i < 5; i++) await c.call('/v3/kv/put', { key: b64('k'), value: b64(String(i)) });
  // to a follower and back
  expect(c.simulation.now() - begun).toBeGreaterThan(5 * 80);
  for (const from of c.names) for (const to of c.names) if (from !== to) c.member(from).faults.link(to, undefined);
  await c.simulation.run(3000);
  expect(new Set(c.names.map((name) => c.member(name).inspect().revision)).size).toBe(1);
});

test('a fast clock makes no second leader; a slow leader is replaced when its heartbeats come too seldom', async () => {
  const c = await startCluster({ seed: 65 });
  const leader = c.leader();
  const { term } = c.member(leader).inspect();
  const fast = c.names.find((name) => name !== leader) as string;
  c.member(fast).faults.clockRate(5);
  await c.simulation.run(10_000);
  expect(leaders(c)).toEqual([leader]);
  expect(c.member(leader).inspect().term).toBe(term);
  // twenty-five times as slow as the fast one
  c.member(leader).faults.clockRate(0.05);
  for (const name of c.names) if (name !== leader) c.member(name).faults.clockRate(1);
  await c.until(() => c.member(leader).inspect().term > term);
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') }, fast)).status).toBe(200);
});

test('a lease is counted by the clock of the member that leads', async () => {
  const c = await startCluster({ seed: 66 });
  const { id } = await c.simulation.finish(c.client.leaseGrant(20));
  c.member(c.leader()).faults.clockRate(2);
  await c.simulation.run(8000);
  const left = Number((await c.call('/v3/lease/timetolive', { ID: id })).body['TTL']);
  expect(left).toBeLessThan(6);
  expect(left).toBeGreaterThan(1);
  await c.simulation.run(3000);
  expect((await c.call('/v3/lease/timetolive', { ID: id })).body['TTL']).toBe('-1');
});

test('a member that stops properly hands its office over first', async () => {
  const c = await startCluster({ seed: 67 });
  const old = c.leader();
  const { term } = c.member(old).inspect();
  await c.simulation.run(500);
  // also when it has just begun to count anew who is there
  await c.until(() =>
    c
      .member(old)
      .inspect()
      .peers.every(({ active }) => !active),
  );
  await c.simulation.finish(c.member(old).stop());
  expect(c.member(old).inspect().role).toBe('stopped');
  const rest = c.names.filter((name) => name !== old);
  // at once, without waiting for an election timeout
  expect(await c.simulation.runUntil(() => rest.some((name) => c.member(name).inspect().role === 'leader'), 100)).toBe(
    true,
  );
  expect(rest.map((name) => c.member(name).inspect().term)).toEqual([term + 1, term + 1]);
});

test('members that stop one after the other wait for no heir that is gone already', async () => {
  const c = await startCluster({ seed: 71 });
  await c.simulation.run(500);
  const begun = c.env.clock.now();
  for (let left = c.names.length; left > 0; left--) {
    const name = leaders(c)[0] ?? c.names.find((other) => c.member(other).inspect().role !== 'stopped');
    await c.simulation.finish(c.member(name as string).stop());
  }
  expect(c.names.map((name) => c.member(name).inspect().role)).toEqual(['stopped', 'stopped', 'stopped']);
  expect(c.env.clock.now() - begun).toBeLessThan(2500);
});

test('reads that rest on a lease take no message, and ask again when it is over', async () => {
  const c = await startCluster({ seed: 68, config: { readMode: 'lease' } });
  await c.simulation.finish(c.client.put('a', '1'));
  await c.simulation.run(500);
  const leader = c.leader();
  for (const name of c.names) c.simulation.gates(name)?.want(['raft send']);
  c.trace.length = 0;
  const read = (name: string) => c.call('/v3/kv/range', { key: b64('a') }, name);
  const begun = c.simulation.now();
  for (let i = 0; i < 20; i++) expect((await read(leader)).status).toBe(200);
  expect(c.simulation.now() - begun).toBeLessThan(200);
  const asked = c.trace.filter(({ detail }) => (detail as { type?: string }).type === 'heartbeat');
  // those of the clock, none for a read
  expect(asked.length).toBeLessThan(10);
  // cut off, it answers while the lease holds, and then no more; by then nobody else can lead yet
  for (const name of c.names) c.simulation.gates(name)?.want([]);
  for (const name of c.names.filter((other) => other !== leader)) {
    c.member(leader).faults.link(name, { drop: 1 });
    c.member(name).faults.link(leader, { drop: 1 });
  }
  expect((await read(leader)).status).toBe(200);
  await c.simulation.run(700);
  let answer = 0;
  void c.send('/v3/kv/range', { key: b64('a') }, leader).then(({ status }) => {
    answer = status;
  });
  await c.simulation.run(200);
  expect(answer).toBe(0);
  await c.simulation.run(10_000);
  expect(answer).toBe(503);
});

test('a member that cannot write stops, and the others go on', async () => {
  let broken = '';
  const c = await startCluster({
    seed: 69,
    wrap: (name, disk) => ({
      get: (blob) => disk.get(blob),
      put: (blob, value) => disk.put(blob, value),
      delete: (blob) => disk.delete(blob),
      list: () => disk.list(),
      wipe: () => disk.wipe(),
      openLog: async (log) => {
        const opened = await disk.openLog(log);
        return {
          read: () => opened.read(),
          append: (data) => (broken === name ? Promise.reject(new Error('no space left')) : opened.append(data)),
          dropBefore: (first) => opened.dropBefore(first),
          dropFrom: (first) => opened.dropFrom(first),
          close: () => opened.close(),
        };
      },
    }),
  });
  await c.simulation.finish(c.client.put('a', '1'));
  await c.simulation.run(500);
  broken = c.leader();
  // what only the leader has is not acknowledged by it
  const lost = await c.call('/v3/kv/put', { key: b64('b'), value: b64('1') }, broken);
  expect(lost.body).toMatchObject({ code: 14, message: 'etcdserver: server stopped' });
  expect(c.member(broken).inspect().role).toBe('stopped');
  const rest = c.names.filter((name) => name !== broken);
  await c.until(() => rest.some((name) => c.member(name).inspect().role === 'leader'));
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('2') }, rest[0])).status).toBe(200);
});

test('kill, restart, wipe: it dies at once, comes back as it was, and then as a fresh one', async () => {
  const c = await startCluster({ seed: 70 });
  await c.simulation.finish(c.client.put('a', '1'));
  await c.simulation.run(500);
  const victim = c.leader();
  const { id, term, lastIndex } = c.member(victim).inspect();
  c.member(victim).faults.kill();
  expect(c.member(victim).inspect()).toMatchObject({ role: 'stopped', id, leader: victim });
  await expect(c.simulation.finish(c.send('/v3/kv/range', { key: b64('a') }, victim))).rejects.toThrow();
  await c.until(() => leaders(c).length === 1 && leaders(c)[0] !== victim);
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('2') })).status).toBe(200);

  c.kill(victim);
  await c.simulation.finish(c.start(victim));
  // what it has of its own, before anybody tells it more: its place, term, vote and log
  expect(c.member(victim).inspect()).toMatchObject({ role: 'follower', id, term, vote: victim, lastIndex });
  await c.until(() => c.member(victim).inspect().revision === 3);
  expect(c.member(victim).inspect().term).toBeGreaterThan(term);

  c.kill(victim);
  c.wipe(victim);
  await c.simulation.finish(c.start(victim));
  expect(c.member(victim).inspect()).toMatchObject({ role: 'starting', id: '', term: 0, lastIndex: 0, voters: [] });
  await c.until(() => c.member(victim).inspect().voters.includes(victim) && c.member(victim).inspect().revision === 3);
  expect(c.member(victim).inspect().id).not.toBe(id);
  expect([...c.member(victim).inspect().voters].sort()).toEqual(c.names);
});

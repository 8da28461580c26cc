import { expect, test } from 'vitest';
import { type Answer, b64, startCluster, unb64 } from './testing/cluster.ts';

const grant = async (c: Awaited<ReturnType<typeof startCluster>>, TTL = 60) =>
  (await c.call('/v3/lease/grant', { TTL })).body['ID'] as string;

test('a lock goes to its contenders in the order in which they came, whichever member they asked', async () => {
  const c = await startCluster({ seed: 31 });
  const leases = [await grant(c), await grant(c), await grant(c), await grant(c)];
  const got: number[] = [];
  const keys = new Map<number, string>();
  const contend = (i: number) =>
    c.send('/v3/lock/lock', { name: b64('m'), lease: leases[i] as string }, c.names[i % 3]).then((answer) => {
      got.push(i);
      keys.set(i, String(answer.body['key']));
    });
  for (let i = 0; i < 4; i++) {
    void contend(i);
    await c.simulation.run(200);
  }
  await c.simulation.run(2000);
  expect(got).toEqual([0]);
  expect(unb64(keys.get(0))).toBe(`m/${BigInt(leases[0] as string).toString(16)}`);
  await c.call('/v3/lock/unlock', { key: keys.get(0) as string });
  await c.simulation.run(1000);
  expect(got).toEqual([0, 1]);
  // one that waits loses its session: it is passed over
  await c.call('/v3/lease/revoke', { ID: leases[2] as string });
  await c.call('/v3/lock/unlock', { key: keys.get(1) as string });
  await c.simulation.run(1000);
  expect(got.filter((i) => i !== 2)).toEqual([0, 1, 3]);
  // the holder dies: its lease runs out and nobody holds the lock
  await c.simulation.run(62_000);
  const left = await c.call('/v3/kv/range', { key: b64('m/'), range_end: b64('m0') });
  expect(left.body['kvs'] ?? []).toEqual([]);
}, 20_000);

test('a contender that gives up leaves the queue', async () => {
  const c = await startCluster({ seed: 32 });
  const [a, b, d] = [await grant(c), await grant(c), await grant(c)];
  const { body } = await c.call('/v3/lock/lock', { name: b64('m'), lease: a });
  const gone = new AbortController();
  const waiting = c.send('/v3/lock/lock', { name: b64('m'), lease: b }, undefined, gone.signal).catch(() => 'gave up');
  await c.simulation.run(500);
  let last: Answer | undefined;
  void c.send('/v3/lock/lock', { name: b64('m'), lease: d }).then((answer) => {
    last = answer;
  });
  await c.simulation.run(500);
  gone.abort();
  expect(await c.simulation.finish(waiting)).toBe('gave up');
  await c.simulation.run(500);
  await c.call('/v3/lock/unlock', { key: body['key'] as string });
  await c.simulation.run(500);
  expect(last?.status).toBe(200);
});

test('election: campaign, observe, proclaim, resign, and the next one leads', async () => {
  const c = await startCluster({ seed: 33 });
  const [a, b] = [await grant(c), await grant(c)];
  const seen: string[] = [];
  const watching = new AbortController();
  const observe = async () => {
    const response = await c.env.network.fetch('http://etcd-2:2379/v3/election/observe', {
      method: 'POST',
      body: JSON.stringify({ name: b64('e') }),
      signal: watching.signal,
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let text = ''; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      text += new TextDecoder().decode(value);
      const lines = text.split('\n');
      text = lines.pop() as string;
      for (const line of lines)
        seen.push(unb64((JSON.parse(line) as { result: { kv: { value: string } } }).result.kv.value));
    }
  };
  observe().catch(() => {});
  const first = await c.call('/v3/election/campaign', { name: b64('e'), value: b64('one'), lease: a });
  let second: Answer | undefined;
  void c.send('/v3/election/campaign', { name: b64('e'), value: b64('two'), lease: b }).then((answer) => {
    second = answer;
  });
  await c.simulation.run(1000);
  expect(second).toBeUndefined();
  const { leader } = first.body as { leader: { name: string; key: string; rev: string; lease: string } };
  expect((await c.call('/v3/election/proclaim', { leader, value: b64('one again') })).status).toBe(200);
  await c.simulation.run(500);
  expect((await c.call('/v3/election/resign', { leader })).status).toBe(200);
  await c.simulation.run(1000);
  expect(second?.status).toBe(200);
  expect(seen).toEqual(['one', 'one again', 'two']);
  // who resigned can proclaim no more
  expect((await c.call('/v3/election/proclaim', { leader, value: b64('x') })).body['message']).toBe(
    'election: not leader',
  );
  watching.abort();
});

test('the remainder of a long lease outlives its leader; a renewal voids it', async () => {
  const c = await startCluster({ seed: 34 });
  const short = await grant(c, 600);
  const renewed = await grant(c, 600);
  // one checkpoint
  await c.simulation.run(310_000);
  expect(await c.simulation.finish(c.client.leaseKeepAliveOnce(renewed))).toEqual({ ttl: 600 });
  // its own leader goes on counting
  await c.simulation.run(2000);
  expect(await c.simulation.finish(c.client.leaseKeepAliveOnce(renewed))).toEqual({ ttl: 600 });
  c.kill(c.leader());
  await c.until(() => c.names.some((name) => c.simulation.isAlive(name) && c.member(name).inspect().role === 'leader'));
  await c.simulation.run(500);
  const left = async (ID: string) => Number((await c.call('/v3/lease/timetolive', { ID })).body['TTL']);
  expect(await left(short)).toBeLessThan(310);
  expect(await left(short)).toBeGreaterThan(280);
  expect(await left(renewed)).toBeGreaterThan(590);
  await c.simulation.run(310_000);
  expect(await left(short)).toBe(-1);
  expect(await left(renewed)).toBeGreaterThan(250);
}, 30_000);

test('lock and election refuse what cannot be', async () => {
  const c = await startCluster({ seed: 35 });
  const lease = await grant(c);
  const unknown = await c.call('/v3/lock/lock', { name: b64('m'), lease: '999' });
  expect(unknown).toMatchObject({ status: 500, body: { code: 2, message: 'etcdserver: requested lease not found' } });
  expect((await c.call('/v3/election/campaign', { name: b64('e'), lease: '999' })).body['message']).toBe(
    'etcdserver: requested lease not found',
  );
  expect((await c.call('/v3/lock/unlock', {})).body['message']).toBe('etcdserver: key is not provided');
  // nobody holds it: nothing to do
  expect((await c.call('/v3/lock/unlock', { key: b64('m/77') })).status).toBe(200);
  expect((await c.call('/v3/election/leader', { name: b64('e') })).body['message']).toBe('election: no leader');

  const won = await c.call('/v3/election/campaign', { name: b64('e'), lease, value: b64('x') });
  const { leader } = won.body as { leader: { name: string; key: string; rev: string; lease: string } };
  // a reign that is another one's, or over
  const stale = { ...leader, rev: String(Number(leader.rev) - 1) };
  expect((await c.call('/v3/election/proclaim', { leader: stale, value: b64('y') })).body['message']).toBe(
    'election: not leader',
  );
  expect((await c.call('/v3/election/resign', { leader: stale })).status).toBe(200);
  const still = await c.call('/v3/election/leader', { name: b64('e') });
  expect(unb64((still.body['kv'] as { value: string }).value)).toBe('x');
  expect((await c.call('/v3/election/resign', { leader })).status).toBe(200);
  expect((await c.call('/v3/election/resign', { leader })).status).toBe(200);
  expect((await c.call('/v3/election/leader', { name: b64('e') })).body['message']).toBe('election: no leader');
});

test('who campaigns again under the same lease keeps its place, with its new value', async () => {
  const c = await startCluster({ seed: 36 });
  const [a, b] = [await grant(c), await grant(c)];
  const first = await c.call('/v3/election/campaign', { name: b64('e'), lease: a, value: b64('one') });
  void c.send('/v3/election/campaign', { name: b64('e'), lease: b, value: b64('two') });
  await c.simulation.run(500);
  const again = await c.call('/v3/election/campaign', { name: b64('e'), lease: a, value: b64('changed') });
  expect(again.body['leader']).toEqual(first.body['leader']);
  const { kv } = (await c.call('/v3/election/leader', { name: b64('e') })).body as { kv: { value: string } };
  expect(unb64(kv.value)).toBe('changed');
});

test('a lock without a lease lives as long as the session made for it', async () => {
  const c = await startCluster({ seed: 37 });
  const held = await c.call('/v3/lock/lock', { name: b64('m') });
  expect(held.status).toBe(200);
  let second: Answer | undefined;
  void c.send('/v3/lock/lock', { name: b64('m'), lease: await grant(c, 600) }).then((answer) => {
    second = answer;
  });
  await c.simulation.run(50_000);
  expect(second).toBeUndefined();
  // nobody keeps the session alive: after a minute the next one has it
  await c.simulation.run(15_000);
  expect(second?.status).toBe(200);
}, 20_000);

test('the holder of a lock outlives the leader of the cluster, and order is kept', async () => {
  const c = await startCluster({ seed: 38 });
  const [a, b, d] = [await grant(c, 600), await grant(c, 600), await grant(c, 600)];
  const [one, two] = c.names.filter((name) => name !== c.leader()) as [string, string];
  const held = await c.call('/v3/lock/lock', { name: b64('m'), lease: a }, one);
  const got: string[] = [];
  void c.send('/v3/lock/lock', { name: b64('m'), lease: b }, two).then(() => got.push('b'));
  await c.simulation.run(300);
  void c.send('/v3/lock/lock', { name: b64('m'), lease: d }, one).then(() => got.push('d'));
  await c.simulation.run(300);
  c.kill(c.leader());
  await c.until(() => [one, two].some((name) => c.member(name).inspect().role === 'leader'));
  expect(got).toEqual([]);
  await c.call('/v3/lock/unlock', { key: held.body['key'] as string });
  await c.simulation.run(1000);
  expect(got).toEqual(['b']);
  await c.call('/v3/lease/revoke', { ID: b });
  await c.simulation.run(1000);
  expect(got).toEqual(['b', 'd']);
}, 20_000);

import { expect, test } from 'vitest';
import { seededRandom } from '../../env/random.ts';
import { EtcdError } from '../client/types.ts';
import { startStandaloneEtcd } from './standalone.ts';

const start = () => startStandaloneEtcd({ clock: { now: () => 1000, after: () => () => {} }, random: seededRandom(1) });

test('puts, reads, compares and deletes', async () => {
  const { client } = start();
  expect(await client.put('/registry/pods/a', '{"ü":1}')).toEqual({ revision: 2 });
  const read = await client.range({ key: '/registry/pods/', rangeEnd: '/registry/pods0' });
  expect(read).toEqual({
    revision: 2,
    kvs: [{ key: '/registry/pods/a', value: '{"ü":1}', createRevision: 2, modRevision: 2, version: 1, lease: '0' }],
    more: false,
    count: 1,
  });
  const cas = (value: number) =>
    client.txn({
      compare: [{ target: 'modRevision', key: '/registry/pods/a', result: 'equal', value }],
      success: [{ type: 'put', key: '/registry/pods/a', value: 'two' }],
      failure: [{ type: 'range', key: '/registry/pods/a' }],
    });
  expect((await cas(2)).succeeded).toBe(true);
  const lost = await cas(2);
  expect(lost.succeeded).toBe(false);
  expect(lost.responses[0]?.kvs[0]?.value).toBe('two');
  expect(await client.delete('/registry/', '/registry0')).toEqual({ revision: 4, deleted: 1 });
  expect((await client.range({ key: '/registry/pods/a', revision: 3 })).kvs[0]?.value).toBe('two');
});

test('watches from the past, live, and past compaction', async () => {
  const { client } = start();
  await client.put('a', '1');
  await client.put('a', '2');
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const response of client.watch({ key: 'a', startRevision: 2, prevKv: true }, abort.signal)) {
    for (const event of response.events)
      seen.push(`${event.type} ${event.kv.value} ${event.kv.modRevision} ${event.prevKv?.value}`);
    if (seen.length === 2) await client.delete('a');
    if (seen.length === 3) abort.abort();
  }
  expect(seen).toEqual(['put 1 2 undefined', 'put 2 3 1', 'delete  4 2']);
  await client.compact(3);
  const failure = await (async () => {
    for await (const _ of client.watch({ key: 'a', startRevision: 2 }, new AbortController().signal)) void _;
  })().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EtcdError);
  expect(failure).toMatchObject({ code: 11, compactRevision: 3 });
  await expect(client.range({ key: 'a', revision: 2 })).rejects.toMatchObject({ code: 11 });
});

test('leases', async () => {
  const { client } = start();
  const { id, ttl } = await client.leaseGrant(10);
  expect(ttl).toBe(10);
  await client.put('l', 'x', { lease: id });
  expect(await client.leaseKeepAliveOnce(id)).toEqual({ ttl: 10 });
  await client.leaseRevoke(id);
  expect((await client.range({ key: 'l' })).kvs).toEqual([]);
  await expect(client.leaseKeepAliveOnce(id)).rejects.toMatchObject({ code: 5 });
});

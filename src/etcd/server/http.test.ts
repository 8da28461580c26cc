import { expect, test } from 'vitest';
import { batchPath, isPackedRange, plainType, readRange, writeRange } from '../api/plain.ts';
import type { KeyValue } from '../api/types.ts';
import { createEtcdClient } from '../client/index.ts';
import { b64, startCluster } from '../testing/cluster.ts';

test('nothing of the wrong type gets into the log by the plain form, and the members live on', async () => {
  const c = await startCluster({ seed: 51 });
  const plain = async (path: string, body: string) => {
    const headers = { 'content-type': plainType };
    const response = await c.env.network.fetch(`http://${c.leader()}:2379${path}`, { method: 'POST', headers, body });
    return { status: response.status, body: JSON.parse(await response.text()) as unknown };
  };
  const bad = [
    '{"key":5}',
    '{"key":"a","value":{}}',
    '{"key":"\u0100"}',
    '{"key":"a","lease":7}',
    '{"key":"a","lease":"x"}',
    '{"nope":1}',
    '[]',
    'null',
    '7',
  ];
  for (const body of bad) expect((await c.simulation.finish(plain('/v3/kv/put', body))).status, body).toBe(400);
  const txns = [
    '{"compare":[{"key":"a","target":"NOPE"}]}',
    '{"success":{}}',
    '{"success":[{"requestPut":{"key":1}}]}',
  ];
  for (const body of txns) expect((await c.simulation.finish(plain('/v3/kv/txn', body))).status, body).toBe(400);
  expect((await c.simulation.finish(plain('/v3/lease/grant', '{"TTL":1.5}'))).status).toBe(400);
  const calls = [
    ['/v3/kv/put', { key: 'a', value: '1' }],
    ['/v3/kv/put', { key: 5 }],
    ['/v3/kv/put', {}],
    ['/v3/cluster/member/list', {}],
    ['constructor', {}],
    7,
    ['/v3/kv/range', { key: 'nope' }],
  ];
  const { status, body } = await c.simulation.finish(plain(batchPath, JSON.stringify(calls)));
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { ok: { header: { revision: 2 } } },
    { code: 3 },
    { code: 3, message: 'etcdserver: key is not provided' },
    { code: 12 },
    { code: 12 },
    { code: 12 },
    { ok: {} },
  ]);
  expect((await c.simulation.finish(plain(batchPath, '{}'))).status).toBe(400);
  expect((await c.simulation.finish(plain(batchPath, 'x'))).status).toBe(400);
  for (const name of c.names) expect((await c.call('/v3/kv/range', { key: b64('a') }, name)).status).toBe(200);
});

test('many calls of one client share exchanges, and each has its own outcome', async () => {
  const c = await startCluster({ seed: 52 });
  await c.simulation.finish(c.client.put('first', 'x'));
  const outcomes = await c.simulation.finish(
    Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        (i % 10 === 3 ? c.client.put(`k${i}`, 'v', { lease: '99' }) : c.client.put(`k${i}`, `ü${i}`)).then(
          ({ revision }) => revision,
          (error: Error) => error.message,
        ),
      ),
    ),
  );
  const refused = outcomes.filter((outcome) => typeof outcome === 'string');
  expect(refused).toEqual(Array.from({ length: 10 }, () => 'etcdserver: requested lease not found'));
  expect(new Set(outcomes.filter((outcome) => typeof outcome === 'number')).size).toBe(90);
  const { kvs } = await c.simulation.finish(c.client.range({ key: 'k', rangeEnd: 'l' }));
  expect(kvs.length).toBe(90);
  expect(kvs.find(({ key }) => key === 'k42')?.value).toBe('ü42');
  const values = await c.simulation.finish(Promise.all(kvs.map(({ key }) => c.client.range({ key }))));
  expect(values.map((answer) => answer.kvs[0])).toEqual(kvs);
});

test('a call that is aborted rejects at once, the others of its exchange go on', async () => {
  const c = await startCluster({ seed: 53 });
  await c.simulation.finish(c.client.put('a', 'x'));
  for (const name of c.names.filter((other) => other !== c.leader())) c.member(name).faults.pause();
  c.member(c.leader()).faults.pause();
  const abort = new AbortController();
  const aborted = c.client.range({ key: 'a' }, abort.signal).then(
    () => 'answered',
    () => 'aborted',
  );
  const other = c.client.range({ key: 'a' });
  await c.simulation.run(100);
  abort.abort();
  expect(await c.simulation.finish(aborted, 100)).toBe('aborted');
  for (const name of c.names) c.member(name).faults.resume();
  expect((await c.simulation.finish(other)).kvs[0]?.value).toBe('x');
});

test('packed ranges read as they were written', () => {
  const kvs = Array.from(
    { length: 20 },
    (_, i): KeyValue => ({
      key: `k\n${i}`,
      value: `#\u00e4 ${'x'.repeat(i)}`,
      createRevision: 1,
      modRevision: i,
      version: 2,
      lease: '7',
    }),
  );
  for (const response of [
    { header: { revision: 5 }, kvs, more: true, count: 99 },
    { header: {}, kvs: kvs.slice(0, 2) },
    {},
  ]) {
    const written = writeRange(response);
    const text = typeof written === 'string' ? written : new TextDecoder().decode(written);
    expect(isPackedRange(text) ? readRange(text) : JSON.parse(text)).toEqual(response);
  }
  const ascii = kvs.map((kv) => ({ ...kv, value: `= ${kv.modRevision}` }));
  const written = writeRange({ kvs: ascii });
  expect(readRange(new TextDecoder().decode(written as Uint8Array))).toEqual({ kvs: ascii, ascii: true });
});

test('health and version are told to whoever asks, and paths that are none are refused', async () => {
  const c = await startCluster({ seed: 54 });
  const get = async (path: string, name: string, method = 'GET') => {
    const response = await c.env.network.fetch(`http://${name}:2379${path}`, { method });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
  };
  const ask = (path: string, name = c.leader(), method = 'GET') => c.simulation.finish(get(path, name, method));
  await c.simulation.run(500);
  for (const name of c.names) expect(await ask('/health', name)).toEqual({ status: 200, body: { health: 'true' } });
  expect((await ask('/version')).body).toEqual({ etcdserver: '3.4.23', etcdcluster: '3.4.0' });
  expect((await ask('/v3/kv/range')).status).toBe(405);
  expect((await ask('/nope')).status).toBe(404);
  expect((await ask('/v3/kv/', c.leader(), 'POST')).status).toBe(404);
  const [alone, ...others] = c.names as [string, ...string[]];
  for (const name of others) c.kill(name);
  await c.simulation.run(5000);
  expect(await ask('/health', alone)).toEqual({ status: 503, body: { health: 'false' } });
  const status = await c.call('/v3/maintenance/status', {}, alone);
  expect(status.body['errors']).toEqual(['etcdserver: no leader']);
});

test('what ends the process of an etcd 3.4 is refused, and the member lives on', async () => {
  const c = await startCluster({ seed: 55, count: 1 });
  const key = b64('a');
  expect((await c.call('/v3/kv/range', { key, sort_target: 9 })).body).toMatchObject({
    code: 3,
    message: 'etcdserver: invalid sort option',
  });
  expect((await c.call('/v3/kv/txn', { success: [{ request_range: { key, sort_target: -1 } }] })).status).toBe(400);
  expect((await c.call('/v3/kv/txn', { compare: [null] })).body['message']).toBe('etcdserver: key is not provided');
  expect((await c.call('/v3/kv/txn', { success: [null] })).body['message']).toBe('etcdserver: key not found');
  expect((await c.call('/v3/maintenance/alarm', { action: 9 })).status).toBe(200);
  expect((await c.call('/v3/maintenance/alarm', { action: 'ACTIVATE' })).status).toBe(200);
  expect((await c.call('/v3/maintenance/alarm', {})).body).toEqual({});
  const [{ ID }] = (await c.call('/v3/cluster/member/list', {})).body['members'] as [{ ID: string }];
  const moved = await c.call('/v3/cluster/member/update', { ID, peerURLs: ['nonsense'] });
  expect(moved.body['message']).toBe('etcdserver: given member URLs are invalid');
  expect((await c.call('/v3/kv/put', { key })).status).toBe(200);
});

test('no leave is given to pages of other origins', async () => {
  const c = await startCluster({ seed: 56, count: 1 });
  for (const method of ['OPTIONS', 'POST']) {
    const headers = { origin: 'https://example.com', 'content-type': 'application/json' };
    const body = method === 'POST' ? { body: '{"key":"YQ=="}' } : {};
    const asked = c.env.network.fetch(`http://${c.leader()}:2379/v3/kv/range`, { method, headers, ...body });
    const response = await c.simulation.finish(asked);
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

test('a renewal that nobody can grant is refused with a status, which the client understands', async () => {
  const c = await startCluster({ seed: 57 });
  const { id } = await c.simulation.finish(c.client.leaseGrant(600));
  const [alone, ...others] = c.names as [string, ...string[]];
  for (const name of others) c.kill(name);
  await c.simulation.run(5000);
  const { status, body } = await c.call('/v3/lease/keepalive', { ID: id }, alone);
  expect(status).toBe(503);
  expect(body['error']).toEqual({
    grpc_code: 14,
    http_code: 503,
    message: 'etcdserver: no leader',
    http_status: 'Service Unavailable',
  });
  const { clock, random, network } = c.env;
  const fetch = network.fetch.bind(network);
  const client = createEtcdClient({ endpoints: [`http://${alone}:2379`], fetch, clock, random });
  await expect(c.simulation.finish(client.leaseKeepAliveOnce(id))).rejects.toMatchObject({
    code: 14,
    message: 'etcdserver: no leader',
  });
});

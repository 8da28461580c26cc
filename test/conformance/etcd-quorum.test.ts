// A member without a quorum: both stores give a clear timeout in the end, answer what needs no quorum meanwhile, and when the others are back the write is
// either absent or whole.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRealEtcd } from '../../scripts/etcd-real.ts';
import { b, type EtcdPair, type ParityCase, startEtcdPair } from './etcd-pair.ts';

const calls: ParityCase[] = [];
const add = (name: string, path: string, body: object, more: Partial<ParityCase> = {}) =>
  calls.push({ name, path: `/v3/${path}`, body: JSON.stringify(body), ...more });
const put = (key: string, value: string): ParityCase => ({
  name: `put ${key}`,
  path: '/v3/kv/put',
  body: JSON.stringify({ key: b(key), value: b(value) }),
});

const get = { key: b('k') };
const here = { ...get, serializable: true };
const stranger = { ID: 5 };
calls.push(put('k', 'new'));
add('txn', 'kv/txn', {
  success: [{ request_put: { key: b('t1'), value: b('x') } }, { request_put: { key: b('t2'), value: b('x') } }],
});
add('delete', 'kv/deleterange', { key: b('other') });
add('get', 'kv/range', get);
add('serializable get', 'kv/range', here);
add('txn that reads', 'kv/txn', { success: [{ request_range: get }] });
add('txn that reads what is here', 'kv/txn', { success: [{ request_range: here }] });
add('txn that reads nothing', 'kv/txn', {});
add('a put that is wrong anyhow', 'kv/put', {});
add('compaction', 'kv/compaction', { revision: 1 });
add('grant', 'lease/grant', { TTL: 60 });
add('revoke', 'lease/revoke', stranger);
add('leases', 'lease/leases', {});
add('time to live', 'lease/timetolive', stranger);
add('keep alive', 'lease/keepalive', stranger, { lines: 1, patience: 12_000 });
add('members', 'cluster/member/list', {});
add('add a member', 'cluster/member/add', { peerURLs: ['http://x:1'] });
add('add a learner', 'cluster/member/add', { peerURLs: ['http://x:1'], isLearner: true });
// not asked: to remove a member or to give it another address; an etcd without a quorum lets whoever asks wait for ever
add('promote a stranger', 'cluster/member/promote', stranger);
add('hand over', 'maintenance/transfer-leadership', { targetID: 5 });
add('alarms', 'maintenance/alarm', {});
add('raise an alarm', 'maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE', memberID: 5 });
add('defragment', 'maintenance/defragment', {});
add('status', 'maintenance/status', {});
add('hash', 'maintenance/hash', {});
add('lock', 'lock/lock', { name: b('m'), lease: 5 });
add('unlock', 'lock/unlock', { key: b('m/5') });
add('campaign', 'election/campaign', { name: b('e'), lease: 5, value: b('x') });
add('leader', 'election/leader', { name: b('e') });
calls.push({ name: 'health', path: '/health', body: '', method: 'GET' });

describe.skipIf(!hasRealEtcd())('without a quorum (skipped where the etcd binary is missing)', () => {
  let pair: EtcdPair;
  const answers = new Map<string, ReturnType<EtcdPair['ask']>>();

  beforeAll(async () => {
    pair = await startEtcdPair(3);
    await pair.ask(put('k', 'old'));
    await Promise.all([pair.kill(1), pair.kill(2)]);
    // until the one that is left knows
    await new Promise((resolve) => setTimeout(resolve, 3500));
    // most of them wait for seconds: all at once
    for (const call of calls) answers.set(call.name, pair.ask(call));
    await Promise.allSettled(answers.values());
  }, 90_000);

  afterAll(async () => {
    await pair?.stop();
  });

  test.each(calls)('$name', async ({ name }) => {
    const [ours, theirs] = (await answers.get(name)) ?? [];
    expect(ours).toEqual(theirs);
  });

  test('then, with the others back, each write is absent or whole', { timeout: 60_000 }, async () => {
    await Promise.all([pair.restartOurs(1), pair.restartOurs(2)]);
    const range = { key: b('k'), range_end: b('z') };
    const [{ body }] = await pair.ask({ name: 'all', path: '/v3/kv/range', body: JSON.stringify(range) });
    const [{ kvs }] = body as [{ kvs: { key: string; value: string }[] }];
    const text = (base64: string) => Buffer.from(base64, 'base64').toString();
    const held = new Map(kvs.map(({ key, value }) => [text(key), text(value)]));
    expect(['old', 'new']).toContain(held.get('k'));
    expect(held.get('t1')).toBe(held.get('t2'));
  });
});

// A member without a quorum: both stores give a clear timeout in the end, answer what needs no quorum meanwhile, and when the others are back the write is
// either absent or whole.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRealEtcd, type RealEtcd, startRealEtcd } from '../../scripts/etcd-real.ts';
import { LocalNetwork } from '../../src/env/node/local-network.ts';
import { createNodeEnv } from '../../src/env/node/node-env.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { type RunningEtcdMember, startEtcdMember } from '../../src/etcd/index.ts';

const names = ['n1', 'n2', 'n3'];
const b64 = (text: string) => Buffer.from(text).toString('base64');
const put = { path: '/v3/kv/put', body: JSON.stringify({ key: b64('k'), value: b64('new') }) };
const txn = {
  path: '/v3/kv/txn',
  body: JSON.stringify({
    success: [
      { request_put: { key: b64('t1'), value: b64('x') } },
      { request_put: { key: b64('t2'), value: b64('x') } },
    ],
  }),
};
const serializable = { path: '/v3/kv/range', body: JSON.stringify({ key: b64('k'), serializable: true }) };
const grant = { path: '/v3/lease/grant', body: JSON.stringify({ TTL: 60 }) };

describe.skipIf(!hasRealEtcd())('without a quorum (skipped where the etcd binary is missing)', () => {
  let real: RealEtcd;
  const network = new LocalNetwork();
  const disks = createMemoryDisks();
  const clock = new ScaledClock();
  const ours = new Map<string, RunningEtcdMember>();
  const start = async (name: string) => {
    const env = createNodeEnv(name, { network, clock, disk: disks.open(name) });
    const members = names.map((member) => ({ name: member, client: `${member}:2379` }));
    ours.set(name, await startEtcdMember(env, { name, members }));
  };

  const askReal = async ({ path, body }: { path: string; body: string }) =>
    shown(await fetch(real.endpoints[0] + path, { method: 'POST', body }));
  const askOurs = async ({ path, body }: { path: string; body: string }) =>
    shown(
      await (ours.get('n1') as RunningEtcdMember).handler(
        new Request(`http://n1:2379${path}`, { method: 'POST', body }),
      ),
    );

  /** An answer without what differs by nature. */
  async function shown(response: Response): Promise<unknown> {
    const { header: _, ...rest } = JSON.parse(await response.text()) as Record<string, unknown>;
    return { status: response.status, ...rest };
  }

  beforeAll(async () => {
    [real] = await Promise.all([startRealEtcd(3), ...names.map(start)]);
    const body = JSON.stringify({ key: b64('k'), value: b64('old') });
    await Promise.all([askReal({ ...put, body }), askOurs({ ...put, body })]);
    await Promise.all([real.kill(1), real.kill(2)]);
    for (const name of ['n2', 'n3']) {
      ours.get(name)?.faults.kill();
      network.takeDown(name);
    }
    // until the one that is left knows
    await new Promise((resolve) => setTimeout(resolve, 3500));
  }, 60_000);

  afterAll(async () => {
    for (const member of ours.values()) member.faults.kill();
    clock.close();
    await real?.stop();
  });

  test.each([
    { name: 'put', call: put },
    { name: 'txn', call: txn },
    { name: 'lease grant', call: grant },
    { name: 'serializable get', call: serializable },
  ])('$name', { timeout: 60_000 }, async ({ call }) => {
    const [theirs, mine] = await Promise.all([askReal(call), askOurs(call)]);
    expect(mine).toEqual(theirs);
  });

  test('then, with the others back, each write is absent or whole', { timeout: 60_000 }, async () => {
    await Promise.all([start('n2'), start('n3')]);
    const read = { path: '/v3/kv/range', body: JSON.stringify({ key: b64('k'), range_end: b64('z') }) };
    const { kvs } = (await askOurs(read)) as { kvs: { key: string; value: string }[] };
    const held = new Map(
      kvs.map(({ key, value }) => [Buffer.from(key, 'base64').toString(), Buffer.from(value, 'base64').toString()]),
    );
    expect(['old', 'new']).toContain(held.get('k'));
    expect(held.get('t1')).toBe(held.get('t2'));
  });
});

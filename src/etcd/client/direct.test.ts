import { describe, expect, test } from 'vitest';
import { createMemoryDisks } from '../../env/simulated/memory-disk.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { EtcdMember } from '../server/member.ts';
import { createDirectEtcdClient } from './direct.ts';
import { EtcdError, prefixEnd, type WatchResponse } from './types.ts';

async function start(count = 1) {
  const disks = createMemoryDisks();
  const simulation = new Simulation({ seed: 1, disk: (name) => disks.open(name) });
  const names = Array.from({ length: count }, (_, i) => `etcd-${i + 1}`);
  const members = names.map((name) => ({ name, client: `${name}:2379` }));
  const started = names.map((name) => new EtcdMember(simulation.env(name), { name, members }));
  await simulation.finish(Promise.all(started.map((member) => member.start())));
  const turns: (() => void)[] = [];
  const client = createDirectEtcdClient({
    member: () =>
      started.find(({ replica, halted }) => !halted && replica?.raft.role === 'leader') ?? (started[0] as EtcdMember),
    clock: simulation.env('client').clock,
    atTurnsEnd: (work) => {
      turns.push(work);
      queueMicrotask(work);
    },
  });
  return { simulation, client, members: started, turns, finish: <T>(work: Promise<T>) => simulation.finish(work) };
}

const create = (key: string, value: string) => ({
  compare: [{ target: 'modRevision' as const, key, result: 'equal' as const, value: 0 }],
  success: [{ type: 'put' as const, key, value }],
  failure: [{ type: 'range' as const, key }],
});

describe('calls on a member in this process', () => {
  test('write, refuse, read and delete as over a wire; text is kept, whatever it is', async () => {
    const { client, finish } = await start();
    const text = 'ä → 😀';
    expect(await finish(client.txn(create('/a', text)))).toMatchObject({ revision: 2, succeeded: true });
    const again = await finish(client.txn(create('/a', 'b')));
    expect(again).toMatchObject({
      succeeded: false,
      responses: [{ kvs: [{ key: '/a', value: text, modRevision: 2 }] }],
    });
    expect(await finish(client.range({ key: '/', rangeEnd: prefixEnd('/') }))).toMatchObject({ count: 1, revision: 2 });
    expect(await finish(client.delete('/a'))).toMatchObject({ revision: 3, deleted: 1 });
    await expect(finish(client.range({ key: '/a', revision: 9 }))).rejects.toMatchObject({
      code: 11,
      message: 'etcdserver: mvcc: required revision is a future revision',
    });
  });

  test('what is asked for in one turn goes to the store together', async () => {
    const { client, finish, turns } = await start();
    await finish(Promise.all(Array.from({ length: 20 }, (_, i) => client.txn(create(`/${i}`, 'x')))));
    expect(turns.length).toBe(1);
    expect((await finish(client.range({ key: '/', rangeEnd: '0', countOnly: true }))).count).toBe(20);
  });

  test('leases are granted, kept alive and revoked', async () => {
    const { client, finish } = await start();
    const { id, ttl } = await finish(client.leaseGrant(60));
    expect(ttl).toBe(60);
    await finish(client.put('/leased', 'x', { lease: id }));
    expect(await finish(client.leaseKeepAliveOnce(id))).toEqual({ ttl: 60 });
    await finish(client.leaseRevoke(id));
    expect((await finish(client.range({ key: '/leased' }))).count).toBe(0);
    await expect(finish(client.leaseKeepAliveOnce(id))).rejects.toBeInstanceOf(EtcdError);
  });

  test('a read waits for a leader; a call that is called off ends', async () => {
    const { client, finish, simulation } = await start(3);
    expect((await finish(client.range({ key: '/' }))).count).toBe(0);
    const reason = new Error('enough');
    const controller = new AbortController();
    const asked = client.range({ key: '/' }, controller.signal);
    controller.abort(reason);
    await expect(simulation.finish(asked)).rejects.toBe(reason);
  });

  test('a write to a member that has stopped fails, once', async () => {
    const { client, finish, members } = await start();
    members[0]?.halt();
    await expect(finish(client.put('/a', 'b'))).rejects.toMatchObject({
      code: 14,
      message: 'etcdserver: server stopped',
    });
  });
});

describe('watches', () => {
  const follow = (client: Awaited<ReturnType<typeof start>>['client'], startRevision: number) => {
    const controller = new AbortController();
    const seen: WatchResponse[] = [];
    const done = (async () => {
      const request = { key: '/', rangeEnd: '0', startRevision, prevKv: true };
      for await (const response of client.watch(request, controller.signal)) seen.push(response);
    })();
    done.catch(() => {});
    const events = () =>
      seen.flatMap((response) => response.events.map(({ type, kv }) => `${type} ${kv.key} ${kv.modRevision}`));
    return { controller, seen, done, events };
  };

  test('give history and news in order, and end when they are called off', async () => {
    const { client, finish, members } = await start();
    await finish(client.put('/a', '1'));
    const watch = follow(client, 2);
    await finish(client.put('/a', '2'));
    await finish(client.delete('/a'));
    expect(watch.seen[0]).toMatchObject({ created: true, events: [] });
    expect(watch.events()).toEqual(['put /a 2', 'put /a 3', 'delete /a 4']);
    expect(watch.seen.at(-1)?.events[0]?.prevKv).toMatchObject({ value: '2', modRevision: 3 });
    watch.controller.abort();
    await finish(watch.done);
    expect([members[0]?.streams.size, members[0]?.hub.size]).toEqual([0, 0]);
  });

  test('lose nothing when more happens than the reader has taken', async () => {
    const { client, finish } = await start();
    const watch = follow(client, 0);
    await finish(client.put('/first', '1'));
    await finish(Promise.all(Array.from({ length: 3000 }, (_, i) => client.put('/n', String(i)))));
    await finish(client.put('/last', '1'));
    expect(watch.events().length).toBe(3002);
    expect(new Set(watch.events()).size).toBe(3002);
    expect(watch.events().at(-1)).toBe('put /last 3003');
  });

  test('from a revision that is compacted are refused with the revision', async () => {
    const { client, finish } = await start();
    for (let i = 0; i < 5; i++) await finish(client.put('/a', String(i)));
    await finish(client.compact(5));
    await expect(finish(follow(client, 2).done)).rejects.toMatchObject({ code: 11, compactRevision: 5 });
  });

  test('end with an error when the member stops', async () => {
    const { client, finish, members } = await start();
    const watch = follow(client, 0);
    await finish(client.put('/a', '1'));
    members[0]?.halt();
    await expect(finish(watch.done)).rejects.toMatchObject({ message: 'etcdserver: no leader' });
  });
});

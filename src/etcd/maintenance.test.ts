import { expect, test } from 'vitest';
import { restoreBackup } from './index.ts';
import { b64, startCluster } from './testing/cluster.ts';

test('a full store refuses writes, and recovers by compaction, defragmentation and disarming', async () => {
  const c = await startCluster({ seed: 21, config: { quotaBytes: 40_000 } });
  const put = (i: number) => c.call('/v3/kv/put', { key: b64('k'), value: b64(`${i}`.padEnd(1000, 'x')) });
  let refused: Awaited<ReturnType<typeof put>> | undefined;
  let last = 0;
  for (let i = 0; i < 60 && !refused; i++) {
    const answer = await put(i);
    if (answer.status === 200) last = i;
    else refused = answer;
  }
  const noSpace = { code: 8, message: 'etcdserver: mvcc: database space exceeded' };
  expect(refused?.body).toMatchObject(noSpace);
  expect(last).toBeGreaterThan(20);
  const alarms = (await c.call('/v3/maintenance/alarm', {})).body['alarms'] as { memberID: string; alarm: string }[];
  expect(alarms.map(({ alarm }) => alarm)).toEqual(['NOSPACE']);
  // the alarm holds everywhere; reads and deletes go on
  for (const name of c.names) {
    expect((await c.call('/v3/kv/put', { key: b64('s'), value: b64('x') }, name)).body).toMatchObject(noSpace);
    expect((await c.call('/v3/kv/range', { key: b64('k') }, name)).status).toBe(200);
  }
  const status = (await c.call('/v3/maintenance/status', {})).body;
  expect(status['errors']).toEqual([`memberID:${alarms[0]?.memberID} alarm:NOSPACE `]);

  const revision = c.member(c.leader()).inspect().revision;
  expect((await c.call('/v3/kv/compaction', { revision })).status).toBe(200);
  expect((await c.call('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', ...alarms[0] })).status).toBe(
    200,
  );
  // without defragmentation the file is as large as before
  expect((await put(0)).body).toMatchObject(noSpace);
  const [again] = (await c.call('/v3/maintenance/alarm', {})).body['alarms'] as [{ memberID: string }];
  for (const name of c.names) expect((await c.call('/v3/maintenance/defragment', {}, name)).status).toBe(200);
  await c.call('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: again.memberID });
  expect((await put(0)).status).toBe(200);
  expect(((await c.call('/v3/maintenance/alarm', {})).body['alarms'] ?? []) as unknown[]).toEqual([]);
}, 20_000);

test('hashes are those of a revision, and equal on all members', async () => {
  const c = await startCluster({ seed: 22 });
  for (let i = 0; i < 10; i++) await c.simulation.finish(c.client.put(`k${i % 3}`, `v${i}`));
  await c.simulation.run(1000);
  const hash = async (name: string, revision: number) =>
    (await c.call('/v3/maintenance/hashkv', { revision }, name)).body;
  const at = new Set<unknown>();
  for (const revision of [3, 5, 8, 0]) {
    const answers = await Promise.all(c.names.map((name) => hash(name, revision)));
    expect(new Set(answers.map((answer) => answer['hash'])).size).toBe(1);
    at.add(answers[0]?.['hash']);
  }
  expect(at.size).toBe(4);
  expect((await hash('etcd-1', 99))['message']).toBe('etcdserver: mvcc: required revision is a future revision');
  await c.simulation.finish(c.client.compact(6));
  await c.simulation.run(1000);
  expect((await hash('etcd-1', 4))['message']).toBe('etcdserver: mvcc: required revision has been compacted');
  const compacted = await Promise.all(c.names.map((name) => hash(name, 8)));
  expect(new Set(compacted.map((answer) => answer['hash'])).size).toBe(1);
  expect(compacted[0]?.['compact_revision']).toBe('6');
});

test('a member that holds something else is found on request and raises CORRUPT, which stops every write', async () => {
  const c = await startCluster({ seed: 23 });
  for (let i = 0; i < 5; i++) await c.simulation.finish(c.client.put(`k${i}`, 'v'));
  await c.simulation.run(1000);
  expect(await c.simulation.finish(c.member(c.leader()).checkCorruption())).toEqual([]);
  const victim = c.names.find((name) => name !== c.leader()) as string;
  expect(c.member(victim).faults.corrupt('k3')).toBe(true);
  const { id } = c.member(victim).inspect();
  expect(await c.simulation.finish(c.member(c.leader()).checkCorruption())).toEqual([id]);
  const alarms = (await c.call('/v3/maintenance/alarm', {})).body['alarms'];
  expect(alarms).toEqual([{ memberID: id, alarm: 'CORRUPT' }]);
  const corrupt = { code: 15, message: 'etcdserver: corrupt cluster' };
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('x') })).body).toMatchObject(corrupt);
  // as in etcd, what is there can still be read
  expect((await c.call('/v3/kv/range', { key: b64('a') })).status).toBe(200);
  await c.call('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'CORRUPT', memberID: id });
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('x') })).status).toBe(200);
});

test('the periodic check finds it too, also when the one that differs is the leader', async () => {
  const c = await startCluster({ seed: 24, config: { corruptCheckInterval: 30_000 } });
  for (let i = 0; i < 5; i++) await c.simulation.finish(c.client.put(`k${i}`, 'v'));
  await c.simulation.run(31_000);
  expect(c.member(c.leader()).inspect().alarms).toEqual([]);
  const victim = c.leader();
  c.member(victim).faults.corrupt('k3');
  await c.simulation.run(31_000);
  const { id, alarms } = c.member(victim).inspect();
  expect(alarms).toEqual([`${id}/CORRUPT`]);
}, 20_000);

test('a snapshot that was saved makes a new cluster with the same content', async () => {
  const c = await startCluster({ seed: 25 });
  for (let i = 0; i < 30; i++) await c.simulation.finish(c.client.put(`key/${i % 20}`, `välue ${i}`));
  await c.simulation.finish(c.client.delete('key/7'));
  const { id: lease } = await c.simulation.finish(c.client.leaseGrant(500));
  await c.simulation.finish(c.client.put('leased', 'x', { lease }));
  const save = async () => {
    const response = await c.env.network.fetch(`http://${c.leader()}:2379/v3/maintenance/snapshot`, { method: 'POST' });
    const lines = (await response.text()).trim().split('\n');
    return lines.map((line) => atob((JSON.parse(line) as { result: { blob: string } }).result.blob)).join('');
  };
  const backup = await c.simulation.finish(save());
  const before = await c.simulation.finish(c.client.range({ key: '\0', rangeEnd: '\0' }));

  const other = await startCluster({ seed: 26, count: 1 });
  other.kill('etcd-1');
  const names = ['etcd-1', 'etcd-2', 'etcd-3'];
  const members = names.map((name) => ({ name, client: `${name}:2379` }));
  await expect(restoreBackup(other.disk('etcd-1'), backup, { name: 'etcd-1', members })).rejects.toThrow(RangeError);
  other.wipe('etcd-1');
  await expect(restoreBackup(other.disk('etcd-1'), backup.slice(0, -9), { name: 'etcd-1', members })).rejects.toThrow(
    'damaged',
  );
  await expect(
    restoreBackup(other.disk('etcd-1'), backup.replace('30', '31'), { name: 'etcd-1', members }),
  ).rejects.toThrow('damaged');
  for (const name of names) await restoreBackup(other.disk(name), backup, { name, members });
  await other.simulation.finish(Promise.all(names.map((name) => other.start(name, { members }))));
  const after = await other.simulation.finish(other.client.range({ key: '\0', rangeEnd: '\0' }));
  expect(after).toEqual(before);
  expect((await other.simulation.finish(other.client.put('key/0', 'new'))).revision).toBe(before.revision + 1);
  expect(await other.simulation.finish(other.client.leaseKeepAliveOnce(lease))).toEqual({ ttl: 500 });
  const ids = names.map((name) => other.member(name).inspect());
  expect(new Set(ids.map(({ clusterId }) => clusterId)).size).toBe(1);
  expect(ids[0]?.clusterId).not.toBe(c.member(c.leader()).inspect().clusterId);
  // old revisions came along
  const old = await other.simulation.finish(other.client.range({ key: 'key/5', revision: 8 }));
  expect(old.kvs[0]?.value).toBe('välue 5');
}, 20_000);

import { expect, test } from 'vitest';
import type { Json } from '../env/env.ts';
import { b64, startCluster, unb64 } from './testing/cluster.ts';

const newcomer = { name: 'etcd-4', client: 'etcd-4:2379' };

test('add as learner, start it, promote it, remove another, over the JSON API', async () => {
  const c = await startCluster({ seed: 11 });
  const members = [...c.names.map((name) => ({ name, client: `${name}:2379` })), newcomer];
  await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') });

  const added = await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-4:2380'], isLearner: true });
  const { member } = added.body as { member: { ID: string; isLearner: boolean; peerURLs: string[] } };
  expect(member).toEqual({ ID: member.ID, peerURLs: ['http://etcd-4:2380'], isLearner: true });
  expect((await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-4:2380'] })).body['message']).toBe(
    'etcdserver: Peer URLs already exists',
  );
  expect((await c.call('/v3/cluster/member/add', { peerURLs: ['http://x:1'], isLearner: true })).body['message']).toBe(
    'etcdserver: too many learner members in cluster',
  );
  // it does not run yet, so it cannot be up to date
  expect((await c.call('/v3/cluster/member/promote', { ID: member.ID })).body['message']).toBe(
    'etcdserver: can only promote a learner member which is in sync with leader',
  );

  await c.simulation.finish(c.start('etcd-4', { members }));
  await c.until(() => c.member('etcd-4').inspect().revision === 2);
  // under the id that was announced, and still a learner: only an operator promotes it
  await c.simulation.run(5000);
  expect(c.member('etcd-4').inspect()).toMatchObject({ id: member.ID, role: 'follower', learners: ['etcd-4'] });
  const refused = await c.call('/v3/kv/range', { key: b64('a') }, 'etcd-4');
  expect(refused.body['message']).toBe('etcdserver: rpc not supported for learner');
  const local = await c.call('/v3/kv/range', { key: b64('a'), serializable: true }, 'etcd-4');
  expect(unb64((local.body['kvs'] as { value: string }[])[0]?.value)).toBe('1');

  const promoted = await c.call('/v3/cluster/member/promote', { ID: member.ID });
  expect(promoted.status).toBe(200);
  expect((promoted.body['members'] as object[]).length).toBe(4);
  expect(c.member(c.leader()).inspect().voters.length).toBe(4);
  expect((await c.call('/v3/cluster/member/promote', { ID: member.ID })).body['message']).toBe(
    'etcdserver: can only promote a learner member',
  );

  const victim = c.names.find((name) => name !== c.leader()) as string;
  const { id } = c.member(victim).inspect();
  const removed = await c.call('/v3/cluster/member/remove', { ID: id });
  expect((removed.body['members'] as { name: string }[]).map(({ name }) => name).sort()).toEqual(
    [...c.names.filter((name) => name !== victim), 'etcd-4'].sort(),
  );
  c.kill(victim);
  expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64('2') })).status).toBe(200);
  expect((await c.call('/v3/cluster/member/remove', { ID: id })).body['message']).toBe('etcdserver: member not found');
}, 20_000);

test('a member whose loss would leave no quorum is not removed', async () => {
  const c = await startCluster({ seed: 12 });
  const [one, two] = c.names.filter((name) => name !== c.leader()) as [string, string];
  c.kill(one);
  // until the leader has noticed
  await c.simulation.run(3000);
  const { id } = c.member(two).inspect();
  const answer = await c.call('/v3/cluster/member/remove', { ID: id });
  expect(answer.body).toMatchObject({ code: 14, message: 'etcdserver: unhealthy cluster' });
  expect((await c.call('/v3/cluster/member/remove', { ID: c.member(one).inspect().id })).status).toBe(200);
});

test('leadership is handed over', async () => {
  const c = await startCluster({ seed: 13 });
  const heir = c.names.find((name) => name !== c.leader()) as string;
  const { id } = c.member(heir).inspect();
  expect((await c.call('/v3/maintenance/transfer-leadership', { targetID: id })).status).toBe(200);
  expect(c.leader()).toBe(heir);
});

test('a member whose log is damaged forgets it and comes back as a fresh one', async () => {
  let damaged = '';
  const { CorruptLogError } = await import('../env/disk.ts');
  const c = await startCluster({
    seed: 14,
    wrap: (name, disk) => ({
      ...disk,
      get: (blob) => disk.get(blob),
      put: (blob, value) => disk.put(blob, value),
      delete: (blob) => disk.delete(blob),
      list: () => disk.list(),
      wipe: () => {
        damaged = '';
        return disk.wipe();
      },
      openLog: async (log) => {
        const opened = await disk.openLog(log);
        const read = () => (damaged === name ? Promise.reject(new CorruptLogError(log, 3)) : opened.read());
        return { ...opened, read };
      },
    }),
  });
  for (let i = 0; i < 10; i++) await c.simulation.finish(c.client.put(`k${i}`, 'v'));
  const victim = c.names.find((name) => name !== c.leader()) as string;
  const { id } = c.member(victim).inspect();
  c.kill(victim);
  damaged = victim;
  await c.simulation.finish(c.start(victim));
  await c.until(() => c.member(victim).inspect().voters.includes(victim) && c.member(victim).inspect().revision === 11);
  const view = c.member(victim).inspect();
  expect(view.id).not.toBe(id);
  expect(view.voters.length).toBe(3);
});

test('what would cost the quorum is refused, whoever is asked', async () => {
  const c = await startCluster({ seed: 15 });
  await c.simulation.run(500);
  const [dead, other] = c.names.filter((name) => name !== c.leader()) as [string, string];
  c.kill(dead);
  await c.simulation.run(3000);
  // two of three live; of four, three would have to; and nobody at all is let in while somebody is missing
  for (const name of [c.leader(), other])
    for (const isLearner of [false, true]) {
      const added = await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-4:2380'], isLearner }, name);
      expect(added.body).toMatchObject({ code: 14, message: 'etcdserver: unhealthy cluster' });
    }
  await c.simulation.finish(c.start(dead));
  await c.simulation.run(1000);
  const first = await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-4:2380'] }, other);
  expect(first.status).toBe(200);
  // three of four have begun; of five, two that have not could stop all
  const refused = await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-5:2380'], isLearner: true }, other);
  expect(refused.body).toMatchObject({ code: 14, message: 'etcdserver: unhealthy cluster' });
  const { ID } = first.body['member'] as { ID: string };
  expect((await c.call('/v3/cluster/member/remove', { ID }, other)).status).toBe(200);
  expect((await c.call('/v3/cluster/member/list', {}, other)).body['members']).toHaveLength(3);
});

test('of two, one more may be announced, and then nobody is until it has begun', async () => {
  const c = await startCluster({ seed: 18, count: 2 });
  await c.simulation.run(1000);
  const change = (what: string, body: { [key: string]: Json }) => c.call(`/v3/cluster/member/${what}`, body);
  const { status, body } = await change('add', { peerURLs: ['http://etcd-3:2380'] });
  expect(status).toBe(200);
  const notEnough = { code: 2, message: 'etcdserver: re-configuration failed due to not enough started members' };
  expect((await change('add', { peerURLs: ['http://etcd-4:2380'] })).body).toMatchObject(notEnough);
  for (const name of c.names) {
    const { id } = c.member(name).inspect();
    expect((await change('remove', { ID: id })).body).toMatchObject(notEnough);
  }
  expect((await c.call('/v3/kv/put', { key: b64('a') })).status).toBe(200);
  expect((await change('remove', { ID: (body['member'] as { ID: string }).ID })).status).toBe(200);
});

test('addresses can be changed, and who is not there is named', async () => {
  const c = await startCluster({ seed: 16 });
  const { id } = c.member('etcd-2').inspect();
  const peerURLs = ['http://elsewhere:2380'];
  expect((await c.call('/v3/cluster/member/update', { ID: id, peerURLs })).status).toBe(200);
  await c.simulation.run(500);
  for (const name of c.names) {
    const members = (await c.call('/v3/cluster/member/list', {}, name)).body['members'] as {
      ID: string;
      peerURLs: string[];
    }[];
    expect(members.find(({ ID }) => ID === id)?.peerURLs).toEqual(peerURLs);
  }
  const missing = { code: 5, message: 'etcdserver: member not found' };
  for (const call of ['remove', 'promote', 'update'])
    expect((await c.call(`/v3/cluster/member/${call}`, { ID: '77', peerURLs })).body).toMatchObject(missing);
  expect((await c.call('/v3/maintenance/transfer-leadership', { targetID: '77' })).body['message']).toBe(
    'etcdserver: bad leader transferee',
  );
  const follower = c.names.find((name) => name !== c.leader()) as string;
  expect((await c.call('/v3/maintenance/transfer-leadership', { targetID: id }, follower)).body['message']).toBe(
    'etcdserver: not leader',
  );
});

test('a leader that is removed goes, and the rest go on', async () => {
  const c = await startCluster({ seed: 17 });
  await c.simulation.run(500);
  const old = c.leader();
  const { id } = c.member(old).inspect();
  const rest = c.names.filter((name) => name !== old);
  expect((await c.call('/v3/cluster/member/remove', { ID: id }, rest[0])).status).toBe(200);
  await c.until(() => rest.some((name) => c.member(name).inspect().role === 'leader'));
  expect(c.member(old).inspect().role).toBe('follower');
  for (const name of rest) {
    expect((await c.call('/v3/kv/put', { key: b64('a'), value: b64(name) }, name)).status).toBe(200);
    expect([...c.member(name).inspect().voters].sort()).toEqual(rest);
  }
});

test('a learner whose leader dies before it is promoted is promoted by the next one', async () => {
  const c = await startCluster({ seed: 18 });
  const members = [...c.names.map((name) => ({ name, client: `${name}:2379` })), newcomer];
  await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') });
  const added = await c.call('/v3/cluster/member/add', { peerURLs: ['http://etcd-4:2380'], isLearner: true });
  const { ID } = added.body['member'] as { ID: string };
  await c.simulation.finish(c.start('etcd-4', { members }));
  await c.until(() => c.member('etcd-4').inspect().revision === 2);
  const old = c.leader();
  const rest = c.names.filter((name) => name !== old);
  c.kill(old);
  // asked while nobody leads: it waits for the next leader
  const promoting = c.send('/v3/cluster/member/promote', { ID }, rest[0]);
  expect((await c.simulation.finish(promoting)).status).toBe(200);
  await c.simulation.run(1000);
  expect([...c.member(rest[1] as string).inspect().voters].sort()).toEqual([...c.names, 'etcd-4'].sort());
  expect((await c.call('/v3/kv/range', { key: b64('a') }, 'etcd-4')).status).toBe(200);
}, 20_000);

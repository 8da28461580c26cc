// A cluster of three: membership, maintenance, handing over; lock and election; users and roles while there are none.

import { b, type ParityCase } from './etcd-pair.ts';

const cases: ParityCase[] = [];
const add = (name: string, path: string, body: object | string, more: Partial<ParityCase> = {}) =>
  cases.push({
    name,
    path: `/v3/${path}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    settle: path === 'cluster/member/add',
    ...more,
  });

// members
add('put', 'kv/put', { key: b('a'), value: b('1') });
// kept before there is a learner: the list is in the order of the ids, which are new in each run
add('members', 'cluster/member/list', {}, { keep: { first: 'members.0.ID', address: 'members.0.peerURLs.0' } });
for (const member of [1, 2]) add(`members by another ${member}`, 'cluster/member/list', {}, { member });
const learner = (peerURLs: unknown, isLearner = true) => ({ peerURLs, isLearner });
add('add a learner', 'cluster/member/add', learner(['http://127.9.9.9:7777']), {
  keep: { learner: 'member.ID' },
});
add('members with it', 'cluster/member/list', {});
for (const url of [
  '',
  'x',
  'http://',
  'http://x',
  'http://x:',
  'http://x:abc',
  'http://x:1/',
  'http://x:1/path',
  'http://x:1//',
  'http://x:1?q=1',
  'http://x:1#f',
  'http://u:p@x:1',
  'http://:1',
  'http://x:0',
  'http://x:99999',
  'http://x:-1',
  'http://[::1]:1',
  'http://::1:1',
  'http://x:1:2',
  'ftp://x:1',
  'HTTP://x:1',
  '//x:1',
  'x:1',
  ' http://x:1',
  'http://x:1 ',
  'http://x y:1',
  'http://x%20y:1',
  'http://%zz:1',
  'unix://x',
  'unix://x:1',
  'unixs://x:1',
  'unix:///x',
  'https://x:1',
])
  for (const isLearner of [true, false])
    add(`add ${JSON.stringify(url)} ${isLearner ? 'as a learner' : 'beside an address in use'}`, 'cluster/member/add', {
      peerURLs: isLearner ? [url] : [url, 'http://127.9.9.9:7777'],
      isLearner,
    });
for (const urls of [[], ['http://x:1', 'bad'], ['bad', 'http://x:1'], ['http://x:1', 'http://x:1']])
  add(`add ${JSON.stringify(urls)}`, 'cluster/member/add', learner(urls));
// not done: to an address that is free. A learner that gets one is a voter to etcd 3.4 from then on
add('update nobody', 'cluster/member/update', {});
add('update a stranger', 'cluster/member/update', { ID: 5, peerURLs: ['http://x:1'] });
add('update a stranger to nothing', 'cluster/member/update', { ID: 5, peerURLs: ['bad'] });
add('update it to an address in use', 'cluster/member/update', { ID: '$learner', peerURLs: ['$address'] });
// within a second it would get the same id in etcd
add('its address again', 'cluster/member/add', learner(['http://127.9.9.9:7777']), { wait: 1100 });
add('its address as one of two', 'cluster/member/add', learner(['http://127.9.9.9:1', 'http://127.9.9.9:7777'], false));
add('a second learner', 'cluster/member/add', learner(['http://127.9.9.9:7778']));
// a follower would ask on about a stranger until it times out
add('promote it before it has begun', 'cluster/member/promote', { ID: '$learner' }, { member: 'leader' });
add('promote a voter', 'cluster/member/promote', { ID: '$first' }, { member: 'leader' });
add('promote nobody', 'cluster/member/promote', {}, { member: 'leader' });
add('hand over to a learner', 'maintenance/transfer-leadership', { targetID: '$learner' }, { member: 'leader' });
add('remove it', 'cluster/member/remove', { ID: '$learner' });
add('remove it again', 'cluster/member/remove', { ID: '$learner' });
add('promote it now', 'cluster/member/promote', { ID: '$learner' }, { member: 'leader' });
add('give it an address now', 'cluster/member/update', { ID: '$learner', peerURLs: ['http://127.9.9.9:7779'] });
add('members without it', 'cluster/member/list', {});
add('remove nobody', 'cluster/member/remove', {});

// who leads
add('hand over to nobody', 'maintenance/transfer-leadership', {}, { member: 'leader' });
add('hand over to a stranger', 'maintenance/transfer-leadership', { targetID: 5 }, { member: 'leader' });
add('a follower hands over', 'maintenance/transfer-leadership', { targetID: '$first' }, { member: 'follower' });
add('a follower hands over to a stranger', 'maintenance/transfer-leadership', { targetID: 5 }, { member: 'follower' });
add('who leads', 'maintenance/status', {}, { member: 'leader', keep: { leader: 'leader' } });
add('hand over to oneself', 'maintenance/transfer-leadership', { targetID: '$leader' }, { member: 'leader' });

// maintenance; etcd does not survive an alarm of no kind
for (const member of ['leader', 'follower'] as const) {
  add(`status of a ${member}`, 'maintenance/status', {}, { member });
  add(`hash of a ${member}`, 'maintenance/hash', {}, { member });
  add(`hash of a ${member}, whatever the revision`, 'maintenance/hash', { revision: 99 }, { member });
  add(`defragment a ${member}`, 'maintenance/defragment', {}, { member });
  add(`alarms at a ${member}`, 'maintenance/alarm', { action: 'GET' }, { member });
  add(`snapshot of a ${member}`, 'maintenance/snapshot', {}, { member, lines: 1 });
}
for (const body of [
  { action: 'DEACTIVATE' },
  { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: 5 },
  { action: 'ACTIVATE', alarm: 'NOSPACE', memberID: 5 },
  { action: 'ACTIVATE', alarm: 'NOSPACE', memberID: 5 },
  { action: 'GET', alarm: 'NOSPACE' },
  { action: 'GET', alarm: 'CORRUPT' },
  { action: 'GET', memberID: 5 },
  { action: 'GET', memberID: 6, alarm: 'NOSPACE' },
])
  add(`alarm ${JSON.stringify(body)}`, 'maintenance/alarm', body);
add('status shows it', 'maintenance/status', {});
cases.push({ name: 'health with an alarm', path: '/health', body: '', method: 'GET' });
add('a put is refused', 'kv/put', { key: b('a'), value: b('2') });
add('a put that would be refused anyhow', 'kv/put', {});
add('a put of nothing new', 'kv/put', { key: b('a'), ignore_value: true });
add('a put in the branch not taken is refused', 'kv/txn', { failure: [{ request_put: { key: b('a') } }] });
add('a txn that reads', 'kv/txn', { success: [{ request_range: { key: b('a') } }] });
add('compaction goes on', 'kv/compaction', { revision: 2 });
add('a lease is refused', 'lease/grant', { TTL: 50 });
add('a lock is refused', 'lock/lock', { name: b('m') });
add('the alarm of another', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: 6 });
add('the alarm of another kind', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'CORRUPT', memberID: 5 });
add('the alarm', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: 5 });
add('an alarm of corruption', 'maintenance/alarm', { action: 'ACTIVATE', alarm: 'CORRUPT', memberID: 7 });
add('alarms', 'maintenance/alarm', {});
add('corrupt: range', 'kv/range', { key: b('a') });
add('corrupt: serializable range', 'kv/range', { key: b('a'), serializable: true });
add('corrupt: put', 'kv/put', { key: b('a') });
add('corrupt: put without key', 'kv/put', {});
add('corrupt: delete', 'kv/deleterange', { key: b('a') });
add('corrupt: txn', 'kv/txn', { success: [{ request_put: { key: b('a') } }] });
add('corrupt: txn that reads', 'kv/txn', { success: [{ request_range: { key: b('a') } }] });
add('corrupt: compaction', 'kv/compaction', { revision: 3 });
add('corrupt: grant', 'lease/grant', { TTL: 50 });
add('corrupt: revoke', 'lease/revoke', { ID: 5 });
add('corrupt: leases', 'lease/leases', {});
add('corrupt: time to live', 'lease/timetolive', { ID: 5 });
add('corrupt: keep alive', 'lease/keepalive', { ID: 5 }, { lines: 1 });
add('corrupt: watch', 'watch', { create_request: { key: b('a') } }, { lines: 1 });
add('corrupt: status', 'maintenance/status', {});
add('corrupt: members', 'cluster/member/list', {});
add('corrupt: hash', 'maintenance/hash', {});
add('corrupt: defragment', 'maintenance/defragment', {});
add('corrupt: lock', 'lock/lock', { name: b('m') });
add('corrupt: leader', 'election/leader', { name: b('m') });
add('and it is over', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'CORRUPT', memberID: 7 });
add('no alarms', 'maintenance/alarm', {});

// lock
add('grant 11', 'lease/grant', { TTL: 600, ID: 11 });
add('grant 12', 'lease/grant', { TTL: 600, ID: 12 });
add('lock', 'lock/lock', { name: b('m'), lease: 11 });
add('lock it again', 'lock/lock', { name: b('m'), lease: 11 });
add('its key', 'kv/range', { key: b('m'), range_end: b('n') });
add('unlock what is not locked', 'lock/unlock', { key: b('m/nope') });
add('unlock without key', 'lock/unlock', {});
add('unlock an empty key', 'lock/unlock', { key: '' });
add('unlock', 'lock/unlock', { key: b('m/b') });
add('unlock again', 'lock/unlock', { key: b('m/b') });
add('lock by another', 'lock/lock', { name: b('m'), lease: 12 });
add('lock with an unknown lease', 'lock/lock', { name: b('m'), lease: 4711 });
add('lock with a negative lease', 'lock/lock', { name: b('m'), lease: -3 });
add('lock a nameless one', 'lock/lock', { name: '', lease: 11 });
add('lock one with a slash', 'lock/lock', { name: b('m/'), lease: 11 });
add('keys of locks', 'kv/range', { key: b('\0'), range_end: b('n') });
add('unlock the nameless', 'lock/unlock', { key: b('/b') });
add('unlock', 'lock/unlock', { key: b('m/c') });
add('unlock', 'lock/unlock', { key: b('m//b') });
add('lock without a lease', 'lock/lock', { name: b('leaseless') }, { loose: true });
add('delete it', 'kv/deleterange', { key: b('leaseless'), range_end: b('leaselest') });

// election
add('nobody leads', 'election/leader', { name: b('e') });
add('campaign with an unknown lease', 'election/campaign', { name: b('e'), lease: 4711, value: b('me') });
add('campaign', 'election/campaign', { name: b('e'), lease: 11, value: b('me') }, { keep: { rev: 'leader.rev' } });
add('campaign again', 'election/campaign', { name: b('e'), lease: 11, value: b('me') });
add('campaign again with another value', 'election/campaign', { name: b('e'), lease: 11, value: b('you') });
add('campaign again without one', 'election/campaign', { name: b('e'), lease: 11 });
add('leader', 'election/leader', { name: b('e') });
add('observe', 'election/observe', { name: b('e') }, { lines: 1, silence: 50 });
const key = { name: b('e'), key: b('e/b'), rev: '$rev', lease: 11 };
for (const [what, leader] of Object.entries({
  'by the leader': key,
  'with another revision': { ...key, rev: 1 },
  'with another key': { ...key, key: b('e/c') },
  'without a key': { name: b('e'), rev: '$rev', lease: 11 },
  'without a revision': { name: b('e'), key: b('e/b'), lease: 11 },
  'without a lease': { name: b('e'), key: b('e/b'), rev: '$rev' },
  'with another lease': { ...key, lease: 12 },
  'with an unknown lease': { ...key, lease: 4711 },
  'without a name': { key: b('e/b'), rev: '$rev', lease: 11 },
  'with another name': { ...key, name: b('f') },
})) {
  add(`proclaim ${what}`, 'election/proclaim', { leader, value: b(what) });
  add(`then leads`, 'election/leader', { name: b('e') });
}
add('proclaim nothing', 'election/proclaim', { leader: key });
add('then leads', 'election/leader', { name: b('e') });
add('proclaim without leader', 'election/proclaim', { value: b('x') });
for (const [what, leader] of Object.entries({
  'with another revision': { ...key, rev: 1 },
  'with another key': { ...key, key: b('e/c') },
  'without a key': { name: b('e'), rev: '$rev' },
  'with an unknown lease': { ...key, lease: 4711 },
  'without a revision': { name: b('e'), key: b('e/b'), lease: 11 },
}))
  add(`resign ${what}`, 'election/resign', { leader });
add('leader', 'election/leader', { name: b('e') });
add('campaign anew', 'election/campaign', { name: b('e'), lease: 11, value: b('me') }, { keep: { rev: 'leader.rev' } });
add('resign', 'election/resign', { leader: key });
add('resign again', 'election/resign', { leader: key });
add('nobody leads', 'election/leader', { name: b('e') });
add('proclaim where nobody leads', 'election/proclaim', { leader: key, value: b('x') });
add('campaign for the nameless', 'election/campaign', { lease: 11, value: b('me') });
add('leader of the nameless', 'election/leader', {});
add('revoke 11', 'lease/revoke', { ID: 11 });
add('leader of the nameless', 'election/leader', {});
add('revoke 12', 'lease/revoke', { ID: 12 });
add('what is left', 'kv/range', { key: b('\0'), range_end: b('\0') });

// users and roles
for (const path of [
  'auth/enable',
  'auth/disable',
  'auth/authenticate',
  'auth/user/add',
  'auth/user/get',
  'auth/user/list',
  'auth/user/delete',
  'auth/user/changepw',
  'auth/user/grant',
  'auth/user/revoke',
  'auth/role/add',
  'auth/role/get',
  'auth/role/list',
  'auth/role/delete',
  'auth/role/grant',
  'auth/role/revoke',
])
  add(path, path, {});
add('authenticate', 'auth/authenticate', { name: 'root', password: 'x' });
add('user of that name', 'auth/user/get', { name: 'root' });
add('name of the wrong type', 'auth/user/get', { name: 5 });

// leadership and members for good: n1 leads, then is alone
const ids = { n1: 'members.n1.ID', n2: 'members.n2.ID', n3: 'members.n3.ID' };
const atLeader = { member: 'leader' } as const;
add('members', 'cluster/member/list', {}, { keep: ids });
add('hand over to n1, if it is not it that leads', 'maintenance/transfer-leadership', { targetID: '$n1' }, atLeader);
add('hand over to n2', 'maintenance/transfer-leadership', { targetID: '$n2' }, atLeader);
add('a put goes on', 'kv/put', { key: b('a'), value: b('3') }, atLeader);
add('hand over to n1', 'maintenance/transfer-leadership', { targetID: '$n1' }, atLeader);
add('n1 leads', 'maintenance/status', {});
add('remove n2', 'cluster/member/remove', { ID: '$n2' }, { settle: true });
add('remove it again', 'cluster/member/remove', { ID: '$n2' });
add('two are left', 'cluster/member/list', {});
add('add a voter', 'cluster/member/add', learner(['http://127.9.9.9:1'], false), { keep: { third: 'member.ID' } });
add('three, one not begun', 'cluster/member/list', {});
add('a put goes on', 'kv/put', { key: b('a'), value: b('4') });
add('add another before it has begun', 'cluster/member/add', learner(['http://127.9.9.9:2'], false));
add('add a learner before it has begun', 'cluster/member/add', learner(['http://127.9.9.9:2']), { settle: false });
add('add its address again', 'cluster/member/add', learner(['http://127.9.9.9:1'], false));
add('promote it', 'cluster/member/promote', { ID: '$third' });
add('remove who leads, with one not begun', 'cluster/member/remove', { ID: '$n1' });
add('remove who follows, with one not begun', 'cluster/member/remove', { ID: '$n3' });
add('remove a stranger', 'cluster/member/remove', { ID: 5 });
add('hand over to one not begun', 'maintenance/transfer-leadership', { targetID: 5 });
add('remove the one not begun', 'cluster/member/remove', { ID: '$third' });
add('two again', 'cluster/member/list', {});
add('remove n3', 'cluster/member/remove', { ID: '$n3' }, { settle: true });
add('one is left', 'cluster/member/list', {});
add('remove the last one', 'cluster/member/remove', { ID: '$n1' });
add('a put goes on', 'kv/put', { key: b('a'), value: b('5') });
add('what there is', 'kv/range', { key: b('a') });
add('add a learner to one', 'cluster/member/add', learner(['http://127.9.9.9:3']), { keep: { third: 'member.ID' } });
add('promote it', 'cluster/member/promote', { ID: '$third' });
add('and remove it', 'cluster/member/remove', { ID: '$third' });
add('add a voter to one', 'cluster/member/add', learner(['http://127.9.9.9:4'], false));

export const clusterCases: readonly ParityCase[] = cases;

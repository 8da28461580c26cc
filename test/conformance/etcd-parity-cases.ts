// Calls of the v3 API in one long session: each builds on those before it. Keys and values are written as text and sent as base64.

import { b, type ParityCase } from './etcd-pair.ts';

const cases: ParityCase[] = [];
const add = (name: string, path: string, body: unknown, more: Partial<ParityCase> = {}) =>
  cases.push({ name, path: `/v3/${path}`, body: typeof body === 'string' ? body : JSON.stringify(body), ...more });

const put = (key: string, value: string, more = {}) => ({ key: b(key), value: b(value), ...more });
const range = (key: string, end = '', more = {}) => ({ key: b(key), ...(end ? { range_end: b(end) } : {}), ...more });

// puts
add('put', 'kv/put', put('a', '1'));
add('put again with prev_kv', 'kv/put', put('a', '2', { prev_kv: true }));
add('put with camel case', 'kv/put', put('a', '3', { prevKv: true }));
add('put an empty value', 'kv/put', { key: b('empty') });
add('put with ignore_value', 'kv/put', { key: b('a'), ignore_value: true });
add('ignore_value of a missing key', 'kv/put', { key: b('zz'), ignore_value: true });
add('ignore_value with a value', 'kv/put', put('a', 'x', { ignore_value: true }));
add('ignore_lease with a lease', 'kv/put', put('a', 'x', { ignore_lease: true, lease: '5' }));
add('put without key', 'kv/put', { value: b('x') });
add('put with an unknown lease', 'kv/put', put('a', 'x', { lease: '123' }));
add('put binary', 'kv/put', { key: 'AP8Bgg==', value: '/////w==' });
add('unknown fields are passed over', 'kv/put', put('u', '1', { nope: { x: [1] } }));
add('unpadded base64', 'kv/put', { key: 'YQ' });
add('bad base64', 'kv/put', { key: '%%' });
add('key of the wrong type', 'kv/put', { key: 5 });
add('body of the wrong type', 'kv/put', '[]');
add('truncated body', 'kv/put', '{"key":');
add('no body', 'kv/put', '');
add('lease that is no number', 'kv/put', { key: b('a'), lease: 'x' });
add('prev_kv that is no boolean', 'kv/put', { key: b('a'), prev_kv: 'yes' });
add('a comma too many', 'kv/put', '{"key":"YQ==",}');
add('a name without quotes', 'kv/put', '{key:1}');
add('no JSON at all', 'kv/put', 'hello');
add('a brace too many', 'kv/put', '{"key":"YQ=="}}');
for (const text of [
  '{"key" "a"}',
  '{"key":nul}',
  '{"a":1 "b":2}',
  '{"a":"\u0001"}',
  '{"key":"\\q"}',
  '{"a":"\\u12g4"}',
  '{"key":}',
  '{"a":01}',
  '{"a":-}',
])
  add(`not JSON: ${JSON.stringify(text)}`, 'kv/range', text);
for (const text of [
  '{"a":1.}',
  '{"a":1e}',
  '{,}',
  '{"a":1,,}',
  '}',
  '[1,]',
  '{"a":[1 2]}',
  '{"a":falsy}',
  '{1:2}',
  '"abc',
  '{"a":"\n"}',
  '{"a":ü}',
])
  add(`not JSON: ${JSON.stringify(text)}`, 'kv/range', text);
add('more after the message', 'kv/range', '{"key":"YQ=="} {"key":');
add('a key as a list of bytes', 'kv/range', '{"key":[97]}');
add('a key as a list of more than bytes', 'kv/range', '{"key":[300]}');
add('base64 without its padding', 'kv/range', { key: 'YQ=' });
add('base64 with more after it', 'kv/range', { key: 'YQ==YQ==' });
add('a string for a message', 'kv/put', '"x"');
add('a number for a message', 'kv/put', '7');
add('null for a message', 'kv/range', 'null');
add('base64 with a hole', 'kv/put', { key: 'YQ=%' });
add('base64 of the wrong length', 'kv/put', { key: 'YWE' });
add('a lease beyond 64 bits', 'kv/put', { key: b('a'), lease: '99999999999999999999' });
add('a fraction for a limit', 'kv/range', { key: b('a'), limit: 1.5 });
add('a list for a key', 'kv/range', { key: ['YQ=='] });
add('an object for a list', 'kv/txn', { success: {} });
add('a string for an operation', 'kv/txn', { success: ['x'] });
for (const [key, value] of [
  ['b', '9'],
  ['c', '5'],
  ['d', '7'],
  ['b', '8'],
  ['ab', '1'],
  ['abc', '2'],
] as const)
  add(`put ${key}`, 'kv/put', put(key, value));

// ranges
add('get', 'kv/range', range('a'));
add('get a missing key', 'kv/range', range('nope'));
add('range', 'kv/range', range('a', 'c'));
add('prefix', 'kv/range', range('ab', 'ac'));
add('from key', 'kv/range', { key: b('b'), range_end: 'AA==' });
add('all keys', 'kv/range', { key: 'AA==', range_end: 'AA==', keys_only: true });
add('empty range', 'kv/range', range('c', 'a'));
add('limit', 'kv/range', range('a', 'z', { limit: '2' }));
add('limit as number', 'kv/range', range('a', 'z', { limit: 3 }));
add('limit of all', 'kv/range', range('a', 'c', { limit: 100 }));
add('count only', 'kv/range', range('a', 'z', { count_only: true }));
add('keys only', 'kv/range', range('a', 'z', { keys_only: true }));
add('serializable', 'kv/range', range('a', 'c', { serializable: true }));
for (const sort_order of ['ASCEND', 'DESCEND'])
  for (const sort_target of ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'])
    if (sort_target !== 'VERSION')
      add(
        `sort ${sort_order} by ${sort_target}`,
        'kv/range',
        range('ab', 'z', { sort_order, sort_target, keys_only: false }),
      );
add('sort by number', 'kv/range', range('a', 'z', { sort_order: 2, sort_target: 3, limit: '2' }));
add('sort target without order', 'kv/range', range('ab', 'z', { sort_target: 'MOD' }));
add('unknown sort order', 'kv/range', range('a', '', { sort_order: 'DOWN' }));
add('sort order out of range', 'kv/range', range('a', '', { sort_order: 7 }));
add('mod revision bounds', 'kv/range', range('a', 'z', { min_mod_revision: '4', max_mod_revision: '8' }));
add('create revision bounds', 'kv/range', range('a', 'z', { min_create_revision: '7', max_create_revision: '9' }));
add('old revision', 'kv/range', range('a', '', { revision: '2' }));
add('old revision before creation', 'kv/range', range('c', '', { revision: '3' }));
add('future revision', 'kv/range', range('a', '', { revision: '999' }));
add('range without key', 'kv/range', {});
add('negative limit', 'kv/range', range('a', 'c', { limit: '-1' }));

// deletes
add('delete nothing', 'kv/deleterange', range('nope'));
add('delete with prev_kv', 'kv/deleterange', range('abc', '', { prev_kv: true }));
add('delete a prefix', 'kv/deleterange', range('ab', 'ac'));
add('delete without key', 'kv/deleterange', {});
add('get the deleted', 'kv/range', range('abc'));
add('get the deleted as it was', 'kv/range', range('abc', '', { revision: '12' }));

// transactions
const compare = (target: string, field: string, value: unknown, result = 'EQUAL', key = 'a') => ({
  key: b(key),
  target,
  result,
  [field]: value,
});
const ok = [{ request_put: put('t', 'yes') }, { request_range: range('t') }];
const no = [{ request_put: put('t', 'no') }, { request_range: range('a', 'z', { keys_only: true }) }];
const txn = (name: string, ...compares: unknown[]) =>
  add(name, 'kv/txn', { compare: compares, success: ok, failure: no });
txn('txn without compares');
txn('compare value', compare('VALUE', 'value', b('3')));
txn('compare value that differs', compare('VALUE', 'value', b('x')));
txn('compare value of a missing key', compare('VALUE', 'value', b(''), 'EQUAL', 'nope'));
txn('compare value greater', compare('VALUE', 'value', b('0'), 'GREATER'));
txn('compare value less', compare('VALUE', 'value', b('0'), 'LESS'));
txn('compare version', compare('VERSION', 'version', '4'));
txn('compare version of a missing key', compare('VERSION', 'version', '0', 'EQUAL', 'nope'));
txn('compare version not equal', compare('VERSION', 'version', '1', 'NOT_EQUAL'));
txn('compare create revision', compare('CREATE', 'create_revision', '2'));
txn('compare create revision of a missing key', compare('CREATE', 'create_revision', '0', 'EQUAL', 'nope'));
txn('compare mod revision', compare('MOD', 'mod_revision', '5', 'GREATER'));
txn('compare lease', compare('LEASE', 'lease', '0'));
txn('several compares', compare('CREATE', 'create_revision', '2'), compare('VALUE', 'value', b('x')));
txn('compare without value', { key: b('a'), target: 'MOD' });
add('compare over a range', 'kv/txn', {
  compare: [{ ...compare('MOD', 'mod_revision', '1', 'GREATER'), range_end: b('z') }],
  success: ok,
});
add('compare without key', 'kv/txn', { compare: [{ target: 'MOD' }] });
add('txn that only reads', 'kv/txn', { success: [{ request_range: range('a') }] });
add('txn with nothing', 'kv/txn', {});
add('txn with an empty operation', 'kv/txn', { success: [{}] });
add('txn with a put without key', 'kv/txn', { success: [{ request_put: {} }] });
add('duplicate key', 'kv/txn', { success: [{ request_put: put('x', '1') }, { request_put: put('x', '2') }] });
add('put and delete of one key', 'kv/txn', {
  success: [{ request_put: put('x', '1') }, { request_delete_range: range('x') }],
});
add('delete twice', 'kv/txn', {
  success: [{ request_delete_range: range('t') }, { request_delete_range: range('t') }],
});
add('put, delete and read in one revision', 'kv/txn', {
  success: [
    { request_put: put('p', '1', { prev_kv: true }) },
    { request_delete_range: range('d', '', { prev_kv: true }) },
    { request_range: range('d', 'q') },
  ],
});
add('nested txn', 'kv/txn', {
  compare: [compare('CREATE', 'create_revision', '2')],
  success: [
    { request_put: put('n1', '1') },
    {
      request_txn: {
        compare: [compare('CREATE', 'create_revision', '0', 'EQUAL', 'n1')],
        success: [{ request_put: put('n2', 'inner') }, { request_range: range('n1', 'n3') }],
        failure: [{ request_put: put('n3', 'inner') }],
      },
    },
  ],
});
add('duplicate key across nesting', 'kv/txn', {
  success: [{ request_put: put('n1', '1') }, { request_txn: { success: [{ request_put: put('n1', '2') }] } }],
});
add('txn that reads a future revision', 'kv/txn', {
  success: [{ request_put: put('never', '1') }, { request_range: range('a', '', { revision: '9999' }) }],
});
add('nothing of the refused txn is there', 'kv/range', range('never'));
add('128 operations', 'kv/txn', {
  success: Array.from({ length: 128 }, (_, i) => ({ request_put: put(`many${i}`, 'x') })),
});
add('129 operations', 'kv/txn', {
  success: Array.from({ length: 129 }, (_, i) => ({ request_put: put(`more${i}`, 'x') })),
});
add('129 compares', 'kv/txn', { compare: Array.from({ length: 129 }, () => compare('VERSION', 'version', '0')) });
add('delete the many', 'kv/deleterange', range('many', 'manz'));
add('a request of more than 1.5 MiB', 'kv/put', put('big', 'x'.repeat(1.6 * 1024 * 1024)));
add('a request of nearly 1.5 MiB', 'kv/put', put('big', 'x'.repeat(1.4 * 1024 * 1024)));
add('and it is deleted', 'kv/deleterange', range('big'));

// watches
const watch = (name: string, lines: number, create_request: object) =>
  add(name, 'watch', { create_request }, { lines });
watch('watch from the past', 2, { key: b('a'), start_revision: '1' });
watch('watch with prev_kv', 2, { key: b('a'), start_revision: '2', prev_kv: true });
watch('watch a prefix', 2, { key: b('ab'), range_end: b('ac'), start_revision: '1' });
watch('watch deletes only', 2, { key: b('ab'), range_end: b('ac'), start_revision: '1', filters: ['NOPUT'] });
watch('watch puts only', 2, { key: b('ab'), range_end: b('ac'), start_revision: '1', filters: ['NODELETE'] });
watch('watch from now', 1, { key: b('a') });
watch('watch with an id', 1, { key: b('a'), watch_id: '9' });
add('watch with a bad revision', 'watch', { create_request: { key: b('a'), start_revision: 'x' } });

// compaction
add('compact', 'kv/compaction', { revision: '10' });
add('compact again', 'kv/compaction', { revision: '10' });
add('compact the past', 'kv/compaction', { revision: '3' });
add('compact the future', 'kv/compaction', { revision: '99999' });
add('read a compacted revision', 'kv/range', range('a', '', { revision: '9' }));
add('read the compacted revision itself', 'kv/range', range('a', 'c', { revision: '10' }));
watch('watch a compacted revision', 2, { key: b('a'), start_revision: '3' });
add('txn that reads a compacted revision', 'kv/txn', {
  success: [{ request_range: range('a', '', { revision: '4' }) }],
});

// leases
add('grant', 'lease/grant', { TTL: '100' }, { keep: { lease: 'ID' } });
add('grant with an id', 'lease/grant', { TTL: 60, ID: 7 });
add('grant an id again', 'lease/grant', { TTL: 60, ID: 7 });
add('grant too long', 'lease/grant', { TTL: '99999999999' });
add('put with the lease', 'kv/put', { key: b('l1'), value: b('x'), lease: '7' });
add('get shows the lease', 'kv/range', range('l1'));
add('compare by lease', 'kv/txn', {
  compare: [compare('LEASE', 'lease', '7', 'EQUAL', 'l1')],
  success: [{ request_range: range('l1') }],
});
add('keep alive', 'lease/keepalive', { ID: '7' }, { lines: 1 });
add('keep an unknown one alive', 'lease/keepalive', { ID: '777' }, { lines: 1 });
add('keep the generated one alive', 'lease/keepalive', '{"ID":"$lease"}', { lines: 1 });
add('time to live of an unknown one', 'lease/timetolive', { ID: '777' });
add('the same, old path', 'kv/lease/timetolive', { ID: '777' });
add('time to live with keys', 'lease/timetolive', { ID: '7', keys: true }, { loose: true });
add('put takes the key off the lease', 'kv/put', put('l1', 'y'));
add('put with ignore_lease', 'kv/put', { key: b('l1'), value: b('z'), ignore_lease: true });
add('and on again', 'kv/put', { key: b('l1'), value: b('x'), lease: '7' });
add('revoke', 'lease/revoke', { ID: '7' });
add('its keys are gone', 'kv/range', range('l1'));
add('revoke again', 'lease/revoke', { ID: '7' });
add('revoke again, old path', 'kv/lease/revoke', { ID: '7' });
add('revoke the generated one', 'lease/revoke', '{"ID":"$lease"}');
add('no leases are left', 'lease/leases', {});
add('grant a short one', 'lease/grant', { TTL: 1, ID: 21 });
add('hang a key on it', 'kv/put', { key: b('short'), value: b('x'), lease: '21' });
add('it runs out: its key is gone', 'kv/range', range('short'), { wait: 4500 });
add('put with the expired lease', 'kv/put', { key: b('short'), value: b('x'), lease: '21' });
add('txn with the expired lease', 'kv/txn', { success: [{ request_put: { key: b('short'), lease: '21' } }] });
add('keep the expired one alive', 'lease/keepalive', { ID: '21' }, { lines: 1 });
add('time to live of the expired one', 'lease/timetolive', { ID: '21' });
add('revoke the expired one', 'lease/revoke', { ID: '21' });

// lock and election
add('grant for lock', 'lease/grant', { TTL: 100, ID: 11 });
add('lock', 'lock/lock', { name: b('m'), lease: '11' });
add('lock again under the same lease', 'lock/lock', { name: b('m'), lease: '11' });
add('the lock key', 'kv/range', range('m/', 'm0'));
add('unlock', 'lock/unlock', { key: b('m/b') });
add('unlock without key', 'lock/unlock', {}, { loose: true });
add('lock with an unknown lease', 'lock/lock', { name: b('m'), lease: '999' }, { loose: true });
add('campaign', 'election/campaign', { name: b('e'), lease: '11', value: b('me') });
add('leader', 'election/leader', { name: b('e') });
add('observe', 'election/observe', { name: b('e') }, { lines: 1 });
add('proclaim without leader', 'election/proclaim', { value: b('x') });
add('resign without leader', 'election/resign', {});
add('revoke the lock lease', 'lease/revoke', { ID: '11' });
add('nobody leads', 'election/leader', { name: b('e') });

// cluster and maintenance
add('remove an unknown member', 'cluster/member/remove', { ID: '5' });
add('promote an unknown member', 'cluster/member/promote', { ID: '5' });
add('update an unknown member', 'cluster/member/update', { ID: '5', peerURLs: ['http://x:1'] });
add('add a member without addresses', 'cluster/member/add', { peerURLs: [] });
add('add a member with a bad address', 'cluster/member/add', { peerURLs: ['x'] });
add('status', 'maintenance/status', {});
add('alarms', 'maintenance/alarm', {});
add('raise an alarm', 'maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE' });
add('alarms now', 'maintenance/alarm', {});
add('put is refused', 'kv/put', put('a', 'x'));
add('txn with a put is refused', 'kv/txn', { success: [{ request_put: put('a', 'x') }] });
add('txn with a delete is not', 'kv/txn', { success: [{ request_delete_range: range('p') }] });
add('grant is refused', 'lease/grant', { TTL: 5 });
add('reads go on', 'kv/range', range('a'));
add('deletes go on', 'kv/deleterange', range('c'));
add('clear the alarm', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE' });
add('clear it again', 'maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE' });
add('put works again', 'kv/put', put('a', 'x'));
add('defragment', 'maintenance/defragment', {});
add('hand over to a stranger', 'maintenance/transfer-leadership', { targetID: '1' });
add('no such path', 'nope', {});
add('everything that is left', 'kv/range', { key: 'AA==', range_end: 'AA==' });

export const parityCases: readonly ParityCase[] = cases;

// Watches: many on one stream, given ids, cancels, filters, what a start revision means; and leases.

import { b, type ParityCase } from './etcd-pair.ts';

const cases: ParityCase[] = [];
const add = (name: string, path: string, body: object | string, more: Partial<ParityCase> = {}) =>
  cases.push({ name, path: `/v3/${path}`, body: typeof body === 'string' ? body : JSON.stringify(body), ...more });
const put = (key: string, value: string, more = {}) =>
  add(`put ${key}`, 'kv/put', { key: b(key), value: b(value), ...more });
const range = (key: string, end = '', more = {}) => ({ key: b(key), ...(end ? { range_end: b(end) } : {}), ...more });

// history: revisions 2 to 15
add('grant', 'lease/grant', { TTL: 600, ID: 9 });
put('a', '1');
put('a', '2');
put('b', '1');
add('delete a', 'kv/deleterange', range('a'));
put('a', '3', { lease: 9 });
add('two puts and a delete at once', 'kv/txn', {
  success: [
    { request_put: { key: b('c'), value: b('1') } },
    { request_delete_range: range('b') },
    { request_put: { key: b('d'), value: b('1') } },
  ],
});
add('delete all', 'kv/deleterange', range('a', 'z'));
put('a', '4');
put('b', '2');
put('c', 'x'.repeat(3000));
add('a key put and deleted in one revision', 'kv/txn', {
  success: [
    { request_txn: { success: [{ request_put: { key: b('e'), value: b('brief') } }] } },
    { request_txn: { success: [{ request_delete_range: range('e') }] } },
  ],
});

/** Lines of a stream whose requests are these. `events` counts only the answers that are expected. */
const stream = (name: string, lines: number, requests: object[], more: Partial<ParityCase> = {}) =>
  add(name, 'watch', requests.map((request) => JSON.stringify(request)).join(''), { lines, silence: 50, ...more });
const create = (request: object) => ({ create_request: request });

for (const start of [1, 2, 3, 5, 8, 12])
  for (const [what, key, end] of [
    ['a', 'a', ''],
    ['all', 'a', 'z'],
    ['from b', 'b', '\0'],
  ] as const)
    stream(`${what} from ${start}`, 2, [create(range(key, end, { start_revision: start }))]);
for (const more of [
  { filters: ['NOPUT'] },
  { filters: ['NODELETE'] },
  { filters: [0] },
  { filters: [1, 1] },
  { filters: [7] },
  { prev_kv: true },
  { prev_kv: true, filters: ['NOPUT'] },
  { progress_notify: true },
  { fragment: true },
])
  stream(`all with ${JSON.stringify(more)}`, 2, [create(range('a', 'z', { start_revision: 2, ...more }))]);
stream('both filters: nothing comes', 1, [
  create(range('a', 'z', { start_revision: 2, filters: ['NOPUT', 'NODELETE'] })),
]);
stream('from now', 1, [create(range('a', 'z'))]);
stream('from the future', 1, [create(range('a', 'z', { start_revision: 500 }))]);
stream('from a negative revision', 1, [create(range('a', 'z', { start_revision: -1 }))]);
stream('from the next revision', 1, [create(range('a', 'z', { start_revision: 13 }))]);
stream('a key that is not there', 1, [create(range('nope', '', { start_revision: 1 }))]);
stream('without a key', 1, [create({})]);
stream('without a key, from the past', 1, [create({ start_revision: 1 })]);
stream('without a key, with an end', 2, [create({ range_end: b('c'), start_revision: 1 })]);
stream('everything', 2, [create({ key: b('\0'), range_end: b('\0'), start_revision: 1 })]);
stream('everything, by an empty key', 2, [create({ key: '', range_end: b('\0'), start_revision: 1 })]);
stream('an empty range', 1, [create(range('z', 'a', { start_revision: 1 }))]);
stream('key and end the same', 1, [create(range('a', 'a', { start_revision: 1 }))]);

// ids
stream('an id of its own', 2, [create(range('a', '', { watch_id: 7, start_revision: 1 }))]);
stream('a negative id', 1, [create(range('a', '', { watch_id: -7 }))]);
stream('the id -1', 1, [create(range('a', '', { watch_id: -1 }))]);
stream('the largest id', 1, [create(range('a', '', { watch_id: '9223372036854775807' }))]);
stream('two without ids', 2, [create(range('a')), create(range('b'))], { byWatch: true });
stream('an id in use', 2, [create(range('a', '', { watch_id: 7 })), create(range('b', '', { watch_id: 7 }))]);
stream('ids are given around those in use', 4, [
  create(range('a', '', { watch_id: 1 })),
  create(range('b')),
  create(range('c')),
  create(range('d')),
]);
stream('an id is asked for that was given', 2, [create(range('a')), create(range('b', '', { watch_id: 0 }))]);
stream('an id of a canceled one', 3, [
  create(range('a', '', { watch_id: 5 })),
  { cancel_request: { watch_id: 5 } },
  create(range('b', '', { watch_id: 5 })),
]);
stream('a given id of a canceled one', 3, [
  create(range('a')),
  { cancel_request: { watch_id: 0 } },
  create(range('b')),
]);

// cancels and progress
stream('cancel', 2, [create(range('a')), { cancel_request: { watch_id: 0 } }]);
stream('cancel twice', 2, [create(range('a')), { cancel_request: {} }, { cancel_request: {} }]);
stream('cancel of an unknown id', 1, [{ cancel_request: { watch_id: 77 } }, create(range('a'))]);
stream('cancel before anything', 1, [{ cancel_request: {} }, create(range('a'))]);
stream('cancel of one of two', 3, [create(range('a')), create(range('b')), { cancel_request: { watch_id: 1 } }], {
  byWatch: true,
});
stream('progress of nothing', 1, [{ progress_request: {} }]);
stream('progress of one that is up to date', 2, [create(range('a')), { progress_request: {} }]);
stream('a message that says nothing', 1, [{}, create(range('a'))]);
stream('a key that is bad in the second message', 2, [create(range('a')), create({ key: 5 })]);
add('more that is no JSON', 'watch', `${JSON.stringify(create(range('a')))}nonsense`, { lines: 2, silence: 50 });
add('more that is no message', 'watch', `${JSON.stringify(create(range('a')))}7`, { lines: 2, silence: 50 });
add('messages in lines', 'watch', `${JSON.stringify(create(range('a')))}\n\n${JSON.stringify(create(range('b')))}\n`, {
  lines: 2,
  silence: 50,
  byWatch: true,
});
stream(
  'many at once from the past',
  6,
  [
    create(range('a', '', { start_revision: 2 })),
    create(range('b', '', { start_revision: 2, prev_kv: true })),
    create(range('a', 'z', { start_revision: 7, filters: ['NOPUT'] })),
  ],
  { byWatch: true },
);

// compaction
add('compact', 'kv/compaction', { revision: 7, physical: true });
for (const start of [1, 6, 8])
  stream(`from ${start} after compaction at 7`, 2, [create(range('a', 'z', { start_revision: start }))]);
stream('prev_kv that was compacted', 2, [create(range('a', 'z', { start_revision: 8, prev_kv: true }))]);
stream(
  'a compacted one among others',
  4,
  [create(range('a', 'z', { start_revision: 2 })), create(range('a', '', { start_revision: 9 }))],
  { byWatch: true },
);
stream(
  'a compacted id is free again',
  3,
  [create(range('a', 'z', { start_revision: 2, watch_id: 4 })), create(range('nope', '', { watch_id: 3 }))],
  { byWatch: true },
);

// leases
for (const body of [
  {},
  { TTL: 0 },
  { TTL: -1 },
  { TTL: 1, ID: 100 },
  { TTL: '9000000000', ID: 101 },
  { TTL: '9000000001', ID: 102 },
  { TTL: '-9000000001', ID: 103 },
  { TTL: '9223372036854775807', ID: 104 },
  { TTL: 600, ID: -5 },
  { TTL: 600, ID: '9223372036854775807' },
  { TTL: 600, ID: '9223372036854775807' },
  { TTL: 600, ID: '-9223372036854775808' },
  { TTL: 600, ID: 0 },
  { TTL: -7, ID: 106 },
])
  add(`grant ${JSON.stringify(body)}`, 'lease/grant', body);
add('an id that was made up is positive', 'lease/grant', { TTL: 100 }, { keep: { lease: 'ID' } });
for (const ID of ['0', '5', '101', '-5', '9223372036854775807', '$lease']) {
  add(`keep alive ${ID}`, 'lease/keepalive', { ID }, { lines: 1 });
  add(`time to live ${ID}`, 'lease/timetolive', { ID, keys: true });
}
add('keep alive two', 'lease/keepalive', '{"ID":"101"}{"ID":"-5"}', { lines: 2, silence: 50 });
add('keep alive known and unknown', 'lease/keepalive', '{"ID":"101"}{"ID":"4711"}{"ID":"-5"}', {
  lines: 3,
  silence: 50,
});
add('keep alive and then nonsense', 'lease/keepalive', '{"ID":"101"}nonsense', { lines: 2, silence: 50 });
for (const key of ['l2', 'l1', 'l3']) put(key, 'x', { lease: 101 });
put('l3', 'x', { lease: '-5' });
add('time to live with keys', 'lease/timetolive', { ID: 101, keys: true });
add('time to live without', 'lease/timetolive', { ID: 101 });
add('a deleted key hangs on no lease', 'kv/deleterange', range('l2'));
add('and does not show', 'lease/timetolive', { ID: 101, keys: true });
add('a txn moves a key to another lease and back', 'kv/txn', {
  success: [
    { request_put: { key: b('l1'), value: b('y'), lease: 9 } },
    { request_txn: { success: [{ request_delete_range: range('l1') }] } },
  ],
});
add('now', 'lease/timetolive', { ID: 9, keys: true });
add('and there', 'lease/timetolive', { ID: 101, keys: true });
add('revoke', 'lease/revoke', { ID: '-5' });
add('revoke by the old path', 'kv/lease/revoke', { ID: 9 });
for (const ID of [9, 100, 101, 106, '9223372036854775807', '-9223372036854775808', 4711])
  add(`revoke ${ID}`, 'lease/revoke', { ID });
add('what is left', 'kv/range', { key: b('\0'), range_end: b('\0') });
add('leases by the old path', 'kv/lease/leases', {}, { loose: true });
stream('all that happened', 2, [create({ key: b('\0'), range_end: b('\0'), start_revision: 8 })]);

export const watchCases: readonly ParityCase[] = cases;

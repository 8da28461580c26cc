// Keys and values: every combination of a range's options, puts and deletes with all their flags, transactions inside transactions, compaction.

import { b, type ParityCase } from './etcd-pair.ts';

const cases: ParityCase[] = [];
const add = (name: string, path: string, body: object, more: Partial<ParityCase> = {}) =>
  cases.push({ name, path: `/v3/${path}`, body: JSON.stringify(body), ...more });

const put = (key: string, value: string, more = {}) => ({ key: b(key), value: b(value), ...more });
const range = (key: string, end = '', more = {}) => ({ key: b(key), ...(end ? { range_end: b(end) } : {}), ...more });

// what the ranges below read: keys in another order by name, creation, change, version and value, each different
add('grant', 'lease/grant', { TTL: 600, ID: 77 });
for (const [key, value] of [
  ['c', '1'],
  ['a', '5'],
  ['e', '3'],
  ['b', '4'],
  ['d', '2'],
  ['a', '6'],
  ['c', '9'],
  ['b', '0'],
  ['b', '7'],
  ['c', '8'],
  ['c', '0'],
  ['gone', 'x'],
] as const)
  add(`put ${key}`, 'kv/put', put(key, value));
add('put with a lease', 'kv/put', put('e', '3', { lease: 77 }));
add('delete', 'kv/deleterange', range('gone'));

// every range option with every other
const ends: [string, string, string][] = [
  ['all', 'a', 'z'],
  ['one', 'c', ''],
  ['from', 'b', '\0'],
  ['none', 'x', 'y'],
];
for (const [what, key, end] of ends)
  for (const sort_order of ['NONE', 'ASCEND', 'DESCEND'])
    for (const sort_target of ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'])
      for (const limit of [0, 2])
        for (const [flag, more] of Object.entries({ plain: {}, keys: { keys_only: true }, old: { revision: 8 } }))
          add(`range ${what} ${sort_order} ${sort_target} limit ${limit} ${flag}`, 'kv/range', {
            ...range(key, end, more),
            sort_order,
            sort_target,
            limit,
          });
const bounds = [
  { min_mod_revision: 6 },
  { max_mod_revision: 8 },
  { min_create_revision: 4 },
  { max_create_revision: 4 },
  { min_mod_revision: 5, max_mod_revision: 11 },
  { min_mod_revision: 9, max_mod_revision: 7 },
  { min_create_revision: 3, max_create_revision: 5 },
  { min_mod_revision: 7, max_create_revision: 4 },
  { min_mod_revision: -3 },
  { max_mod_revision: -3 },
  { max_mod_revision: 1 },
  { min_create_revision: 99 },
];
for (const bound of bounds)
  for (const more of [
    {},
    { limit: 1 },
    { limit: 2, sort_order: 'DESCEND' },
    { count_only: true },
    { keys_only: true },
    { revision: 9 },
    { count_only: true, limit: 1, sort_target: 'MOD' },
  ])
    add(`range ${JSON.stringify(bound)} ${JSON.stringify(more)}`, 'kv/range', range('a', 'z', { ...bound, ...more }));
for (const more of [
  { count_only: true },
  { count_only: true, keys_only: true },
  { count_only: true, limit: 2 },
  { count_only: true, sort_order: 'DESCEND', sort_target: 'MOD' },
  { count_only: true, revision: 5 },
  { count_only: true, revision: 999 },
  { limit: -5 },
  { limit: 1, revision: 3 },
  { limit: '9223372036854775807' },
  { revision: -1 },
  { revision: 1 },
  { revision: 0 },
  { serializable: true, limit: 1 },
  { serializable: true, revision: 999 },
  { sort_order: 1, sort_target: 4 },
  { sort_order: 7, sort_target: 4 },
  { sort_order: 7 },
  { sort_order: -1, limit: 2 },
])
  add(`range ${JSON.stringify(more)}`, 'kv/range', range('a', 'z', more));
for (const [name, body] of Object.entries({
  'empty key': { range_end: b('z') },
  'empty key and end': { key: '', range_end: '' },
  'empty key, endless': { key: '', range_end: b('\0') },
  'key and end the same': range('b', 'b'),
  'key beyond the end': range('c', 'a'),
  'end just after the key': range('b', 'b\0'),
  'end a zero byte more': range('b', 'c\0'),
  'zero key': { key: b('\0') },
  'zero key, endless': { key: b('\0'), range_end: b('\0') },
  'last byte': { key: '/w==', range_end: b('\0') },
  'last byte as end': { key: b('a'), range_end: '//8=' },
  'two zero bytes as end': { key: b('a'), range_end: b('\0\0') },
})) {
  add(`range: ${name}`, 'kv/range', body);
  add(`count: ${name}`, 'kv/range', { ...body, count_only: true });
}

// puts with every flag
for (const key of ['flags', 'a'])
  for (const value of [undefined, 'v'])
    for (const lease of [undefined, 0, 77, 78, -1])
      for (const flags of [
        {},
        { prev_kv: true },
        { ignore_value: true },
        { ignore_lease: true },
        { ignore_value: true, ignore_lease: true },
        { ignore_value: true, ignore_lease: true, prev_kv: true },
      ])
        add(`put ${key} ${value} ${lease} ${JSON.stringify(flags)}`, 'kv/put', {
          key: b(key),
          ...(value === undefined ? {} : { value: b(value) }),
          ...(lease === undefined ? {} : { lease }),
          ...flags,
        });
add('what that left', 'kv/range', range('a', 'z'));
add('what hangs on the lease', 'lease/timetolive', { ID: 77, keys: true });
add('ignore_lease keeps the lease', 'kv/put', put('e', 'new', { ignore_lease: true }));
add('and it shows', 'kv/range', range('e'));
add('ignore_value takes the lease off', 'kv/put', { key: b('e'), ignore_value: true });
add('and that shows', 'kv/range', range('e'));
add('a key of zero bytes', 'kv/put', put('\0\0', 'zero'));
add('a key of the last byte', 'kv/put', { key: '////', value: '/w==' });
add('a value of every byte', 'kv/put', {
  key: b('bytes'),
  value: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('base64'),
});
add('and back', 'kv/range', range('bytes'));
add('text beyond ASCII', 'kv/put', put('schlüssel', '値 🔑'));
add('and back', 'kv/range', range('schlüssel'));

// deletes
for (const body of [
  range('no', '', { prev_kv: true }),
  range('no', 'nz', { prev_kv: true }),
  range('z', 'a'),
  range('b', 'b'),
  { key: '', range_end: b('b') },
  { key: b('\0'), range_end: b('\0\0'), prev_kv: true },
  { key: b('\0'), range_end: b('\0\0\0'), prev_kv: true },
  { key: '////', prev_kv: true },
  range('bytes', 'bytes\0', { prev_kv: true }),
  range('b', 'd', { prev_kv: true }),
  range('b', 'd', { prev_kv: true }),
])
  add(`delete ${JSON.stringify(body)}`, 'kv/deleterange', body);
add('made again, from version 1', 'kv/put', put('b', 'again', { prev_kv: true }));
add('and it shows', 'kv/range', range('b'));
add('the old one still shows in the past', 'kv/range', range('b', '', { revision: 12 }));

// transactions
type Op = object;
const p = (key: string, value = 'v', more = {}): Op => ({ request_put: put(key, value, more) });
const d = (key: string, end = '', more = {}): Op => ({ request_delete_range: range(key, end, more) });
const r = (key: string, end = '', more = {}): Op => ({ request_range: range(key, end, more) });
const t = (success: Op[], failure: Op[] = [], compare: object[] = []): Op => ({
  request_txn: { compare, success, failure },
});
const txn = (name: string, success: Op[], failure: Op[] = [], compare: object[] = []) =>
  add(`txn: ${name}`, 'kv/txn', { compare, success, failure });
const never = { key: b('nope'), target: 'VERSION', result: 'GREATER', version: 0 };

txn('nothing', []);
txn('only compares', [], [], [never]);
txn('reads its own writes', [p('w', '1'), r('w'), d('w'), r('w')]);
txn('reads its own writes by range', [
  p('w1', '1'),
  p('w2', '2'),
  r('w', 'x'),
  d('w3', 'x'),
  r('w', 'x', { limit: 1 }),
]);
txn('prev_kv inside', [p('w1', '3', { prev_kv: true }), d('w2', '', { prev_kv: true })]);
txn('prev_kv of what it has just written', [p('w5', '3'), r('w5'), t([r('w5')])]);
txn('writes of a deleted range, later', [d('w', 'w1'), p('w1', '4')]);
txn('a put into a range it deletes', [d('w', 'x'), p('w1', '4')]);
txn('a put into a range it deletes, first', [p('w1', '4'), d('w', 'x')]);
txn('a put at the end of a range it deletes', [d('w', 'w9'), p('w9', '4')]);
txn('a put into an endless range it deletes', [d('w', '\0'), p('zz', '4')]);
txn('two deletes that overlap', [d('w', 'x'), d('w1', 'w5')]);
txn('the same put twice', [p('w', '1'), p('w', '1')]);
txn('the same put in both branches', [p('w', '1')], [p('w', '2')]);
txn('a put twice in the branch not taken', [], [p('w', '1'), p('w', '2')]);
txn('a put and a nested put of the same', [p('w'), t([p('w')])]);
txn('a nested put and a put of the same', [t([p('w')]), p('w')]);
txn('nested branches with the same put', [t([p('w', 'yes')], [p('w', 'no')])]);
txn('nested branches with the same put, twice', [t([p('w', 'yes')], [p('w', 'no')]), t([p('w')])]);
txn('two nested with the same put', [t([p('w')]), t([p('w')])]);
txn('two nested, one puts, one deletes', [t([p('w')]), t([d('w')])]);
txn('two nested, one deletes, one puts', [t([d('w')]), t([p('w')])]);
txn('two nested that delete the same', [t([d('w')]), t([d('w')])]);
txn('a nested delete over a put', [p('w'), t([d('v', 'x')])]);
txn('a delete over a nested put', [d('v', 'x'), t([p('w')])]);
txn('a delete, and a nested put in the branch not taken', [d('v', 'x'), t([], [p('w')])]);
txn('a nested put and delete of the same', [t([p('w'), d('w')])]);
txn('nested put in one branch, delete in the other', [t([p('w')], [d('w')])]);
txn('three deep', [t([t([t([p('deep', '3'), r('deep')])]), p('deeper')])]);
txn('three deep with a duplicate', [t([t([t([p('deep', '3')])]), p('deep')])]);
txn('nested that does nothing', [t([])]);
txn('nested with an empty operation', [t([{}])]);
txn('nested with a put without key', [t([{ request_put: {} }])]);
txn('nested with a compare without key', [t([], [], [{ target: 'MOD' }])]);
txn('nested with a bad range in the branch not taken', [t([], [r('a', '', { revision: 9999 })])]);
txn('nested with a bad range in the branch taken', [p('half'), t([r('a', '', { revision: 9999 })])]);
txn('nothing of it is there', [r('half')]);
txn('nested compare sees what was before the transaction', [
  p('seen', '1'),
  t([p('yes')], [p('no')], [{ key: b('seen'), target: 'VERSION', version: 1 }]),
]);
txn('nested with an unknown lease', [p('half'), t([p('other', 'x', { lease: 4711 })])]);
txn('an unknown lease in the branch not taken', [], [p('other', 'x', { lease: 4711 })]);
txn('ignore_value of a missing key', [p('half'), { request_put: { key: b('missing'), ignore_value: true } }]);
txn('ignore_value of a key it has just put', [{ request_put: { key: b('seen'), ignore_value: true } }]);
txn('ignore_value of a key it has deleted', [d('yes'), t([]), { request_put: { key: b('no'), ignore_value: true } }]);
txn('ignore_value with a value', [{ request_put: put('seen', 'x', { ignore_value: true }) }]);
txn('ignore_lease with a lease', [{ request_put: put('seen', 'x', { ignore_lease: true, lease: 77 }) }]);
txn('with a lease', [p('seen', 'x', { lease: 77 }), r('seen')]);
txn('a past revision', [p('seen', 'y'), r('a', 'z', { revision: 12 })]);
txn('a revision it is about to make', [p('seen', 'y'), r('seen', '', { revision: 9999999 })]);
txn('range options', [
  r('a', 'z', { limit: 2, sort_order: 'DESCEND', sort_target: 'MOD' }),
  r('a', 'z', { count_only: true }),
  r('a', 'z', { keys_only: true, min_mod_revision: 20 }),
]);
txn('range with an unknown sort order', [r('a', 'z', { sort_order: 9 })]);
txn('range without key', [{ request_range: {} }]);
txn('delete without key', [{ request_delete_range: {} }]);
txn('delete of nothing', [d('nothing')]);
txn('delete of nothing with prev_kv', [d('nothing', 'nothinh', { prev_kv: true })]);
txn('only reads, serializable', [r('a', '', { serializable: true })]);
txn('a write in the branch not taken', [r('a')], [p('w')]);
txn('129 deep in the second level', [t(Array.from({ length: 128 }, (_, i) => p(`x${i}`)))]);
txn('127 nested under one', [t(Array.from({ length: 127 }, (_, i) => p(`x${i}`)))]);
txn('and they go', [d('x', 'y')]);
txn(
  '128 compares',
  [],
  [],
  Array.from({ length: 128 }, () => never),
);

// compares: each target with each result on keys that are there, are not, are many
const targets = { VERSION: 'version', CREATE: 'create_revision', MOD: 'mod_revision', VALUE: 'value', LEASE: 'lease' };
for (const [target, field] of Object.entries(targets))
  for (const result of ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL', 0, 7])
    for (const [key, end] of [
      ['a', ''],
      ['nope', ''],
      ['a', 'f'],
      ['nope', 'nopf'],
      ['a', '\0'],
      ['f', 'a'],
    ] as const)
      for (const value of field === 'value' ? [b(''), b('6'), undefined] : [0, 1, 77, undefined])
        add(`compare ${target} ${result} ${key} ${JSON.stringify(end)} ${value}`, 'kv/txn', {
          compare: [{ ...range(key, end), target, result, ...(value === undefined ? {} : { [field]: value }) }],
          success: [r('a', '', { count_only: true })],
        });
add('compare of an empty key with an end', 'kv/txn', { compare: [{ range_end: b('z'), target: 'MOD' }] });
add('compare from zero', 'kv/txn', {
  compare: [{ key: b('\0'), range_end: b('\0'), target: 'MOD', result: 'GREATER' }],
});
add('compare without anything', 'kv/txn', { compare: [{ key: b('a') }] });
add('compare of a lease by a negative number', 'kv/txn', { compare: [{ key: b('a'), target: 'LEASE', lease: -5 }] });
add('compare of a negative version', 'kv/txn', {
  compare: [{ key: b('a'), target: 'VERSION', result: 'GREATER', version: -5 }],
});

// compaction
add('compact 0', 'kv/compaction', { revision: 0 });
add('compact without revision', 'kv/compaction', {});
add('compact a negative one', 'kv/compaction', { revision: -1 });
add('compact the future', 'kv/compaction', { revision: 99999 });
add('compact', 'kv/compaction', { revision: 12 });
add('compact 0 now', 'kv/compaction', { revision: 0 });
add('compact the same, physically', 'kv/compaction', { revision: 12, physical: true });
add('compact the past', 'kv/compaction', { revision: 11, physical: true });
add('compact physically', 'kv/compaction', { revision: 14, physical: true });
add('read before', 'kv/range', range('a', 'z', { revision: 13 }));
add('read at it', 'kv/range', range('a', 'z', { revision: 14 }));
add('read after', 'kv/range', range('a', 'z', { revision: 15 }));
add('count before', 'kv/range', range('a', 'z', { revision: 13, count_only: true }));
add('a deleted key, at it', 'kv/range', range('gone', '', { revision: 14 }));
add('a deleted key, before its deletion', 'kv/range', range('gone', '', { revision: 13 }));
add('negative revision', 'kv/range', range('a', '', { revision: -7 }));
txn('reads before it', [p('w'), r('a', '', { revision: 13 })]);
txn('reads at it', [p('w'), r('a', '', { revision: 14 })]);
txn('reads before it, in the branch not taken', [p('w')], [r('a', '', { revision: 13 })]);
txn('reads before it, and nothing else', [r('a', '', { revision: 13 })]);
add('everything', 'kv/range', { key: b('\0'), range_end: b('\0') });
add('everything is deleted', 'kv/deleterange', { key: b('\0'), range_end: b('\0'), prev_kv: true });
add('nothing is deleted', 'kv/deleterange', { key: b('\0'), range_end: b('\0'), prev_kv: true });
add('nothing is left', 'kv/range', { key: b('\0'), range_end: b('\0') });
add('compact to the present of nothing', 'kv/compaction', { revision: 60, physical: true });
add('a key begins anew', 'kv/put', put('a', 'anew', { prev_kv: true }));
add('and shows', 'kv/range', range('a'));
add('the lease goes', 'lease/revoke', { ID: 77 });

export const kvCases: readonly ParityCase[] = cases;

// The gateway itself: paths, methods, content types, and every way in which a body can be wrong. Left out is what etcd 3.4 does not survive (a sort target or an alarm
// action beyond the known ones) or answers by closing the connection (null in a list of messages): of ours, src/etcd/server/http.test.ts has that.

import { b, type ParityCase } from './etcd-pair.ts';

const cases: ParityCase[] = [];
const add = (name: string, path: string, body: unknown, more: Partial<ParityCase> = {}) =>
  cases.push({ name, path, body: typeof body === 'string' ? body : JSON.stringify(body), ...more });

// paths and methods
for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'])
  for (const path of ['/v3/kv/range', '/v3/watch', '/v3/lease/keepalive', '/v3/nope'])
    add(`${method} ${path}`, path, '{}', { method });
for (const path of [
  '/v3/',
  '/v3/kv',
  '/v3/kv/',
  '/v3/kv/range/',
  '/v3/kv/range/x',
  '/v3/KV/range',
  '/v3/kv/range?key=YQ==',
  '/v3/kv/lease/leases',
  '/v3beta/kv/range',
  '/v3beta/lease/leases',
  '/v3alpha/kv/range',
  '/v2/keys',
  '/nope',
  '/',
  '/v3/kv/range%20',
])
  add(`POST ${path}`, path, { key: b('a') });
for (const path of ['/version', '/health'])
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'HEAD']) add(`${method} ${path}`, path, '', { method });
for (const path of ['/v2/keys', '/v2/keys/x', '/v2/members', '/nope', '/'])
  add(`GET ${path}`, path, '', { method: 'GET' });

// content types
for (const type of [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'nonsense',
  '',
])
  add(`content type "${type}"`, '/v3/kv/put', { key: b('a'), value: b('1') }, { headers: { 'content-type': type } });
for (const accept of ['application/json', 'text/html', 'application/x-protobuf'])
  add(`accept "${accept}"`, '/v3/kv/range', { key: b('a') }, { headers: { accept } });

// bodies that are no message
const bodies = [
  '',
  ' ',
  '\n\n',
  'null',
  'true',
  '0',
  '-1',
  '"x"',
  '[]',
  '[{}]',
  '{}',
  '{} {}',
  '{}x',
  '{"key":"YQ=="}garbage',
  '{"key":"YQ=="}\n{"key":"Yg=="}',
  '{"key":"YQ==","key":"Yg=="}',
  '{"key":"YQ==","keys_only":true,"keysOnly":false}',
  '{"keysOnly":false,"keys_only":true,"key":"YQ=="}',
  '{"Key":"YQ=="}',
  '{"KEY":"YQ=="}',
  '{"key":null}',
  '{"key":"YQ==","limit":null}',
  '{"key":"YQ==","sort_order":null}',
  '{"key":{}}',
  '{"key":{"a":1}}',
  '{"key":true}',
  '{"key":1.5}',
  '{"key":"YQ==","limit":"x"}',
  '{"key":"YQ==","limit":""}',
  '{"key":"YQ==","limit":" 1"}',
  '{"key":"YQ==","limit":"1 "}',
  '{"key":"YQ==","limit":"+1"}',
  '{"key":"YQ==","limit":"-1"}',
  '{"key":"YQ==","limit":"01"}',
  '{"key":"YQ==","limit":"1.0"}',
  '{"key":"YQ==","limit":"1e3"}',
  '{"key":"YQ==","limit":1e3}',
  '{"key":"YQ==","limit":1.0}',
  '{"key":"YQ==","limit":1.5}',
  '{"key":"YQ==","limit":-0}',
  '{"key":"YQ==","limit":"-0"}',
  '{"key":"YQ==","limit":true}',
  '{"key":"YQ==","limit":[]}',
  '{"key":"YQ==","limit":{}}',
  '{"key":"YQ==","limit":"null"}',
  '{"key":"YQ==","limit":"true"}',
  '{"key":"YQ==","limit":"9223372036854775807"}',
  '{"key":"YQ==","limit":9223372036854775807}',
  '{"key":"YQ==","limit":"9223372036854775808"}',
  '{"key":"YQ==","limit":9223372036854775808}',
  '{"key":"YQ==","limit":"-9223372036854775808"}',
  '{"key":"YQ==","limit":"-9223372036854775809"}',
  '{"key":"YQ==","limit":"99999999999999999999999"}',
  '{"key":"YQ==","limit":1e30}',
  '{"key":"YQ==","revision":"9223372036854775807"}',
  '{"key":"YQ==","revision":"-1"}',
  '{"key":"YQ==","revision":"-9223372036854775808"}',
  '{"key":"YQ==","keys_only":"true"}',
  '{"key":"YQ==","keys_only":1}',
  '{"key":"YQ==","keys_only":[]}',
  '{"key":"YQ==","keys_only":null}',
  '{"key":"YQ==","sort_order":"descend"}',
  '{"key":"YQ==","sort_order":""}',
  '{"key":"YQ==","sort_order":"1"}',
  '{"key":"YQ==","sort_order":-1}',
  '{"key":"YQ==","sort_order":1.5}',
  '{"key":"YQ==","sort_order":2147483648}',
  '{"key":"YQ==","sort_order":true}',
  '{"key":"YQ==","sort_order":{}}',
  '{"key":"YQ==","sort_order":["ASCEND"]}',
  '{"key":"YQ==","sort_target":"NOPE"}',
  '{"key":"YQ==","unknown":{"a":[1,{"b":null}]}}',
  '{"":1}',
  '{"key":"YQ==","header":{}}',
  '{"k\\u0065y":"YQ=="}',
  '{"key":"\\u0059Q=="}',
  '{"key":"Y\\nQ=="}',
  '{"key":"Y\\r\\nQ=="}',
  '{"key":"YQ==\\n"}',
  '{"key":"Y\\n=="}',
  '{"key":"Y\\nQ"}',
  '{"key":"Y\\r.\\nQ=="}',
  '{"key":"YQ\\n=\\n="}',
  '{"key":"YQ=\\nx"}',
  '{"key":"YWI\\n=x"}',
  '{"key":"\\n"}',
  '{"key":"\\nYQ"}',
  '{"key":"Y Q=="}',
  '{"key":""}',
  '{"key":"="}',
  '{"key":"=="}',
  '{"key":"Y"}',
  '{"key":"YQ"}',
  '{"key":"YQ="}',
  '{"key":"YQ==="}',
  '{"key":"YQ==YQ=="}',
  '{"key":"YR=="}',
  '{"key":"YWJj"}',
  '{"key":"YWJjZ"}',
  '{"key":"YWJjZA"}',
  '{"key":"_-_-"}',
  '{"key":"/+/+"}',
  '{"key":"ü"}',
  '{"key":"YQ==\\u0000"}',
  '{"key":[]}',
  '{"key":[97]}',
  '{"key":[97,null]}',
  '{"key":["a"]}',
  '{"key":[256]}',
  '{"key":[-1]}',
  '{"key":[1.5]}',
  '{"key":[[97]]}',
  '{"key":"YQ==","range_end":7}',
  '\ufeff{"key":"YQ=="}',
  '{"key":"YQ==",}',
  '{"key":"YQ=="',
  '{"key":"YQ==',
  '{"key"',
  '{"key":"YQ==" "limit":1}',
  "{'key':'YQ=='}",
  '{"a":tru}',
  '{"a":nulL}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":NaN}',
  '{"a":Infinity}',
  '{"a":0x10}',
  '{"a":"\\x41"}',
  '{"a":"\\ud800"}',
  '// comment\n{}',
  '{"a":1}//',
];
for (const body of bodies) add(`range ${JSON.stringify(body)}`, '/v3/kv/range', body);
const puts = [
  '{"key":"YQ==","lease":"x"}',
  '{"key":"YQ==","lease":"-1"}',
  '{"key":"YQ==","lease":-1}',
  '{"key":"YQ==","lease":"18446744073709551615"}',
  '{"key":"YQ==","lease":1.5}',
  '{"key":"YQ==","lease":{}}',
  '{"key":"YQ==","value":5}',
  '{"key":"YQ==","value":null}',
  '{"key":"YQ==","value":"%"}',
  '{"key":"YQ==","ignore_value":"x"}',
  '{"key":"YQ==","ignoreValue":"x"}',
];
for (const body of puts) add(`put ${body}`, '/v3/kv/put', body);
const txns = [
  '{"compare":{}}',
  '{"compare":"x"}',
  '{"compare":5}',
  '{"compare":null}',
  '{"compare":[5]}',
  '{"compare":["x"]}',
  '{"compare":[[]]}',
  '{"compare":[{}]}',
  '{"compare":[{"key":"YQ==","result":"NOPE"}]}',
  '{"compare":[{"key":"YQ==","result":9}]}',
  '{"compare":[{"key":"YQ==","result":-1}]}',
  '{"compare":[{"key":"YQ==","target":"nope"}]}',
  '{"compare":[{"key":"YQ==","target":9}]}',
  '{"compare":[{"key":"YQ==","target":9,"result":9}]}',
  '{"compare":[{"key":"YQ==","target":"VALUE","version":"1"}]}',
  '{"compare":[{"key":"YQ==","target":"VERSION","value":"YQ=="}]}',
  '{"compare":[{"key":"YQ==","version":"x"}]}',
  '{"success":[5]}',
  '{"success":[[]]}',
  '{"success":null}',
  '{"success":[{"request_range":null}]}',
  '{"success":[{"request_put":null}]}',
  '{"success":[{"request_put":[]}]}',
  '{"success":[{"request_put":"x"}]}',
  '{"success":[{"request_put":7}]}',
  '{"success":[{"request_put":{}}]}',
  '{"success":[{"nope":{}}]}',
  '{"success":[{"requestRange":{"key":"YQ=="}}]}',
  '{"success":[{"request_range":{"key":"%"}}]}',
  '{"success":[{"request_delete_range":{}}]}',
  '{"success":[{"request_txn":{}}]}',
  '{"success":[{"request_txn":null}]}',
  '{"success":[{"request_txn":{"success":[{}]}}]}',
];
for (const body of txns) add(`txn ${body}`, '/v3/kv/txn', body);
const others: [path: string, ...bodies: string[]][] = [
  ['kv/deleterange', '', 'null', '5', '{"key":5}', '{"key":"YQ==","range_end":"%"}', '{"prev_kv":1}'],
  ['kv/compaction', '', '{}', '{"revision":"x"}', '{"revision":"-1"}', '{"physical":"x"}'],
  ['lease/grant', '{"TTL":"x"}', '{"ttl":5,"ID":"4"}', '{"TTL":{}}', '{"TTL":5,"ID":"x"}', '{"TTL":5,"id":"5"}'],
  ['lease/revoke', '', '{"ID":"x"}', '{"ID":-1}', '{"ID":"-1"}'],
  ['lease/timetolive', '', '{"ID":"x"}', '{"ID":"5","keys":1}', '{"ID":"-1"}'],
  ['lease/leases', 'x', '[]', 'null', '5'],
  [
    'cluster/member/add',
    '',
    '{"peerURLs":"x"}',
    '{"peerURLs":{}}',
    '{"peerURLs":[5]}',
    '{"peerURLs":[null]}',
    '{"peer_urls":["http://x:1"]}',
  ],
  [
    'cluster/member/remove',
    '',
    '{"ID":"x"}',
    '{"ID":"-5"}',
    '{"ID":-5}',
    '{"ID":"18446744073709551615"}',
    '{"ID":"18446744073709551616"}',
  ],
  ['cluster/member/list', 'x', '[]', '{"x":1}'],
  [
    'maintenance/alarm',
    'x',
    '{"action":"NOPE"}',
    '{"alarm":"NOPE"}',
    '{"alarm":9}',
    '{"memberID":"x"}',
    '{"action":"GET","alarm":"NOSPACE"}',
  ],
  ['maintenance/status', 'x', '[]'],
  ['maintenance/hash', 'x', '{"revision":"x"}'],
  ['maintenance/transfer-leadership', '', '{"targetID":"x"}', '{"targetID":"-1"}'],
  ['lock/lock', 'x', '{"name":5}', '{"name":"bQ==","lease":"x"}'],
  ['lock/unlock', '', 'x', '{"key":5}'],
  ['election/campaign', 'x', '{"name":5}', '{"lease":"x"}'],
  ['election/proclaim', '', 'x', '{"leader":5}', '{"leader":{"key":5}}', '{"leader":null}', '{"leader":{}}'],
  ['election/leader', '', 'x', '{"name":5}'],
  ['election/resign', '', 'x', '{"leader":{}}'],
];
for (const [path, ...list] of others) for (const body of list) add(`${path} ${body}`, `/v3/${path}`, body);

// streams whose request cannot be read
for (const body of [
  'x',
  '5',
  '[]',
  '"x"',
  '{"create_request":5}',
  '{"create_request":{"key":5}}',
  '{"create_request":{"filters":["x"]}}',
  '{"create_request":{"filters":"NOPUT"}}',
  '{"create_request":{"key":"%"}}',
  '{"create_request":',
])
  add(`watch ${body}`, '/v3/watch', body, { lines: 1 });
for (const body of ['x', '5', '[]', '{"ID":"x"}', '{"ID":'])
  add(`keepalive ${body}`, '/v3/lease/keepalive', body, { lines: 1 });
for (const body of ['x', '{"name":5}']) add(`observe ${body}`, '/v3/election/observe', body, { lines: 1 });
for (const body of ['x', '[]']) add(`snapshot ${body}`, '/v3/maintenance/snapshot', body, { lines: 1 });

// size
for (const size of [1, 2, 3, 8])
  add(`${size} MiB in a value`, '/v3/kv/put', { key: b('big'), value: b('x'.repeat(size * 1024 * 1024)) });
add('a long key', '/v3/kv/put', { key: b('k'.repeat(1024 * 1024)), value: '' });
add('a long key is read', '/v3/kv/range', { key: b('k'.repeat(1024 * 1024)), keys_only: true, count_only: true });
add('a range request of 2 MiB', '/v3/kv/range', { key: b('k'.repeat(2 * 1024 * 1024)) });
add('a range request of 1.8 MiB', '/v3/kv/range', { key: b('k'.repeat(1.8 * 1024 * 1024)) });
add('a delete request of 1.8 MiB', '/v3/kv/deleterange', { key: b('k'.repeat(1.8 * 1024 * 1024)) });
add('unknown fields of 3 MiB', '/v3/kv/range', { key: b('a'), x: 'y'.repeat(3 * 1024 * 1024) });
add('all of it goes', '/v3/kv/deleterange', { key: 'AA==', range_end: 'AA==' });

export const gatewayCases: readonly ParityCase[] = cases;

// Field tables of etcd's v3 messages (rpc.proto, kv.proto, v3lock.proto, v3election.proto), in proto order; ../api/types.ts has their TypeScript shapes.

import { enumType, type Message, message } from './schema.ts';

const header = message({ cluster_id: 'uid', member_id: 'uid', revision: 'int64', raft_term: 'int64' });
const headerOnly = message({ header });

const keyValue = message({
  key: 'bytes',
  create_revision: 'int64',
  mod_revision: 'int64',
  version: 'int64',
  value: 'bytes',
  lease: 'id',
});

const rangeRequest = message({
  key: 'bytes',
  range_end: 'bytes',
  limit: 'int64',
  revision: 'int64',
  sort_order: enumType('etcdserverpb.RangeRequest_SortOrder', 'NONE', 'ASCEND', 'DESCEND'),
  sort_target: enumType('etcdserverpb.RangeRequest_SortTarget', 'KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'),
  serializable: 'bool',
  keys_only: 'bool',
  count_only: 'bool',
  min_mod_revision: 'int64',
  max_mod_revision: 'int64',
  min_create_revision: 'int64',
  max_create_revision: 'int64',
});
const rangeResponse = message({ header, kvs: [keyValue], more: 'bool', count: 'int64' });

const putRequest = message({
  key: 'bytes',
  value: 'bytes',
  lease: 'id',
  prev_kv: 'bool',
  ignore_value: 'bool',
  ignore_lease: 'bool',
});
const putResponse = message({ header, prev_kv: keyValue });

const deleteRangeRequest = message({ key: 'bytes', range_end: 'bytes', prev_kv: 'bool' });
const deleteRangeResponse = message({ header, deleted: 'int64', prev_kvs: [keyValue] });

const compare = message({
  result: enumType('etcdserverpb.Compare_CompareResult', 'EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'),
  target: enumType('etcdserverpb.Compare_CompareTarget', 'VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE'),
  key: 'bytes',
  range_end: 'bytes',
  version: 'int64',
  create_revision: 'int64',
  mod_revision: 'int64',
  value: 'bytes',
  lease: 'id',
});

/** A transaction may hold transactions: the tables refer to themselves. */
function extend(type: Message, more: Message): void {
  type.fields.push(...more.fields);
  for (const [name, field] of more.byName) type.byName.set(name, field);
}
const requestOp = message({
  request_range: rangeRequest,
  request_put: putRequest,
  request_delete_range: deleteRangeRequest,
});
const txnRequest = message({ compare: [compare], success: [requestOp], failure: [requestOp] });
extend(requestOp, message({ request_txn: txnRequest }));
const responseOp = message({
  response_range: rangeResponse,
  response_put: putResponse,
  response_delete_range: deleteRangeResponse,
});
const txnResponse = message({ header, succeeded: 'bool', responses: [responseOp] });
extend(responseOp, message({ response_txn: txnResponse }));

const event = message({ type: enumType('mvccpb.Event_EventType', 'PUT', 'DELETE'), kv: keyValue, prev_kv: keyValue });
const watchRequest = message({
  create_request: message({
    key: 'bytes',
    range_end: 'bytes',
    start_revision: 'int64',
    progress_notify: 'bool',
    filters: [enumType('etcdserverpb.WatchCreateRequest_FilterType', 'NOPUT', 'NODELETE')],
    prev_kv: 'bool',
    watch_id: 'id',
    fragment: 'bool',
  }),
  cancel_request: message({ watch_id: 'id' }),
  progress_request: message({}),
});
const watchResponse = message({
  header,
  watch_id: 'id',
  created: 'bool',
  canceled: 'bool',
  compact_revision: 'int64',
  cancel_reason: 'string',
  fragment: 'bool',
  events: [event],
});

const leaseId = message({ ID: 'id' });
const memberId = message({ ID: 'uid' });
const member = message({
  ID: 'uid',
  name: 'string',
  peerURLs: ['string'],
  clientURLs: ['string'],
  isLearner: 'bool',
});
const memberChange = message({ header, member, members: [member] });
const alarmType = enumType('etcdserverpb.AlarmType', 'NONE', 'NOSPACE', 'CORRUPT');
const alarmMember = message({ memberID: 'uid', alarm: alarmType });
const leaderKey = message({ name: 'bytes', key: 'bytes', rev: 'int64', lease: 'id' });

export interface Method {
  request: Message;
  response: Message;
  /** Answers as a stream of {"result": ...} lines. */
  stream?: boolean;
}

const hashRequest = message({ revision: 'int64' });
const empty = message({});
const ttlRequest = message({ ID: 'id', keys: 'bool' });
const ttlResponse = message({ header, ID: 'id', TTL: 'int64', grantedTTL: 'int64', keys: ['bytes'] });
const leasesResponse = message({ header, leases: [leaseId] });
const keepAlive: Method = {
  request: leaseId,
  response: message({ header, ID: 'id', TTL: 'int64' }),
  stream: true,
};

/** Of all that the calls about users and roles say, only names matter here (server/auth.ts). */
const auth: Method = { request: message({ name: 'string' }), response: headerOnly };

/** Every call of the gateway, by path. */
export const methods = {
  '/v3/kv/range': { request: rangeRequest, response: rangeResponse },
  '/v3/kv/put': { request: putRequest, response: putResponse },
  '/v3/kv/deleterange': { request: deleteRangeRequest, response: deleteRangeResponse },
  '/v3/kv/txn': { request: txnRequest, response: txnResponse },
  '/v3/kv/compaction': { request: message({ revision: 'int64', physical: 'bool' }), response: headerOnly },
  '/v3/watch': { request: watchRequest, response: watchResponse, stream: true },
  '/v3/lease/grant': {
    request: message({ TTL: 'int64', ID: 'id' }),
    response: message({ header, ID: 'id', TTL: 'int64', error: 'string' }),
  },
  '/v3/lease/revoke': { request: leaseId, response: headerOnly },
  '/v3/lease/keepalive': keepAlive,
  '/v3/lease/timetolive': { request: ttlRequest, response: ttlResponse },
  '/v3/lease/leases': { request: empty, response: leasesResponse },
  '/v3/cluster/member/list': { request: empty, response: memberChange },
  '/v3/cluster/member/add': {
    request: message({ peerURLs: ['string'], isLearner: 'bool' }),
    response: memberChange,
  },
  '/v3/cluster/member/remove': { request: memberId, response: memberChange },
  '/v3/cluster/member/update': { request: message({ ID: 'uid', peerURLs: ['string'] }), response: memberChange },
  '/v3/cluster/member/promote': { request: memberId, response: memberChange },
  '/v3/maintenance/alarm': {
    request: message({
      action: enumType('etcdserverpb.AlarmRequest_AlarmAction', 'GET', 'ACTIVATE', 'DEACTIVATE'),
      memberID: 'uid',
      alarm: alarmType,
    }),
    response: message({ header, alarms: [alarmMember] }),
  },
  '/v3/maintenance/status': {
    request: empty,
    response: message({
      header,
      version: 'string',
      dbSize: 'int64',
      leader: 'uid',
      raftIndex: 'int64',
      raftTerm: 'int64',
      raftAppliedIndex: 'int64',
      errors: ['string'],
      dbSizeInUse: 'int64',
      isLearner: 'bool',
    }),
  },
  '/v3/maintenance/defragment': { request: empty, response: headerOnly },
  '/v3/maintenance/hash': { request: empty, response: message({ header, hash: 'uint32' }) },
  '/v3/maintenance/hashkv': {
    request: hashRequest,
    response: message({ header, hash: 'uint32', compact_revision: 'int64' }),
  },
  '/v3/maintenance/snapshot': {
    request: empty,
    response: message({ header, remaining_bytes: 'int64', blob: 'bytes' }),
    stream: true,
  },
  '/v3/maintenance/transfer-leadership': { request: message({ targetID: 'uid' }), response: headerOnly },
  '/v3/lock/lock': { request: message({ name: 'bytes', lease: 'id' }), response: message({ header, key: 'bytes' }) },
  '/v3/lock/unlock': { request: message({ key: 'bytes' }), response: headerOnly },
  '/v3/election/campaign': {
    request: message({ name: 'bytes', lease: 'id', value: 'bytes' }),
    response: message({ header, leader: leaderKey }),
  },
  '/v3/election/proclaim': { request: message({ leader: leaderKey, value: 'bytes' }), response: headerOnly },
  '/v3/election/leader': { request: message({ name: 'bytes' }), response: message({ header, kv: keyValue }) },
  '/v3/election/observe': {
    request: message({ name: 'bytes' }),
    response: message({ header, kv: keyValue }),
    stream: true,
  },
  '/v3/election/resign': { request: message({ leader: leaderKey }), response: headerOnly },
  '/v3/auth/enable': auth,
  '/v3/auth/disable': auth,
  '/v3/auth/authenticate': auth,
  '/v3/auth/user/add': auth,
  '/v3/auth/user/get': auth,
  '/v3/auth/user/list': auth,
  '/v3/auth/user/delete': auth,
  '/v3/auth/user/changepw': auth,
  '/v3/auth/user/grant': auth,
  '/v3/auth/user/revoke': auth,
  '/v3/auth/role/add': auth,
  '/v3/auth/role/get': auth,
  '/v3/auth/role/list': auth,
  '/v3/auth/role/delete': auth,
  '/v3/auth/role/grant': auth,
  '/v3/auth/role/revoke': auth,
} as const satisfies Record<string, Method>;

export type Path = keyof typeof methods;

/** Older spellings of some paths, still served. */
export const aliases: Record<string, Path> = {
  '/v3/kv/lease/revoke': '/v3/lease/revoke',
  '/v3/kv/lease/timetolive': '/v3/lease/timetolive',
  '/v3/kv/lease/leases': '/v3/lease/leases',
};

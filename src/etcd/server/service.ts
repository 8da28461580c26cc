// The unary calls of the v3 API: checks a request, puts it through the member, and completes the answer's header. Streams are in watch-stream.ts; lock and
// election in concurrency.ts.

import { randomHex } from '../../env/random.ts';
import type {
  AlarmRequest,
  CampaignRequest,
  CompactionRequest,
  DeleteRangeRequest,
  HashKvRequest,
  HeaderResponse,
  LeaseGrantRequest,
  LeaseId,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  LockRequest,
  MemberAddRequest,
  MemberChangeResponse,
  MemberUpdateRequest,
  ProclaimRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
  TxnRequest,
} from '../api/types.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError, grpc } from '../errors.ts';
import { maxLeaseTtl } from '../lease/lessor.ts';
import { authCalls } from './auth.ts';
import type { Backend } from './backend.ts';
import { campaign, leader, lock, proclaim, resign, unlock } from './concurrency.ts';
import { isReadOnly, isSerializable, range, txn } from './txn.ts';
import { checkDeleteRange, checkPut, checkRange, checkSize, checkTxn, readPeerUrls } from './validate.ts';

/** What a put costs beyond key and value, as etcd's quota reckons. */
const leaseOverhead = 64;
const kvOverhead = 256;

type Answer = { header?: ResponseHeader };
type Call = (backend: Backend, request: never, signal: AbortSignal) => Promise<Answer>;

/** Completes an answer's header with who answered; the revision stays the one the call was made at. */
function complete<T extends Answer>(backend: Backend, response: T): T {
  response.header = backend.header(response.header?.revision);
  return response;
}

async function doRange(backend: Backend, request: RangeRequest): Promise<RangeResponse> {
  checkRange(request);
  if (!request.serializable) await backend.readIndex();
  return complete(backend, range(backend.state.store, request));
}

async function refuseIfFull(backend: Backend, bytes: number): Promise<void> {
  if (!backend.overQuota(bytes)) return;
  await backend.raiseAlarm({ memberID: backend.header().memberId, alarm: 'NOSPACE' });
  throw etcdError('noSpace');
}

const putCost = (request: PutRequest) => (request.key?.length ?? 0) + (request.value?.length ?? 0) + kvOverhead;

async function doPut(backend: Backend, request: PutRequest): Promise<Answer> {
  checkPut(request);
  checkSize('put', request);
  await refuseIfFull(backend, putCost(request));
  return complete(backend, await backend.propose({ put: request }));
}

async function doDeleteRange(backend: Backend, request: DeleteRangeRequest): Promise<Answer> {
  checkDeleteRange(request);
  checkSize('deleteRange', request);
  return complete(backend, await backend.propose({ deleteRange: request }));
}

function txnCost(request: TxnRequest): number {
  const branch = (ops: TxnRequest['success'] = []) =>
    ops.reduce(
      (sum, op) => sum + (op.requestPut ? putCost(op.requestPut) : op.requestTxn ? txnCost(op.requestTxn) : 0),
      0,
    );
  return Math.max(branch(request.success), branch(request.failure));
}

async function doTxn(backend: Backend, request: TxnRequest): Promise<Answer> {
  checkTxn(request);
  if (isReadOnly(request)) {
    if (!isSerializable(request)) await backend.readIndex();
    return complete(backend, txn(backend.state.store, backend.state.lessor, request));
  }
  checkSize('txn', request);
  const bytes = txnCost(request);
  if (bytes > 0) await refuseIfFull(backend, bytes);
  return complete(backend, await backend.propose({ txn: request }));
}

async function doCompact(backend: Backend, request: CompactionRequest): Promise<Answer> {
  return complete(backend, await backend.propose({ compaction: { revision: request.revision ?? 0 } }));
}

/** The shortest lease etcd grants with its default election timeout, seconds. */
const minLeaseTtl = 2;

async function doLeaseGrant(backend: Backend, request: LeaseGrantRequest): Promise<Answer> {
  const ttl = request.TTL ?? 0;
  if (ttl > maxLeaseTtl) throw etcdError('leaseTtlTooLarge');
  await refuseIfFull(backend, leaseOverhead);
  const asked = request.ID ?? '0';
  const ID = asked !== '0' ? asked : newLeaseId(backend);
  return complete(backend, await backend.propose({ leaseGrant: { ID, TTL: Math.max(ttl, minLeaseTtl) } }));
}

/** A positive 63-bit number that is not 0. */
function newLeaseId(backend: Backend): string {
  return BigInt.asUintN(63, BigInt(`0x${randomHex(backend.random, 16)}`) | 1n).toString();
}

async function doLeaseRevoke(backend: Backend, request: LeaseId): Promise<Answer> {
  return complete(backend, await backend.propose({ leaseRevoke: { ID: request.ID ?? '0' } }));
}

const nobodyLeads = (backend: Backend) => (backend.status().leader ?? '0') === '0';

/** What only a leader can answer: where none showed up in time, that is what is said. */
export async function byLeader<T>(backend: Backend, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const late = error instanceof EtcdError && error.message === etcdError('timeout').message;
    throw late && nobodyLeads(backend) ? etcdError('noLeader') : error;
  }
}

async function doTimeToLive(backend: Backend, request: LeaseTimeToLiveRequest): Promise<LeaseTimeToLiveResponse> {
  const ID = request.ID ?? '0';
  const lease = await byLeader(backend, backend.leaseRemaining(ID));
  const response: LeaseTimeToLiveResponse = { ID, TTL: lease ? lease.remaining : -1 };
  if (lease) response.grantedTTL = lease.granted;
  if (lease && request.keys && lease.keys.length > 0) response.keys = lease.keys;
  return complete(backend, response);
}

async function doLeases(backend: Backend): Promise<Answer> {
  const byExpiry = backend.state.lessor.list().sort((a, b) => (a.expiry < b.expiry ? -1 : Number(a.expiry > b.expiry)));
  const leases = byExpiry.map((lease) => ({ ID: lease.id }));
  return complete(backend, { header: {}, leases });
}

/** Cluster answers carry no revision (etcd fills their header from the membership, not the store). */
function clusterAnswer(backend: Backend, response: MemberChangeResponse): MemberChangeResponse {
  const { revision: _, ...header } = backend.header();
  const { members } = response;
  if (!members) return { ...response, header };
  // one that was announced has a name of its own only when it has come
  const shown = members.map((known) => (known.clientURLs?.length ? known : { ...known, name: '' }));
  return { ...response, members: shown, header };
}

async function doMemberAdd(backend: Backend, request: MemberAddRequest): Promise<Answer> {
  const peerURLs = readPeerUrls(request.peerURLs);
  if (nobodyLeads(backend)) throw etcdError('unhealthy');
  const member = await backend.changeMember({ type: 'add', peerURLs, isLearner: request.isLearner === true });
  return clusterAnswer(backend, { member, members: backend.members() });
}

/** An address that is none is refused here; etcd 3.4 takes it, and its process ends. */
async function doMemberUpdate(backend: Backend, request: MemberUpdateRequest): Promise<Answer> {
  const { ID = '0' } = request;
  if (!backend.members().some((member) => member.ID === ID)) throw etcdError('memberNotFound');
  await backend.propose({ memberUpdate: { ID, peerURLs: readPeerUrls(request.peerURLs) } });
  return clusterAnswer(backend, { members: backend.members() });
}

async function doMemberChange(backend: Backend, type: 'remove' | 'promote', request: LeaseId): Promise<Answer> {
  await byLeader(backend, backend.changeMember({ type, ID: request.ID ?? '0' }));
  return clusterAnswer(backend, { members: backend.members() });
}

/** Also who only asks what alarms there are goes through the log, as in etcd. */
async function doAlarm(backend: Backend, request: AlarmRequest): Promise<Answer> {
  return backend.propose({ alarm: request });
}

async function doHash(backend: Backend): Promise<Answer> {
  return complete(backend, { header: {}, hash: backend.state.hash().hash } as Answer);
}

async function doHashKv(backend: Backend, request: HashKvRequest): Promise<Answer> {
  const { hash, compactRevision } = backend.state.hash(request.revision ?? 0);
  const answer = { header: {}, hash, compactRevision: Math.max(0, compactRevision) };
  return complete(backend, answer);
}

async function doMoveLeader(backend: Backend, request: { targetID?: string }): Promise<HeaderResponse> {
  await backend.moveLeader(request.targetID ?? '0');
  return {};
}

/** etcd's lock and election services are clients of its own; what those are refused comes out without its code. */
function viaClient(call: Call): Call {
  return async (backend, request, signal) => {
    try {
      return await call(backend, request, signal);
    } catch (error) {
      throw error instanceof EtcdError ? new EtcdError(grpc.unknown, error.message) : error;
    }
  };
}

/** Unary calls by path. */
export const calls: Record<string, Call> = {
  '/v3/kv/range': (backend, request: RangeRequest) => doRange(backend, request),
  '/v3/kv/put': (backend, request: PutRequest) => doPut(backend, request),
  '/v3/kv/deleterange': (backend, request: DeleteRangeRequest) => doDeleteRange(backend, request),
  '/v3/kv/txn': (backend, request: TxnRequest) => doTxn(backend, request),
  '/v3/kv/compaction': (backend, request: CompactionRequest) => doCompact(backend, request),
  '/v3/lease/grant': (backend, request: LeaseGrantRequest) => doLeaseGrant(backend, request),
  '/v3/lease/revoke': (backend, request: LeaseId) => doLeaseRevoke(backend, request),
  '/v3/lease/timetolive': (backend, request: LeaseTimeToLiveRequest) => doTimeToLive(backend, request),
  '/v3/lease/leases': (backend) => doLeases(backend),
  '/v3/cluster/member/list': async (backend) => clusterAnswer(backend, { members: backend.members() }),
  '/v3/cluster/member/add': (backend, request: MemberAddRequest) => doMemberAdd(backend, request),
  '/v3/cluster/member/remove': (backend, request: LeaseId) => doMemberChange(backend, 'remove', request),
  '/v3/cluster/member/update': (backend, request: MemberUpdateRequest) => doMemberUpdate(backend, request),
  '/v3/cluster/member/promote': (backend, request: LeaseId) => doMemberChange(backend, 'promote', request),
  '/v3/maintenance/alarm': (backend, request: AlarmRequest) => doAlarm(backend, request),
  '/v3/maintenance/status': async (backend) => complete(backend, backend.status()),
  '/v3/maintenance/defragment': async (backend) => {
    backend.state.store.defragment();
    return {};
  },
  '/v3/maintenance/hash': (backend) => doHash(backend),
  '/v3/maintenance/hashkv': (backend, request: HashKvRequest) => doHashKv(backend, request),
  '/v3/maintenance/transfer-leadership': (backend, request: { targetID?: string }) => doMoveLeader(backend, request),
  '/v3/lock/lock': viaClient((backend, request: LockRequest, signal) => lock(backend, request, signal)),
  '/v3/lock/unlock': viaClient((backend, request: { key?: string }) => unlock(backend, request)),
  '/v3/election/campaign': viaClient((backend, request: CampaignRequest, signal) => campaign(backend, request, signal)),
  '/v3/election/proclaim': viaClient((backend, request: ProclaimRequest) => proclaim(backend, request)),
  '/v3/election/leader': viaClient((backend, request: { name?: string }) => leader(backend, request)),
  '/v3/election/resign': viaClient((backend, request: ProclaimRequest) => resign(backend, request)),
  ...authCalls,
};

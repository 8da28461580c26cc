// Key-value requests against the store: range, put, delete, transactions. Checks that need no state are in validate.ts; what is checked here depends on the
// store and gives the same answer on every member. After etcd's server/apply and v3rpc/key.

import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from '../api/types.ts';
import { etcdError } from '../errors.ts';
import type { Lessor } from '../lease/lessor.ts';
import { toKeyValue } from '../mvcc/key-value.ts';
import type { Store, Version } from '../mvcc/store.ts';

const rangeEndOf = (request: { rangeEnd?: string }) => request.rangeEnd || undefined;

const sortTargets = {
  KEY: (version: Version) => version.key,
  VERSION: (version: Version) => version.version,
  CREATE: (version: Version) => version.createRevision,
  MOD: (version: Version) => version.modRevision,
  VALUE: (version: Version) => version.value,
} as const;

export function range(store: Store, request: RangeRequest): RangeResponse {
  const target = typeof request.sortTarget === 'string' ? request.sortTarget : 'KEY';
  const asked = request.sortOrder ?? 'NONE';
  // as in etcd: an order that was not asked for sorts what the limit has left over, one that is not known sorts nothing
  const order = asked === 'NONE' && target !== 'KEY' ? 'ASCEND' : asked;
  const bounds = [
    request.minModRevision,
    request.maxModRevision,
    request.minCreateRevision,
    request.maxCreateRevision,
  ].some((bound) => bound);
  const limit = Math.max(0, request.limit ?? 0);
  const wholeRange = asked !== 'NONE' || bounds;
  const read = store.read(request.key ?? '', rangeEndOf(request), {
    revision: request.revision,
    limit: wholeRange || limit === 0 ? 0 : limit + 1,
    countOnly: request.countOnly,
  });
  let kvs = read.kvs;
  if (bounds) {
    const within = (value: number, low = 0, high = 0) => (!low || value >= low) && (!high || value <= high);
    kvs = kvs.filter(
      (kv) =>
        within(kv.modRevision, request.minModRevision, request.maxModRevision) &&
        within(kv.createRevision, request.minCreateRevision, request.maxCreateRevision),
    );
  }
  if ((order === 'ASCEND' && target !== 'KEY') || order === 'DESCEND') {
    const by = sortTargets[target];
    const sign = order === 'DESCEND' ? -1 : 1;
    kvs = [...kvs].sort((a, b) => {
      const x = by(a);
      const y = by(b);
      return x < y ? -sign : x > y ? sign : 0;
    });
  }
  const response: RangeResponse = { header: { revision: read.revision } };
  if (limit > 0 && kvs.length > limit) {
    kvs = kvs.slice(0, limit);
    response.more = true;
  }
  if (kvs.length > 0) response.kvs = kvs.map((kv) => toKeyValue(kv, request.keysOnly));
  if (read.count > 0) response.count = read.count;
  return response;
}

function checkLease(lessor: Lessor, { lease = '0' }: PutRequest): void {
  if (lease !== '0' && !lessor.get(lease)) throw etcdError('leaseNotFound');
}

function checkPut(store: Store, lessor: Lessor, request: PutRequest): void {
  if ((request.ignoreValue || request.ignoreLease) && !store.get(request.key ?? '')) throw etcdError('keyNotFound');
  checkLease(lessor, request);
}

function doPut(store: Store, lessor: Lessor, request: PutRequest): PutResponse {
  const key = request.key ?? '';
  const existing = request.ignoreValue || request.ignoreLease ? store.get(key) : undefined;
  const value = request.ignoreValue ? (existing?.value ?? '') : (request.value ?? '');
  const lease = request.ignoreLease ? (existing?.lease ?? '0') : (request.lease ?? '0');
  const { revision, previous } = store.put(key, value, lease);
  if (previous && previous.lease !== lease) lessor.detach(previous.lease, key);
  if (lease !== '0') lessor.attach(lease, key);
  const response: PutResponse = { header: { revision } };
  if (request.prevKv && previous) response.prevKv = toKeyValue(previous);
  return response;
}

function doDelete(store: Store, lessor: Lessor, request: DeleteRangeRequest): DeleteRangeResponse {
  const { revision, deleted } = store.deleteRange(request.key ?? '', rangeEndOf(request));
  for (const kv of deleted) lessor.detach(kv.lease, kv.key);
  const response: DeleteRangeResponse = { header: { revision } };
  if (deleted.length > 0) response.deleted = deleted.length;
  if (request.prevKv && deleted.length > 0) response.prevKvs = deleted.map((kv) => toKeyValue(kv));
  return response;
}

export function put(store: Store, lessor: Lessor, request: PutRequest): PutResponse {
  // alone, a put is judged by its lease first; in a transaction by its key
  checkLease(lessor, request);
  checkPut(store, lessor, request);
  return store.write(() => doPut(store, lessor, request));
}

export function deleteRange(store: Store, lessor: Lessor, request: DeleteRangeRequest): DeleteRangeResponse {
  return store.write(() => doDelete(store, lessor, request));
}

/** Whether one comparison holds for every pair of its range; a missing key compares as version 0, and never by value. */
function holds(store: Store, compare: Compare): boolean {
  const { target = 'VERSION' } = compare;
  const { kvs } = store.read(compare.key ?? '', rangeEndOf(compare));
  if (kvs.length === 0) {
    if (target === 'VALUE') return false;
    return verdict(compare, target === 'LEASE' ? 0n : 0, expected(compare, target));
  }
  return kvs.every((kv) => verdict(compare, actual(kv, target), expected(compare, target)));
}

type Target = NonNullable<Compare['target']>;

/** What a comparison is about; of a target that etcd does not know, any two are equal. */
function expected(compare: Compare, target: Target): number | string | bigint {
  if (typeof target === 'number') return 0;
  if (target === 'VALUE') return compare.value ?? '';
  if (target === 'LEASE') return BigInt(compare.lease ?? '0');
  if (target === 'CREATE') return compare.createRevision ?? 0;
  if (target === 'MOD') return compare.modRevision ?? 0;
  return compare.version ?? 0;
}

function actual(kv: Version, target: Target): number | string | bigint {
  if (typeof target === 'number') return 0;
  if (target === 'VALUE') return kv.value;
  if (target === 'LEASE') return BigInt(kv.lease);
  if (target === 'CREATE') return kv.createRevision;
  if (target === 'MOD') return kv.modRevision;
  return kv.version;
}

function verdict(compare: Compare, left: number | string | bigint, right: number | string | bigint): boolean {
  switch (compare.result ?? 'EQUAL') {
    case 'EQUAL':
      return left === right;
    case 'NOT_EQUAL':
      return left !== right;
    case 'GREATER':
      return left > right;
    case 'LESS':
      return left < right;
    default:
      return true;
  }
}

/** Which branch a transaction takes at each nesting, outermost first: decided before anything changes. */
function choosePath(store: Store, request: TxnRequest, path: boolean[] = []): boolean[] {
  const succeeded = (request.compare ?? []).every((compare) => holds(store, compare));
  path.push(succeeded);
  for (const op of (succeeded ? request.success : request.failure) ?? [])
    if (op.requestTxn) choosePath(store, op.requestTxn, path);
  return path;
}

/** Visits the operations of the branches that will be taken, in order. */
function visitTaken(request: TxnRequest, path: boolean[], visit: (op: RequestOp) => void, at = { index: 0 }): void {
  for (const op of (path[at.index++] ? request.success : request.failure) ?? []) {
    if (op.requestTxn) visitTaken(op.requestTxn, path, visit, at);
    else visit(op);
  }
}

/** Refuses what cannot be done before anything is: all puts are looked at before the first range, as in etcd. */
function checkTaken(store: Store, lessor: Lessor, request: TxnRequest, path: boolean[]): void {
  visitTaken(request, path, ({ requestPut }) => requestPut && checkPut(store, lessor, requestPut));
  visitTaken(request, path, ({ requestRange }) => requestRange && checkRange(store, requestRange));
}

function checkRange(store: Store, request: RangeRequest): void {
  const revision = request.revision ?? 0;
  if (revision === 0) return;
  if (revision > store.currentRevision) throw etcdError('futureRevision');
  if (revision < store.compactRevision) throw etcdError('compacted');
}

/** A transaction: compares, then all of one branch in one revision, or an error and nothing. */
export function txn(store: Store, lessor: Lessor, request: TxnRequest): TxnResponse {
  const path = choosePath(store, request);
  checkTaken(store, lessor, request, path);
  const before = store.currentRevision;
  const response = store.write(() => runTxn(store, lessor, request, path));
  response.header = { revision: Math.max(before, store.currentRevision) };
  return response;
}

function runTxn(store: Store, lessor: Lessor, request: TxnRequest, path: boolean[], at = { index: 0 }): TxnResponse {
  const succeeded = path[at.index++] as boolean;
  const ops = (succeeded ? request.success : request.failure) ?? [];
  const response: TxnResponse = {};
  if (succeeded) response.succeeded = true;
  if (ops.length > 0) response.responses = ops.map((op) => runOp(store, lessor, op, path, at));
  return response;
}

function runOp(store: Store, lessor: Lessor, op: RequestOp, path: boolean[], at: { index: number }): ResponseOp {
  if (op.requestPut) return { responsePut: doPut(store, lessor, op.requestPut) };
  if (op.requestRange) return { responseRange: range(store, op.requestRange) };
  if (op.requestDeleteRange) return { responseDeleteRange: doDelete(store, lessor, op.requestDeleteRange) };
  if (op.requestTxn) return { responseTxn: { header: {}, ...runTxn(store, lessor, op.requestTxn, path, at) } };
  return {};
}

/** Whether a request only reads, and so needs no place in the log. */
export function isReadOnly(request: TxnRequest): boolean {
  const reads = (ops: RequestOp[] = []) =>
    ops.every((op) => (op.requestTxn ? isReadOnly(op.requestTxn) : op.requestRange !== undefined));
  return reads(request.success) && reads(request.failure);
}

/** Whether all reads of a read-only transaction accept any member's state. */
export function isSerializable(request: TxnRequest): boolean {
  const all = (ops: RequestOp[] = []) =>
    ops.every((op) => (op.requestTxn ? isSerializable(op.requestTxn) : op.requestRange?.serializable === true));
  return all(request.success) && all(request.failure);
}

// Checks of requests that need no state (etcd's v3rpc): made once, where a request enters the store.

import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../api/types.ts';
import { etcdError } from '../errors.ts';

/** Most operations in each branch of a transaction (etcd's --max-txn-ops). */
export const maxTxnOps = 128;
/** Most bytes of one request (etcd's --max-request-bytes). */
export const maxRequestBytes = 1.5 * 1024 * 1024;

/** What a message's fields cost on etcd's wire beyond their bytes, about. */
const fieldBytes = 8;

function opBytes(op: RequestOp): number {
  const { requestPut, requestRange, requestDeleteRange, requestTxn } = op;
  if (requestTxn) return txnBytes(requestTxn);
  const one = requestPut ?? requestRange ?? requestDeleteRange ?? {};
  const value = requestPut?.value?.length ?? 0;
  return (one.key?.length ?? 0) + value + ('rangeEnd' in one ? (one.rangeEnd?.length ?? 0) : 0) + 2 * fieldBytes;
}

function txnBytes(request: TxnRequest): number {
  let bytes = 0;
  for (const { key = '', value = '' } of request.compare ?? []) bytes += key.length + value.length + 2 * fieldBytes;
  for (const op of request.success ?? []) bytes += opBytes(op);
  for (const op of request.failure ?? []) bytes += opBytes(op);
  return bytes;
}

/** Refuses what is larger than a request may be. */
export function checkSize(op: RequestOp): void {
  if (opBytes(op) > maxRequestBytes) throw etcdError('requestTooLarge');
}

export function checkRange(request: RangeRequest): void {
  if (!request.key) throw etcdError('emptyKey');
}

export function checkPut(request: PutRequest): void {
  if (!request.key) throw etcdError('emptyKey');
  if (request.ignoreValue && request.value) throw etcdError('valueProvided');
  if (request.ignoreLease && request.lease && request.lease !== '0') throw etcdError('leaseProvided');
}

export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (!request.key) throw etcdError('emptyKey');
}

export function checkTxn(request: TxnRequest, maxOps = maxTxnOps): void {
  const widest = Math.max(request.compare?.length ?? 0, request.success?.length ?? 0, request.failure?.length ?? 0);
  if (widest > maxOps) throw etcdError('tooManyOps');
  for (const compare of request.compare ?? []) if (!compare.key) throw etcdError('emptyKey');
  for (const op of request.success ?? []) checkOp(op, maxOps - widest);
  for (const op of request.failure ?? []) checkOp(op, maxOps - widest);
  checkOverlap(request.success ?? []);
  checkOverlap(request.failure ?? []);
}

function checkOp(op: RequestOp, maxOps: number): void {
  if (op.requestRange) checkRange(op.requestRange);
  else if (op.requestPut) checkPut(op.requestPut);
  else if (op.requestDeleteRange) checkDeleteRange(op.requestDeleteRange);
  else if (op.requestTxn) checkTxn(op.requestTxn, maxOps);
  else throw etcdError('keyNotFound');
}

interface Interval {
  from: string;
  end: string;
}

/** One transaction may put a key once, and not both put and delete it; branches of a nested transaction exclude each other. */
function checkOverlap(ops: RequestOp[]): { puts: Set<string>; deletes: Interval[] } {
  const puts = new Set<string>();
  const deletes: Interval[] = [];
  for (const op of ops) {
    if (!op.requestDeleteRange) continue;
    const { key = '', rangeEnd } = op.requestDeleteRange;
    deletes.push({ from: key, end: rangeEnd ? rangeEnd : `${key}\0` });
  }
  for (const op of ops) {
    if (!op.requestTxn) continue;
    const branches = [checkOverlap(op.requestTxn.success ?? []), checkOverlap(op.requestTxn.failure ?? [])];
    const branchPuts = new Set<string>();
    for (const branch of branches) {
      for (const key of branch.puts) {
        if (puts.has(key) || covered(deletes, key)) throw etcdError('duplicateKey');
        branchPuts.add(key);
      }
    }
    for (const branch of branches)
      for (const interval of branch.deletes)
        for (const key of puts) if (covers(interval, key)) throw etcdError('duplicateKey');
    for (const key of branchPuts) puts.add(key);
    for (const branch of branches) deletes.push(...branch.deletes);
  }
  for (const op of ops) {
    if (!op.requestPut) continue;
    const key = op.requestPut.key ?? '';
    if (puts.has(key) || covered(deletes, key)) throw etcdError('duplicateKey');
    puts.add(key);
  }
  return { puts, deletes };
}

const covers = (interval: Interval, key: string) =>
  key >= interval.from && (interval.end === '\0' || key < interval.end);
const covered = (intervals: Interval[], key: string) => intervals.some((interval) => covers(interval, key));

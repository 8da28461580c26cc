// Checks of requests that need no state (etcd's v3rpc): made once, where a request enters the store.

import { methods } from '../api/messages.ts';
import { protoSize, varintSize } from '../api/proto-size.ts';
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../api/types.ts';
import { etcdError } from '../errors.ts';

/** Most operations in each branch of a transaction (etcd's --max-txn-ops). */
export const maxTxnOps = 128;
/** Most bytes of one request (etcd's --max-request-bytes). */
export const maxRequestBytes = 1.5 * 1024 * 1024;

/** What a command costs on etcd's wire beyond the request: its header with an id, the request's tag. */
const envelopeBytes = 15;

const requestTypes = {
  put: methods['/v3/kv/put'].request,
  deleteRange: methods['/v3/kv/deleterange'].request,
  txn: methods['/v3/kv/txn'].request,
} as const;

/** Refuses what is larger than a command of the log may be. */
export function checkSize(
  kind: keyof typeof requestTypes,
  request: PutRequest | DeleteRangeRequest | TxnRequest,
): void {
  const size = protoSize(requestTypes[kind], request as Record<string, unknown>);
  if (envelopeBytes + varintSize(size) + size > maxRequestBytes) throw etcdError('requestTooLarge');
}

/** What etcd sorts by; a target beyond these ends the process of an etcd 3.4, later ones refuse it so. */
export function checkRange(request: RangeRequest): void {
  if (!request.key) throw etcdError('emptyKey');
  if (typeof request.sortTarget === 'number') throw etcdError('invalidSortOption');
}

export function checkPut(request: PutRequest): void {
  if (!request.key) throw etcdError('emptyKey');
  if (request.ignoreValue && request.value) throw etcdError('valueProvided');
  if (request.ignoreLease && request.lease && request.lease !== '0') throw etcdError('leaseProvided');
}

export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (!request.key) throw etcdError('emptyKey');
}

export function checkTxn(request: TxnRequest): void {
  checkOps(request, maxTxnOps);
  checkOverlap(request.success ?? []);
  checkOverlap(request.failure ?? []);
}

function checkOps(request: TxnRequest, maxOps: number): void {
  const widest = Math.max(request.compare?.length ?? 0, request.success?.length ?? 0, request.failure?.length ?? 0);
  if (widest > maxOps) throw etcdError('tooManyOps');
  for (const compare of request.compare ?? []) if (!compare.key) throw etcdError('emptyKey');
  for (const op of request.success ?? []) checkOp(op, maxOps - widest);
  for (const op of request.failure ?? []) checkOp(op, maxOps - widest);
}

function checkOp(op: RequestOp, maxOps: number): void {
  if (op.requestRange) checkRange(op.requestRange);
  else if (op.requestPut) checkPut(op.requestPut);
  else if (op.requestDeleteRange) checkDeleteRange(op.requestDeleteRange);
  else if (op.requestTxn) checkOps(op.requestTxn, maxOps);
  else throw etcdError('keyNotFound');
}

interface Interval {
  from: string;
  end: string;
}

/**
 * One transaction may put a key once, and not both put and delete it; branches of a nested transaction exclude each other. Like etcd's, the check is blind to deletions
 * without end, and to a nested deletion after a nested put: those happen in their order.
 */
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

const covered = (intervals: Interval[], key: string) => intervals.some(({ from, end }) => key >= from && key < end);

const peerUrl = /^(https?|unixs?)(:\/\/(?:[^/?#@]*@)?(?:\[[0-9a-f:.]*\]|[^\s:/?#@%^`{|}\\[\]]*):\d*(?:[?#].*)?)$/i;

/** Addresses of a member for its peers as etcd keeps them, in order. Each is a scheme, a host and a port (which may be empty), and no path; else memberBadUrls. */
export function readPeerUrls(urls: readonly string[] | undefined): string[] {
  if (!urls || urls.length === 0) throw etcdError('memberBadUrls');
  return urls
    .map((url) => {
      const [, scheme, rest] = peerUrl.exec(url.trim()) ?? [];
      if (!scheme) throw etcdError('memberBadUrls');
      return scheme.toLowerCase() + rest;
    })
    .sort();
}

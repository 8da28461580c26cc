// The client of the store: etcd's v3 JSON gateway over fetch, for our members and for a real etcd alike; or calls on members in this process (direct.ts).
//
// Over fetch it offers every endpoint the plain form (server/http.ts) and speaks base64 to those that do not take it up. Reads go on to the next endpoint when one does
// not answer; a write whose fate is unknown is never repeated, its error says so.
//
// Invariant: what is sent and received as bytes is UTF-8 of the caller's strings.

import type { Clock } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import type * as wire from '../api/types.ts';
import { bytesToUtf8, utf8ToBytes } from '../bytes.ts';
import { grpc } from '../errors.ts';
import { HttpTransport, type Transport } from './transport.ts';
import {
  type Compare,
  type EtcdClient,
  EtcdError,
  type KeyValue,
  type Op,
  type OpResponse,
  type RangeRequest,
  type TxnRequest,
  type WatchRequest,
  type WatchResponse,
} from './types.ts';

export interface EtcdClientConfig {
  /** "http://etcd-1:2379", ... */
  endpoints: string[];
  fetch: (input: string, init?: RequestInit) => Promise<Response>;
  clock: Clock;
  random: Random;
}

/** A client that spreads over the endpoints, starting at a random one. */
export function createEtcdClient(config: EtcdClientConfig): EtcdClient {
  return new TransportedClient(new HttpTransport(config));
}

/** The calls, over whatever carries them. */
export class TransportedClient implements EtcdClient {
  private readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  async range(request: RangeRequest, signal?: AbortSignal) {
    const answer = await this.transport.call<wire.RangeResponse>('/v3/kv/range', toRange(request), {
      retry: true,
      signal,
    });
    return {
      revision: answer.header?.revision ?? 0,
      kvs: (answer.kvs ?? []).map(answer.ascii ? fromAscii : fromKeyValue),
      more: answer.more ?? false,
      count: answer.count ?? 0,
    };
  }

  async txn(request: TxnRequest, signal?: AbortSignal) {
    const body: wire.TxnRequest = {
      compare: request.compare.map(toCompare),
      success: request.success.map(toOp),
    };
    if (request.failure) body.failure = request.failure.map(toOp);
    const reads = [...request.success, ...(request.failure ?? [])].every((op) => op.type === 'range');
    const answer = await this.transport.call<wire.TxnResponse>('/v3/kv/txn', body, { retry: reads, signal });
    return {
      revision: answer.header?.revision ?? 0,
      succeeded: answer.succeeded ?? false,
      responses: (answer.responses ?? []).map(fromOp),
    };
  }

  async put(key: string, value: string, options: { lease?: string } = {}) {
    const request: wire.PutRequest = { key: utf8ToBytes(key), value: utf8ToBytes(value) };
    if (options.lease) request.lease = options.lease;
    const answer = await this.transport.call<wire.PutResponse>('/v3/kv/put', request);
    return { revision: answer.header?.revision ?? 0 };
  }

  async delete(key: string, rangeEnd?: string) {
    const request: wire.DeleteRangeRequest = { key: utf8ToBytes(key) };
    if (rangeEnd !== undefined) request.rangeEnd = utf8ToBytes(rangeEnd);
    const answer = await this.transport.call<wire.DeleteRangeResponse>('/v3/kv/deleterange', request);
    return { revision: answer.header?.revision ?? 0, deleted: answer.deleted ?? 0 };
  }

  async compact(revision: number) {
    await this.transport.call('/v3/kv/compaction', { revision });
  }

  async *watch(request: WatchRequest, signal: AbortSignal): AsyncGenerator<WatchResponse> {
    const create: wire.WatchCreateRequest = {
      key: utf8ToBytes(request.key),
      startRevision: request.startRevision,
      prevKv: request.prevKv,
      progressNotify: request.progressNotify,
    };
    if (request.rangeEnd !== undefined) create.rangeEnd = utf8ToBytes(request.rangeEnd);
    const stream = this.transport.stream<wire.WatchResponse>('/v3/watch', { createRequest: create }, signal);
    for await (const response of stream) {
      if (response.canceled) throw cancelled(response);
      yield {
        revision: response.header?.revision ?? 0,
        created: response.created ?? false,
        events: (response.events ?? []).map((event) => {
          const kv = fromKeyValue(event.kv ?? { key: '' });
          const type = event.type === 'DELETE' ? 'delete' : 'put';
          return event.prevKv ? { type, kv, prevKv: fromKeyValue(event.prevKv) } : { type, kv };
        }),
      };
    }
    if (!signal.aborted) throw new TypeError('watch stream ended');
  }

  async leaseGrant(ttlSeconds: number) {
    const answer = await this.transport.call<wire.LeaseGrantResponse>('/v3/lease/grant', { TTL: ttlSeconds });
    return { id: answer.ID ?? '0', ttl: answer.TTL ?? 0 };
  }

  async leaseRevoke(id: string) {
    await this.transport.call('/v3/lease/revoke', { ID: id });
  }

  async leaseKeepAliveOnce(id: string) {
    const controller = new AbortController();
    const answers = this.transport.stream<wire.LeaseKeepAliveResponse>(
      '/v3/lease/keepalive',
      { ID: id },
      controller.signal,
    );
    for await (const answer of answers) {
      controller.abort();
      if (!answer.TTL) throw new EtcdError(grpc.notFound, 'etcdserver: requested lease not found');
      return { ttl: answer.TTL };
    }
    throw new TypeError('keep-alive stream ended');
  }
}

function cancelled(response: wire.WatchResponse): EtcdError {
  if (response.compactRevision)
    return new EtcdError(
      grpc.outOfRange,
      'etcdserver: mvcc: required revision has been compacted',
      response.compactRevision,
    );
  return new EtcdError(grpc.unavailable, response.cancelReason ?? 'etcdserver: watch canceled');
}

function toRange(request: RangeRequest): wire.RangeRequest {
  const out: wire.RangeRequest = { key: utf8ToBytes(request.key) };
  if (request.rangeEnd !== undefined) out.rangeEnd = utf8ToBytes(request.rangeEnd);
  if (request.limit) out.limit = request.limit;
  if (request.revision) out.revision = request.revision;
  if (request.serializable) out.serializable = true;
  if (request.keysOnly) out.keysOnly = true;
  if (request.countOnly) out.countOnly = true;
  return out;
}

const results = { equal: 'EQUAL', greater: 'GREATER', less: 'LESS', notEqual: 'NOT_EQUAL' } as const;

function toCompare(compare: Compare): wire.Compare {
  const base = { key: utf8ToBytes(compare.key), result: results[compare.result] };
  switch (compare.target) {
    case 'version':
      return { ...base, target: 'VERSION', version: compare.value };
    case 'createRevision':
      return { ...base, target: 'CREATE', createRevision: compare.value };
    case 'modRevision':
      return { ...base, target: 'MOD', modRevision: compare.value };
    case 'lease':
      return { ...base, target: 'LEASE', lease: compare.value };
    case 'value':
      return { ...base, target: 'VALUE', value: utf8ToBytes(compare.value) };
  }
}

function toOp(op: Op): wire.RequestOp {
  if (op.type === 'range') return { requestRange: toRange(op) };
  const key = utf8ToBytes(op.key);
  if (op.type === 'put') {
    const requestPut: wire.PutRequest = { key, value: utf8ToBytes(op.value) };
    if (op.lease) requestPut.lease = op.lease;
    if (op.prevKv) requestPut.prevKv = true;
    return { requestPut };
  }
  const requestDeleteRange: wire.DeleteRangeRequest = { key };
  if (op.rangeEnd !== undefined) requestDeleteRange.rangeEnd = utf8ToBytes(op.rangeEnd);
  if (op.prevKv) requestDeleteRange.prevKv = true;
  return { requestDeleteRange };
}

function fromOp(op: wire.ResponseOp): OpResponse {
  if (op.responsePut) return { kvs: op.responsePut.prevKv ? [fromKeyValue(op.responsePut.prevKv)] : [] };
  if (op.responseDeleteRange)
    return {
      kvs: (op.responseDeleteRange.prevKvs ?? []).map(fromKeyValue),
      deleted: op.responseDeleteRange.deleted ?? 0,
    };
  const range = op.responseRange ?? {};
  return { kvs: (range.kvs ?? []).map(fromKeyValue), more: range.more ?? false, count: range.count ?? 0 };
}

function fromKeyValue(kv: wire.KeyValue): KeyValue {
  const pair = fromAscii(kv);
  pair.key = bytesToUtf8(pair.key);
  pair.value = bytesToUtf8(pair.value);
  return pair;
}

function fromAscii(kv: wire.KeyValue): KeyValue {
  return {
    key: kv.key,
    value: kv.value ?? '',
    createRevision: kv.createRevision ?? 0,
    modRevision: kv.modRevision ?? 0,
    version: kv.version ?? 0,
    lease: kv.lease ?? '0',
  };
}

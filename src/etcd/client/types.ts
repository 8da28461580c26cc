// The store as its one user, the API server's storage, sees it: etcd v3's key-value, watch and lease calls with decoded keys and values.
// One client class implements this over the v3 JSON gateway, against our members and against a real etcd alike.
//
// Keys and values are UTF-8 strings here (the API server stores JSON). Revisions are numbers: below 2^53.

export interface KeyValue {
  key: string;
  value: string;
  createRevision: number;
  modRevision: number;
  version: number;
  /** Lease id, "0" for none. */
  lease: string;
}

export interface RangeRequest {
  key: string;
  /** Exclusive end; prefixEnd(key) for a prefix. Left out: just the key. */
  rangeEnd?: string;
  limit?: number;
  /** Read as of this revision. Left out or 0: now. */
  revision?: number;
  serializable?: boolean;
  keysOnly?: boolean;
  countOnly?: boolean;
}

export interface RangeResponse {
  /** Store revision at which the answer was made. */
  revision: number;
  kvs: KeyValue[];
  more: boolean;
  /** Keys in the whole range, regardless of limit. */
  count: number;
}

export type Compare =
  | {
      target: 'version' | 'createRevision' | 'modRevision';
      key: string;
      result: 'equal' | 'greater' | 'less' | 'notEqual';
      value: number;
    }
  | { target: 'value' | 'lease'; key: string; result: 'equal' | 'greater' | 'less' | 'notEqual'; value: string };

export type Op =
  | { type: 'put'; key: string; value: string; lease?: string; prevKv?: boolean }
  | { type: 'delete'; key: string; rangeEnd?: string; prevKv?: boolean }
  | ({ type: 'range' } & RangeRequest);

export interface OpResponse {
  /** For range: what was read. For put and delete: the previous pairs, if asked for. */
  kvs: KeyValue[];
  deleted?: number;
  more?: boolean;
  count?: number;
}

export interface TxnRequest {
  compare: Compare[];
  success: Op[];
  failure?: Op[];
}

export interface TxnResponse {
  revision: number;
  succeeded: boolean;
  responses: OpResponse[];
}

export interface WatchRequest {
  key: string;
  rangeEnd?: string;
  /** First revision wanted. 0: from now. */
  startRevision: number;
  prevKv?: boolean;
  progressNotify?: boolean;
}

export interface WatchEvent {
  type: 'put' | 'delete';
  /** For a delete: key and modRevision of the deletion; value empty. */
  kv: KeyValue;
  prevKv?: KeyValue;
}

/** Events of one revision always arrive in one response. Without events: a progress notification, or the first answer ("created"). */
export interface WatchResponse {
  revision: number;
  created: boolean;
  events: WatchEvent[];
}

/** What a call rejects with: etcd's gRPC code and message ("etcdserver: mvcc: required revision has been compacted"). */
export class EtcdError extends Error {
  /** gRPC status code. */
  readonly code: number;
  /** With code 11 (OUT_OF_RANGE) on a watch: the compacted revision. */
  readonly compactRevision: number;

  constructor(code: number, message: string, compactRevision = 0) {
    super(message);
    this.name = 'EtcdError';
    this.code = code;
    this.compactRevision = compactRevision;
  }
}

export interface EtcdClient {
  range(request: RangeRequest, signal?: AbortSignal): Promise<RangeResponse>;
  txn(request: TxnRequest, signal?: AbortSignal): Promise<TxnResponse>;
  put(key: string, value: string, options?: { lease?: string }): Promise<{ revision: number }>;
  delete(key: string, rangeEnd?: string): Promise<{ revision: number; deleted: number }>;
  compact(revision: number): Promise<void>;
  /** Yields responses in order until the signal aborts; throws EtcdError (compacted, no leader) or a network error: then watch again from the last revision + 1. */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchResponse>;
  leaseGrant(ttlSeconds: number): Promise<{ id: string; ttl: number }>;
  leaseRevoke(id: string): Promise<void>;
  leaseKeepAliveOnce(id: string): Promise<{ ttl: number }>;
}

/** The end of the range of all keys that begin with `prefix` (etcd clientv3.GetPrefixRangeEnd, for ASCII keys). */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

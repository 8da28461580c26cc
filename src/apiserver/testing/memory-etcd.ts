// A single-process stand-in for the store, for unit tests of the API server: multi-version, with transactions, watches and compaction, no durability.

import {
  type Compare,
  type EtcdClient,
  EtcdError,
  type KeyValue,
  type Op,
  type OpResponse,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchEvent,
  type WatchRequest,
  type WatchResponse,
} from '../../etcd/client/types.ts';

interface Watcher {
  request: WatchRequest;
  queue: WatchResponse[];
  wake: () => void;
}

/** An EtcdClient over memory. `revision` starts at 1, as a fresh etcd's. */
export function memoryEtcd(): EtcdClient & { readonly revision: number } {
  let revision = 1;
  let compacted = 0;
  const live = new Map<string, KeyValue>();
  const log: WatchEvent[] = [];
  const watchers = new Set<Watcher>();

  // A range end of "\0" means: to the last key.
  const inRange = (key: string, from: string, end?: string) =>
    end === undefined ? key === from : key >= from && (end === '\0' || key < end);

  function at(target: number): Map<string, KeyValue> {
    if (target === 0 || target === revision) return live;
    if (target < compacted) throw new EtcdError(11, 'etcdserver: mvcc: required revision has been compacted');
    if (target > revision) throw new EtcdError(11, 'etcdserver: mvcc: required revision is a future revision');
    const past = new Map<string, KeyValue>();
    for (const event of log) {
      if (event.kv.modRevision > target) break;
      if (event.type === 'put') past.set(event.kv.key, event.kv);
      else past.delete(event.kv.key);
    }
    return past;
  }

  function range(request: RangeRequest): RangeResponse {
    const map = at(request.revision ?? 0);
    let kvs = [...map.values()].filter((kv) => inRange(kv.key, request.key, request.rangeEnd));
    kvs.sort((a, b) => (a.key < b.key ? -1 : 1));
    const count = kvs.length;
    const more = request.limit !== undefined && request.limit > 0 && count > request.limit;
    if (more) kvs = kvs.slice(0, request.limit);
    if (request.countOnly) kvs = [];
    return { revision, kvs, more, count };
  }

  function holds(compare: Compare): boolean {
    const kv = live.get(compare.key);
    const actual = {
      version: kv?.version ?? 0,
      createRevision: kv?.createRevision ?? 0,
      modRevision: kv?.modRevision ?? 0,
      value: kv?.value ?? '',
      lease: kv?.lease ?? '0',
    }[compare.target];
    const order = actual < compare.value ? -1 : actual > compare.value ? 1 : 0;
    return { equal: order === 0, greater: order > 0, less: order < 0, notEqual: order !== 0 }[compare.result];
  }

  function apply(ops: Op[]): OpResponse[] {
    const next = revision + 1;
    const events: WatchEvent[] = [];
    const responses = ops.map((op): OpResponse => {
      if (op.type === 'range') return range(op);
      if (op.type === 'put') {
        const old = live.get(op.key);
        const kv: KeyValue = {
          key: op.key,
          value: op.value,
          createRevision: old?.createRevision ?? next,
          modRevision: next,
          version: (old?.version ?? 0) + 1,
          lease: op.lease ?? '0',
        };
        live.set(op.key, kv);
        events.push({ type: 'put', kv, ...(old && { prevKv: old }) });
        return { kvs: op.prevKv && old ? [old] : [] };
      }
      const gone = [...live.values()].filter((kv) => inRange(kv.key, op.key, op.rangeEnd));
      for (const old of gone) {
        live.delete(old.key);
        const kv = { key: old.key, value: '', createRevision: 0, modRevision: next, version: 0, lease: '0' };
        events.push({ type: 'delete', kv, prevKv: old });
      }
      return { kvs: op.prevKv ? gone : [], deleted: gone.length };
    });
    if (events.length > 0) {
      revision = next;
      log.push(...events);
      for (const watcher of watchers) send(watcher, events);
    }
    return responses;
  }

  function send(watcher: Watcher, events: WatchEvent[]) {
    const { key, rangeEnd, prevKv } = watcher.request;
    const wanted = events
      .filter((event) => inRange(event.kv.key, key, rangeEnd))
      .map((event) => (prevKv ? event : { type: event.type, kv: event.kv }));
    if (wanted.length === 0) return;
    watcher.queue.push({ revision: wanted[0]?.kv.modRevision ?? revision, created: false, events: wanted });
    watcher.wake();
  }

  return {
    get revision() {
      return revision;
    },
    range: async (request) => range(request),
    async txn(request: TxnRequest): Promise<TxnResponse> {
      const succeeded = request.compare.every(holds);
      const responses = apply(succeeded ? request.success : (request.failure ?? []));
      return { revision, succeeded, responses };
    },
    async put(key, value) {
      apply([{ type: 'put', key, value }]);
      return { revision };
    },
    async delete(key, rangeEnd) {
      const [response] = apply([{ type: 'delete', key, ...(rangeEnd !== undefined && { rangeEnd }) }]);
      return { revision, deleted: response?.deleted ?? 0 };
    },
    async compact(target) {
      compacted = target;
    },
    async *watch(request, signal) {
      const watcher: Watcher = { request, queue: [], wake: () => {} };
      if (request.startRevision > 0 && request.startRevision < compacted)
        throw new EtcdError(11, 'etcdserver: mvcc: required revision has been compacted', compacted);
      watcher.queue.push({ revision, created: true, events: [] });
      const byRevision = new Map<number, WatchEvent[]>();
      if (request.startRevision > 0)
        for (const event of log)
          if (event.kv.modRevision >= request.startRevision)
            byRevision.set(event.kv.modRevision, [...(byRevision.get(event.kv.modRevision) ?? []), event]);
      for (const events of byRevision.values()) send(watcher, events);
      watchers.add(watcher);
      const onAbort = () => watcher.wake();
      signal.addEventListener('abort', onAbort);
      try {
        while (!signal.aborted) {
          const next = watcher.queue.shift();
          if (next) yield next;
          else
            await new Promise<void>((resolve) => {
              watcher.wake = resolve;
            });
        }
      } finally {
        watchers.delete(watcher);
        signal.removeEventListener('abort', onAbort);
      }
    },
    leaseGrant: async (ttl) => ({ id: '1', ttl }),
    leaseRevoke: async () => {},
    leaseKeepAliveOnce: async () => ({ ttl: 60 }),
  };
}

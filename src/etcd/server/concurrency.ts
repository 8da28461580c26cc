// Lock and election services, as etcd's concurrency package defines them: a contender writes name/<lease id in hex> under its lease, and owns the lock (is
// the leader) when no key under name/ was created before its own; until then it waits for the one just before it to go away.

import type {
  CampaignRequest,
  KeyValue,
  LeaderKey,
  LockRequest,
  ProclaimRequest,
  ResponseHeader,
} from '../api/types.ts';
import { prefixRangeEnd } from '../bytes.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError, grpc } from '../errors.ts';
import { toKeyValue } from '../mvcc/key-value.ts';
import type { Backend } from './backend.ts';
import { range, txn } from './txn.ts';

type Answer<T = object> = T & { header?: ResponseHeader };

/** Seconds a lease lives that is made for a caller who brought none (concurrency.NewSession's default). */
const sessionTtl = 60;

async function sessionLease(backend: Backend, lease: string | undefined): Promise<string> {
  if (lease && lease !== '0') {
    if (!(await backend.leaseRenew(lease))) throw etcdError('leaseNotFound');
    return lease;
  }
  const ID = BigInt(`0x${Math.floor(backend.random.next() * 2 ** 52).toString(16)}1`).toString();
  await backend.propose({ leaseGrant: { ID, TTL: sessionTtl } });
  return ID;
}

/** Writes the contender's key unless it is there already; resolves with its creation revision. */
async function contend(backend: Backend, key: string, value: string, lease: string): Promise<number> {
  const answer: {
    header?: ResponseHeader;
    succeeded?: boolean;
    responses?: { responseRange?: { kvs?: KeyValue[] } }[];
  } = await backend.propose({
    txn: {
      compare: [{ key, target: 'CREATE', result: 'EQUAL', createRevision: 0 }],
      success: [{ requestPut: { key, value, lease } }],
      failure: [{ requestRange: { key } }],
    },
  });
  if (answer.succeeded) return answer.header?.revision ?? 0;
  const existing = answer.responses?.[0]?.responseRange?.kvs?.[0];
  if (existing && existing.value !== value && value !== '') await backend.propose({ put: { key, value, lease } });
  return existing?.createRevision ?? 0;
}

/** Resolves when no key under the prefix is older than `revision`. */
async function waitForTurn(backend: Backend, prefix: string, revision: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { kvs = [] } = range(backend.state.store, {
      key: prefix,
      rangeEnd: prefixRangeEnd(prefix),
      sortTarget: 'CREATE',
      sortOrder: 'DESCEND',
      maxCreateRevision: revision - 1,
      limit: 1,
    });
    const before = kvs[0];
    if (!before) return;
    await deletionOf(backend, before.key, signal);
  }
}

/** Resolves with the next deletion of a key, or at once if it is gone. */
function deletionOf(backend: Backend, key: string, signal: AbortSignal): Promise<void> {
  if (!backend.state.store.get(key)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = () => {
      backend.hub.remove(watcher);
      signal.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      backend.hub.remove(watcher);
      reject(signal.reason);
    };
    const watcher = backend.hub.add(
      { key, end: undefined, startRevision: 0, prevKv: false, noPut: true, noDelete: false },
      { hasRoom: true, events: done, compacted: done },
    );
    signal.addEventListener('abort', abort, { once: true });
  });
}

const hex = (lease: string) => BigInt(lease).toString(16);

async function acquire(backend: Backend, name: string, value: string, lease: string, signal: AbortSignal) {
  const prefix = `${name}/`;
  const key = `${prefix}${hex(lease)}`;
  const rev = await contend(backend, key, value, lease);
  try {
    await waitForTurn(backend, prefix, rev, signal);
  } catch (error) {
    await backend.propose({ deleteRange: { key } }).catch(() => {});
    throw error;
  }
  if (!backend.state.store.get(key)) throw new EtcdError(grpc.unknown, 'mutex: session is expired');
  return { key, rev };
}

export async function lock(
  backend: Backend,
  request: LockRequest,
  signal: AbortSignal,
): Promise<Answer<{ key: string }>> {
  const lease = await sessionLease(backend, request.lease);
  const { key } = await acquire(backend, request.name ?? '', '', lease, signal);
  return { header: backend.header(), key };
}

export async function unlock(backend: Backend, request: { key?: string }): Promise<Answer> {
  if (!request.key) throw etcdError('emptyKey');
  const { header } = await backend.propose({ deleteRange: { key: request.key } });
  return { header: backend.header(header?.revision) };
}

export async function campaign(
  backend: Backend,
  request: CampaignRequest,
  signal: AbortSignal,
): Promise<Answer<{ leader: LeaderKey }>> {
  const lease = await sessionLease(backend, request.lease);
  const name = request.name ?? '';
  const { key, rev } = await acquire(backend, name, request.value ?? '', lease, signal);
  return { header: backend.header(), leader: { name, key, rev, lease } };
}

function needLeader(request: ProclaimRequest): LeaderKey & { key: string } {
  const { leader } = request;
  if (!leader) throw new EtcdError(grpc.unknown, '"leader" field must be provided');
  if (!leader.key) throw etcdError('emptyKey');
  return { ...leader, key: leader.key };
}

export async function proclaim(backend: Backend, request: ProclaimRequest): Promise<Answer> {
  const { key, rev = 0, lease = '0' } = needLeader(request);
  const answer: { header?: ResponseHeader; succeeded?: boolean } = await backend.propose({
    txn: {
      compare: [{ key, target: 'CREATE', result: 'EQUAL', createRevision: rev }],
      success: [{ requestPut: { key, value: request.value ?? '', lease } }],
    },
  });
  if (!answer.succeeded) throw new EtcdError(grpc.unknown, 'election: not leader');
  return { header: backend.header(answer.header?.revision) };
}

export async function resign(backend: Backend, request: ProclaimRequest): Promise<Answer> {
  const { key, rev = 0 } = needLeader(request);
  const answer = await backend.propose({
    txn: {
      compare: [{ key, target: 'CREATE', result: 'EQUAL', createRevision: rev }],
      success: [{ requestDeleteRange: { key } }],
    },
  });
  return { header: backend.header(answer.header?.revision) };
}

/** The oldest key under name/: who leads now. */
export function currentLeader(backend: Backend, name: string): KeyValue | undefined {
  const prefix = `${name}/`;
  const response = txn(backend.state.store, backend.state.lessor, {
    success: [
      {
        requestRange: {
          key: prefix,
          rangeEnd: prefixRangeEnd(prefix),
          sortTarget: 'CREATE',
          sortOrder: 'ASCEND',
          limit: 1,
        },
      },
    ],
  });
  return response.responses?.[0]?.responseRange?.kvs?.[0];
}

export async function leader(backend: Backend, request: { name?: string }): Promise<Answer<{ kv: KeyValue }>> {
  await backend.readIndex();
  const kv = currentLeader(backend, request.name ?? '');
  if (!kv) throw new EtcdError(grpc.unknown, 'election: no leader');
  return { header: backend.header(), kv };
}

/** Yields who leads, whenever that or what the leader proclaims changes, until the signal aborts. */
export async function* observe(
  backend: Backend,
  request: { name?: string },
  signal: AbortSignal,
): AsyncGenerator<Answer<{ kv: KeyValue }>> {
  const name = request.name ?? '';
  const prefix = `${name}/`;
  let wake = () => {};
  const watcher = backend.hub.add(
    { key: prefix, end: prefixRangeEnd(prefix), startRevision: 0, prevKv: false, noPut: false, noDelete: false },
    { hasRoom: true, events: () => wake(), compacted: () => wake() },
  );
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    let shown = '';
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const kv = currentLeader(backend, name);
      const state = kv ? `${kv.key} ${kv.modRevision}` : shown;
      if (kv && state !== shown) {
        shown = state;
        const current = backend.state.store.get(kv.key);
        yield { header: backend.header(), kv: current ? toKeyValue(current) : kv };
        continue;
      }
      await changed;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    backend.hub.remove(watcher);
  }
}

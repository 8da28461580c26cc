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

/** The lease a caller brought, or a new one. */
async function sessionLease(backend: Backend, lease: string | undefined): Promise<string> {
  if (lease && lease !== '0') return lease;
  const ID = BigInt(`0x${Math.floor(backend.random.next() * 2 ** 52).toString(16)}1`).toString();
  await backend.propose({ leaseGrant: { ID, TTL: sessionTtl } });
  return ID;
}

interface Contender {
  key: string;
  /** Revision at which its key was created: its place in the queue. */
  rev: number;
  /** Revision of the answer to its attempt. */
  revision: number;
  /** Value it had already. */
  existing?: string;
}

/** Writes the contender's key unless it is there already. */
async function contend(backend: Backend, key: string, value: string, lease: string): Promise<Contender> {
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
  const revision = answer.header?.revision ?? 0;
  if (answer.succeeded) return { key, rev: revision, revision };
  const existing = answer.responses?.[0]?.responseRange?.kvs?.[0];
  return { key, rev: existing?.createRevision ?? 0, revision, existing: existing?.value ?? '' };
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

/** Resolves when it is the contender's turn; one that gives up leaves the queue. */
async function waitInQueue(backend: Backend, prefix: string, contender: Contender, signal: AbortSignal): Promise<void> {
  const { key, rev } = contender;
  try {
    await waitForTurn(backend, prefix, rev, signal);
  } catch (error) {
    await backend.propose({ deleteRange: { key } }).catch(() => {});
    throw error;
  }
  if (!backend.state.store.get(key)) throw new EtcdError(grpc.unknown, 'mutex: session is expired');
}

export async function lock(
  backend: Backend,
  request: LockRequest,
  signal: AbortSignal,
): Promise<Answer<{ key: string }>> {
  const lease = await sessionLease(backend, request.lease);
  const prefix = `${request.name ?? ''}/`;
  const contender = await contend(backend, `${prefix}${hex(lease)}`, '', lease);
  await waitInQueue(backend, prefix, contender, signal);
  return { header: backend.header(), key: contender.key };
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
  const { name = '', value = '' } = request;
  const prefix = `${name}/`;
  const contender = await contend(backend, `${prefix}${hex(lease)}`, value, lease);
  const { key, rev, revision, existing } = contender;
  const leader: LeaderKey = { name, key, rev, lease };
  if (existing !== undefined && existing !== value) await proclaim(backend, { leader, value });
  await waitInQueue(backend, prefix, contender, signal);
  return { header: backend.header(revision), leader };
}

function needLeader(request: ProclaimRequest): LeaderKey & { key: string } {
  const { leader } = request;
  if (!leader) throw new EtcdError(grpc.unknown, '"leader" field must be provided');
  if (!leader.key) throw etcdError('emptyKey');
  return { ...leader, key: leader.key };
}

export async function proclaim(backend: Backend, request: ProclaimRequest): Promise<Answer> {
  const { key, rev = 0, ...given } = needLeader(request);
  const lease = await sessionLease(backend, given.lease);
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

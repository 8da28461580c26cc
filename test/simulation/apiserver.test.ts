// Random concurrent clients against two API servers over one store: no update is lost, no watch event is missed, doubled or out of order, every list is
// what the store held at its resourceVersion, also when it is read in pages and while watches break off and resume. A failure prints its seed.

import { describe, expect, test } from 'vitest';
import { type ApiServer, createApiServer } from '../../src/apiserver/index.ts';
import { pick, type Random, randomInt, seededRandom } from '../../src/env/random.ts';
import { Simulation } from '../../src/env/simulated/simulation.ts';
import { startStandaloneEtcd } from '../../src/etcd/testing/standalone.ts';

const seeds = Number(process.env['DRYDOCK_SEEDS'] ?? 6);
const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const base = 'http://kube-apiserver:6443/api/v1/namespaces/default/configmaps';
const token = 'secret';

interface Item {
  metadata: { name: string; resourceVersion: string };
  data: { count: string };
}
interface Change {
  revision: number;
  name: string;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  count: string;
}

async function world(seed: number) {
  const simulation = new Simulation({ seed });
  const store = startStandaloneEtcd(simulation.env('etcd-1'));
  const servers: ApiServer[] = [];
  for (const name of ['kube-apiserver-1', 'kube-apiserver-2'])
    servers.push(
      await createApiServer(simulation.env(name), {
        host: `${name}:6443`,
        etcd: store.client,
        tokens: [{ token, user: 'admin', groups: ['system:masters'] }],
      }),
    );
  return servers;
}

function client(servers: ApiServer[], random: Random) {
  return async (method: string, path: string, body?: unknown, type = 'application/json', signal?: AbortSignal) =>
    pick(random, servers).handle(
      new Request(base + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    );
}

/** Creates, increments by compare-and-swap and by JSON patch, deletes; counts the increments that were acknowledged. */
async function writer(call: ReturnType<typeof client>, random: Random, acknowledged: Change[], steps: number) {
  for (let i = 0; i < steps; i++) {
    const name = pick(random, names);
    const note = async (response: Response, type: Change['type']) => {
      const item = (await response.json()) as Item;
      acknowledged.push({ revision: Number(item.metadata.resourceVersion), name, type, count: item.data.count });
    };
    const choice = random.next();
    if (choice < 0.3) {
      const made = await call('POST', '', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: { count: '0' },
      });
      if (made.status === 201) await note(made, 'ADDED');
      else expect(made.status).toBe(409);
      continue;
    }
    if (choice < 0.4) {
      const gone = await call('DELETE', `/${name}`);
      expect([200, 404]).toContain(gone.status);
      continue;
    }
    const read = await call('GET', `/${name}`);
    if (read.status === 404) continue;
    const item = (await read.json()) as Item;
    const count = String(Number(item.data.count) + 1);
    const written =
      choice < 0.7
        ? await call('PUT', `/${name}`, { ...item, data: { count } })
        : await call(
            'PATCH',
            `/${name}`,
            [
              { op: 'test', path: '/data/count', value: item.data.count },
              { op: 'replace', path: '/data/count', value: count },
            ],
            'application/json-patch+json',
          );
    if (written.status === 200) await note(written, 'MODIFIED');
    else expect([404, 409, 422]).toContain(written.status);
  }
}

/** Lists, then watches, resuming after random disconnections, until told to stop; returns the events in the order of arrival. */
async function watcher(call: ReturnType<typeof client>, random: Random, until: () => number) {
  const list = (await (await call('GET', '')).json()) as { metadata: { resourceVersion: string }; items: Item[] };
  const start = Number(list.metadata.resourceVersion);
  const events: Change[] = [];
  let at = start;
  while (until() === 0 || at < until()) {
    const abort = new AbortController();
    const response = await call(
      'GET',
      `?watch=1&allowWatchBookmarks=true&resourceVersion=${at}`,
      undefined,
      '',
      abort.signal,
    );
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const patience = 1 + randomInt(random, 12);
    let text = '';
    for (let n = 0; n < patience && (until() === 0 || at < until()); n++) {
      const next = await Promise.race([reader.read(), new Promise<undefined>((resolve) => setTimeout(resolve, 20))]);
      if (!next || next.done) break;
      text += new TextDecoder().decode(next.value);
      const lines = text.split('\n');
      text = lines.pop() as string;
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: Item };
        expect(type).not.toBe('ERROR');
        at = Math.max(at, Number(object.metadata.resourceVersion));
        if (type !== 'BOOKMARK')
          events.push({
            revision: Number(object.metadata.resourceVersion),
            name: object.metadata.name,
            type: type as Change['type'],
            count: object.data.count,
          });
      }
    }
    await reader.cancel().catch(() => {});
    abort.abort();
  }
  return { start, items: list.items, events };
}

/** Reads the whole collection in pages of two. */
async function pager(call: ReturnType<typeof client>, rounds: number) {
  const lists: { revision: number; items: Item[] }[] = [];
  for (let i = 0; i < rounds; i++) {
    const items: Item[] = [];
    let token = '';
    let revision = 0;
    do {
      const response = await call('GET', `?limit=2${token ? `&continue=${token}` : ''}`);
      const page = (await response.json()) as {
        metadata: { resourceVersion: string; continue?: string };
        items: Item[];
      };
      if (revision !== 0) expect(Number(page.metadata.resourceVersion)).toBe(revision);
      revision = Number(page.metadata.resourceVersion);
      items.push(...page.items);
      token = page.metadata.continue ?? '';
      await new Promise((resolve) => setTimeout(resolve, 1));
    } while (token);
    lists.push({ revision, items });
  }
  return lists;
}

describe('concurrent clients', () => {
  for (let seed = 1; seed <= seeds; seed++)
    test(`seed ${seed}`, { timeout: 120_000 }, async () => {
      const random = seededRandom(seed);
      const servers = await world(seed);
      const call = client(servers, random);
      const acknowledged: Change[] = [];
      let end = 0;
      const watchers = Promise.all([1, 2, 3].map(() => watcher(call, random, () => end)));
      const pages = pager(call, 8);
      await Promise.all([1, 2, 3, 4].map(() => writer(call, random, acknowledged, 40)));
      // One last write, which every watcher must come to see.
      const last = await call('POST', '', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'last' },
        data: { count: '0' },
      });
      end = Number(((await last.json()) as Item).metadata.resourceVersion);
      const seen = await watchers;

      // The first watcher to begin saw the most; all agree on what they share, in order, nothing twice.
      const reference = seen[0]?.events as Change[];
      for (const { start, items, events } of seen) {
        const revisions = events.map(({ revision }) => revision);
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
        const common = Math.max(start, seen[0]?.start ?? 0);
        expect(events.filter(({ revision }) => revision > common)).toEqual(
          reference.filter(({ revision }) => revision > common),
        );
        // Types fit what was there before; a counter goes up by one or starts at nought: no update was lost.
        const state = new Map(items.map((item) => [item.metadata.name, Number(item.data.count)]));
        for (const { type, name, count } of events) {
          expect(state.has(name)).toBe(type !== 'ADDED');
          if (type === 'ADDED') expect(count).toBe('0');
          if (type === 'MODIFIED') expect(Number(count)).toBe((state.get(name) as number) + 1);
          if (type === 'DELETED') state.delete(name);
          else state.set(name, Number(count));
        }
      }
      for (const change of acknowledged)
        if (change.revision > (seen[0]?.start ?? 0)) expect(reference).toContainEqual(change);
      // Each list is the state at its revision.
      const { start = 0, items: first = [] } = seen[0] ?? {};
      for (const { revision, items } of await pages) {
        if (revision < start) continue;
        const state = new Map(first.map((item) => [item.metadata.name, item.data.count]));
        for (const change of reference) {
          if (change.revision > revision) break;
          if (change.type === 'DELETED') state.delete(change.name);
          else state.set(change.name, change.count);
        }
        expect(Object.fromEntries(items.map((item) => [item.metadata.name, item.data.count]))).toEqual(
          Object.fromEntries(state),
        );
      }
      for (const server of servers) await server.stop();
    });
});

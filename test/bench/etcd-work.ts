// The work of the store's benchmark, for any client: what is measured is the same for ours and for the real etcd.

import { type EtcdClient, prefixEnd } from '../../src/etcd/client/types.ts';

export interface Figure {
  perSecond: number;
  p50: number;
  p99: number;
}

export type Figures = Record<string, Figure>;

const value = JSON.stringify({ kind: 'Pod', v: 'y'.repeat(1000) });

/** Runs `one` on `clients` at once for `ms`. */
async function measure(
  clients: number,
  ms: number,
  one: (client: number, i: number) => Promise<unknown>,
): Promise<Figure> {
  const times: number[] = [];
  const begun = performance.now();
  const end = begun + ms;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = 0; performance.now() < end; i++) {
        const before = performance.now();
        await one(client, i);
        times.push(performance.now() - before);
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0;
  return { perSecond: times.length / seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

/** All figures of one store. `ms`: how long each kind of work runs. */
export async function bench(client: EtcdClient, ms: number): Promise<Figures> {
  const figures: Figures = {};
  const put = (who: number, i: number) => client.put(`put/${who}/${i % 10}`, value);
  await measure(16, ms / 4, put);
  for (const clients of [1, 16, 100])
    figures[`put, ${clients} client${clients > 1 ? 's' : ''}`] = await measure(clients, ms, put);

  const revisions = new Map<number, number>();
  figures['compare-and-swap txn, 100 clients'] = await measure(100, ms, async (who) => {
    const { revision, succeeded } = await client.txn({
      compare: [{ target: 'modRevision', key: `cas/${who}`, result: 'equal', value: revisions.get(who) ?? 0 }],
      success: [{ type: 'put', key: `cas/${who}`, value }],
    });
    if (!succeeded) throw new Error('an uncontended compare-and-swap lost');
    revisions.set(who, revision);
  });

  figures['linearizable get, 16 clients'] = await measure(16, ms, (who) => client.range({ key: `put/${who}/0` }));

  for (let i = 0; i < 1000; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, k) => client.put(`range/${String(i + k).padStart(4, '0')}`, value)),
    );
  figures['range of 1,000 keys, 8 clients'] = await measure(8, ms, async () => {
    const { kvs } = await client.range({ key: 'range/', rangeEnd: prefixEnd('range/') });
    if (kvs.length !== 1000) throw new Error(`range returned ${kvs.length} keys`);
  });

  figures['put to watch event, 1 client'] = await watchLatency(client, ms);
  return figures;
}

async function watchLatency(client: EtcdClient, ms: number): Promise<Figure> {
  const abort = new AbortController();
  let arrived = () => {};
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reading = (async () => {
    for await (const response of client.watch({ key: 'watched', startRevision: 0 }, abort.signal)) {
      if (response.created) open();
      if (response.events.length > 0) arrived();
    }
  })();
  await opened;
  const figure = await measure(1, ms, async () => {
    const event = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await Promise.all([client.put('watched', value), event]);
  });
  abort.abort();
  await reading.catch(() => {});
  return figure;
}

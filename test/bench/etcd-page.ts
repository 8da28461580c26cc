// The page in which the benchmark measures our store: three workers, strict durability.

import { deleteIndexedDbDisks } from '../../src/env/worker/indexeddb-disk.ts';
import { BrowserStore } from '../browser/etcd-harness.ts';
import { bench, type Figures } from './etcd-work.ts';

export async function run(disk: 'indexeddb' | 'opfs', ms: number): Promise<Figures> {
  const prefix = `bench-${disk}-${Math.random()}`;
  const store = new BrowserStore(prefix, disk);
  try {
    await store.startAll();
    return await bench(store.client, ms);
  } finally {
    store.stop();
    await deleteIndexedDbDisks(prefix);
  }
}

export interface GrowthFigures {
  /** put/s of 100 clients with 1,000 keys in the store, and with all of them. */
  early: number;
  late: number;
  /** ms from starting three members on what the disks hold until all have read them (without the loading of scripts), and until the first linearizable read. */
  loaded: number;
  restart: number;
}

const value = 'y'.repeat(1000);

/** put/s of 100 clients on keys that are there already. */
async function putRate(store: BrowserStore, ms: number): Promise<number> {
  let puts = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: 100 }, async (_, client) => {
      for (; performance.now() < begun + ms; puts++) await store.client.put(`key/${client}`, value);
    }),
  );
  return (puts * 1000) / (performance.now() - begun);
}

/** Fills a store with `keys` keys of 1 KB, then starts it anew. */
export async function growth(disk: 'indexeddb' | 'opfs', keys: number, ms: number): Promise<GrowthFigures> {
  const prefix = `growth-${disk}-${Math.random()}`;
  const first = new BrowserStore(prefix, disk);
  await first.startAll();
  const fill = async (from: number, to: number) => {
    for (let i = from; i < to; i += 500)
      await Promise.all(
        Array.from({ length: Math.min(500, to - i) }, (_, k) => first.client.put(`key/${i + k}`, value)),
      );
  };
  await fill(0, 1000);
  const early = await putRate(first, ms);
  await fill(1000, keys);
  const late = await putRate(first, ms);
  first.stop();
  const second = new BrowserStore(prefix, disk);
  const begun = performance.now();
  await second.startAll();
  const loaded = Math.max(...second.startTimes.values());
  const { count } = await second.client.range({ key: 'key/', rangeEnd: 'key0', countOnly: true });
  const restart = performance.now() - begun;
  second.stop();
  await deleteIndexedDbDisks(prefix);
  if (count !== keys) throw new Error(`${count} keys after the restart, not ${keys}`);
  return { early, late, loaded, restart };
}

Object.assign(globalThis, { etcdBench: { run, growth } });

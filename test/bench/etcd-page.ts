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

/** Milliseconds from starting three members on disks that hold `keys` keys of 1 KB to the first linearizable read. */
export async function restart(disk: 'indexeddb' | 'opfs', keys: number): Promise<number> {
  const prefix = `restart-${disk}-${Math.random()}`;
  const first = new BrowserStore(prefix, disk);
  await first.startAll();
  const value = 'y'.repeat(1000);
  for (let i = 0; i < keys; i += 500)
    await Promise.all(Array.from({ length: 500 }, (_, k) => first.client.put(`key/${i + k}`, value)));
  first.stop();
  const second = new BrowserStore(prefix, disk);
  const begun = performance.now();
  await second.startAll();
  const { count } = await second.client.range({ key: 'key/', rangeEnd: 'key0', countOnly: true });
  const taken = performance.now() - begun;
  second.stop();
  await deleteIndexedDbDisks(prefix);
  if (count !== keys) throw new Error(`${count} keys after the restart, not ${keys}`);
  return taken;
}

Object.assign(globalThis, { etcdBench: { run, restart } });

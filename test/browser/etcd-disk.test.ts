// The disk suite on the real IndexedDB of Chromium, and a store on its private file system.

import { expect, test } from 'vitest';
import { openIndexedDbDisk } from '../../src/env/worker/indexeddb-disk.ts';
import { diskSuite, tornSuite } from '../conformance/etcd-disk-suite.ts';
import { BrowserStore } from './etcd-harness.ts';
import type { TornReport } from './etcd-opfs-worker.ts';

let next = 0;

diskSuite('IndexedDB', async () => {
  const name = `suite-${next++}-${Math.random()}`;
  return { open: () => openIndexedDbDisk(name) };
});

tornSuite('IndexedDB', (name) => openIndexedDbDisk(name));

test('OPFS: a log that is still held is waited for, torn and damaged tails are cut, damage before the tail is an error', async () => {
  const worker = new Worker(new URL('./etcd-opfs-worker.ts', import.meta.url), { type: 'module' });
  const reports = await new Promise<TornReport[]>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<TornReport[]>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(`torn-${Math.random()}`);
  });
  worker.terminate();
  const cut = { read: ['first', 'second'], next: 3, error: '' };
  expect(reports).toEqual([
    { cut: 0, read: ['first'], next: 2, error: '' },
    { cut: 1, ...cut },
    { cut: 4, ...cut },
    { cut: 21, ...cut },
    { cut: -1, ...cut },
    { cut: -2, read: [], next: 0, error: 'CorruptLogError' },
  ]);
});

// synchronous access handles exist in workers only, so the whole store stands for the suite here
test('OPFS: what was acknowledged survives the death of all workers', async () => {
  const prefix = `opfs-${Math.random()}`;
  const first = new BrowserStore(prefix, 'opfs');
  await first.startAll();
  for (let i = 0; i < 50; i++) await first.client.put(`k${i}`, `v${i}`);
  first.stop();
  const second = new BrowserStore(prefix, 'opfs');
  await second.startAll();
  const read = await second.client.range({ key: 'k', rangeEnd: 'l' });
  expect(read.kvs.map((kv) => kv.value).sort()).toEqual(Array.from({ length: 50 }, (_, i) => `v${i}`).sort());
  second.stop();
});

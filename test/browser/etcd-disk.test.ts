// The disk suite on the real IndexedDB of Chromium, and a store on its private file system.

import { expect, test } from 'vitest';
import { openIndexedDbDisk } from '../../src/env/worker/indexeddb-disk.ts';
import { diskSuite } from '../conformance/etcd-disk-suite.ts';
import { BrowserStore } from './etcd-harness.ts';

let next = 0;

diskSuite('IndexedDB', async () => {
  const name = `suite-${next++}-${Math.random()}`;
  return { open: () => openIndexedDbDisk(name) };
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

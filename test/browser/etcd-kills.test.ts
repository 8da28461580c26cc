// Workers of the store are terminated at random instants under load, on real disks: nothing acknowledged may be lost or change its place.
// VITE_ETCD_KILLS sets how many kills (scripts/etcd-kills.ts runs the long sweep).

import { afterEach, expect, test } from 'vitest';
import { deleteIndexedDbDisks } from '../../src/env/worker/indexeddb-disk.ts';
import { EtcdError } from '../../src/etcd/client/types.ts';
import { BrowserStore, names } from './etcd-harness.ts';

const kills = Number(import.meta.env['VITE_ETCD_KILLS'] ?? 8);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let store: BrowserStore | undefined;

afterEach(async () => {
  store?.stop();
  await deleteIndexedDbDisks('kills/');
});

test(`${kills} random kills under load`, { timeout: 60_000 + kills * 20_000 }, async () => {
  const cluster = new BrowserStore('kills', 'indexeddb');
  store = cluster;
  await cluster.startAll();
  await cluster.client.put('ready', 'yes');

  let running = true;
  const acknowledged: { writer: number; count: number; revision: number }[] = [];
  const attempts = new Set<string>();
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    const client = cluster.newClient();
    for (let count = 1; running; count++) {
      attempts.add(`${writer} ${count}`);
      try {
        const { revision } = await client.put(`w/${writer}`, String(count));
        acknowledged.push({ writer, count, revision });
      } catch (error) {
        // not known whether it happened
        expect(error instanceof EtcdError || error instanceof TypeError).toBe(true);
        await pause(20);
      }
    }
  });

  for (let kill = 0; kill < kills; kill++) {
    if (kill > 0 && kill % 50 === 0) console.log(`${kill} kills, ${acknowledged.length} writes acknowledged`);
    await pause(Math.random() * 600);
    const name = names[Math.floor(Math.random() * names.length)] as string;
    cluster.kill(name);
    // now and then a second one: the quorum is gone until one is back
    const second = names.find((other) => other !== name) as string;
    const both = Math.random() < 0.2;
    if (both) cluster.kill(second);
    await pause(Math.random() * 300);
    await Promise.all([cluster.start(name), both ? cluster.start(second) : undefined]);
    // writes go on before the next kill
    const before = acknowledged.length;
    const end = performance.now() + 20_000;
    while (acknowledged.length === before) {
      if (performance.now() > end) throw new Error(`no write succeeded for 20 s after kill ${kill + 1} of ${name}`);
      await pause(10);
    }
  }
  running = false;
  await Promise.all(writers);
  expect(acknowledged.length).toBeGreaterThan(kills);

  const events = new Map<number, string>();
  const abort = new AbortController();
  const { revision: last } = await cluster.client.put('w/end', '1');
  const watch = cluster.client.watch({ key: 'w/', rangeEnd: 'w0', startRevision: 1 }, abort.signal);
  for await (const response of watch) {
    for (const { kv } of response.events) events.set(kv.modRevision, `${kv.key.slice(2)} ${kv.value}`);
    if (events.has(last)) break;
  }
  abort.abort();
  events.delete(last);
  for (const { writer, count, revision } of acknowledged) expect(events.get(revision)).toBe(`${writer} ${count}`);
  // each writer's writes are there at most once, and nothing that nobody wrote
  const seen = new Set<string>();
  for (const written of events.values()) {
    expect(attempts.has(written)).toBe(true);
    expect(seen.has(written)).toBe(false);
    seen.add(written);
  }
  // acknowledged writes of one writer follow one another
  const newest = new Map<number, number>();
  for (const { writer, revision } of acknowledged) {
    expect(revision).toBeGreaterThan(newest.get(writer) ?? 0);
    newest.set(writer, revision);
  }
});

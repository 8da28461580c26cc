import { expect, test } from 'vitest';
import type { Env } from '../env/env.ts';
import { LocalNetwork } from '../env/node/local-network.ts';
import { createNodeEnv } from '../env/node/node-env.ts';
import { ScaledClock } from '../env/scaled-clock.ts';
import { forgetfulDisk } from './forgetful-disk.ts';
import { localStore } from './store.ts';

function environments() {
  const [network, clock] = [new LocalNetwork(), new ScaledClock()];
  const known = new Map<string, Env>();
  const envOf = (name: string) => {
    const env = known.get(name) ?? createNodeEnv(name, { network, clock, disk: forgetfulDisk() });
    known.set(name, env);
    return env;
  };
  return { clock, envOf };
}

/** Again until it succeeds: a write fails while there is no leader. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test('of three members any may go: calls and watches turn to those that are left', async () => {
  const { clock, envOf } = environments();
  const { client, members } = await localStore(3, false, envOf);
  const stop = new AbortController();
  const seen: string[] = [];
  const follow = async () => {
    const request = { key: 'a', rangeEnd: 'b', startRevision: 1 };
    for await (const { events } of client.watch(request, stop.signal)) for (const { kv } of events) seen.push(kv.value);
  };
  await again(() => client.put('a', 'before'));
  await members[0]?.stop();
  const watching = again(follow);
  await again(() => client.put('a', 'after'));
  while (!seen.includes('after')) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(seen[0]).toBe('before');
  expect((await client.range({ key: 'a' })).kvs[0]?.value).toBe('after');
  stop.abort();
  await watching;
  for (const member of members) await member.stop();
  clock.close();
});

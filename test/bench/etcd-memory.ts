// What one member holds in memory, per byte of keys and values: a replica's state filled as a follower fills it, from the text of log entries.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Command } from '../../src/etcd/server/commands.ts';
import { State } from '../../src/etcd/server/state.ts';

/** Heap bytes over the bytes of `keys` keys with values of 1 KB. */
export function memoryRatio(keys: number): number {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const state = new State();
  collect();
  const before = process.memoryUsage().heapUsed;
  let bytes = 0;
  for (let i = 0; i < keys; i++) {
    const put = { key: `/registry/pods/default/pod-${i}`, value: `{"n":${i},"v":"${'y'.repeat(1000)}"}` };
    bytes += put.key.length + put.value.length;
    state.apply(JSON.parse(JSON.stringify({ put })) as Command, 0);
  }
  collect();
  const held = process.memoryUsage().heapUsed - before;
  if (state.store.keyCount !== keys) throw new Error('the state does not hold all keys');
  return held / bytes;
}

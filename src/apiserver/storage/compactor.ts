// Periodic compaction of the store's history (apiserver/pkg/storage/etcd3/compact.go).
//
// Every interval the revision that was current one interval ago is compacted away, so that each revision can be read for at least that long. Of several API
// servers only one compacts in each interval: they take turns by compare-and-swap on one key, whose version is the clock.

import { type Clock, sleep } from '../../env/clock.ts';
import type { EtcdClient } from '../../etcd/client/types.ts';

// Outside /registry/: no resource, no watch event.
const key = 'compact_rev_key';

/** Compacts every `interval` milliseconds until stopped. Failures are tried again at the next interval. */
export function startCompactor(etcd: EtcdClient, clock: Clock, interval: number): { stop(): void } {
  const stopped = new AbortController();
  void run(etcd, clock, interval, stopped.signal);
  return { stop: () => stopped.abort() };
}

async function run(etcd: EtcdClient, clock: Clock, interval: number, signal: AbortSignal): Promise<void> {
  let turn = 0;
  let revision = 0;
  for (;;) {
    await sleep(clock, interval, signal).catch(() => {});
    if (signal.aborted) return;
    const next = await compactOnce(etcd, turn, revision).catch(() => undefined);
    if (next) ({ turn, revision } = next);
  }
}

/**
 * One turn: notes the store's revision under the key if nobody else has since the turn that is remembered, and compacts the revision remembered with it.
 * Returns the turn to remember: the number of turns so far and the store's revision then. Exported for tests.
 */
export async function compactOnce(
  etcd: EtcdClient,
  turn: number,
  revision: number,
): Promise<{ turn: number; revision: number }> {
  const answer = await etcd.txn({
    compare: [{ target: 'version', key, result: 'equal', value: turn }],
    success: [{ type: 'put', key, value: String(revision) }],
    failure: [{ type: 'range', key }],
  });
  // Somebody else's turn: their count is taken over, and what they saw as current is compacted by whoever is first next time.
  if (!answer.succeeded) return { turn: answer.responses[0]?.kvs[0]?.version ?? 0, revision: answer.revision };
  if (revision > 0) await etcd.compact(revision).catch(() => {});
  return { turn: turn + 1, revision: answer.revision };
}

// Sequences of random calls to ours and to Debian's etcd, one seed each; each ends in a watch of all that it did. A seed that fails is named:
// DRYDOCK_PARITY_SEED=<seed> begins with it, DRYDOCK_PARITY_SEQUENCES=<number> runs that many.

import { expect, test } from 'vitest';
import { hasRealEtcd } from '../../scripts/etcd-real.ts';
import { seededRandom } from '../../src/env/random.ts';
import { type EtcdPair, type ParityCase, type Shown, startEtcdPair } from './etcd-pair.ts';
import { CallMaker } from './etcd-random-calls.ts';

const { DRYDOCK_PARITY_SEED, DRYDOCK_PARITY_SEQUENCES } = process.env;
const first = Number(DRYDOCK_PARITY_SEED ?? 1);
const sequences = Number(DRYDOCK_PARITY_SEQUENCES ?? 120);
const calls = 10;

const everything = JSON.stringify({ key: 'AA==', range_end: 'AA==' });

function revisionOf({ body }: Shown): number {
  const [answer] = body as { header?: { revision?: string } }[];
  return Number(answer?.header?.revision ?? 0);
}

/** Empties both, then compares call by call. */
async function runSequence(pair: EtcdPair, seed: number): Promise<void> {
  const maker = new CallMaker(seededRandom(seed));
  const made: string[] = [];
  const both = async (call: ParityCase): Promise<Shown> => {
    made.push(`${call.path} ${call.body}`);
    const [ours, theirs] = await pair.ask(call);
    expect(ours, `seed ${seed}:\n${made.join('\n')}\n`).toEqual(theirs);
    return ours;
  };
  const start = await both({ name: 'empty it', path: '/v3/kv/deleterange', body: everything });
  for (const ID of [1, 2])
    await both({ name: 'grant', path: '/v3/lease/grant', body: JSON.stringify({ TTL: 3600, ID }) });
  let revision = revisionOf(start);
  let since = revision + 1;
  for (let i = 0; i < calls; i++) {
    const call = maker.next(revision);
    const answer = await both(call);
    revision = Math.max(revision, revisionOf(answer));
    // of the compacted revision itself etcd shows what is left, ours nothing (docs/etcd.md)
    if (call.path === '/v3/kv/compaction' && answer.status === 200)
      since = Math.max(since, (JSON.parse(call.body) as { revision: number }).revision + 1);
  }
  await both({ name: 'all there is', path: '/v3/kv/range', body: everything });
  await both({ name: 'an end', path: '/v3/kv/put', body: JSON.stringify({ key: 'ZW5k' }) });
  await both(maker.watch(since));
}

test.skipIf(!hasRealEtcd())(
  `${sequences} sequences of random calls from seed ${first} (skipped where the etcd binary is missing)`,
  { timeout: 60_000 + 2_000 * sequences },
  async () => {
    const pair = await startEtcdPair(1);
    try {
      for (let seed = first; seed < first + sequences; seed++) await runSequence(pair, seed);
    } finally {
      await pair.stop();
    }
  },
);

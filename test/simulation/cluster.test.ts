// The whole control plane under faults: whatever is killed and cut on the way, the cluster comes to the same state as undisturbed.
//
// DRYDOCK_SEEDS=N and DRYDOCK_FROM=S run other seeds (scripts/simulate.ts does it for long runs).

import { describe, expect, test } from 'vitest';
import { runWorld } from './cluster-world.ts';

const from = Number(process.env['DRYDOCK_FROM'] ?? 1);
const seeds = Number(process.env['DRYDOCK_SEEDS'] ?? 200);
const batch = 10;

test('without faults the user gets what the user asked for', { timeout: 120_000 }, async () => {
  const { final, expected, log } = await runWorld(from, { faults: false });
  expect(final, log.join('\n')).toEqual(expected);
});

test('the same seed gives the same run', { timeout: 120_000 }, async () => {
  const [first, second] = [await runWorld(from, { faults: true }), await runWorld(from, { faults: true })];
  expect(second.log).toEqual(first.log);
});

describe('under faults', () => {
  for (let first = from; first < from + seeds; first += batch) {
    const last = Math.min(first + batch, from + seeds) - 1;
    test(`seeds ${first} to ${last}`, { timeout: 600_000 }, async () => {
      for (let seed = first; seed <= last; seed++) {
        const { final, expected, log } = await runWorld(seed, { faults: true });
        expect(final, `seed ${seed}\n${log.join('\n')}`).toEqual(expected);
      }
    });
  }
});

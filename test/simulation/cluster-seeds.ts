// The seeds that npm test runs under faults, in four files so that they share the cores.
//
// DRYDOCK_SEEDS=N (of all four together) and DRYDOCK_FROM=S run others; scripts/simulate.ts is made for long runs.

import { describe, expect, test } from 'vitest';
import { runWorld } from './cluster-world.ts';

const from = Number(process.env['DRYDOCK_FROM'] ?? 1);
const seeds = Number(process.env['DRYDOCK_SEEDS'] ?? 200);
const batch = 5;

/** Defines the tests of one quarter (0 to 3): every fourth batch of seeds. */
export function seedsUnderFaults(quarter: number): void {
  describe('whatever is killed, cut and skewed, the cluster comes to the same state as undisturbed', () => {
    for (let first = from + quarter * batch; first < from + seeds; first += 4 * batch) {
      const last = Math.min(first + batch, from + seeds) - 1;
      test(`seeds ${first} to ${last}`, { timeout: 600_000 }, async () => {
        for (let seed = first; seed <= last; seed++) {
          const { final, expected, log } = await runWorld(seed, { faults: true });
          expect(final, `seed ${seed}\n${log.join('\n')}`).toEqual(expected);
        }
      });
    }
  });
}

// The whole control plane in virtual time: what the user asked for comes true, and a seed always gives the same run. Runs under faults: cluster-seeds.ts.

import { expect, test } from 'vitest';
import { runWorld } from './cluster-world.ts';

test('without faults the user gets what the user asked for', { timeout: 120_000 }, async () => {
  const { final, expected, log } = await runWorld(1, { faults: false });
  expect(final, log.join('\n')).toEqual(expected);
});

test('the same seed gives the same run', { timeout: 120_000 }, async () => {
  const [first, second] = [await runWorld(1, { faults: true }), await runWorld(1, { faults: true })];
  expect(second.log).toEqual(first.log);
});

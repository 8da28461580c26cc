import { expect, test } from 'vitest';
import { AdjustableClock } from './cluster-clock.ts';

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

test('a fast-forward runs its cluster time and returns to the rate before', async () => {
  const spread: number[] = [];
  const clock = new AdjustableClock({ spread: ({ rate }) => spread.push(rate) });
  const began = clock.now();
  await clock.fastForward(2000);
  expect(clock.now() - began).toBeGreaterThanOrEqual(2000);
  expect(spread[0]).toBeGreaterThan(1);
  expect([clock.rate, spread.at(-1)]).toEqual([1, 1]);
  clock.close();
});

test('a fast-forward runs no faster than the store answers', async () => {
  const rates: number[] = [];
  const clock = new AdjustableClock({ spread: ({ rate }) => rates.push(rate), roundTrip: () => wait(250) });
  await clock.fastForward(12_000);
  // 250 ms for an answer leave room for 4 cluster ms per real one
  expect(Math.min(...rates.slice(1, -1))).toBeLessThanOrEqual(4);
  clock.close();
});

test('a store that does not answer slows time down to its own pace', async () => {
  const rates: number[] = [];
  const clock = new AdjustableClock({ spread: ({ rate }) => rates.push(rate), roundTrip: () => new Promise(() => {}) });
  await clock.fastForward(9000);
  expect(rates.slice(0, 4)).toEqual([10, 5, 2.5, 1.25]);
  clock.close();
});

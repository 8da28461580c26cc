import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realNow, ScaledClock } from './scaled-clock.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A clock whose cluster time begins at 0. */
const clockAt = (rate: number, maxRate?: number) => new ScaledClock({ cluster: 0, real: realNow(), rate }, maxRate);

test('runs at its rate', () => {
  const clock = clockAt(10);
  const fired: number[] = [];
  clock.after(5000, () => fired.push(clock.now()));
  vi.advanceTimersByTime(499);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(fired.length).toBe(1);
  expect(fired[0]).toBeGreaterThanOrEqual(5000);
});

test('a paused clock stands still and fires nothing, then goes on from there', () => {
  const clock = clockAt(1);
  let fired = 0;
  clock.after(1000, () => fired++);
  vi.advanceTimersByTime(400);
  clock.set({ cluster: clock.now(), real: realNow(), rate: 0 });
  const paused = clock.now();
  vi.advanceTimersByTime(60_000);
  expect(fired).toBe(0);
  expect(clock.now()).toBe(paused);
  clock.set({ cluster: clock.now(), real: realNow(), rate: 1 });
  vi.advanceTimersByTime(599);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(2);
  expect(fired).toBe(1);
});

test('never runs faster than its limit', () => {
  const clock = clockAt(40, 1);
  vi.advanceTimersByTime(1000);
  expect(Math.round(clock.now())).toBe(1000);
});

test('never goes back, whatever it is told', () => {
  const clock = clockAt(1);
  vi.advanceTimersByTime(5000);
  const before = clock.now();
  clock.set({ cluster: 0, real: realNow(), rate: 1 });
  expect(clock.now()).toBe(before);
});

test('a callback that throws does not stop the timers after it', () => {
  const clock = clockAt(1);
  let later = 0;
  clock.after(10, () => {
    throw new Error('boom');
  });
  clock.after(20, () => later++);
  expect(() => vi.advanceTimersByTime(10)).toThrow('boom');
  vi.advanceTimersByTime(20);
  expect(later).toBe(1);
});

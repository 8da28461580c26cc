import { expect, test } from 'vitest';
import { Pacer } from './pacer.ts';

const immediate = () => new Promise((resolve) => setImmediate(resolve));

/** A clock that a test moves by hand. */
function handClock() {
  let now = 1000;
  const timers: { due: number; callback: () => void }[] = [];
  return {
    timers,
    now: () => now,
    after(milliseconds: number, callback: () => void) {
      timers.push({ due: now + milliseconds, callback });
      return () => {};
    },
    advance(milliseconds: number) {
      now += milliseconds;
      for (const timer of timers.splice(0))
        if (timer.due <= now) timer.callback();
        else timers.push(timer);
    },
  };
}

test('what is asked for in one turn is done together at its end, in order', async () => {
  const { pace } = new Pacer(handClock());
  const done: string[] = [];
  pace(() => done.push('a'));
  pace(() => done.push('b'));
  expect(done).toEqual([]);
  await immediate();
  expect(done).toEqual(['a', 'b']);
  pace(() => done.push('c'));
  await immediate();
  expect(done).toEqual(['a', 'b', 'c']);
});

test('after a round that took a while the next one waits three times as long', async () => {
  const clock = handClock();
  const { pace } = new Pacer(clock);
  const done: string[] = [];
  pace(() => clock.advance(5));
  await immediate();
  clock.advance(1);
  pace(() => done.push('late'));
  await immediate();
  expect(done).toEqual([]);
  clock.advance(13);
  expect(done).toEqual([]);
  clock.advance(1);
  expect(done).toEqual(['late']);
});

test('no round waits for more than 40 ms, and none for one that was quick', async () => {
  const clock = handClock();
  const { pace } = new Pacer(clock);
  const done: string[] = [];
  pace(() => clock.advance(200));
  await immediate();
  pace(() => done.push('after a long one'));
  clock.advance(40);
  expect(done).toEqual(['after a long one']);
  await immediate();
  pace(() => done.push('after a quick one'));
  await immediate();
  expect(done.length).toBe(2);
});

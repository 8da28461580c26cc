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

test('each work has a round of its own, in order, and requests have their turn between them', async () => {
  const { pace } = new Pacer(handClock());
  const done: string[] = [];
  pace(() => done.push('a'));
  pace(() => done.push('b'));
  setImmediate(() => done.push('a request'));
  expect(done).toEqual([]);
  for (let i = 0; i < 3; i++) await immediate();
  expect(done).toEqual(['a', 'a request', 'b']);
  pace(() => done.push('c'));
  await immediate();
  expect(done.at(-1)).toBe('c');
});

test('after a round that took a while the next one waits for as long', async () => {
  const clock = handClock();
  const { pace } = new Pacer(clock);
  const done: string[] = [];
  pace(() => clock.advance(5));
  await immediate();
  clock.advance(1);
  pace(() => done.push('late'));
  await immediate();
  expect(done).toEqual([]);
  clock.advance(3);
  expect(done).toEqual([]);
  clock.advance(1);
  expect(done).toEqual(['late']);
});

test('no round waits for more than 8 ms, and none for one that was quick', async () => {
  const clock = handClock();
  const { pace } = new Pacer(clock);
  const done: string[] = [];
  pace(() => clock.advance(200));
  await immediate();
  pace(() => done.push('after a long one'));
  clock.advance(8);
  expect(done).toEqual(['after a long one']);
  await immediate();
  pace(() => done.push('after a quick one'));
  await immediate();
  expect(done.length).toBe(2);
});

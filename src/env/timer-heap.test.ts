import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerHeap } from './timer-heap.ts';

test('gives out timers by time, equal ones in the order of their setting, cancelled ones never', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ due: fc.integer({ min: 0, max: 20 }), cancelled: fc.boolean() }), { maxLength: 300 }),
      (timers) => {
        const heap = new TimerHeap();
        const fired: number[] = [];
        const cancels = timers.map(({ due }, i) => heap.add(due, () => fired.push(i)));
        timers.forEach(({ cancelled }, i) => {
          if (cancelled) cancels[i]!();
        });
        for (let now = 0; now <= 20; now++) {
          for (let callback = heap.take(now); callback; callback = heap.take(now)) callback();
        }
        const expected = timers
          .map(({ due, cancelled }, i) => ({ due, cancelled, i }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.due - b.due || a.i - b.i)
          .map(({ i }) => i);
        expect(fired).toEqual(expected);
        expect(heap.nextDue).toBeUndefined();
      },
    ),
  );
});

// Timers ordered by due time, equal ones by the order in which they were set: what every clock of ours is made of.

import type { Cancel } from './clock.ts';

interface Timer {
  due: number;
  seq: number;
  callback: (() => void) | undefined;
}

export class TimerHeap {
  #timers: Timer[] = [];
  #seq = 0;
  #cancelled = 0;

  /** Due time of the next timer, or undefined. */
  get nextDue(): number | undefined {
    this.#dropCancelledHead();
    return this.#timers[0]?.due;
  }

  add(due: number, callback: () => void): Cancel {
    const timer: Timer = { due, seq: this.#seq++, callback };
    this.#timers.push(timer);
    this.#up(this.#timers.length - 1);
    return () => {
      if (!timer.callback) return;
      timer.callback = undefined;
      this.#cancelled++;
      // a heap full of cancelled timers (every request's timeout) is swept now and then
      if (this.#cancelled > 64 && this.#cancelled > this.#timers.length / 2) this.#sweep();
    };
  }

  /** Takes out the next timer that is due at `now`, if any. */
  take(now: number): (() => void) | undefined {
    this.#dropCancelledHead();
    const head = this.#timers[0];
    if (!head || head.due > now) return undefined;
    this.#removeHead();
    const callback = head.callback;
    head.callback = undefined;
    return callback;
  }

  clear(): void {
    for (const timer of this.#timers) timer.callback = undefined;
    this.#timers = [];
    this.#cancelled = 0;
  }

  #dropCancelledHead(): void {
    while (this.#timers[0] && !this.#timers[0].callback) {
      this.#removeHead();
      this.#cancelled--;
    }
  }

  #sweep(): void {
    this.#timers = this.#timers.filter((timer) => timer.callback).sort(compare);
    this.#cancelled = 0;
  }

  #removeHead(): void {
    const last = this.#timers.pop();
    if (this.#timers.length > 0 && last) {
      this.#timers[0] = last;
      this.#down(0);
    }
  }

  #up(start: number): void {
    const heap = this.#timers;
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compare(heap[parent] as Timer, heap[i] as Timer) <= 0) return;
      [heap[parent], heap[i]] = [heap[i] as Timer, heap[parent] as Timer];
      i = parent;
    }
  }

  #down(start: number): void {
    const heap = this.#timers;
    let i = start;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && compare(heap[child] as Timer, heap[least] as Timer) < 0) least = child;
      }
      if (least === i) return;
      [heap[least], heap[i]] = [heap[i] as Timer, heap[least] as Timer];
      i = least;
    }
  }
}

function compare(a: Timer, b: Timer): number {
  return a.due - b.due || a.seq - b.seq;
}

// A clock over real time that can be paused and run at another rate: the clock of workers and of Node.
//
// Invariants: now() never goes back; a paused clock fires nothing; changing the rate moves no timer's cluster time, only when that time comes.

import type { Cancel, Clock } from './clock.ts';
import { TimerHeap } from './timer-heap.ts';

/** How the clock runs: cluster time was `cluster` when real time (ms since the epoch) was `real`. */
export interface ClockSetting {
  cluster: number;
  real: number;
  /** Cluster milliseconds per real one; 0: paused. */
  rate: number;
}

/** Real milliseconds since the epoch, in fractions, monotonic within the process. */
export function realNow(): number {
  return performance.timeOrigin + performance.now();
}

export class ScaledClock implements Clock {
  readonly #timers = new TimerHeap();
  readonly #maxRate: number;
  #setting: ClockSetting;
  #latest = 0;
  #armed: ReturnType<typeof setTimeout> | undefined;

  /** `maxRate`: never run faster than this (1 for members of the store, whose elections are about real disks and wires). */
  constructor(setting?: ClockSetting, maxRate = Number.POSITIVE_INFINITY) {
    const real = realNow();
    this.#maxRate = maxRate;
    this.#setting = setting ?? { cluster: real, real, rate: 1 };
  }

  now(): number {
    const { cluster, real, rate } = this.#setting;
    this.#latest = Math.max(this.#latest, cluster + (realNow() - real) * Math.min(rate, this.#maxRate));
    return this.#latest;
  }

  after(milliseconds: number, callback: () => void): Cancel {
    const due = this.now() + Math.max(0, milliseconds);
    const cancel = this.#timers.add(due, callback);
    if (this.#timers.nextDue === due) this.#arm();
    return cancel;
  }

  /** Follows a new setting from now on. */
  set(setting: ClockSetting): void {
    this.now();
    this.#setting = setting;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#armed);
    this.#armed = undefined;
    const due = this.#timers.nextDue;
    const rate = Math.min(this.#setting.rate, this.#maxRate);
    if (due === undefined || rate <= 0) return;
    // whole milliseconds, rounded up: hosts cut off the fraction, and a timer that fires too early has to be set once more
    const wait = Math.min(Math.max(0, Math.ceil((due - this.now()) / rate)), 0x7fffffff);
    this.#armed = setTimeout(() => this.#fire(), wait);
  }

  #fire(): void {
    this.#armed = undefined;
    const now = this.now();
    try {
      for (let due = this.#timers.take(now); due; due = this.#timers.take(now)) due();
    } finally {
      this.#arm();
    }
  }

  /** Cancels every timer. */
  close(): void {
    this.#timers.clear();
    clearTimeout(this.#armed);
  }
}

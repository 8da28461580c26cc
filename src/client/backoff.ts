// Waiting longer after each failure. Upstream: k8s.io/apimachinery/pkg/util/wait Backoff and BackoffManager.

import type { Clock } from '../env/clock.ts';
import type { Random } from '../env/random.ts';

export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
  factor: number;
  /** A wait is lengthened by up to this share of itself. */
  jitter: number;
  /** Starts over when nobody asked for this long. */
  resetAfterMs: number;
}

/** Hands out the next wait in milliseconds. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #next: number;
  #askedAt = 0;

  constructor(clock: Clock, random: Random, options: BackoffOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#next = options.initialMs;
  }

  next(): number {
    const { initialMs, maxMs, factor, jitter, resetAfterMs } = this.#options;
    const now = this.#clock.now();
    if (now - this.#askedAt > resetAfterMs) this.#next = initialMs;
    this.#askedAt = now;
    const wait = this.#next;
    this.#next = Math.min(maxMs, wait * factor);
    return jittered(this.#random, wait, jitter);
  }
}

/** `milliseconds` and up to `share` of it more (wait.Jitter). */
export function jittered(random: Random, milliseconds: number, share: number): number {
  return milliseconds + random.next() * share * milliseconds;
}

// When watchers are sent what has gathered for them: at the end of the turn, or somewhat later while there is much to send. A write to a socket costs far more than
// the bytes in it; with a thousand watchers it is all that costs.
//
// Invariants: rounds come in the order in which they were asked for, with time for requests between them; after one that took a while the next waits for as long,
// but never for more than `longestRest`.

import type { Clock } from '../env/clock.ts';

/** ms. */
const longestRest = 8;

export class Pacer {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  /** The end of the last round, and of the rest after it. */
  #rested = 0;

  /** `clock`: one that runs at the pace of the sockets. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` in a round of its own, soon. */
  readonly pace = (work: () => void): void => {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#plan();
  };

  #plan(): void {
    const rest = this.#rested - this.#clock.now();
    if (rest > 0.5) this.#clock.after(rest, () => this.#round());
    else setImmediate(() => this.#round());
  }

  #round(): void {
    const began = this.#clock.now();
    this.#waiting[0]?.();
    // What was written to an answer goes to its socket after this turn: most of the work is still to come.
    process.nextTick(() => {
      const ended = this.#clock.now();
      this.#rested = ended + Math.min(ended - began, longestRest);
      this.#waiting.shift();
      if (this.#waiting.length > 0) this.#plan();
    });
  }
}

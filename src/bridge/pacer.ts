// When watchers are sent what has gathered for them: at the end of the turn, or somewhat later while there is much to send. A write to a socket costs far more than
// the bytes in it; with a thousand watchers it is all that costs.
//
// Invariant: sending takes at most about a quarter of the time, and nothing waits for longer than `longestRest`.

import type { Clock } from '../env/clock.ts';

/** After a round that took a while the next one waits for this many times as long, but never for more than `longestRest` ms. */
const restPerRound = 3;
const longestRest = 40;

export class Pacer {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  /** When the last round ended, and how long it took, ms. */
  #ended = 0;
  #took = 0;

  /** `clock`: one that runs at the pace of the sockets. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` in the next round. */
  readonly pace = (work: () => void): void => {
    this.#waiting.push(work);
    if (this.#waiting.length > 1) return;
    const rest = this.#ended + Math.min(restPerRound * this.#took, longestRest) - this.#clock.now();
    if (rest > 0.5) this.#clock.after(rest, () => this.#round());
    else setImmediate(() => this.#round());
  };

  #round(): void {
    const began = this.#clock.now();
    for (const work of this.#waiting.splice(0)) work();
    // What was written to an answer goes to its socket after this turn: most of the work is still to come.
    process.nextTick(() => {
      this.#ended = this.#clock.now();
      this.#took = this.#ended - began;
    });
  }
}

// The cluster's clock from outside: one setting, spread to every process, each of which computes its own time from it.
//
// Invariants: cluster time never goes back, also not over a reload (what was fast-forwarded is remembered by `remember`); while paused or hidden nothing fires.

import type { Cancel, Clock } from '../env/clock.ts';
import { type ClockSetting, realNow, ScaledClock } from '../env/scaled-clock.ts';
import type { ClusterClock } from './cluster.ts';

/** Most cluster time per real time while fast-forwarding. Measured on a quiet machine: elections by Lease and node heartbeats keep up at this rate. */
const fastestForward = 40;
/** Cluster ms a round trip to the store may take meanwhile: far less than the 10 s within which a leader must renew its Lease. */
const roundTripBudget = 1000;
/** Cluster ms between two round trips. */
const paceInterval = 2000;

export interface AdjustableClockOptions {
  /** How far cluster time is ahead of real time at the start, ms. */
  offset?: number;
  /** Told the offset whenever it may have changed. */
  remember?: (offset: number) => void;
  /** Asks the API server something that reaches the store. While fast-forwarding, time runs only as fast as this keeps up. */
  roundTrip?: () => Promise<unknown>;
  /** Spreads a setting to every process. */
  spread: (setting: ClockSetting) => void;
}

export class AdjustableClock implements ClusterClock {
  readonly #options: AdjustableClockOptions;
  readonly #clock: ScaledClock;
  readonly #subscribers = new Set<() => void>();
  #setting: ClockSetting;
  #rate = 1;
  #paused = false;
  #hidden = false;
  #forwardRate = fastestForward;
  #fastForward: { target: number; done: () => void } | undefined;

  constructor(options: AdjustableClockOptions) {
    this.#options = options;
    const real = realNow();
    this.#setting = { cluster: real + (options.offset ?? 0), real, rate: 1 };
    this.#clock = new ScaledClock(this.#setting);
  }

  /** What a process that starts now is given. */
  get setting(): ClockSetting {
    return this.#setting;
  }

  /** The same clock with timers, for the page's own part in the cluster. */
  get clock(): Clock {
    return this.#clock;
  }

  now(): number {
    return this.#clock.now();
  }

  get rate(): number {
    return this.#fastForward ? this.#forwardRate : this.#rate;
  }

  get paused(): boolean {
    return this.#paused || this.#hidden;
  }

  setRate(rate: number): void {
    if (!(rate > 0 && Number.isFinite(rate))) throw new RangeError(`clock rate must be a positive number, got ${rate}`);
    this.#rate = rate;
    this.#apply();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#apply();
  }

  /** A hidden tab stops the clock instead of letting leases rot under throttled timers. */
  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.#apply();
  }

  fastForward(milliseconds: number): Promise<void> {
    const target = this.#clock.now() + milliseconds;
    this.#fastForward?.done();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, () => finish());
      const finish = () => {
        cancel();
        if (this.#fastForward?.target === target) this.#fastForward = undefined;
        this.#apply();
        resolve();
      };
      this.#fastForward = { target, done: finish };
      this.#forwardRate = this.#options.roundTrip ? fastestForward / 4 : fastestForward;
      this.#apply();
      void this.#pace(target);
    });
  }

  /** Keeps a fast-forward as slow as the control plane is: a loaded machine must not make leaders lose their Leases, nor nodes their heartbeats. */
  async #pace(target: number): Promise<void> {
    const { roundTrip } = this.#options;
    if (!roundTrip) return;
    while (this.#fastForward?.target === target) {
      const began = realNow();
      // an answer that is overdue slows time down before it comes
      let cancel: Cancel = () => {};
      const watch = () => {
        cancel = this.#clock.after(roundTripBudget * 2, () => {
          this.#setForwardRate(this.#forwardRate / 2);
          watch();
        });
      };
      watch();
      await roundTrip().catch(() => {});
      cancel();
      const wanted = roundTripBudget / Math.max(1, realNow() - began);
      this.#setForwardRate(Math.min(wanted, this.#forwardRate * 1.5));
      await new Promise<void>((resolve) => this.#clock.after(paceInterval, resolve));
    }
  }

  #setForwardRate(rate: number): void {
    this.#forwardRate = Math.min(fastestForward, Math.max(1, rate));
    if (this.#fastForward) this.#apply();
  }

  subscribe(callback: () => void): () => void {
    this.#subscribers.add(callback);
    return () => this.#subscribers.delete(callback);
  }

  #apply(): void {
    this.#setting = { cluster: this.#clock.now(), real: realNow(), rate: this.paused ? 0 : this.rate };
    this.#clock.set(this.#setting);
    this.#options.spread(this.#setting);
    this.#options.remember?.(this.#setting.cluster - this.#setting.real);
    for (const subscriber of this.#subscribers) subscriber();
  }

  close(): void {
    this.#clock.close();
  }
}

// Runs one thing at most every so often, however often it is asked for: at once after a quiet time, then with pauses. Upstream: pkg/util/async
// BoundedFrequencyRunner.
//
// Invariants: runs never overlap; what was asked for during a run is run after it; a failed run is tried again after `retryMs`.

import type { Cancel, Clock } from '../env/clock.ts';

export interface RunnerOptions {
  clock: Clock;
  minIntervalMs: number;
  retryMs: number;
  run(): Promise<void>;
}

export class BoundedFrequencyRunner {
  private readonly options: RunnerOptions;
  private lastRun = Number.NEGATIVE_INFINITY;
  private timer: Cancel | undefined;
  private running = false;
  private wanted = false;
  private stopped = false;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** Asks for a run. */
  request(): void {
    this.wanted = true;
    if (!this.running && !this.timer) this.schedule(0);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.();
    this.timer = undefined;
  }

  private schedule(wait: number): void {
    if (this.stopped) return;
    const { clock, minIntervalMs } = this.options;
    const due = Math.max(wait, this.lastRun + minIntervalMs - clock.now(), 0);
    this.timer = clock.after(due, () => {
      this.timer = undefined;
      void this.runNow();
    });
  }

  private async runNow(): Promise<void> {
    this.wanted = false;
    this.running = true;
    this.lastRun = this.options.clock.now();
    let wait = 0;
    try {
      await this.options.run();
    } catch {
      this.wanted = true;
      wait = this.options.retryMs;
    }
    this.running = false;
    if (this.wanted) this.schedule(wait);
  }
}

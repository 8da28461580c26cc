// Waiting longer after each failure of one thing: container restarts and image pulls. Upstream: client-go util/flowcontrol Backoff.
//
// Invariants: the wait doubles from `initial` to `max`; after 2 x max without a failure it begins again at `initial`. Times are cluster ms.

import type { Clock } from '../../env/clock.ts';

interface Entry {
  backoff: number;
  lastUpdate: number;
}

export class ItemBackoff {
  private readonly clock: Clock;
  private readonly initial: number;
  private readonly max: number;
  private readonly entries = new Map<string, Entry>();

  constructor(clock: Clock, initial = 10_000, max = 300_000) {
    this.clock = clock;
    this.initial = initial;
    this.max = max;
  }

  /** The current wait in ms; 0 if nothing failed yet. */
  get(id: string): number {
    return this.entries.get(id)?.backoff ?? 0;
  }

  /** Notes a failure (or a new attempt) at `eventTime` and lengthens the wait. */
  next(id: string, eventTime: number): void {
    const entry = this.entries.get(id);
    const backoff = !entry || this.expired(eventTime, entry) ? this.initial : Math.min(entry.backoff * 2, this.max);
    this.entries.set(id, { backoff, lastUpdate: this.clock.now() });
  }

  /** Milliseconds until something that ended at `eventTime` may be tried again; 0: now. */
  remaining(id: string, eventTime: number): number {
    const entry = this.entries.get(id);
    if (!entry || this.expired(eventTime, entry)) return 0;
    return Math.max(0, eventTime + entry.backoff - this.clock.now());
  }

  /** Milliseconds of wait left since the entry was last lengthened. */
  remainingSinceUpdate(id: string): number {
    const entry = this.entries.get(id);
    return entry ? this.remaining(id, entry.lastUpdate) : 0;
  }

  /** Milliseconds since the wait was last lengthened. */
  sinceUpdate(id: string): number {
    return this.clock.now() - (this.entries.get(id)?.lastUpdate ?? Number.NEGATIVE_INFINITY);
  }

  /** Forgets entries whose id starts with `prefix` (a pod that is gone). */
  forget(prefix: string): void {
    for (const id of this.entries.keys()) if (id.startsWith(prefix)) this.entries.delete(id);
  }

  private expired(eventTime: number, entry: Entry): boolean {
    return eventTime - entry.lastUpdate > this.max * 2;
  }
}

/** Milliseconds as Go prints a time.Duration of whole seconds: "10s", "2m40s", "5m0s". */
export function goDuration(milliseconds: number): string {
  if (milliseconds < 1000) return milliseconds === 0 ? '0s' : `${Math.round(milliseconds)}ms`;
  const seconds = Math.round(milliseconds) / 1000;
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = Math.round((seconds % 60) * 1000) / 1000;
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}

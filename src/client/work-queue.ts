// The work queue of a controller: a set of keys to look at, in order, each handed to one worker at a time. Upstream: client-go util/workqueue.
//
// Invariants: a key is queued at most once (dirty set); a key that is being worked on (processing set) is not handed out again until done, and is queued again
// then if it was added meanwhile; so no change is missed and no two workers hold one key. Causes pile up per key until the key is handed out.

import type { Cancel, Clock } from '../env/clock.ts';
import type { Cause } from '../env/trace.ts';
import { defaultControllerRateLimiter, type RateLimiter } from './rate-limiter.ts';

export interface WorkItem {
  key: string;
  /** What put the key on the queue since it was last handed out; at most the latest 32. */
  causes: Cause[];
}

export interface WorkQueueOptions {
  clock: Clock;
  rateLimiter?: RateLimiter;
}

const maxCauses = 32;

export class WorkQueue {
  readonly #clock: Clock;
  readonly #rateLimiter: RateLimiter;
  readonly #order: string[] = [];
  readonly #dirty = new Map<string, Cause[]>();
  readonly #processing = new Set<string>();
  readonly #waiters: ((item: WorkItem | undefined) => void)[] = [];
  readonly #delayed = new Map<string, { at: number; cancel: Cancel }>();
  #head = 0;
  #shuttingDown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#rateLimiter = options.rateLimiter ?? defaultControllerRateLimiter(options.clock);
  }

  /** Keys waiting to be handed out. */
  get length(): number {
    return this.#order.length - this.#head;
  }

  get shuttingDown(): boolean {
    return this.#shuttingDown;
  }

  /** Marks a key as needing a look, because of `cause`. */
  add(key: string, cause?: Cause): void {
    if (this.#shuttingDown) return;
    const causes = this.#dirty.get(key);
    if (causes) {
      if (cause) causes.push(cause);
      if (causes.length > maxCauses) causes.shift();
      return;
    }
    this.#dirty.set(key, cause ? [cause] : []);
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  /** Adds after a while. Of several waits for one key the earliest counts. */
  addAfter(key: string, milliseconds: number, cause: Cause = { reason: 'timer' }): void {
    if (this.#shuttingDown) return;
    if (milliseconds <= 0) {
      this.add(key, cause);
      return;
    }
    const at = this.#clock.now() + milliseconds;
    const waiting = this.#delayed.get(key);
    if (waiting && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.after(milliseconds, () => {
      this.#delayed.delete(key);
      this.add(key, cause);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** Adds once the rate limiter lets it: for keys whose reconcile failed. */
  addRateLimited(key: string, cause: Cause = { reason: 'retry' }): void {
    this.addAfter(key, this.#rateLimiter.when(key), cause);
  }

  /** Forgets the failures of a key. Does not take it off the queue. */
  forget(key: string): void {
    this.#rateLimiter.forget(key);
  }

  numRequeues(key: string): number {
    return this.#rateLimiter.numRequeues(key);
  }

  /** The next key, when there is one; undefined once the queue is shut down and empty. Call done with it afterwards. */
  get(): Promise<WorkItem | undefined> {
    const item = this.#take();
    if (item) return Promise.resolve(item);
    if (this.#shuttingDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** The worker has finished with a key; if it was added meanwhile it is queued again. */
  done(key: string): void {
    if (!this.#processing.delete(key)) return;
    if (this.#dirty.has(key)) this.#enqueue(key);
  }

  /** Takes no more keys; those already queued are still handed out. Idempotent. */
  shutDown(): void {
    this.#shuttingDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
  }

  #enqueue(key: string): void {
    this.#order.push(key);
    const waiter = this.#waiters.shift();
    if (waiter) waiter(this.#take());
  }

  #take(): WorkItem | undefined {
    const key = this.#order[this.#head];
    if (key === undefined) return undefined;
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#order.length) {
      this.#order.splice(0, this.#head);
      this.#head = 0;
    }
    const causes = this.#dirty.get(key) ?? [];
    this.#dirty.delete(key);
    this.#processing.add(key);
    return { key, causes };
  }
}

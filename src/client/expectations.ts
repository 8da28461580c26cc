// What a controller has done but not yet seen come back through its informer. Upstream: pkg/controller UIDTrackingControllerExpectations.
//
// Invariants: while creations or deletions of a key are outstanding, the controller must not act on its (stale) cache again; expectations that are not met
// within 5 minutes expire, so a lost event cannot block for ever. A deletion counts once, however often it is observed.

import type { Clock } from '../env/clock.ts';

const expireAfterMs = 5 * 60_000;

interface Expectation {
  creations: number;
  deletions: Set<string>;
  setAt: number;
}

export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expectation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before creating `count` objects for the controller with this key. Replaces earlier expectations (which were satisfied, or nobody would create). */
  expectCreations(key: string, count: number): void {
    this.#byKey.set(key, { creations: count, deletions: new Set(), setAt: this.#clock.now() });
  }

  /** Before deleting objects, named by any string that is unique to them. */
  expectDeletions(key: string, objects: Iterable<string>): void {
    this.#byKey.set(key, { creations: 0, deletions: new Set(objects), setAt: this.#clock.now() });
  }

  /** An informer saw a creation, or a create failed and will not come. */
  creationObserved(key: string): void {
    const expectation = this.#byKey.get(key);
    if (expectation && expectation.creations > 0) expectation.creations--;
  }

  /** An informer saw the object go, or the delete failed. */
  deletionObserved(key: string, object: string): void {
    this.#byKey.get(key)?.deletions.delete(object);
  }

  /** Whether the controller may act on its cache: all seen, or too long ago, or nothing was expected. */
  satisfied(key: string): boolean {
    const expectation = this.#byKey.get(key);
    if (!expectation) return true;
    if (expectation.creations === 0 && expectation.deletions.size === 0) return true;
    return this.#clock.now() - expectation.setAt > expireAfterMs;
  }

  /** The controller with this key is gone. */
  delete(key: string): void {
    this.#byKey.delete(key);
  }
}

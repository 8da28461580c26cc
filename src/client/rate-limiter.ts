// How long a failed key waits before it is tried again. Upstream: client-go util/workqueue DefaultTypedControllerRateLimiter: the longer of a per-item
// exponential wait (5 ms doubling to 1000 s) and an overall token bucket (10 a second, bursts of 100).

import type { Clock } from '../env/clock.ts';

export interface RateLimiter {
  /** Counts one more failure of the key; milliseconds to wait. */
  when(key: string): number;
  /** The key succeeded: the next failure is its first. */
  forget(key: string): void;
  /** Failures since the last forget. */
  numRequeues(key: string): number;
}

export function exponentialRateLimiter(baseMs = 5, maxMs = 1_000_000): RateLimiter {
  const failures = new Map<string, number>();
  return {
    when(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(maxMs, baseMs * 2 ** count);
    },
    forget: (key) => void failures.delete(key),
    numRequeues: (key) => failures.get(key) ?? 0,
  };
}

/** A token bucket over all keys: `burst` at once, then `perSecond`. */
export function bucketRateLimiter(clock: Clock, perSecond = 10, burst = 100): RateLimiter {
  let tokens = burst;
  let filledAt = clock.now();
  return {
    when() {
      const now = clock.now();
      tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
    forget: () => {},
    numRequeues: () => 0,
  };
}

/** The longest wait of several. */
export function maxOfRateLimiters(...limiters: RateLimiter[]): RateLimiter {
  return {
    when: (key) => Math.max(...limiters.map((limiter) => limiter.when(key))),
    forget: (key) => {
      for (const limiter of limiters) limiter.forget(key);
    },
    numRequeues: (key) => Math.max(...limiters.map((limiter) => limiter.numRequeues(key))),
  };
}

export function defaultControllerRateLimiter(clock: Clock): RateLimiter {
  return maxOfRateLimiters(exponentialRateLimiter(), bucketRateLimiter(clock));
}

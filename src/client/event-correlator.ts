// Keeps Events few: repeats are counted, floods of similar ones are combined, spam is dropped. Upstream: client-go tools/record EventCorrelator.
//
// Rules: the same event again raises `count` on the first; more than 10 events in 10 minutes that differ only in message become one "(combined from similar
// events)"; each object and source may write 25 at once and then one in 5 minutes.

import type { CoreV1Event } from '../api/generated/types.ts';
import type { Clock } from '../env/clock.ts';
import { bucketRateLimiter, type RateLimiter } from './rate-limiter.ts';

const maxSimilar = 10;
const similarWithinMs = 600_000;
const maxRemembered = 4096;

/** What to do with an event. */
export interface Correlated {
  event: CoreV1Event;
  /** The event written before that this one only counts up. */
  previous?: CoreV1Event;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new Map<string, { messages: Set<string>; at: number }>();
  readonly #written = new Map<string, CoreV1Event>();
  readonly #spam = new Map<string, RateLimiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: drop it. */
  correlate(event: CoreV1Event): Correlated | undefined {
    if (this.#isSpam(event)) return undefined;
    const combined = this.#aggregate(event);
    const key = identity(combined.key, combined.event);
    const previous = this.#written.get(key);
    if (!previous) return { event: combined.event };
    const count = (previous.count ?? 1) + 1;
    return {
      previous,
      event: { ...combined.event, metadata: previous.metadata, firstTimestamp: previous.firstTimestamp, count },
    };
  }

  /** What the server answered: the base for the next count. */
  remember(event: CoreV1Event): void {
    const key = identity(event.message?.startsWith(combinedPrefix) ? groupOf(event) : messageOf(event), event);
    this.#written.delete(key);
    this.#written.set(key, event);
    forgetOldest(this.#written);
  }

  #isSpam(event: CoreV1Event): boolean {
    const key = `${event.source?.component} ${objectOf(event)}`;
    let limiter = this.#spam.get(key);
    if (!limiter) {
      limiter = bucketRateLimiter(this.#clock, 1 / 300, 25);
      this.#spam.set(key, limiter);
      forgetOldest(this.#spam);
    }
    return limiter.when(key) > 0;
  }

  #aggregate(event: CoreV1Event): { key: string; event: CoreV1Event } {
    const group = groupOf(event);
    const now = this.#clock.now();
    let similar = this.#similar.get(group);
    if (!similar || now - similar.at > similarWithinMs) {
      similar = { messages: new Set(), at: now };
      this.#similar.set(group, similar);
      forgetOldest(this.#similar);
    }
    similar.messages.add(event.message ?? '');
    similar.at = now;
    if (similar.messages.size < maxSimilar) return { key: messageOf(event), event };
    similar.messages.delete(similar.messages.values().next().value as string);
    return { key: group, event: { ...event, message: `${combinedPrefix}${event.message}` } };
  }
}

const combinedPrefix = '(combined from similar events): ';

function objectOf(event: CoreV1Event): string {
  const { kind, namespace, name, uid, fieldPath } = event.involvedObject;
  return [kind, namespace, name, uid, fieldPath].join(' ');
}

function groupOf(event: CoreV1Event): string {
  return [event.source?.component, event.source?.host, objectOf(event), event.type, event.reason].join(' ');
}

function messageOf(event: CoreV1Event): string {
  return `${groupOf(event)} ${event.message}`;
}

function identity(key: string, event: CoreV1Event): string {
  return `${event.metadata.namespace} ${key}`;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size > maxRemembered) map.delete(map.keys().next().value as string);
}

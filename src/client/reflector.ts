// Keeps a sink in step with one resource on the server: list once, then watch, for ever. Upstream: client-go tools/cache Reflector.
//
// Invariants: the sink gets one replace before any apply; after a broken or ended watch it resumes from the last resourceVersion it saw (bookmarks count), so
// that no event is missed or applied twice; on 410 it lists again. Failures back off with jitter and never end the loop: only the signal does.

import { type Clock, every, sleep } from '../env/clock.ts';
import { type Random, randomInt } from '../env/random.ts';
import { Backoff } from './backoff.ts';
import { ApiError, isExpired, isTooLargeResourceVersion } from './errors.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import type { ListOptions, RestClient } from './rest-client.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Who is kept in step. A returned promise is waited for before the next event. */
export interface ReflectorSink<T extends KubernetesObject> {
  replace(items: T[], resourceVersion: string): Promise<void> | undefined;
  apply(event: WatchEvent<T>): Promise<void> | undefined;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  client: RestClient;
  resource: Resource<T>;
  /** '' or absent: all. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  metadataOnly?: boolean;
  clock: Clock;
  random: Random;
  sink: ReflectorSink<T>;
  /** Told of every failed list or watch, before the backoff. */
  onError?: (error: unknown) => void;
  /** A watch that is silent for so long (no event, no bookmark) is taken for dead. Bookmarks come about once a minute. Default 120 s. */
  idleTimeoutMs?: number;
}

// The server is asked to end a watch after 5 to 10 minutes, so that watchers spread over API servers (client-go minWatchTimeout).
const minWatchTimeoutSeconds = 300;
// A watch that ended this soon without an event counts as a failure.
const veryShortWatchMs = 1000;
const defaultIdleTimeoutMs = 120_000;

export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  #resourceVersion = '';
  #listAsOf: string | undefined = '0';

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock, options.random, {
      initialMs: 800,
      maxMs: 30_000,
      factor: 2,
      jitter: 1,
      resetAfterMs: 120_000,
    });
  }

  /** The revision up to which the sink is in step; '' before the first list. */
  get lastSyncResourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Lists and watches until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let listed = false;
    while (!signal.aborted) {
      try {
        if (!listed) await this.#list(signal);
        listed = true;
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError?.(error);
        if (error instanceof ApiError) listed = !this.#mustListAgain(error, listed);
        await sleep(this.#options.clock, this.#backoff.next(), signal).catch(() => {});
      }
    }
  }

  /** Whether the next round starts with a list, and as of which revision. */
  #mustListAgain(error: ApiError, listed: boolean): boolean {
    if (isExpired(error) || isTooLargeResourceVersion(error)) {
      this.#listAsOf = '';
      return true;
    }
    return !listed || error.code === 500;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, sink } = this.#options;
    const list = await client.list(resource, namespace, {
      ...this.#selectors(),
      resourceVersion: this.#listAsOf,
      signal,
    });
    if (signal.aborted) return;
    const resourceVersion = list.metadata.resourceVersion ?? '';
    const held = sink.replace(list.items, resourceVersion);
    if (held) await held;
    this.#resourceVersion = resourceVersion;
    // A later relist may come from any server that has seen at least this much: never back in time.
    this.#listAsOf = resourceVersion;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock, random, resource, namespace, sink, idleTimeoutMs = defaultIdleTimeoutMs } = this.#options;
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const startedAt = clock.now();
    let heardAt = startedAt;
    let holding = false;
    let events = 0;
    const stopGuard = every(clock, idleTimeoutMs / 2, () => {
      if (!holding && clock.now() - heardAt >= idleTimeoutMs) ended.abort(new Error('watch was silent for too long'));
    });
    try {
      const stream = client.watch(resource, namespace, {
        ...this.#selectors(),
        resourceVersion: this.#resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: minWatchTimeoutSeconds + randomInt(random, minWatchTimeoutSeconds),
        signal: either,
      });
      for await (const event of stream) {
        if (signal.aborted) return;
        events++;
        const held = event.type === 'BOOKMARK' ? undefined : sink.apply(event);
        if (held) {
          holding = true;
          await held;
          holding = false;
        }
        heardAt = clock.now();
        this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
        this.#listAsOf = this.#resourceVersion;
      }
    } finally {
      stopGuard();
    }
    if (!signal.aborted && events === 0 && clock.now() - startedAt < veryShortWatchMs) {
      throw new Error('very short watch: it ended without an event');
    }
  }

  #selectors(): ListOptions {
    const { labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { labelSelector, fieldSelector, metadataOnly };
  }
}

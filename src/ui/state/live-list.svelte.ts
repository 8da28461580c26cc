// A list of objects kept up to date: one list request, then a watch from its resourceVersion, again and again while it is open.
//
// Invariants: `items` is replaced, never changed in place, at most once per animation frame; a 410 or a broken watch lists anew; retries wait on the
// reader's watch, because the cluster's own clock may be paused.

import { messageOf } from '../../env/errors.ts';
import { type KubeObject, keyOf } from './kube.ts';
import { later, pause } from './page-time.ts';

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;
type WatchEvent<T> = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: T };

export class LiveList<T extends KubeObject> {
  /** By "namespace/name". */
  items = $state.raw<ReadonlyMap<string, T>>(new Map());
  state = $state<'closed' | 'loading' | 'live' | 'broken'>('closed');
  error = $state('');
  readonly #path: string;
  readonly #kind: { apiVersion: string; kind: string };
  readonly #subscribers = new Set<() => void>();
  #next = new Map<string, T>();
  #publishing = false;
  #reached = false;
  #abort: AbortController | undefined;

  constructor(path: string, apiVersion: string, kind: string) {
    this.#path = path;
    this.#kind = { apiVersion, kind };
  }

  /** All items, by name. */
  get all(): T[] {
    return [...this.items.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.items.get(namespace ? `${namespace}/${name}` : name);
  }

  /** Calls back after each change of `items`, outside Svelte's tracking. */
  subscribe(callback: () => void): () => void {
    this.#subscribers.add(callback);
    return () => this.#subscribers.delete(callback);
  }

  /** Follows the list over `fetch` until `close`. */
  open(fetch: Fetch): void {
    this.close();
    const abort = new AbortController();
    this.#abort = abort;
    this.state = 'loading';
    this.#reached = false;
    void this.#follow(fetch, abort.signal);
  }

  close(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.state = 'closed';
  }

  async #follow(fetch: Fetch, signal: AbortSignal): Promise<void> {
    let wait = 200;
    while (!signal.aborted) {
      try {
        let resourceVersion = await this.#list(fetch, signal);
        wait = 200;
        while (!signal.aborted) resourceVersion = await this.#watch(fetch, resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.error = messageOf(error);
        if (!(error instanceof Expired) && this.#reached) this.state = 'broken';
        await pause(wait);
        wait = Math.min(wait * 2, 3000);
      }
    }
  }

  async #list(fetch: Fetch, signal: AbortSignal): Promise<string> {
    const response = await fetch(this.#path, { signal });
    const list = (await response.json()) as { items?: T[]; metadata?: { resourceVersion?: string }; message?: string };
    if (!response.ok) throw new Error(list.message ?? `the server answered ${response.status}`);
    this.#next = new Map((list.items ?? []).map((item) => [keyOf(item), { ...this.#kind, ...item }]));
    this.#publish();
    this.#reached = true;
    this.state = 'live';
    this.error = '';
    return list.metadata?.resourceVersion ?? '0';
  }

  async #watch(fetch: Fetch, resourceVersion: string, signal: AbortSignal): Promise<string> {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(resourceVersion)}`;
    const response = await fetch(`${this.#path}${this.#path.includes('?') ? '&' : '?'}${query}`, { signal });
    if (response.status === 410) throw new Expired();
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status} to a watch`);
    let latest = resourceVersion;
    let events = 0;
    for await (const line of lines(response.body)) {
      const event = JSON.parse(line) as WatchEvent<T>;
      events++;
      if (event.type === 'ERROR') throw new Expired();
      latest = event.object.metadata.resourceVersion ?? latest;
      if (event.type === 'BOOKMARK') continue;
      const key = keyOf(event.object);
      if (event.type === 'DELETED') this.#next.delete(key);
      else this.#next.set(key, event.object);
      this.#publish();
    }
    // a server that hangs up at once must not be asked in a tight loop
    if (events === 0) await pause(500);
    return latest;
  }

  #publish(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    const show = () => {
      if (!this.#publishing) return;
      this.#publishing = false;
      this.items = new Map(this.#next);
      for (const subscriber of this.#subscribers) subscriber();
    };
    // a hidden tab has no animation frames
    if (typeof requestAnimationFrame === 'function') requestAnimationFrame(show);
    later(60, show);
  }
}

class Expired extends Error {}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + value).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) if (part.trim()) yield part;
    }
    if (rest.trim()) yield rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

// Cuts the body of a watch into events: newline-delimited JSON, however the bytes were chunked. Upstream: client-go rest/watch.
//
// Invariants: events come in the server's order; an ERROR event is thrown; a line cut off by a dying connection is dropped (it was never complete).
// A caller that stops iterating, or whose signal aborts, releases the connection at once.

import type { Status } from '../api/generated/types.ts';
import { ApiError } from './errors.ts';
import type { KubernetesObject } from './resources.ts';

export interface WatchEvent<T extends KubernetesObject> {
  /** BOOKMARK objects carry nothing but metadata.resourceVersion (and annotations). */
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** Yields until the body ends or the signal aborts; throws ApiError on an ERROR event and whatever the stream throws when the connection breaks. */
export async function* readWatchEvents<T extends KubernetesObject>(
  response: Response,
  signal?: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const release = () => void reader.cancel().catch(() => {});
  signal?.addEventListener('abort', release, { once: true });
  const decoder = new TextDecoder();
  let rest = '';
  try {
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      const text = rest + decoder.decode(value, { stream: true });
      let start = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        const line = text.slice(start, end);
        start = end + 1;
        if (line.trim() !== '') yield parseEvent<T>(line);
      }
      rest = text.slice(start);
    }
  } finally {
    signal?.removeEventListener('abort', release);
    release();
  }
}

function parseEvent<T extends KubernetesObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: string; object: unknown };
  if (event.type === 'ERROR') throw new ApiError(event.object as Status);
  return event as WatchEvent<T>;
}

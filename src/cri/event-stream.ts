// Container events from one source to any number of readers.
//
// Invariant: a reader gets every event published after it began to iterate, in order, until its signal aborts.

import type { ContainerEvent } from './runtime.ts';

export class EventStream {
  private readers = new Set<(event: ContainerEvent) => void>();

  publish(event: ContainerEvent): void {
    for (const reader of this.readers) reader(event);
  }

  /** Subscribes at once (not at the first `next()`), so that nothing between the call and the first read is lost. */
  subscribe(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    const queue: ContainerEvent[] = [];
    let wake: (() => void) | undefined;
    const reader = (event: ContainerEvent) => {
      queue.push(event);
      wake?.();
    };
    if (!signal.aborted) this.readers.add(reader);
    signal.addEventListener(
      'abort',
      () => {
        this.readers.delete(reader);
        wake?.();
      },
      { once: true },
    );
    return {
      async *[Symbol.asyncIterator]() {
        while (!signal.aborted) {
          const event = queue.shift();
          if (event) yield event;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
            wake = undefined;
          }
        }
      },
    };
  }
}

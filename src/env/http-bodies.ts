// Bodies of HTTP exchanges that travel over a Link chunk by chunk.
//
// Invariant: a sender stops reading its body while more than `windowBytes` are on the way, so a slow watcher is felt by the server's stream and not by the heap.

import { messageOf } from './errors.ts';
import type { Link } from './link.ts';

const windowBytes = 1 << 20;

/** The sending half of one streamed body. */
export class BodySender {
  readonly #link: Link;
  readonly #id: number;
  readonly #up: boolean;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #inFlight = 0;
  #wake: (() => void) | undefined;
  #cancelled = false;

  constructor(link: Link, id: number, up: boolean, body: ReadableStream<Uint8Array>) {
    this.#link = link;
    this.#id = id;
    this.#up = up;
    this.#reader = body.getReader();
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        while (this.#inFlight >= windowBytes && !this.#cancelled)
          await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#cancelled) return;
        const { done, value } = await this.#reader.read();
        if (this.#cancelled) return;
        if (done) break;
        if (value.length === 0) continue;
        this.#inFlight += value.length;
        this.#link.send({ type: 'chunk', id: this.#id, up: this.#up, bytes: value });
      }
      this.#link.send({ type: 'end', id: this.#id, up: this.#up });
    } catch (error) {
      if (!this.#cancelled) this.#link.send({ type: 'end', id: this.#id, up: this.#up, error: messageOf(error) });
    }
  }

  consumed(bytes: number): void {
    this.#inFlight -= bytes;
    this.#wake?.();
    this.#wake = undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#wake?.();
    this.#reader.cancel().catch(() => {});
  }
}

/** The receiving half of one streamed body. */
export class BodyReceiver {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;
  #unreported = 0;
  #queued: number[] = [];

  constructor(link: Link, id: number, up: boolean, onFinished: () => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          // everything queued before has been handed to the reader
          for (const size of this.#queued) this.#unreported += size;
          this.#queued = [];
          if (this.#unreported > 0 && !this.#ended) {
            link.send({ type: 'consumed', id, up, bytes: this.#unreported });
            this.#unreported = 0;
          }
        },
        cancel: () => {
          if (this.#ended) return;
          this.#ended = true;
          link.send({ type: 'cancel', id, up });
          onFinished();
        },
      },
      { highWaterMark: 1 },
    );
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#queued.push(bytes.length);
    this.#controller.enqueue(bytes);
  }

  end(error?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error === undefined) this.#controller.close();
    else this.#controller.error(new TypeError(error));
  }
}

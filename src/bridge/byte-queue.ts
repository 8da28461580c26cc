// Bytes on their way from who writes them to who reads them, with a limit that the writer feels.
//
// Invariant: nothing throws: bytes for a reader that has gone away, or after the end, are dropped. (Node's TransformStream fails an assertion there.)

const limit = 1 << 20;

export class ByteQueue {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: (() => void)[] = [];

  constructor() {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#wake(),
        cancel: () => this.#over(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: limit }),
    );
  }

  /** Resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#controller?.enqueue(bytes);
    if (this.#controller && (this.#controller.desiredSize ?? 0) <= 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The reader finds an end after what was written. */
  close(): void {
    const controller = this.#controller;
    this.#over();
    controller?.close();
  }

  /** The reader finds an error now. */
  fail(reason: unknown): void {
    const controller = this.#controller;
    this.#over();
    controller?.error(reason);
  }

  #over(): void {
    this.#controller = undefined;
    this.#wake();
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

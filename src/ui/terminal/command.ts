// One running kubectl command with a terminal around it: keys go to its stdin, Ctrl-C ends it unless it asked for every key.
//
// Invariant: what was typed and never read by the command stays with the terminal (`unread`), as it stays in a tty's buffer; Ctrl-C empties that buffer.

import type { KubectlIo, KubectlTty } from '../../kubectl/io.ts';

export interface Screen {
  write(data: string | Uint8Array): void;
  columns(): number;
  rows(): number;
}

export class Command {
  readonly #screen: Screen;
  readonly #abort = new AbortController();
  readonly #resizes = new Set<(columns: number, rows: number) => void>();
  #stdin: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Typed and not yet asked for by the command. */
  #typed = '';
  #asked = false;
  #ended = false;
  #closed = false;
  #raw = false;
  #line = '';

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Runs to the end; resolves with the exit code. */
  run<Line>(
    program: (line: Line, io: KubectlIo) => Promise<number>,
    line: Line,
    io: Omit<KubectlIo, 'stdout' | 'stderr'>,
  ): Promise<number> {
    const screen = this.#screen;
    const tty: KubectlTty = {
      get columns() {
        return screen.columns();
      },
      get rows() {
        return screen.rows();
      },
      onResize: (callback) => {
        this.#resizes.add(callback);
        return () => this.#resizes.delete(callback);
      },
      setRaw: (raw) => {
        this.#raw = raw;
      },
    };
    const stdin = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#stdin = controller;
        },
        pull: () => {
          this.#asked = true;
          this.#deliver();
        },
      },
      { highWaterMark: 0 },
    );
    return program(line, {
      ...io,
      stdin,
      tty,
      signal: this.#abort.signal,
      stdout: (data) => screen.write(data),
      stderr: (data) => screen.write(data),
    });
  }

  /** Keys typed while it runs. */
  input(data: string): void {
    if (this.#raw) {
      this.#send(data);
      return;
    }
    for (const key of data) {
      if (key === '\x03') {
        this.#screen.write('^C\r\n');
        this.stop();
      } else if (key === '\x04') {
        if (this.#line) this.#flush();
        else this.#end();
      } else if (key === '\r' || key === '\n') {
        this.#screen.write('\r\n');
        this.#line += '\n';
        this.#flush();
      } else if (key === '\x7f') {
        if (!this.#line) continue;
        this.#line = this.#line.slice(0, -1);
        this.#screen.write('\b \b');
      } else {
        this.#line += key;
        this.#screen.write(key);
      }
    }
  }

  /** What `promise` resolves to, or undefined as soon as the command is stopped (`onStop` is then called). */
  orStopped<T>(promise: Promise<T>, onStop: () => void): Promise<T | undefined> {
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      const stopped = () => {
        onStop();
        resolve(undefined);
      };
      if (signal.aborted) stopped();
      signal.addEventListener('abort', stopped, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stopped));
    });
  }

  resize(columns: number, rows: number): void {
    for (const callback of this.#resizes) callback(columns, rows);
  }

  /** What was typed and not read, the line that was not ended included. */
  unread(): string {
    return (this.#typed + this.#line).replaceAll('\n', '\r');
  }

  stop(): void {
    this.#typed = '';
    this.#line = '';
    this.#abort.abort(new DOMException('interrupted', 'AbortError'));
    this.#end();
  }

  #flush(): void {
    this.#send(this.#line);
    this.#line = '';
  }

  #send(text: string): void {
    this.#typed += text;
    this.#deliver();
  }

  #deliver(): void {
    if (this.#asked && this.#typed) {
      const text = this.#typed;
      this.#typed = '';
      this.#asked = false;
      this.#stdin?.enqueue(new TextEncoder().encode(text));
    }
    if (this.#ended && !this.#typed) this.#close();
  }

  /** No more keys will come: the command reads what there is, then the end. */
  #end(): void {
    this.#ended = true;
    this.#deliver();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stdin?.close();
  }
}

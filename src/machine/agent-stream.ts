// One stream to the guest agent: a process, a connection, a file transfer, a running container.
//
// Invariants: `result` settles exactly once, and after it nothing more comes out of stdout or stderr than what was already queued; the guest is granted
// credit only for bytes that a reader took, so an unread stream stops its process and nothing else.

import { decodeList, decodeUint32, encodeList, encodeUint32, frameTypes, streamWindow } from './frames.ts';

/** What the agent answered with when it could not do something. */
export class AgentError extends Error {
  /** Linux errno; 0 if the words are a program's own. */
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'AgentError';
    this.errno = errno;
  }
}

/** Linux error numbers that callers tell apart. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  ENOMEM: 12,
  ENOTDIR: 20,
  EINVAL: 22,
  ENOSPC: 28,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  ECANCELED: 125,
} as const;

export type Facts = ReadonlyMap<string, string>;

function facts(items: string[]): Facts {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i] as string, items[i + 1] as string);
  return map;
}

/** A byte queue between the link and a ReadableStream; tells how much its reader took. */
class Inlet {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  private queue: Uint8Array<ArrayBuffer>[] = [];
  private controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  private waiting: (() => void) | undefined;
  private ended = false;
  private dropped = false;
  private readonly taken: (bytes: number) => void;

  constructor(taken: (bytes: number) => void) {
    this.taken = taken;
    this.readable = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: async () => {
          if (this.queue.length === 0 && !this.ended)
            await new Promise<void>((resolve) => {
              this.waiting = resolve;
            });
          this.waiting = undefined;
          const chunk = this.queue.shift();
          if (chunk) {
            this.controller.enqueue(chunk);
            this.taken(chunk.length);
          } else if (!this.dropped) this.controller.close();
        },
        cancel: () => {
          this.dropped = true;
          for (const chunk of this.queue.splice(0)) this.taken(chunk.length);
          this.end();
        },
      },
      { highWaterMark: 0 },
    );
  }

  push(bytes: Uint8Array): void {
    if (this.dropped) this.taken(bytes.length);
    else {
      this.queue.push(bytes as Uint8Array<ArrayBuffer>);
      this.waiting?.();
    }
  }

  end(): void {
    this.ended = true;
    this.waiting?.();
  }
}

export interface StreamLink {
  send(stream: number, type: number, payload?: Uint8Array): void;
}

export class AgentStream {
  readonly id: number;
  /** The facts of STARTED; rejects with what `result` rejects with if it never starts. */
  readonly started: Promise<Facts>;
  /** The facts of the end; rejects with an AgentError. */
  readonly result: Promise<Facts>;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  private readonly link: StreamLink;
  private readonly out: Inlet;
  private readonly err: Inlet;
  private resolveStarted!: (facts: Facts) => void;
  private resolveResult!: (facts: Facts) => void;
  private rejectStarted!: (error: Error) => void;
  private rejectResult!: (error: Error) => void;
  private window = streamWindow;
  private granted: (() => void) | undefined;
  private over = false;

  constructor(id: number, link: StreamLink) {
    this.id = id;
    this.link = link;
    this.started = new Promise((resolve, reject) => {
      this.resolveStarted = resolve;
      this.rejectStarted = reject;
    });
    this.result = new Promise((resolve, reject) => {
      this.resolveResult = resolve;
      this.rejectResult = reject;
    });
    this.started.catch(() => {});
    this.result.catch(() => {});
    const taken = (bytes: number) => {
      if (!this.over) this.link.send(this.id, frameTypes.credit, encodeUint32(bytes));
    };
    this.out = new Inlet(taken);
    this.err = new Inlet(taken);
    this.stdout = this.out.readable;
    this.stderr = this.err.readable;
  }

  /** Sends bytes to the guest's side; resolves when they were accepted. Bytes after the end are dropped. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.over; ) {
      if (this.window <= 0) {
        await new Promise<void>((resolve) => {
          this.granted = resolve;
        });
        continue;
      }
      const part = bytes.subarray(at, at + Math.min(this.window, 32768));
      this.window -= part.length;
      at += part.length;
      this.link.send(this.id, frameTypes.data, part);
    }
  }

  /** No more bytes from this side. */
  end(): void {
    if (!this.over) this.link.send(this.id, frameTypes.end);
  }

  /** `resize cols rows`, `signal number`, `kill`: a verb and its arguments as key, value, ... */
  control(...items: string[]): void {
    if (!this.over) this.link.send(this.id, frameTypes.control, encodeList(items));
  }

  /** Gives up: the guest ends what the stream holds, and `result` rejects. */
  close(): void {
    if (!this.over) this.link.send(this.id, frameTypes.close);
  }

  get ended(): boolean {
    return this.over;
  }

  /** A frame for this stream; returns true when it was the last. */
  receive(type: number, payload: Uint8Array): boolean {
    if (type === frameTypes.data) this.out.push(payload);
    else if (type === frameTypes.dataErr) this.err.push(payload);
    else if (type === frameTypes.end) this.out.end();
    else if (type === frameTypes.credit) {
      this.window += decodeUint32(payload);
      this.granted?.();
      this.granted = undefined;
    } else if (type === frameTypes.started) this.resolveStarted(facts(decodeList(payload)));
    else if (type === frameTypes.result) {
      const [verdict = '', ...rest] = decodeList(payload);
      if (verdict === 'ok') this.finish(facts(rest));
      else this.finish(new AgentError(Number(rest[0] ?? 0), rest[1] ?? 'unknown error'));
      return true;
    }
    return false;
  }

  /** Ends the stream from this side: the machine is gone. */
  abandon(error: Error): void {
    if (!this.over) this.finish(error);
  }

  private finish(end: Facts | Error): void {
    this.over = true;
    this.granted?.();
    this.out.end();
    this.err.end();
    if (end instanceof Error) {
      this.rejectStarted(end);
      this.rejectResult(end);
    } else {
      this.resolveStarted(end);
      this.resolveResult(end);
    }
  }
}

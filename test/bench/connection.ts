// One HTTPS connection of a benchmark's client: requests one after another, or one answer that never ends. It knows of HTTP/1.1 what our server and a real
// kube-apiserver use (Content-Length and chunks), and costs next to nothing.

import { connect, type TLSSocket } from 'node:tls';

export interface Asked {
  method?: string;
  path: string;
  token: string;
  body?: string | undefined;
  type?: string | undefined;
}

export class Connection {
  readonly #socket: TLSSocket;
  #received: Buffer[] = [];
  #size = 0;
  #done: ((answer: { code: number; text: string }) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const lost = (error?: Error) => this.#failed?.(error ?? new Error('the server closed the connection'));
    socket.on('error', lost);
    socket.on('close', () => lost());
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      // Who asks is on this machine and made the server: its certificate says nothing more.
      const socket = connect(
        { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] },
        () => {
          socket.setNoDelay(true);
          socket.off('error', reject);
          resolve(new Connection(socket));
        },
      );
      socket.on('error', reject);
    });
  }

  /** Asks, and resolves with the whole answer. */
  exchange(asked: Asked): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.removeAllListeners('data');
      this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
      this.#socket.write(head(asked));
    });
  }

  /** Asks, and hands out what comes, as it is on the wire; resolves when the answer has begun. */
  stream(asked: Asked, onData: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#socket.once('data', (chunk: Buffer) => {
        const end = chunk.indexOf('\r\n\r\n') + 4;
        if (chunk.length > end) onData(chunk.subarray(end));
        this.#socket.on('data', onData);
        resolve();
      });
      this.#socket.write(head(asked));
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#size += chunk.length;
    const first = this.#received[0] as Buffer;
    const length = /\r\ncontent-length: (\d+)/i.exec(first.toString('latin1', 0, 1024))?.[1];
    const whole = () => (this.#received.length === 1 ? first : Buffer.concat(this.#received));
    if (length !== undefined) {
      const end = first.indexOf('\r\n\r\n') + 4;
      if (this.#size >= end + Number(length)) this.#finish(first, whole().subarray(end));
    } else if (chunk.subarray(-5).equals(lastChunk)) {
      const all = whole();
      this.#finish(first, unchunk(all.subarray(all.indexOf('\r\n\r\n') + 4)));
    }
  }

  #finish(first: Buffer, body: Buffer): void {
    this.#received = [];
    this.#size = 0;
    this.#failed = undefined;
    this.#done?.({ code: Number(first.toString('latin1', 9, 12)), text: body.toString() });
  }
}

const lastChunk = Buffer.from('0\r\n\r\n');

function head({ method = 'GET', path, token, body, type = 'application/json' }: Asked): string {
  const content = body === undefined ? '' : `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n${content}\r\n${body ?? ''}`;
}

function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!size) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + size + 4;
  }
}

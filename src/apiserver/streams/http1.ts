// HTTP/1.1 over a raw connection: one request, one response, then the connection closes. For proxying to pods and services through a node.
//
// Invariants: header and chunk sizes are bounded; a response without length and without chunks ends with the connection; a body is never held whole.

const headerLimit = 64 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');

export interface Connection {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** Reads bytes in the portions that the parser needs. */
class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    const joined = new Uint8Array(this.#buffer.length + value.length);
    joined.set(this.#buffer);
    joined.set(value, this.#buffer.length);
    this.#buffer = joined;
    return true;
  }

  /** A line without its end. Throws when there is none within the limit. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end >= 0) {
        const text = decoder.decode(this.#buffer.subarray(0, end)).replace(/\r$/, '');
        this.#buffer = this.#buffer.slice(end + 1);
        return text;
      }
      if (this.#buffer.length > headerLimit || !(await this.#more())) throw new TypeError('malformed HTTP response');
    }
  }

  /** Up to `limit` bytes, as soon as there are any; undefined at the end. */
  async some(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#buffer.length === 0) if (!(await this.#more())) return undefined;
    const part = this.#buffer.slice(0, limit);
    this.#buffer = this.#buffer.slice(part.length);
    return part;
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }
}

/** Sends `request` and resolves with the response once its head has come. `path` is what stands in the request line. */
export async function exchangeHttp(
  connection: Connection,
  request: { method: string; path: string; headers: Headers; body: Uint8Array },
): Promise<Response> {
  const { method, path, headers, body } = request;
  const lines = [`${method} ${path} HTTP/1.1`];
  headers.forEach((value, name) => {
    lines.push(`${name}: ${value}`);
  });
  if (body.length > 0 || !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(method))
    lines.push(`content-length: ${body.length}`);
  lines.push('connection: close', '', '');
  const writer = connection.writable.getWriter();
  await writer.write(encoder.encode(lines.join('\r\n')));
  if (body.length > 0) await writer.write(body);

  const reader = new ByteReader(connection.readable);
  let status = 0;
  let answered = new Headers();
  do {
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(await reader.line());
    if (!match) throw new TypeError('malformed HTTP response');
    status = Number(match[1]);
    answered = await readHeaders(reader);
  } while (status >= 100 && status < 200);
  const close = () => {
    reader.cancel();
    writer.close().catch(() => {});
  };
  if (method === 'HEAD' || status === 204 || status === 304) {
    close();
    return new Response(null, { status, headers: answered });
  }
  const chunked = /\bchunked\b/i.test(answered.get('transfer-encoding') ?? '');
  const length = answered.get('content-length');
  for (const name of ['transfer-encoding', 'connection', 'keep-alive']) answered.delete(name);
  const pieces = chunked ? chunks(reader) : plain(reader, length === null ? Number.POSITIVE_INFINITY : Number(length));
  return new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        close();
        controller.close();
      },
      cancel: close,
    }),
    { status, headers: answered },
  );
}

async function readHeaders(reader: ByteReader): Promise<Headers> {
  const headers = new Headers();
  for (let size = 0; ; ) {
    const line = await reader.line();
    if (line === '') return headers;
    size += line.length;
    const colon = line.indexOf(':');
    if (colon <= 0 || size > headerLimit) throw new TypeError('malformed HTTP response header');
    headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
}

async function* plain(reader: ByteReader, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let left = length;
  while (left > 0) {
    const part = await reader.some(Math.min(left, 64 * 1024));
    if (!part) {
      if (Number.isFinite(left)) throw new TypeError('the response ended before its length');
      return;
    }
    left -= part.length;
    yield part;
  }
}

async function* chunks(reader: ByteReader): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (;;) {
    const size = /^([0-9a-fA-F]{1,8})\s*(;.*)?$/.exec(await reader.line());
    if (!size) throw new TypeError('malformed chunk');
    const length = Number.parseInt(size[1] as string, 16);
    if (length === 0) {
      while ((await reader.line()) !== '');
      return;
    }
    yield* plain(reader, length);
    if ((await reader.line()) !== '') throw new TypeError('malformed chunk');
  }
}

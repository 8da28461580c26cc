// Requests and responses whose bytes are all at hand, without the streams that the platform makes for each: on the paths where thousands pass in a second.
//
// Invariants: to a reader they behave as Request and Response do, except that a body may be read more than once; a WholeResponse states its Content-Length.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Bytes = Uint8Array<ArrayBuffer>;

function streamOf(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function bufferOf(bytes: Bytes): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset === 0 && byteLength === buffer.byteLength
    ? buffer
    : buffer.slice(byteOffset, byteOffset + byteLength);
}

/** A complete answer. */
export class WholeResponse extends Response {
  /** The body. Not to be changed. */
  readonly content: Bytes;
  #stream: ReadableStream<Bytes> | undefined;

  constructor(content: string | Bytes, init: { status?: number; headers: Record<string, string> }) {
    const bytes = typeof content === 'string' ? encoder.encode(content) : content;
    super(null, {
      status: init.status ?? 200,
      headers: { ...init.headers, 'content-length': String(bytes.byteLength) },
    });
    this.content = bytes;
  }

  override get body(): ReadableStream<Bytes> {
    this.#stream ??= streamOf(this.content);
    return this.#stream;
  }

  override async text(): Promise<string> {
    return decoder.decode(this.content);
  }

  override async json(): Promise<unknown> {
    return JSON.parse(decoder.decode(this.content));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(this.content);
  }

  override async bytes(): Promise<Bytes> {
    return this.content;
  }

  override async blob(): Promise<Blob> {
    return new Blob([this.content], { type: this.headers.get('content-type') ?? '' });
  }

  override clone(): WholeResponse {
    return new WholeResponse(this.content, { status: this.status, headers: Object.fromEntries(this.headers) });
  }
}

/** What is known of a request when all of it has arrived. */
export interface WholeRequestInit {
  method: string;
  headers: Headers;
  content: string | Bytes;
  /** Left out, `abort` is how the request is called off. */
  signal?: AbortSignal;
}

/** A complete request: what servers use of Request. Its signal is made when somebody asks for it. */
export class WholeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly #given: string | Bytes;
  #encoded: Bytes | undefined;
  #signal: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;
  #stream: ReadableStream<Bytes> | undefined;

  constructor(url: string, { method, headers, content, signal }: WholeRequestInit) {
    this.url = url;
    this.method = method;
    this.headers = headers;
    this.#given = content;
    this.#signal = signal;
  }

  /** The body; empty when there is none. Not to be changed. */
  get content(): Bytes {
    this.#encoded ??= typeof this.#given === 'string' ? encoder.encode(this.#given) : this.#given;
    return this.#encoded;
  }

  /** As the Request that handlers take. */
  get asRequest(): Request {
    return this as unknown as Request;
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      this.#controller = new AbortController();
      this.#signal = this.#controller.signal;
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#signal;
  }

  /** The client has gone. */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  get body(): ReadableStream<Bytes> | null {
    if (this.content.byteLength === 0) return null;
    this.#stream ??= streamOf(this.content);
    return this.#stream;
  }

  async text(): Promise<string> {
    return typeof this.#given === 'string' ? this.#given : decoder.decode(this.#given);
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(this.content);
  }
}

/** The bytes of a message that has them all, or undefined. */
export function contentOf(message: Request | Response): Uint8Array<ArrayBuffer> | undefined {
  if (message instanceof WholeResponse) return message.content;
  return (message as unknown) instanceof WholeRequest ? (message as unknown as WholeRequest).content : undefined;
}

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

export interface WholeResponseInit {
  /** Default 200. */
  status?: number;
  statusText?: string;
  headers: Record<string, string>;
}

/**
 * A complete answer. It is a Response to whoever asks, but the platform's own is never made: that costs more than all that is done with it. Its headers become a
 * Headers object when somebody asks for one.
 */
export class WholeResponse {
  readonly status: number;
  readonly statusText: string;
  readonly type = 'default';
  readonly url = '';
  readonly redirected = false;
  readonly bodyUsed = false;
  /** The body. Not to be changed. */
  readonly content: Bytes;
  readonly #fields: Record<string, string>;
  #headers: Headers | undefined;
  #stream: ReadableStream<Bytes> | undefined;

  constructor(content: string | Bytes, init: WholeResponseInit) {
    this.content = typeof content === 'string' ? encoder.encode(content) : content;
    this.status = init.status ?? 200;
    this.statusText = init.statusText ?? '';
    this.#fields = init.headers;
    this.#fields['content-length'] = String(this.content.byteLength);
  }

  get asResponse(): Response {
    return this as unknown as Response;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    this.#headers ??= new Headers(this.#fields);
    return this.#headers;
  }

  /** The headers, for whoever sends them on; undefined once they have been given out as Headers. */
  get fields(): Record<string, string> | undefined {
    return this.#headers ? undefined : this.#fields;
  }

  setHeader(name: string, value: string): void {
    if (this.#headers) this.#headers.set(name, value);
    else this.#fields[name] = value;
  }

  get body(): ReadableStream<Bytes> {
    this.#stream ??= streamOf(this.content);
    return this.#stream;
  }

  async text(): Promise<string> {
    return decoder.decode(this.content);
  }

  async json(): Promise<unknown> {
    return JSON.parse(decoder.decode(this.content));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(this.content);
  }

  async bytes(): Promise<Bytes> {
    return this.content;
  }

  async blob(): Promise<Blob> {
    return new Blob([this.content], { type: this.headers.get('content-type') ?? '' });
  }

  clone(): Response {
    const { content, status, statusText } = this;
    return new WholeResponse(content, { status, statusText, headers: Object.fromEntries(this.headers) }).asResponse;
  }
}
Object.setPrototypeOf(WholeResponse.prototype, Response.prototype);

/** A complete answer, as the Response that handlers give. */
export function wholeResponse(content: string | Bytes, init: WholeResponseInit): Response {
  return new WholeResponse(content, init).asResponse;
}

/** Sets a header of an answer without making it give out its Headers. */
export function setHeader(response: Response, name: string, value: string): void {
  const whole: unknown = response;
  if (whole instanceof WholeResponse) whole.setHeader(name, value);
  else response.headers.set(name, value);
}

/** What is known of a request when all of it has arrived. */
export interface WholeRequestInit {
  method: string;
  headers: Headers | [string, string][];
  content: string | Bytes;
  /** Left out, `abort` is how the request is called off. */
  signal?: AbortSignal;
}

/** A complete request: what servers use of Request. Its signal and its Headers are made when somebody asks for them. */
export class WholeRequest {
  readonly url: string;
  readonly method: string;
  #headers: Headers | [string, string][];
  readonly #given: string | Bytes;
  #encoded: Bytes | undefined;
  #signal: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;
  #stream: ReadableStream<Bytes> | undefined;

  constructor(url: string, { method, headers, content, signal }: WholeRequestInit) {
    this.url = url;
    this.method = method;
    this.#headers = headers;
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

  get headers(): Headers {
    if (Array.isArray(this.#headers)) this.#headers = new Headers(this.#headers);
    return this.#headers;
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
  const it: unknown = message;
  return it instanceof WholeResponse || it instanceof WholeRequest ? it.content : undefined;
}

/** The headers of an answer, each name once. */
export function headerPairsOf(response: Response): [string, string][] {
  const it: unknown = response;
  return it instanceof WholeResponse && it.fields ? Object.entries(it.fields) : [...response.headers];
}

/** The headers of an answer by name; warnings, which may be several, each on its own. */
export function headersOf(response: Response): Record<string, string | string[]> {
  const it: unknown = response;
  if (it instanceof WholeResponse && it.fields) return { ...it.fields };
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => {
    headers[name] = name === 'warning' ? value.split(/, (?=299 )/) : value;
  });
  return headers;
}

// HTTP exchanges over a Link, in the shape of Fetch. One link carries many exchanges at once.
//
// A response that states its Content-Length travels whole in one message; any other is streamed chunk by chunk with flow control (http-bodies.ts).

import { messageOf } from './errors.ts';
import { BodyReceiver, BodySender } from './http-bodies.ts';
import type { Body, Link, LinkMessage } from './link.ts';
import type { Handler } from './network.ts';
import { contentOf, headerPairsOf, WholeRequest, wholeResponse } from './whole.ts';

type MessageOf<T extends LinkMessage['type']> = Extract<LinkMessage, { type: T }>;

interface ClientExchange {
  settle(response: Response): void;
  fail(error: unknown): void;
  sender?: BodySender;
  receiver?: BodyReceiver;
  cleanUp(): void;
}

/** The client's end of a link. */
export class HttpClientLink {
  readonly #link: Link;
  readonly #exchanges = new Map<number, ClientExchange>();
  #nextId = 1;
  #closed = false;

  constructor(link: Link) {
    this.#link = link;
    link.onmessage = (message) => this.#receive(message);
    link.onclose = () => this.#lost();
  }

  get closed(): boolean {
    return this.#closed;
  }

  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    if (this.#closed) return Promise.reject(connectionError(url));
    const signal = init.signal ?? undefined;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        const exchange = this.#exchanges.get(id);
        if (!exchange) return;
        this.#link.send({ type: 'cancel', id, up: false });
        exchange.sender?.cancel();
        exchange.receiver?.end(messageOf(signal?.reason));
        this.#finish(id);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const exchange: ClientExchange = {
        settle: resolve,
        fail: reject,
        cleanUp: () => signal?.removeEventListener('abort', onAbort),
      };
      this.#exchanges.set(id, exchange);
      const { body, stream } = splitBody(init.body);
      this.#link.send({
        type: 'request',
        id,
        method: init.method ?? 'GET',
        url,
        headers: headerPairs(init.headers, init.body),
        ...(body === undefined ? {} : { body }),
        streaming: stream !== undefined,
      });
      if (stream) {
        exchange.sender = new BodySender(this.#link, id, true, stream);
        void exchange.sender.run();
      }
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#lost();
    this.#link.close();
  }

  #finish(id: number): void {
    this.#exchanges.get(id)?.cleanUp();
    this.#exchanges.delete(id);
  }

  #lost(): void {
    this.#closed = true;
    for (const [id, exchange] of this.#exchanges) {
      exchange.sender?.cancel();
      if (exchange.receiver) exchange.receiver.end('connection lost');
      else exchange.fail(new TypeError('fetch failed: connection lost'));
      this.#finish(id);
    }
  }

  #receive(message: LinkMessage): void {
    const exchange = this.#exchanges.get(message.id);
    if (!exchange) return;
    switch (message.type) {
      case 'response':
        this.#answered(exchange, message);
        return;
      case 'chunk':
        if (!message.up) exchange.receiver?.chunk(message.bytes);
        return;
      case 'end':
        if (message.up) return;
        exchange.receiver?.end(message.error);
        exchange.sender?.cancel();
        this.#finish(message.id);
        return;
      case 'consumed':
        if (message.up) exchange.sender?.consumed(message.bytes);
        return;
      case 'cancel':
        if (message.up) exchange.sender?.cancel();
        return;
      case 'request':
        return;
    }
  }

  #answered(exchange: ClientExchange, message: MessageOf<'response'>): void {
    const { status, statusText, headers, body } = message;
    const init = { status, statusText, headers };
    if (!message.streaming) {
      exchange.sender?.cancel();
      this.#finish(message.id);
      const bodyless = body === undefined || status === 204 || status === 205 || status === 304 || status < 200;
      const content = body as string | Uint8Array<ArrayBuffer>;
      exchange.settle(
        bodyless
          ? new Response(null, init)
          : wholeResponse(content, { status, statusText, headers: Object.fromEntries(headers) }),
      );
      return;
    }
    exchange.receiver = new BodyReceiver(this.#link, message.id, false, () => {
      exchange.sender?.cancel();
      this.#finish(message.id);
    });
    exchange.settle(new Response(exchange.receiver.stream, init));
  }
}

interface ServerExchange {
  /** Who is told when the client goes away; made with the request. */
  caller?: { abort(reason: unknown): void };
  sender?: BodySender;
  receiver?: BodyReceiver;
}

/** The server's end of a link: feeds a handler. */
export class HttpServerLink {
  readonly #link: Link;
  readonly #handler: Handler;
  readonly #exchanges = new Map<number, ServerExchange>();

  constructor(link: Link, handler: Handler) {
    this.#link = link;
    this.#handler = handler;
    link.onmessage = (message) => this.#receive(message);
    link.onclose = () => this.#lost();
  }

  close(): void {
    this.#lost();
    this.#link.close();
  }

  #lost(): void {
    for (const exchange of this.#exchanges.values()) {
      exchange.caller?.abort(new DOMException('the client went away', 'AbortError'));
      exchange.sender?.cancel();
      exchange.receiver?.end('connection lost');
    }
    this.#exchanges.clear();
  }

  #receive(message: LinkMessage): void {
    if (message.type === 'request') {
      void this.#serve(message);
      return;
    }
    const exchange = this.#exchanges.get(message.id);
    if (!exchange) return;
    switch (message.type) {
      case 'chunk':
        if (message.up) exchange.receiver?.chunk(message.bytes);
        return;
      case 'end':
        if (message.up) exchange.receiver?.end(message.error);
        return;
      case 'consumed':
        if (!message.up) exchange.sender?.consumed(message.bytes);
        return;
      case 'cancel':
        if (message.up) return;
        exchange.caller?.abort(new DOMException('the client cancelled the request', 'AbortError'));
        exchange.sender?.cancel();
        exchange.receiver?.end('the client cancelled the request');
        this.#exchanges.delete(message.id);
        return;
      case 'response':
        return;
    }
  }

  async #serve(message: MessageOf<'request'>): Promise<void> {
    const { id } = message;
    const exchange: ServerExchange = {};
    this.#exchanges.set(id, exchange);
    let response: Response;
    try {
      response = await this.#handler(this.#request(message, exchange));
    } catch (error) {
      response = textResponse(500, messageOf(error));
    }
    if (!this.#exchanges.has(id)) {
      response.body?.cancel().catch(() => {});
      return;
    }
    const { status, statusText } = response;
    const head = { type: 'response' as const, id, status, statusText, headers: headerPairsOf(response) };
    const whole = contentOf(response);
    if (whole) {
      this.#exchanges.delete(id);
      this.#link.send({ ...head, body: tight(whole), streaming: false });
      return;
    }
    if (response.body === null) {
      this.#link.send({ ...head, streaming: false });
      this.#exchanges.delete(id);
      return;
    }
    if (response.headers.has('content-length')) {
      const body = new Uint8Array(await response.arrayBuffer());
      if (this.#exchanges.delete(id)) this.#link.send({ ...head, body, streaming: false });
      return;
    }
    this.#link.send({ ...head, streaming: true });
    exchange.sender = new BodySender(this.#link, id, false, response.body);
    await exchange.sender.run();
    this.#exchanges.delete(id);
  }

  #request(message: MessageOf<'request'>, exchange: ServerExchange): Request {
    const { method, url, headers, body: content = '' } = message;
    if (!message.streaming) {
      const whole = new WholeRequest(url, { method, headers, content: content as string | Uint8Array<ArrayBuffer> });
      exchange.caller = whole;
      return whole.asRequest;
    }
    const controller = new AbortController();
    exchange.caller = controller;
    exchange.receiver = new BodyReceiver(this.#link, message.id, true, () => {});
    const init = {
      method,
      headers,
      signal: controller.signal,
      body: exchange.receiver.stream,
      duplex: 'half' as const,
    };
    const request = new Request(url, init);
    // a browser's Request drops headers that pages may not set (User-Agent); between our own processes they are data like any other
    Object.defineProperty(request, 'headers', { value: new Headers(headers) });
    return request;
  }
}

/** The bytes without whatever else lies in their buffer: a message port copies all of it. */
function tight(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** A body as fetch takes it: either whole (string, bytes) or a stream. Throws a TypeError for anything else. */
function splitBody(body: BodyInit | null | undefined): { body?: Body; stream?: ReadableStream<Uint8Array> } {
  if (body === null || body === undefined) return {};
  if (typeof body === 'string') return { body };
  if (body instanceof Uint8Array) return { body };
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body) };
  if (body instanceof URLSearchParams) return { body: body.toString() };
  if (body instanceof ReadableStream) return { stream: body };
  throw new TypeError('unsupported request body: give a string, bytes or a stream');
}

function headerPairs(headers: HeadersInit | undefined, body: BodyInit | null | undefined): [string, string][] {
  const iterable = headers !== undefined && Symbol.iterator in headers;
  // the server's Headers are stricter than this: what they refuse fails there
  const pairs: [string, string][] = iterable
    ? [...new Headers(headers)]
    : Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const stated = pairs.some(([name]) => name === 'content-type');
  if (typeof body === 'string' && !stated) pairs.push(['content-type', 'text/plain;charset=UTF-8']);
  if (body instanceof URLSearchParams && !stated)
    pairs.push(['content-type', 'application/x-www-form-urlencoded;charset=UTF-8']);
  return pairs;
}

/** A Request taken apart into what HttpClientLink.fetch wants. Its body is read whole unless it is a channel stream. */
export async function takeApart(request: Request): Promise<{ url: string; init: RequestInit }> {
  const init: RequestInit = { method: request.method, headers: request.headers, signal: request.signal };
  if (request.body !== null) {
    const streaming =
      request.headers.get('content-type')?.startsWith('application/vnd.drydock.channel-stream') ?? false;
    init.body = streaming ? request.body : new Uint8Array(await request.arrayBuffer());
  }
  return { url: request.url, init };
}

/** What fetch rejects with when nobody answers. */
export function connectionError(url: string): TypeError {
  const host = URL.canParse(url) ? new URL(url).host : url;
  return new TypeError(`fetch failed: connect ECONNREFUSED ${host}`);
}

export function textResponse(status: number, text: string): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

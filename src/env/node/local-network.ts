// A network inside one process: a fetch is a function call, a channel message a later turn. For Node, and for a cluster in a single worker.
//
// Names that several processes serve ("kube-apiserver:6443") go to the first that is up. A process that is taken down refuses connections, its
// exchanges break off, and its channels fall silent.

import { connectionError, takeApart } from '../http-link.ts';
import type { Channel, Closable, Handler, Network } from '../network.ts';

interface Endpoint {
  process: string;
  handler: Handler;
}

export class LocalNetwork {
  readonly #servers = new Map<string, Endpoint[]>();
  readonly #channels = new Map<string, LocalChannel>();
  /** Processes that are up, each with what to call off when it goes down. */
  readonly #alive = new Map<string, Set<(reason: unknown) => void>>();
  readonly #cuts = new Set<string>();

  /** The network as one process sees it. */
  for(process: string): Network {
    this.#alive.set(process, new Set());
    return {
      fetch: (input, init) => this.#fetch(process, input, init),
      serve: (host, handler) => this.#serve(process, host, handler),
      channel: (name) => this.#channel(process, name),
    };
  }

  /** Ends a process's presence: its servers, channels and everything in flight from and to it. */
  takeDown(process: string): void {
    for (const [host, endpoints] of this.#servers) {
      this.#servers.set(
        host,
        endpoints.filter((endpoint) => endpoint.process !== process),
      );
    }
    for (const [key, channel] of this.#channels) {
      if (channel.process === process) this.#channels.delete(key);
    }
    const exchanges = this.#alive.get(process) ?? [];
    this.#alive.delete(process);
    for (const breakOff of [...exchanges]) breakOff(new TypeError(`${process} is down`));
  }

  /** Cuts or heals the link between two processes, both ways. */
  setCut(a: string, b: string, cut: boolean): void {
    for (const key of [`${a}|${b}`, `${b}|${a}`]) {
      if (cut) this.#cuts.add(key);
      else this.#cuts.delete(key);
    }
  }

  #serve(process: string, host: string, handler: Handler): Closable {
    const endpoints = this.#servers.get(host) ?? [];
    if (endpoints.some((endpoint) => endpoint.process === process))
      throw new Error(`${process} already serves ${host}`);
    const endpoint = { process, handler };
    this.#servers.set(host, [...endpoints, endpoint]);
    return {
      close: () => {
        this.#servers.set(
          host,
          (this.#servers.get(host) ?? []).filter((other) => other !== endpoint),
        );
      },
    };
  }

  async #fetch(process: string, input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    if (input instanceof Request) {
      const { url, init: parts } = await takeApart(input);
      return this.#fetch(process, url, { ...parts, ...init });
    }
    const url = String(input);
    const target = (this.#servers.get(hostOf(url)) ?? []).find(
      (endpoint) => !this.#cuts.has(`${process}|${endpoint.process}`),
    );
    const caller = this.#alive.get(process);
    const callee = target && this.#alive.get(target.process);
    if (!target || !callee || !caller) throw connectionError(url);

    if (init.signal?.aborted) throw init.signal.reason;
    const exchange = new AbortController();
    const breakOff = (reason: unknown) => exchange.abort(reason);
    const onAbort = () => breakOff(init.signal?.reason);
    init.signal?.addEventListener('abort', onAbort, { once: true });
    caller.add(breakOff);
    callee.add(breakOff);
    const finished = () => {
      init.signal?.removeEventListener('abort', onAbort);
      caller.delete(breakOff);
      callee.delete(breakOff);
    };

    const streaming = init.body instanceof ReadableStream;
    const request = new Request(url, {
      ...init,
      signal: exchange.signal,
      ...(streaming ? ({ duplex: 'half' } as RequestInit) : {}),
    });
    const brokenOff = new Promise<never>((_, reject) => {
      exchange.signal.addEventListener('abort', () => reject(exchange.signal.reason), { once: true });
    });
    brokenOff.catch(() => {});
    const answered = target.handler(request);
    answered.catch(() => {});
    try {
      const response = await Promise.race([answered, brokenOff]);
      if (response.body === null || response.headers.has('content-length')) {
        finished();
        return response;
      }
      return new Response(guarded(response.body, exchange, finished), {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
    } catch (error) {
      finished();
      throw error;
    }
  }

  #channel(process: string, name: string): Channel {
    const key = `${process}|${name}`;
    if (this.#channels.has(key)) throw new Error(`${process} has channel ${name} open already`);
    const channel = new LocalChannel(process, (to, message) => {
      if (this.#cuts.has(`${process}|${to}`)) return;
      queueMicrotask(() => {
        if (this.#channels.get(key) === channel) this.#channels.get(`${to}|${name}`)?.onmessage?.(process, message);
      });
    });
    channel.onclose = () => this.#channels.delete(key);
    this.#channels.set(key, channel);
    return channel;
  }
}

class LocalChannel implements Channel {
  readonly process: string;
  readonly #deliver: (to: string, message: unknown) => void;
  onmessage: ((from: string, message: unknown) => void) | undefined;
  onclose: (() => void) | undefined;

  constructor(process: string, deliver: (to: string, message: unknown) => void) {
    this.process = process;
    this.#deliver = deliver;
  }

  send(to: string, message: unknown): void {
    this.#deliver(to, message);
  }

  close(): void {
    this.onclose?.();
  }
}

/** A body that breaks off when the exchange is aborted and tells the server when its reader gives up. */
function guarded(
  body: ReadableStream<Uint8Array>,
  exchange: AbortController,
  finished: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let onAbort = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        onAbort = () => {
          finished();
          reader.cancel(exchange.signal.reason).catch(() => {});
          controller.error(exchange.signal.reason);
        };
        if (exchange.signal.aborted) onAbort();
        else exchange.signal.addEventListener('abort', onAbort, { once: true });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (exchange.signal.aborted) return;
        if (done) {
          finished();
          exchange.signal.removeEventListener('abort', onAbort);
          controller.close();
        } else controller.enqueue(value);
      },
      cancel(reason) {
        finished();
        exchange.signal.removeEventListener('abort', onAbort);
        exchange.abort(new DOMException('the client cancelled the response', 'AbortError'));
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function hostOf(url: string): string {
  const { host, port, protocol } = new URL(url);
  return port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
}

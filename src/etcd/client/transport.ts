// How a call reaches the store; and how it does over a wire: choice of endpoint, form of the body (plain or gateway), answers and errors, streams of lines.

import { type Clock, sleep } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import { type Method, methods, type Path } from '../api/messages.ts';
import { batchable, batchPath, isPackedRange, plainType, readRange } from '../api/plain.ts';
import { decode, encode } from '../api/schema.ts';
import { etcdError, grpc } from '../errors.ts';
import { type BatchAnswer, Batcher } from './batcher.ts';
import { EtcdError } from './types.ts';

type Data = Record<string, unknown>;

export interface CallOptions {
  /** A request that met no member or a member without a leader is made again. */
  retry?: boolean;
  signal?: AbortSignal | undefined;
}

/** Carries messages in their form in memory (../api/types.ts), by the path of the call. Rejects with an EtcdError where the store refuses. */
export interface Transport {
  /** One request, one answer. */
  call<T>(path: string, request: object, options?: CallOptions): Promise<T>;
  /** One request, answers one by one until the stream ends or the signal aborts. */
  stream<T>(path: string, request: object, signal: AbortSignal): AsyncGenerator<T>;
}

interface Endpoint {
  url: string;
  /** Whether it was seen to speak the plain form. */
  plain: boolean;
  batchers: { read: Batcher; write: Batcher };
}

/** Rounds over all endpoints a read makes before it gives up, and the pause between them, ms. */
export const rounds = 3;
export const pause = 100;

export class HttpTransport implements Transport {
  private readonly endpoints: Endpoint[];
  private readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  private readonly clock: Clock;
  private current: number;

  constructor(config: {
    endpoints: string[];
    fetch: (input: string, init?: RequestInit) => Promise<Response>;
    clock: Clock;
    random: Random;
  }) {
    if (config.endpoints.length === 0) throw new RangeError('an etcd client needs at least one endpoint');
    this.fetch = config.fetch;
    this.clock = config.clock;
    this.endpoints = config.endpoints.map((given) => {
      const url = given.replace(/\/+$/, '');
      const exchange = (body: string) => this.exchange(url, body);
      const batchers = { read: new Batcher(this.clock, exchange), write: new Batcher(this.clock, exchange) };
      return { url, plain: false, batchers };
    });
    this.current = Math.floor(config.random.next() * this.endpoints.length);
  }

  /** With `retry` a request is made again elsewhere. */
  async call<T>(path: string, request: object, options: CallOptions = {}): Promise<T> {
    const attempts = options.retry ? rounds * this.endpoints.length : 1;
    for (let attempt = 1; ; attempt++) {
      const endpoint = this.endpoint();
      try {
        const kind = endpoint.plain && !('rangeEnd' in request) ? batchable[path as Path] : undefined;
        if (kind) return (await this.batched(endpoint.batchers[kind], path, request, options.signal)) as T;
        const response = await this.send(endpoint, path, request, options.signal);
        return this.read(path, response, await response.text()) as T;
      } catch (error) {
        options.signal?.throwIfAborted();
        const elsewhere = !(error instanceof EtcdError) || isCutOff(error);
        if (elsewhere) this.leave(endpoint);
        if (!elsewhere || attempt >= attempts) throw error;
        if (attempt % this.endpoints.length === 0) await sleep(this.clock, pause, options.signal);
      }
    }
  }

  /** The answers are lines. */
  async *stream<T>(path: string, request: object, signal: AbortSignal): AsyncGenerator<T> {
    const endpoint = this.endpoint();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const onAbort = () => void reader?.cancel().catch(() => {});
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.send(endpoint, path, request, signal);
      if (!response.ok || !response.body) {
        this.read(path, response, await response.text());
        return;
      }
      const plain = response.headers.get('content-type') === plainType;
      reader = response.body.getReader();
      if (signal.aborted) onAbort();
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) if (line !== '') yield this.readLine(path, line, plain) as T;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EtcdError) || isCutOff(error)) this.leave(endpoint);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      onAbort();
    }
  }

  private endpoint(): Endpoint {
    return this.endpoints[this.current % this.endpoints.length] as Endpoint;
  }

  /** Turns to the next endpoint, unless somebody already did. */
  private leave(endpoint: Endpoint): void {
    endpoint.plain = false;
    if (this.endpoint() === endpoint) this.current = (this.current + 1) % this.endpoints.length;
  }

  /** One call among others. */
  private async batched(batcher: Batcher, path: string, request: object, signal?: AbortSignal): Promise<Data> {
    const answered = batcher.call(`["${path}",${JSON.stringify(request)}]`);
    const answer = await (signal ? untilAborted(answered, signal) : answered);
    if (answer.ok) return answer.ok;
    throw new EtcdError(answer.code ?? grpc.unknown, answer.message ?? 'unknown error');
  }

  private async exchange(url: string, body: string): Promise<BatchAnswer[]> {
    const headers = { 'content-type': plainType, accept: plainType };
    const response = await this.fetch(url + batchPath, { method: 'POST', headers, body });
    const text = await response.text();
    if (!response.ok) throw refusal(response.status, text);
    return JSON.parse(text) as BatchAnswer[];
  }

  private async send(endpoint: Endpoint, path: string, request: object, signal?: AbortSignal): Promise<Response> {
    const method = (methods as Record<string, Method>)[path] as Method;
    const body = JSON.stringify(endpoint.plain ? request : encode(method.request, request as Data));
    const response = await this.fetch(endpoint.url + path, {
      method: 'POST',
      headers: { 'content-type': endpoint.plain ? plainType : 'application/json', accept: plainType },
      body,
      signal: signal ?? null,
    });
    if (response.headers.get('content-type') === plainType) endpoint.plain = true;
    return response;
  }

  private read(path: string, response: Response, text: string): Data {
    if (!response.ok) throw refusal(response.status, text);
    if (isPackedRange(text)) return readRange(text) as Data;
    const json: unknown = JSON.parse(text);
    if (response.headers.get('content-type') === plainType) return json as Data;
    return decode((methods as Record<string, Method>)[path]?.response as Method['response'], json);
  }

  private readLine(path: string, line: string, plain: boolean): Data {
    const json = JSON.parse(line) as { result?: Data; error?: { grpc_code?: number; code?: number; message?: string } };
    if (json.error)
      throw new EtcdError(
        json.error.grpc_code ?? json.error.code ?? grpc.unknown,
        json.error.message ?? 'unknown error',
      );
    if (plain) return json.result ?? {};
    return decode((methods as Record<string, Method>)[path]?.response as Method['response'], json.result ?? {});
  }
}

/** Whether a member said that it cannot reach the others: one may be better served elsewhere. */
export function isCutOff(error: EtcdError): boolean {
  return error.code === grpc.unavailable || error.message === etcdError('deadlineExceeded').message;
}

/** The promise, or the signal's reason as soon as it aborts. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

interface Refusal {
  message?: string;
  code?: number;
  grpc_code?: number;
}

function refusal(status: number, text: string): EtcdError {
  try {
    const body = JSON.parse(text) as Refusal & { error?: string | Refusal };
    // of a stream that failed before it began, it is the stream's last line
    const { code, grpc_code = code, message } = typeof body.error === 'object' ? body.error : body;
    return new EtcdError(grpc_code ?? grpc.unknown, message ?? (typeof body.error === 'string' ? body.error : text));
  } catch {
    const code = status === 503 || status === 502 ? grpc.unavailable : grpc.unknown;
    return new EtcdError(code, text.trim() || `HTTP status ${status}`);
  }
}

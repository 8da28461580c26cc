// Requests to the API server: JSON in and out, Status answers as StatusError, Warning headers on stderr, watches as async iterables.

import { PlainError, type Status, StatusError } from '../cli/errors.ts';
import type { KubectlIo } from '../io.ts';
import type { KubeObject } from '../object.ts';

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export interface RequestOptions {
  method?: string;
  query?: Query;
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal | undefined;
}

export interface WatchEvent<T = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

export const tableAccept =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '' || value === false) continue;
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export class ApiClient {
  readonly #io: KubectlIo;
  readonly #headers: Record<string, string>;
  readonly #server: string;
  readonly #warned = new Set<string>();

  constructor(io: KubectlIo, headers: Record<string, string>, server: string) {
    this.#io = io;
    this.#headers = headers;
    this.#server = server;
  }

  /** The raw answer, whatever its status. Throws when no server answers. */
  async send(path: string, options: RequestOptions & { rawBody?: BodyInit } = {}): Promise<Response> {
    const init: RequestInit & { duplex?: 'half' } = {
      method: options.method ?? 'GET',
      headers: { 'User-Agent': 'kubectl', Accept: options.accept ?? 'application/json', ...this.#headers },
    };
    const signal = options.signal ?? this.#io.signal;
    if (signal) init.signal = signal;
    if (options.rawBody !== undefined) {
      init.body = options.rawBody;
      if (options.rawBody instanceof ReadableStream) init.duplex = 'half';
    } else if (options.body !== undefined) {
      init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
    }
    if (init.body !== undefined) {
      (init.headers as Record<string, string>)['Content-Type'] = options.contentType ?? 'application/json';
    }
    let response: Response;
    try {
      response = await this.#io.fetch(withQuery(path, options.query), init);
    } catch (error) {
      if (signal?.aborted) throw error;
      const host = this.#server.replace(/^https?:\/\//, '');
      throw new PlainError(
        `The connection to the server ${host} was refused - did you specify the right host or port?`,
      );
    }
    const warning = response.headers.get('warning');
    for (const match of warning?.matchAll(/299 \S+ "((?:\\.|[^"\\])*)"/g) ?? []) {
      const message = match[1]!.replace(/\\(.)/g, '$1');
      if (this.#warned.has(message)) continue;
      this.#warned.add(message);
      this.#io.stderr(`Warning: ${message}\n`);
    }
    return response;
  }

  /** The answer, if it is a success; otherwise its Status is thrown. */
  async request(path: string, options: RequestOptions & { rawBody?: BodyInit } = {}): Promise<Response> {
    const response = await this.send(path, options);
    if (!response.ok) throw await toStatusError(response, options.method ?? 'GET');
    return response;
  }

  async json<T = KubeObject>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await (await this.request(path, options)).json()) as T;
  }

  /** Follows a watch until it ends or `signal` aborts. Bookmarks are passed on; an ERROR event is thrown as a StatusError. */
  async *watch<T = KubeObject>(path: string, options: RequestOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const response = await this.request(path, { ...options, query: { ...options.query, watch: true } });
    const signal = options.signal ?? this.#io.signal;
    for await (const line of linesOf(response, signal)) {
      if (line.trim() === '') continue;
      const event = JSON.parse(line) as WatchEvent<T>;
      if (event.type === 'ERROR') throw new StatusError(event.object as Status);
      yield event;
    }
  }
}

/** The lines of a streamed body. Ends quietly when `signal` aborts. */
export async function* linesOf(response: Response, signal?: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response, signal)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== '') yield rest;
}

/** The chunks of a streamed body. Ends quietly when `signal` aborts. */
export async function* chunksOf(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const stop = () => void reader.cancel().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Reads the Status of a refusal; an answer that is none becomes one, as client-go does. */
export async function toStatusError(response: Response, verb: string): Promise<StatusError> {
  const body = await response.text();
  try {
    const status = JSON.parse(body) as Status;
    if (status.kind === 'Status') return new StatusError(status);
  } catch {
    // not JSON: the text below is all there is
  }
  const generic: Record<number, [string, string]> = {
    404: ['NotFound', 'the server could not find the requested resource'],
    405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
    406: ['NotAcceptable', 'the server was unable to respond with a content type that the client supports'],
    409: ['Conflict', 'the server reported a conflict'],
    415: ['UnsupportedMediaType', 'the body of the request was in an unknown format'],
    429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
    504: [
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
    ],
    401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
    403: ['Forbidden', body || 'the server does not allow access to the requested resource'],
  };
  const [reason, message] = generic[response.status] ?? [
    'InternalError',
    `an error on the server (${JSON.stringify(body || 'unknown')}) has prevented the request from succeeding`,
  ];
  return new StatusError({ status: 'Failure', code: response.status, reason, message: message || verb });
}

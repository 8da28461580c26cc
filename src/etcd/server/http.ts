// etcd's v3 JSON gateway as a fetch handler: paths, bodies, errors and streams of grpc-gateway, so that one client talks to this and to a real etcd.
//
// Beside the gateway's form (base64, numbers as strings) there is a plain one for our own client: the message in memory as JSON, byte strings as they are. A client
// that sends `accept: plainType` is answered in it, and from then on may send it as the content type; a real etcd ignores both.

import type { Handler } from '../../env/network.ts';
import { wholeResponse } from '../../env/whole.ts';
import { aliases, type Method, methods } from '../api/messages.ts';
import { batchable, batchPath, plainType, readPlain, writeRange } from '../api/plain.ts';
import { decode, encode, parseJson } from '../api/schema.ts';
import type { LeaseId, RangeResponse, ResponseHeader, WatchRequest, WatchResponse } from '../api/types.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError, grpc, httpStatus } from '../errors.ts';
import type { Backend } from './backend.ts';
import { observe } from './concurrency.ts';
import { jsonValues } from './json-stream.ts';
import { calls } from './service.ts';
import { maxRequestBytes } from './validate.ts';
import { WatchSession } from './watch-stream.ts';

type Data = Record<string, unknown>;

/** Grace for a request's base64 and JSON around the bytes that count (etcd: grpcOverheadBytes). */
const overheadBytes = 512 * 1024;
/** Bytes of watch answers that may wait in a stream for its reader; after that it is fed from the store's history, at its own pace. */
const streamBuffer = 1 << 20;

/** Serves `backend` as etcd's client address does. */
export function createHandler(backend: Backend): Handler {
  return async (request) => {
    const url = new URL(request.url);
    const path = aliases[url.pathname] ?? url.pathname;
    if (path === batchPath && request.method === 'POST') return batch(backend, request);
    const method = (methods as Record<string, Method>)[path];
    if (!method) return other(backend, url.pathname);
    if (request.method !== 'POST') return whole('Method Not Allowed\n', 'text/plain; charset=utf-8', 405);
    const codec = codecFor(request, path, method);
    try {
      if (path === '/v3/watch') return await watch(backend, request, codec);
      const text = await request.text();
      if (text.length > (maxRequestBytes + overheadBytes) * 1.4) throw etcdError('requestTooLarge');
      const message = codec.read(parseJson(text));
      if (method.stream) return stream(backend, path, message, request.signal, codec);
      const call = calls[path];
      if (!call) throw new EtcdError(grpc.unimplemented, 'Method not allowed');
      const answer = await call(backend, message as never, request.signal);
      return whole(codec.answer(answer as Data), codec.type);
    } catch (error) {
      return failure(error);
    }
  };
}

const encoder = new TextEncoder();

/** An answer that is all there: it states its length, and a link carries it in a single message. */
const whole = (content: string | Uint8Array<ArrayBuffer>, type: string, status = 200) =>
  wholeResponse(content, { status, headers: { 'content-type': type } });

/** The error body of grpc-gateway. */
export function failure(error: unknown): Response {
  const known = error instanceof EtcdError ? error : new EtcdError(grpc.unknown, String(error));
  const body = JSON.stringify({ error: known.message, message: known.message, code: known.code });
  return whole(body, 'application/json', httpStatus(known.code));
}

interface Codec {
  type: string;
  read(json: unknown): Data;
  /** A message of a stream. */
  write(message: Data): string;
  /** The answer to a call. */
  answer(message: Data): string | Uint8Array<ArrayBuffer>;
}

function codecFor(request: Request, path: string, method: Method): Codec {
  const plainIn = request.headers.get('content-type') === plainType;
  const plainOut = plainIn || request.headers.get('accept') === plainType;
  const write = plainOut
    ? (message: Data) => JSON.stringify(message)
    : (message: Data) => JSON.stringify(encode(method.response, message));
  return {
    type: plainOut ? plainType : 'application/json',
    read: plainIn ? (json) => readPlain(method.request, json) : (json) => decode(method.request, json),
    write,
    answer: plainOut && path === '/v3/kv/range' ? (message) => writeRange(message as RangeResponse) : write,
  };
}

/** Many calls of our own client in one exchange; each has its own answer. */
async function batch(backend: Backend, request: Request): Promise<Response> {
  try {
    const list = parseJson(await request.text());
    if (!Array.isArray(list)) throw new EtcdError(grpc.invalidArgument, 'a batch is a list of calls');
    const answers = list.map(async (item: unknown) => {
      try {
        const [path, message] = Array.isArray(item) ? (item as unknown[]) : [];
        const call = typeof path === 'string' && Object.hasOwn(batchable, path) ? calls[path] : undefined;
        if (!call) throw new EtcdError(grpc.unimplemented, 'Method not allowed');
        const checked = readPlain(
          (methods as Record<string, Method>)[path as string]?.request as Method['request'],
          message,
        );
        return `{"ok":${JSON.stringify(await call(backend, checked as never, request.signal))}}`;
      } catch (error) {
        const { code, message } = error instanceof EtcdError ? error : { code: grpc.unknown, message: String(error) };
        return JSON.stringify({ code, message });
      }
    });
    return whole(`[${(await Promise.all(answers)).join(',')}]`, plainType);
  } catch (error) {
    return failure(error);
  }
}

function other(backend: Backend, path: string): Response {
  const json = (body: unknown, status = 200) => whole(JSON.stringify(body), 'application/json', status);
  if (path === '/version') return json({ etcdserver: '3.4.23', etcdcluster: '3.4.0' });
  if (path === '/health') {
    const healthy = (backend.status().leader ?? '0') !== '0' && backend.state.alarms.size === 0;
    return json({ health: healthy ? 'true' : 'false' }, healthy ? 200 : 503);
  }
  return whole('Not Found\n', 'text/plain; charset=utf-8', 404);
}

function line(codec: Codec, message: Data): Uint8Array {
  return encoder.encode(`{"result":${codec.write(message)}}\n`);
}

/** The last line of a stream that failed. */
function errorLine(error: unknown): Uint8Array {
  const known = error instanceof EtcdError ? error : new EtcdError(grpc.unknown, String(error));
  const { code, message } = known;
  const status = { grpc_code: code, http_code: httpStatus(code), message, http_status: String(httpStatus(code)) };
  return encoder.encode(`${JSON.stringify({ error: status })}\n`);
}

async function watch(backend: Backend, request: Request, codec: Codec): Promise<Response> {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let closed = false;
  const session = new WatchSession(backend, {
    hasRoom: () => !closed && (controller.desiredSize ?? 0) > 0,
    write: (response: WatchResponse) => {
      if (!closed) controller.enqueue(line(codec, response as Data));
    },
    fail: (error) => {
      if (closed) return;
      controller.enqueue(errorLine(error));
      close();
      controller.close();
    },
  });
  const close = () => {
    closed = true;
    session.close();
    backend.streams.delete(session);
    request.signal.removeEventListener('abort', onAbort);
  };
  const onAbort = () => {
    if (closed) return;
    close();
    controller.close();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (c) => {
        controller = c;
      },
      pull: () => session.ready(),
      cancel: close,
    },
    { highWaterMark: streamBuffer, size: (chunk) => chunk.byteLength },
  );
  backend.streams.add(session);
  request.signal.addEventListener('abort', onAbort, { once: true });
  const messages = jsonValues(request.body, parseJson);
  try {
    const first = await messages.next();
    if (!first.done) session.handle(codec.read(first.value) as WatchRequest);
  } catch (error) {
    close();
    // a stream's first message that cannot be read is an unknown error to the gateway
    throw error instanceof EtcdError ? new EtcdError(grpc.unknown, error.message) : error;
  }
  void (async () => {
    for await (const json of messages) session.handle(codec.read(json) as WatchRequest);
  })().catch((error: unknown) => {
    if (closed) return;
    controller.enqueue(errorLine(error));
    close();
    controller.close();
  });
  return new Response(body, { headers: { 'content-type': codec.type } });
}

function answers(backend: Backend, path: string, message: Data, signal: AbortSignal): AsyncIterable<Data> {
  if (path === '/v3/lease/keepalive') return keepAlive(backend, message as LeaseId);
  if (path === '/v3/election/observe') return observe(backend, message, signal) as AsyncIterable<never>;
  return snapshot(backend);
}

function stream(backend: Backend, path: string, message: Data, signal: AbortSignal, codec: Codec): Response {
  const iterator = answers(backend, path, message, signal)[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(line(codec, value));
        } catch (error) {
          controller.enqueue(errorLine(error));
          controller.close();
        }
      },
      cancel: () => void iterator.return?.(),
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers: { 'content-type': codec.type } });
}

async function* keepAlive(backend: Backend, request: LeaseId): AsyncGenerator<Data> {
  const ID = request.ID ?? '0';
  const TTL = await backend.leaseRenew(ID);
  yield { header: backend.header(), ID, TTL };
}

async function* snapshot(backend: Backend): AsyncGenerator<Data> {
  const header: ResponseHeader = backend.header();
  for await (const blob of backend.snapshot()) yield { header, blob };
}

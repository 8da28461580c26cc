// etcd's v3 JSON gateway as a fetch handler: paths, bodies, errors and streams of grpc-gateway, so that one client talks to this and to a real etcd.
//
// Beside the gateway's form (base64, numbers as strings) there is a plain one for our own client: the message in memory as JSON, byte strings as they are. A client
// that sends `accept: plainType` is answered in it, and from then on may send it as the content type; a real etcd ignores both.

import type { Handler } from '../../env/network.ts';
import { wholeResponse } from '../../env/whole.ts';
import { aliases, type Method, methods, type Path } from '../api/messages.ts';
import { batchable, batchPath, plainType, readPlain, writeRange } from '../api/plain.ts';
import { protoSize } from '../api/proto-size.ts';
import { decode, encode, parseJson } from '../api/schema.ts';
import type { LeaseId, RangeResponse, WatchRequest, WatchResponse } from '../api/types.ts';
import { EtcdError } from '../client/types.ts';
import { grpc, httpStatus, statusText } from '../errors.ts';
import type { Backend } from './backend.ts';
import { observe } from './concurrency.ts';
import { jsonValues } from './json-stream.ts';
import { byLeader, calls } from './service.ts';
import { maxRequestBytes } from './validate.ts';
import { WatchSession } from './watch-stream.ts';

type Data = Record<string, unknown>;

/** Most bytes of any message as protobuf: what etcd's own gRPC server takes (its limit on requests and a grace for what is around them). */
const maxMessageBytes = maxRequestBytes + 512 * 1024;
/** Bytes of watch answers that may wait in a stream for its reader; after that it is fed from the store's history, at its own pace. */
const streamBuffer = 1 << 20;

/** Serves `backend` as etcd's client address does. */
export function createHandler(backend: Backend): Handler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    // a browser asks before it sends what is not plain; it may, but gets no leave here to read the answer from another origin
    if (request.method === 'OPTIONS') return whole('', undefined);
    const path = aliases[pathname] ?? pathname.replace(/^\/v3beta\//, '/v3/');
    if (path === batchPath && request.method === 'POST') return batch(backend, request);
    const method = Object.hasOwn(methods, path) ? methods[path as Path] : undefined;
    if (!method) return other(backend, pathname, request.method);
    if (request.method !== 'POST') return plainText('Method Not Allowed', 405, request.method);
    return answer(backend, request, path as Path, method);
  };
}

async function answer(backend: Backend, request: Request, path: Path, method: Method): Promise<Response> {
  const codec = codecFor(request, path, method);
  try {
    if (path === '/v3/watch') return await watch(backend, request, codec);
    if (path === '/v3/lease/keepalive') return await keepAlive(backend, request, codec);
    const message = await readMessage(request, method, codec);
    if (path === '/v3/election/observe') return stream(observe(backend, message, request.signal) as Answers, codec);
    if (path === '/v3/maintenance/snapshot') return stream(snapshot(backend), codec);
    const call = calls[path];
    if (!call) throw new EtcdError(grpc.unimplemented, 'Method not allowed');
    const response = await call(backend, message as never, request.signal);
    return whole(codec.answer(response as Data), codec.type);
  } catch (error) {
    return failure(error);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

async function readMessage(request: Request, method: Method, codec: Codec): Promise<Data> {
  const text = codec.plainIn ? await request.text() : decoder.decode(await request.arrayBuffer());
  const message = codec.read(parseJson(text));
  // its JSON is longer than a message
  if (text.length > maxMessageBytes) {
    const size = protoSize(method.request, message);
    const tooLarge = `grpc: received message larger than max (${size} vs. ${maxMessageBytes})`;
    if (size > maxMessageBytes) throw new EtcdError(grpc.resourceExhausted, tooLarge);
  }
  return message;
}

/**
 * The messages of a streamed request. Its first is read at once; rejects as the gateway does, to which one that cannot be read is an unknown error. Later ones that
 * cannot be read end the requests, not the answers.
 */
async function readMessages(request: Request, codec: Codec): Promise<AsyncIterable<Data>> {
  const values = jsonValues(request.body, parseJson);
  let first: IteratorResult<unknown>;
  let message: Data = {};
  try {
    first = await values.next();
    if (!first.done) message = codec.read(first.value);
  } catch (error) {
    throw error instanceof EtcdError ? new EtcdError(grpc.unknown, error.message) : error;
  }
  return (async function* () {
    if (first.done) return;
    yield message;
    try {
      for await (const value of values) yield codec.read(value);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  })();
}

const encoder = new TextEncoder();

/** An answer that is all there: it states its length, and a link carries it in a single message. */
const whole = (content: string | Uint8Array<ArrayBuffer>, type: string | undefined, status = 200) =>
  wholeResponse(content, { status, headers: type === undefined ? {} : { 'content-type': type } });

const textType = 'text/plain; charset=utf-8';

const plainText = (text: string, status: number, method: string) =>
  whole(method === 'HEAD' ? '' : `${text}\n`, textType, status);

/** The error body of grpc-gateway. */
export function failure(error: unknown): Response {
  const known = error instanceof EtcdError ? error : new EtcdError(grpc.unknown, String(error));
  const body = JSON.stringify({ error: known.message, message: known.message, code: known.code });
  return whole(body, 'application/json', httpStatus(known.code));
}

interface Codec {
  type: string;
  /** Whether requests come in the plain form. */
  plainIn: boolean;
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
    plainIn,
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

/** What is no call: who and how the member is, and refusals. */
function other(backend: Backend, path: string, method: string): Response {
  const json = (body: unknown, type: string, status = 200) => whole(JSON.stringify(body), type, status);
  if (path === '/version' || path === '/health') {
    if (method !== 'GET') return plainText('Method Not Allowed', 405, method);
    if (path === '/version') return json({ etcdserver: '3.4.23', etcdcluster: '3.4.0' }, 'application/json');
    const healthy = (backend.status().leader ?? '0') !== '0' && backend.state.alarms.size === 0;
    return json({ health: healthy ? 'true' : 'false' }, textType, healthy ? 200 : 503);
  }
  return plainText(/^\/v3(beta)?\//.test(path) ? 'Not Found' : '404 page not found', 404, method);
}

function line(codec: Codec, message: Data): Uint8Array {
  return encoder.encode(`{"result":${codec.write(message)}}\n`);
}

/** The last line of a stream that failed. */
function errorLine(error: unknown): Uint8Array<ArrayBuffer> {
  const known = error instanceof EtcdError ? error : new EtcdError(grpc.unknown, String(error));
  const { code, message } = known;
  const http_code = httpStatus(code);
  const status = { grpc_code: code, http_code, message, http_status: statusText[http_code] };
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
  try {
    const messages = await readMessages(request, codec);
    void (async () => {
      for await (const message of messages) session.handle(message as WatchRequest);
    })().catch(() => {});
  } catch (error) {
    close();
    throw error;
  }
  return new Response(body, { headers: { 'content-type': codec.type } });
}

type Answers = AsyncIterable<Data>;

function stream(answers: Answers, codec: Codec): Response {
  const iterator = answers[Symbol.asyncIterator]();
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

/** Where not even the first renewal comes about, the whole answer has the error's status. */
async function keepAlive(backend: Backend, request: Request, codec: Codec): Promise<Response> {
  const answers = renewals(backend, await readMessages(request, codec));
  let first: IteratorResult<Data>;
  try {
    first = await answers.next();
  } catch (error) {
    const code = error instanceof EtcdError ? error.code : grpc.unknown;
    return whole(errorLine(error), codec.type, httpStatus(code));
  }
  const all = async function* (): AsyncGenerator<Data> {
    if (first.done) return;
    yield first.value;
    yield* answers;
  };
  return stream(all(), codec);
}

async function* renewals(backend: Backend, messages: AsyncIterable<LeaseId>): AsyncGenerator<Data> {
  for await (const { ID = '0' } of messages) {
    const TTL = await byLeader(backend, backend.leaseRenew(ID));
    yield { header: backend.header(), ID, TTL };
  }
}

async function* snapshot(backend: Backend): AsyncGenerator<Data> {
  for await (const blob of backend.snapshot()) yield { blob };
}

// Port-forward: each connection that a client forwards becomes one channel stream of the cluster (pkg/kubelet/cri/streaming/portforward).
//
// Invariants: a connection that cannot be made fails alone, in words on its error stream; the client goes on. A pair of streams is complete with the error stream
// and the data stream of one request ID; what does not become complete in 30 s is given up.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { channels } from '../env/streams.ts';
import { ByteQueue } from './byte-queue.ts';
import { type ClusterStream, drain, openClusterStream, pathOf, sayEnd, type Upgrade } from './cluster-stream.ts';
import { SpdyConnection, type SpdyStream } from './spdy/connection.ts';

/** One forwarded connection, seen from the cluster. */
interface Forwarded {
  port: number;
  /** What the client sends into the pod. */
  input: ReadableStream<Uint8Array>;
  output(bytes: Uint8Array): Promise<void>;
  fail(message: string): void;
}

const pairTimeout = 30_000;

/** Forwards one connection to its end. Never rejects. */
async function forward(upgrade: Upgrade, { port, input, output, fail }: Forwarded, gone: AbortSignal): Promise<void> {
  const path = pathOf(upgrade.target);
  const pod = decodeURIComponent(path.split('/').at(-2) ?? '');
  const refused = (why: string) => fail(`error forwarding port ${port} to pod ${pod}, uid : ${why}`);
  const over = new AbortController();
  const onGone = () => over.abort();
  gone.addEventListener('abort', onGone, { once: true });
  try {
    const stream = await openClusterStream(upgrade, `${path}?ports=${port}`, over.signal);
    if (stream instanceof Response) refused(messageOf(await stream.text()));
    else {
      void drain(input, (chunk) => stream.send(channels.stdin, chunk)).then((ended) =>
        ended ? sayEnd(stream, channels.stdin) : over.abort(),
      );
      await receive(stream, output, refused);
    }
  } catch (error) {
    // a client that broke off is told nothing
    if (!over.signal.aborted) refused((error as Error).message);
  } finally {
    gone.removeEventListener('abort', onGone);
    over.abort();
    input.cancel().catch(() => {});
  }
}

async function receive(
  stream: ClusterStream,
  output: (bytes: Uint8Array) => Promise<void>,
  refused: (why: string) => void,
): Promise<void> {
  for await (const { channel, payload } of stream.frames) {
    if (channel === channels.stdout) await output(payload);
    else if (channel === channels.error && payload.length > 0) {
      const text = new TextDecoder().decode(payload);
      if ((JSON.parse(text) as { status?: string }).status === 'Failure') refused(messageOf(text));
    }
  }
}

/** The message of a Status in JSON, or the text if it is none. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}

/** "portforward.k8s.io": SPDY streams in pairs, over a connection that was upgraded or through a WebSocket. Resolves when it is over. */
export async function servePortForward(upgrade: Upgrade, socket: Duplex): Promise<void> {
  const pairs = new Map<string, { data?: SpdyStream; error?: SpdyStream; expire: () => void }>();
  const connection = new SpdyConnection(socket, (stream) => {
    const { headers } = stream;
    const port = portOf(headers.get('port'));
    const type = headers.get('streamtype');
    if (port === undefined || (type !== 'data' && type !== 'error')) return false;
    // clients of old number the error stream first and the data stream next, and give no request ID
    const requestId = headers.get('requestid') ?? String(type === 'error' ? stream.id : stream.id - 2);
    let pair = pairs.get(requestId);
    if (!pair) {
      const expire = upgrade.clock.after(pairTimeout, () => {
        const { error, data } = pairs.get(requestId) ?? {};
        pairs.delete(requestId);
        void error?.write(Buffer.from(`timed out waiting for streams of request ${requestId}`));
        error?.end();
        data?.end();
      });
      pair = { expire };
      pairs.set(requestId, pair);
    }
    if (pair[type]) return false;
    pair[type] = stream;
    const { data, error } = pair;
    if (data && error) {
      pair.expire();
      pairs.delete(requestId);
      void forwardPair(upgrade, port, data, error, connection.gone);
    }
    return true;
  });
  await connection.run();
  for (const { expire } of pairs.values()) expire();
}

async function forwardPair(
  upgrade: Upgrade,
  port: number,
  data: SpdyStream,
  error: SpdyStream,
  gone: AbortSignal,
): Promise<void> {
  error.input.cancel().catch(() => {});
  const fail = (message: string) => void error.write(Buffer.from(message));
  await forward(upgrade, { port, input: data.input, output: (bytes) => data.write(bytes), fail }, gone);
  data.end();
  error.end();
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

/** The ports that a WebSocket's request names: "ports=80,443" or several of them. Undefined if one is none, or there are none. */
export function askedPorts(target: string): number[] | undefined {
  const query = new URL(target, 'http://kube-apiserver').searchParams;
  const given = [...query.getAll('ports'), ...query.getAll('port')].flatMap((text) => text.split(',')).map(portOf);
  const ports = given.filter((port) => port !== undefined);
  return ports.length > 0 && ports.length === given.length ? ports : undefined;
}

/**
 * A WebSocket whose request names its ports: for each port two channels, of data and of errors, that begin with the port in two bytes, the lower first
 * (portforward/websocket.go). It closes when all connections are over.
 */
export async function serveChannelPorts(upgrade: Upgrade, webSocket: WebSocket, ports: number[]): Promise<void> {
  const gone = new AbortController();
  const inputs: ByteQueue[] = [];
  webSocket.on('message', (message) => {
    const bytes = message as Buffer;
    const channel = bytes[0] ?? 1;
    if (channel % 2 === 0) void inputs[channel / 2]?.write(bytes.subarray(1));
  });
  webSocket.on('close', () => gone.abort());
  webSocket.on('error', () => webSocket.terminate());
  const send = (channel: number, bytes: Uint8Array) =>
    new Promise<void>((resolve) => webSocket.send(Buffer.concat([Uint8Array.of(channel), bytes]), () => resolve()));
  const connections = ports.map((port, i) => {
    const queue = new ByteQueue();
    inputs.push(queue);
    const begin = Uint8Array.of(port & 255, port >> 8);
    for (const channel of [2 * i, 2 * i + 1]) void send(channel, begin);
    const output = (bytes: Uint8Array) => send(2 * i, bytes);
    const fail = (message: string) => void send(2 * i + 1, Buffer.from(message));
    return forward(upgrade, { port, input: queue.readable, output, fail }, gone.signal);
  });
  await Promise.all(connections);
  webSocket.close(1000);
}

// What an upgraded connection (WebSocket or SPDY) asks of the cluster: channel streams (src/env/streams.ts), opened in the client's name.
//
// Invariant: a client that goes away aborts its requests; a frame is sent on only when there is room for it, for those who await that.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../env/clock.ts';
import type { Handler } from '../env/network.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame, type Frame } from '../env/streams.ts';
import { ByteQueue } from './byte-queue.ts';

/** A connection whose client asked for an upgrade. */
export interface Upgrade {
  /** Of the request: path and query. */
  target: string;
  /** Of the request, with the client's identity. */
  headers: Headers;
  socket: Duplex;
  /** What the client sent behind its request. */
  head: Buffer;
  handler: Handler;
  clock: Clock;
}

/** What the request is for, or undefined if nothing of the kind can be upgraded. */
export function streamKind(target: string): 'exec' | 'attach' | 'portforward' | undefined {
  const last = /\/(exec|attach|portforward)(\?|$)/.exec(target);
  return last?.[1] as ReturnType<typeof streamKind>;
}

export interface ClusterStream {
  frames: AsyncGenerator<Frame>;
  /** Resolves when more may be sent. After the stream has ended it does nothing. */
  send(channel: number, payload: Uint8Array | string): Promise<void>;
  /** Nothing more will be sent. */
  end(): void;
}

function requestFor({ headers, handler }: Upgrade, target: string, init: RequestInit): Promise<Response> {
  const passed = new Headers(headers);
  for (const name of [...passed.keys()])
    if (name === 'upgrade' || name === 'content-length' || name.startsWith('sec-websocket-')) passed.delete(name);
  passed.set('content-type', channelStreamType);
  passed.set('accept', channelStreamType);
  const request = new Request(new URL(target, 'http://kube-apiserver:6443'), {
    method: 'POST',
    headers: passed,
    duplex: 'half',
    ...init,
  } as RequestInit);
  return handler(request).catch(() => new Response('the API server does not answer', { status: 502 }));
}

/** Opens a stream to `target`, or answers with the refusal. */
export async function openClusterStream(
  upgrade: Upgrade,
  target: string,
  signal: AbortSignal,
): Promise<ClusterStream | Response> {
  const queue = new ByteQueue();
  const response = await requestFor(upgrade, target, { body: queue.readable, signal });
  if (response.status >= 300 || !response.body) return response;
  return {
    frames: decodeFrames(response.body),
    send: (channel, payload) => queue.write(encodeFrame(channel, payload)),
    end: () => queue.close(),
  };
}

/** Whether the client may forward ports of the pod that the request names: undefined, or the refusal. */
export async function mayForward(upgrade: Upgrade): Promise<Response | undefined> {
  const response = await requestFor(upgrade, pathOf(upgrade.target), {});
  return response.status >= 300 ? response : undefined;
}

export const pathOf = (target: string): string => target.split('?', 1)[0] as string;

/** Passes on what a client sends. Resolves with whether the client ended it: otherwise it broke off. */
export async function drain(
  input: ReadableStream<Uint8Array>,
  forward: (chunk: Uint8Array) => Promise<void>,
): Promise<boolean> {
  try {
    for await (const chunk of input) await forward(chunk);
    return true;
  } catch {
    return false;
  }
}

/** Tells the cluster that its client sends no more on a channel. */
export const sayEnd = (stream: ClusterStream, channel: number): Promise<void> =>
  stream.send(channels.close, Uint8Array.of(channel));

/** Answers the request for an upgrade with a plain response and ends the connection. */
export async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const { status, headers } = response;
  headers.set('content-length', String(body.length));
  headers.set('connection', 'close');
  headers.delete('transfer-encoding');
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n`, 'latin1'),
      body,
    ]),
    () => socket.destroy(),
  );
}

/** A Status of kind Failure as a response. */
export const failure = (code: number, reason: string, message: string): Response =>
  Response.json(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
    { status: code },
  );

/**
 * A Status as it goes out on the error stream of a remote command: in JSON from version 4 of the protocol on, before that as text, and only if it says that
 * something failed. Upstream: v4WriteStatusFunc, v1WriteStatusFunc.
 */
export function errorPayload(protocol: string, status: Uint8Array): Uint8Array {
  if (/^v[45]\./.test(protocol)) return status;
  const { status: outcome, message = '' } = JSON.parse(new TextDecoder().decode(status)) as {
    status?: string;
    message?: string;
  };
  return new TextEncoder().encode(outcome === 'Failure' ? message : '');
}

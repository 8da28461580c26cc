// WebSockets of Kubernetes clients (exec, attach, port-forward) in front of a handler that speaks channel streams (src/env/streams.ts).
//
// Protocols: v5.channel.k8s.io and v4.channel.k8s.io (first byte of each message is the channel), base64.channel.k8s.io's text form is refused.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Handler } from '../env/network.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame } from '../env/streams.ts';

const known = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'];

const server = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => known.find((name) => offered.has(name)) ?? false,
});

/** Takes over an upgraded connection. Refusals are answered in HTTP before the upgrade, as a Status. */
export function serveWebSocket(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  headers: Headers,
  handler: Handler,
): void {
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((text) => text.trim());
  socket.on('error', () => socket.destroy());
  if (String(message.headers.upgrade).toLowerCase() !== 'websocket' || !offered.some((name) => known.includes(name))) {
    refuse(socket, 400, JSON.stringify(unsupported(String(message.headers.upgrade), offered)));
    return;
  }
  void open(message, socket, head, headers, handler);
}

const unsupported = (upgrade: string, offered: string[]) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `unable to upgrade: unsupported protocol ${JSON.stringify(upgrade)} ${offered.join(', ')}`,
  reason: 'BadRequest',
  code: 400,
});

function refuse(socket: Duplex, code: number, body: string): void {
  socket.end(
    `HTTP/1.1 ${code} ${code === 403 ? 'Forbidden' : 'Bad Request'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function open(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  headers: Headers,
  handler: Handler,
): Promise<void> {
  let toCluster: ReadableStreamDefaultController<Uint8Array> | undefined;
  const upward = new ReadableStream<Uint8Array>({
    start(controller) {
      toCluster = controller;
    },
  });
  const gone = new AbortController();
  for (const name of ['upgrade', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions'])
    headers.delete(name);
  headers.set('content-type', channelStreamType);
  headers.set('accept', channelStreamType);
  const request = new Request(new URL(message.url ?? '/', 'http://kube-apiserver:6443'), {
    method: 'POST',
    headers,
    body: upward,
    signal: gone.signal,
    duplex: 'half',
  } as RequestInit);
  socket.on('close', () => gone.abort());
  const response = await handler(request).catch(() => undefined);
  if (!response || response.status >= 300 || !response.body) {
    refuse(socket, response?.status ?? 502, (await response?.text()) ?? '');
    return;
  }
  const { body } = response;
  server.handleUpgrade(message, socket, head, (webSocket) => {
    webSocket.on('message', (data) => {
      const bytes = data as Buffer;
      if (bytes.length === 0) return;
      toCluster?.enqueue(encodeFrame(bytes[0] as number, bytes.subarray(1)));
    });
    webSocket.on('close', () => {
      gone.abort();
      try {
        toCluster?.close();
      } catch {
        // the other side has cancelled already
      }
    });
    webSocket.on('error', () => webSocket.terminate());
    void pump(body, webSocket);
  });
}

async function pump(body: ReadableStream<Uint8Array>, webSocket: WebSocket): Promise<void> {
  try {
    for await (const { channel, payload } of decodeFrames(body)) {
      if (channel === channels.close && webSocket.protocol !== 'v5.channel.k8s.io') continue;
      const out = new Uint8Array(payload.length + 1);
      out[0] = channel;
      out.set(payload, 1);
      webSocket.send(out);
    }
    webSocket.close(1000);
  } catch {
    webSocket.terminate();
  }
}

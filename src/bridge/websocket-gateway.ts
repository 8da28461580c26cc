// WebSockets of Kubernetes clients (exec, attach, port-forward) in front of a handler that speaks channel streams (src/env/streams.ts).
//
// Protocols: v5.channel.k8s.io, v4.channel.k8s.io and channel.k8s.io (first byte of each message is the channel); SPDY/3.1+portforward.k8s.io (messages carry
// the bytes of a SPDY connection). base64.channel.k8s.io's text form is refused.

import type { IncomingMessage } from 'node:http';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { channels } from '../env/streams.ts';
import {
  type ClusterStream,
  errorPayload,
  failure,
  mayForward,
  openClusterStream,
  refuse,
  streamKind,
  type Upgrade,
} from './cluster-stream.ts';
import { askedPorts, serveChannelPorts, servePortForward } from './port-forward.ts';
import { portForwardProtocol } from './spdy-gateway.ts';

const newest = 'v5.channel.k8s.io';
const channelProtocols = ['v4.channel.k8s.io', 'channel.k8s.io'];
const tunnel = `SPDY/3.1+${portForwardProtocol}`;

/** The protocol to speak, '' if the client named none, undefined if there is none in common. */
function choose(target: string, offered: ReadonlySet<string>): string | undefined {
  if (offered.size === 0) return '';
  const spoken = streamKind(target) === 'portforward' ? [tunnel, ...channelProtocols] : [newest, ...channelProtocols];
  return spoken.find((name) => offered.has(name));
}

const server = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered, { url = '' }) => choose(url, offered) || false,
});

/** Takes over a connection that asked for a WebSocket. Refusals are answered in HTTP before the upgrade, as a Status. */
export async function serveWebSocket(message: IncomingMessage, upgrade: Upgrade): Promise<void> {
  const { target, headers, socket } = upgrade;
  const offered = new Set(
    (headers.get('sec-websocket-protocol') ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  const protocol = choose(target, offered);
  if (protocol === undefined)
    return refuse(
      socket,
      failure(400, 'BadRequest', `unable to upgrade: unsupported protocol ${[...offered].join(', ')}`),
    );
  if (streamKind(target) === 'portforward') return forwardPorts(message, upgrade, protocol);
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const stream = await openClusterStream(upgrade, target, gone.signal);
  if (stream instanceof Response) return refuse(socket, stream);
  const webSocket = await accept(message, upgrade);
  webSocket.on('message', (data) => {
    const bytes = data as Buffer;
    if (bytes.length > 0) void stream.send(bytes[0] as number, bytes.subarray(1));
  });
  webSocket.on('close', () => {
    gone.abort();
    stream.end();
  });
  webSocket.on('error', () => webSocket.terminate());
  return pump(stream, webSocket);
}

const accept = (message: IncomingMessage, { socket, head }: Upgrade): Promise<WebSocket> =>
  new Promise((resolve) => server.handleUpgrade(message, socket, head, resolve));

async function forwardPorts(message: IncomingMessage, upgrade: Upgrade, protocol: string): Promise<void> {
  const { target, socket } = upgrade;
  const refusal = await mayForward(upgrade);
  if (refusal) return refuse(socket, refusal);
  if (protocol === tunnel) {
    const webSocket = await accept(message, upgrade);
    return servePortForward(upgrade, createWebSocketStream(webSocket));
  }
  const ports = askedPorts(target);
  if (!ports) return refuse(socket, failure(400, 'BadRequest', 'query parameter "port" is required'));
  return serveChannelPorts(upgrade, await accept(message, upgrade), ports);
}

async function pump({ frames }: ClusterStream, webSocket: WebSocket): Promise<void> {
  const { protocol } = webSocket;
  try {
    for await (const { channel, payload } of frames) {
      if (channel === channels.close && protocol !== newest) continue;
      const content = channel === channels.error ? errorPayload(protocol, payload) : payload;
      webSocket.send(Buffer.concat([Uint8Array.of(channel), content]));
    }
    webSocket.close(1000);
  } catch {
    webSocket.terminate();
  }
}

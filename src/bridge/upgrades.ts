// Connections of an HTTPS server that ask to become something else: WebSockets and SPDY.
//
// Invariant: the server forgets a connection that it hands over, so they are kept here: closing the server closes them too.

import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Clock } from '../env/clock.ts';
import type { Handler } from '../env/network.ts';
import { failure, refuse, streamKind, type Upgrade } from './cluster-stream.ts';
import { serveSpdy } from './spdy-gateway.ts';
import { serveWebSocket } from './websocket-gateway.ts';
import { serveReader } from './websocket-reader.ts';

interface UpgradeOptions {
  handler: Handler;
  clock: Clock;
  /** The headers of a request as the handler is to see them. */
  headersOf(message: IncomingMessage): Headers;
}

/** Serves upgrades of `server`. Returns what breaks those that are open. */
export function serveUpgrades(server: Server, { handler, clock, headersOf }: UpgradeOptions): () => void {
  const open = new Set<Duplex>();
  server.on('upgrade', (message, socket, head) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    const upgrade = { target: message.url ?? '/', headers: headersOf(message), socket, head, handler, clock };
    serve(message, upgrade).catch(() => socket.destroy());
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

async function serve(message: IncomingMessage, upgrade: Upgrade): Promise<void> {
  const wanted = String(message.headers.upgrade).toLowerCase();
  if (wanted === 'websocket') {
    if (streamKind(upgrade.target)) return serveWebSocket(message, upgrade);
    if (message.method === 'GET') return serveReader(message, upgrade);
  }
  if (streamKind(upgrade.target) && wanted === 'spdy/3.1') return serveSpdy(upgrade);
  return refuse(
    upgrade.socket,
    failure(400, 'BadRequest', `unable to upgrade: unsupported protocol ${JSON.stringify(wanted)}`),
  );
}

// WebSockets of clients that only read: watches, an event a message, and logs (apiserver/pkg/endpoints/handlers/watch.go HandleWS, pkg/util/wsstream/stream.go Reader).
//
// Invariants: a refusal, and the answer to a request that does not stream, goes out in plain HTTP; a client that goes away ends its request; what it sends is ignored.

import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { failure, refuse, type Upgrade } from './cluster-stream.ts';

const base64 = 'base64.binary.k8s.io';
const readerProtocols = ['binary.k8s.io', base64];

const server = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => readerProtocols.find((name) => offered.has(name)) ?? false,
});

/** Takes over a connection that asked for a WebSocket where nothing is to be sent. */
export async function serveReader(message: IncomingMessage, upgrade: Upgrade): Promise<void> {
  const { target, headers, socket, head, handler } = upgrade;
  const url = new URL(target, 'http://kube-apiserver:6443');
  for (const name of [...headers.keys()])
    if (name === 'upgrade' || name.startsWith('sec-websocket-')) headers.delete(name);
  // an event is told from the next by the line it stands on
  headers.delete('accept-encoding');
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const response = await handler(new Request(url, { method: 'GET', headers, signal: gone.signal })).catch(() =>
    failure(502, 'InternalError', 'the API server does not answer'),
  );
  const { body } = response;
  const isLog = /\/pods\/[^/]+\/log$/.test(url.pathname);
  const isWatch = ['1', 'true'].includes(url.searchParams.get('watch') ?? '') || url.pathname.includes('/watch/');
  if (!response.ok || !body || !(isLog || isWatch)) return refuse(socket, response);
  const webSocket = await new Promise<WebSocket>((resolve) => server.handleUpgrade(message, socket, head, resolve));
  webSocket.on('error', () => webSocket.terminate());
  try {
    if (isWatch) for await (const line of linesOf(body)) await say(webSocket, line);
    else {
      const wrap = (chunk: Uint8Array) =>
        webSocket.protocol === base64 ? Buffer.from(chunk).toString('base64') : chunk;
      // upstream begins with an empty message
      await say(webSocket, wrap(new Uint8Array()));
      for await (const chunk of body) await say(webSocket, wrap(chunk));
    }
    webSocket.close(1000);
  } catch {
    webSocket.terminate();
  }
}

/** Sends a message; resolves when it is on its way, or the client is gone. */
const say = (webSocket: WebSocket, content: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => webSocket.send(content, () => resolve()));

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
}

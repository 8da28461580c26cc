// HTTPS on a socket in front of a fetch-shaped handler: what lets the real kubectl and the official clients talk to a cluster in this process.
//
// Invariants: it binds to the address it is given and nothing else; a client's certificate counts only if the cluster's CA signed it, and is passed on under a
// secret that no client knows; that header from outside is dropped.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Handler } from '../env/network.ts';
import { serveWebSocket } from './websocket-gateway.ts';

export interface GatewayOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  certificate: string;
  key: string;
  clientCa: string;
  frontKey: string;
  handler: Handler;
}

export interface Gateway {
  port: number;
  close(): Promise<void>;
}

const certificateHeader = 'x-drydock-client-certificate';
// As kube-apiserver: smaller answers are not worth compressing.
const compressFrom = 128 * 1024;

/** Listens; resolves once it does. */
export async function openHttpsGateway(options: GatewayOptions): Promise<Gateway> {
  const { handler, host, port, certificate, key, clientCa } = options;
  const server: Server = createServer(
    { cert: certificate, key, ca: clientCa, requestCert: true, rejectUnauthorized: false, keepAliveTimeout: 120_000 },
    (message, out) => {
      exchange(options, message, out).catch(() => out.destroy());
    },
  );
  server.requestTimeout = 0;
  server.headersTimeout = 60_000;
  server.on('upgrade', (message, socket, head) => {
    serveWebSocket(message, socket, head, toHeaders(message, options.frontKey), handler);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Headers as fetch has them, with the verified client certificate's subject in place of whatever the client claimed. */
function toHeaders(message: IncomingMessage, frontKey: string): Headers {
  const headers = new Headers();
  const { rawHeaders } = message;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (name === certificateHeader || name === 'connection' || name === 'transfer-encoding' || name === 'expect')
      continue;
    try {
      headers.append(name, rawHeaders[i + 1] as string);
    } catch {
      // a header that HTTP lets through and fetch does not: nobody reads it
    }
  }
  const socket = message.socket as TLSSocket;
  if (socket.authorized && !headers.has('authorization')) {
    const { subject } = socket.getPeerCertificate();
    if (subject?.CN) {
      const groups = subject.O === undefined ? [] : Array.isArray(subject.O) ? subject.O : [subject.O];
      const encoded = Buffer.from(JSON.stringify({ user: subject.CN, groups })).toString('base64');
      headers.set(certificateHeader, `${frontKey} ${encoded}`);
    }
  }
  return headers;
}

async function exchange(options: GatewayOptions, message: IncomingMessage, out: ServerResponse): Promise<void> {
  const method = message.method ?? 'GET';
  const aborted = new AbortController();
  out.on('close', () => {
    if (!out.writableFinished) aborted.abort(new DOMException('the client went away', 'AbortError'));
  });
  const hasBody =
    method !== 'GET' &&
    method !== 'HEAD' &&
    (message.headers['content-length'] !== '0' || message.headers['transfer-encoding'] !== undefined);
  let request: Request;
  try {
    request = new Request(new URL(message.url ?? '/', 'http://kube-apiserver:6443'), {
      method,
      headers: toHeaders(message, options.frontKey),
      signal: aborted.signal,
      ...(hasBody ? { body: await readAll(message) } : {}),
    });
  } catch {
    out.writeHead(400, { 'content-type': 'text/plain' }).end('400 Bad Request');
    return;
  }
  const response = await options.handler(request);
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => {
    headers[name] = name === 'warning' ? value.split(/, (?=299 )/) : value;
  });
  if (method === 'HEAD' || response.body === null) {
    out.writeHead(response.status, headers).end();
    await response.body?.cancel();
    return;
  }
  await send(response, headers, message, out);
}

/** The whole body, up to a little more than the handler accepts: it words the refusal. */
async function readAll(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size <= 4 * 1024 * 1024) chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Sends a body as it comes; one that is short is sent whole with its length, one that is long and complete compressed if the client can read that. */
async function send(
  response: Response,
  headers: Record<string, string | string[]>,
  message: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  out.on('close', () => {
    reader.cancel().catch(() => {});
  });
  if (response.headers.has('content-length')) {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
    }
    let body: Uint8Array = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
    if (body.length >= compressFrom && /\bgzip\b/.test(String(message.headers['accept-encoding'] ?? ''))) {
      body = gzipSync(body, { level: 1 });
      headers['content-encoding'] = 'gzip';
      headers['vary'] = 'Accept-Encoding';
    }
    headers['content-length'] = String(body.length);
    out.writeHead(response.status, headers).end(body);
    return;
  }
  out.writeHead(response.status, headers);
  out.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || !value) break;
    if (!out.write(value))
      await new Promise<void>((resolve) => {
        out.once('drain', resolve);
        out.once('close', resolve);
      });
    if (out.destroyed) break;
  }
  out.end();
}

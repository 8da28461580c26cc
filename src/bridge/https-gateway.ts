// HTTPS on a socket in front of a fetch-shaped handler: what lets the real kubectl and the official clients talk to a cluster in this process.
//
// Invariants: it binds to the address it is given and nothing else; a client's certificate counts only if the cluster's CA signed it, and is passed on under a
// secret that no client knows; that header from outside is dropped.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { pushSourceOf } from '../apiserver/server/push.ts';
import type { Clock } from '../env/clock.ts';
import type { Handler } from '../env/network.ts';
import { contentOf, headersOf, WholeRequest } from '../env/whole.ts';
import { sendPushed } from './pushed-output.ts';
import { RequestHeaders } from './request-headers.ts';
import { serveUpgrades } from './upgrades.ts';

export interface GatewayOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  certificate: string;
  key: string;
  clientCa: string;
  frontKey: string;
  clock: Clock;
  handler: Handler;
}

export interface Gateway {
  port: number;
  /** Breaks every connection there is. */
  disconnect(): void;
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
  const breakUpgraded = serveUpgrades(server, {
    handler,
    clock: options.clock,
    headersOf: (message) => toHeaders(message, options.frontKey),
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    disconnect() {
      server.closeAllConnections();
      breakUpgraded();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        breakUpgraded();
      }),
  };
}

/** The headers by lower-case name, with the verified client certificate's subject in place of whatever the client claimed. */
function headersFrom(message: IncomingMessage, frontKey: string): Map<string, string> {
  const headers = new Map<string, string>();
  const { rawHeaders } = message;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (name === certificateHeader || name === 'connection' || name === 'transfer-encoding' || name === 'expect')
      continue;
    const before = headers.get(name);
    headers.set(name, before === undefined ? (rawHeaders[i + 1] as string) : `${before}, ${rawHeaders[i + 1]}`);
  }
  const subject = subjectOf(message.socket as TLSSocket);
  if (subject !== '') headers.set(certificateHeader, `${frontKey} ${subject}`);
  return headers;
}

const subjects = new WeakMap<TLSSocket, string>();

/** Whom a connection's certificate names, as the header has it: '' if there is none or it names no user, '-' if it proves nothing. Read once: it costs more than a request. */
function subjectOf(socket: TLSSocket): string {
  let encoded = subjects.get(socket);
  if (encoded === undefined) {
    encoded = encodedSubject(socket);
    subjects.set(socket, encoded);
  }
  return encoded;
}

function encodedSubject(socket: TLSSocket): string {
  const { subject, fingerprint256 = '' } = socket.getPeerCertificate() ?? {};
  if (!subject) return '';
  if (!socket.authorized) return '-';
  const user = [subject.CN].flat().at(-1);
  const identity = {
    user,
    groups: [subject.O ?? []].flat(),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
  return user ? Buffer.from(JSON.stringify(identity)).toString('base64') : '';
}

/** The same as fetch has them. What HTTP lets through and fetch does not is left out: nobody reads it. */
function toHeaders(message: IncomingMessage, frontKey: string): Headers {
  const headers = new Headers();
  for (const [name, value] of headersFrom(message, frontKey)) {
    try {
      headers.set(name, value);
    } catch {}
  }
  return headers;
}

async function exchange(options: GatewayOptions, message: IncomingMessage, out: ServerResponse): Promise<void> {
  const method = message.method ?? 'GET';
  let request: WholeRequest;
  try {
    const fields = headersFrom(message, options.frontKey);
    request = new WholeRequest(absolute(message.url ?? '/'), {
      method,
      headers: new RequestHeaders(fields).asHeaders,
      content: hasBody(method, fields, message) ? await readAll(message) : nothing,
    });
  } catch {
    out.writeHead(400, { 'content-type': 'text/plain' }).end('400 Bad Request');
    return;
  }
  out.on('close', () => {
    if (!out.writableFinished) request.abort(new DOMException('the client went away', 'AbortError'));
  });
  const response = await options.handler(request.asRequest);
  const headers = headersOf(response);
  const content = contentOf(response);
  if (method === 'HEAD' || (!content && response.body === null)) {
    out.writeHead(response.status, headers).end();
    if (!content) await response.body?.cancel();
    return;
  }
  const source = pushSourceOf(response);
  if (content) sendWhole(content, response.status, headers, message, out);
  else if (source) {
    out.writeHead(response.status, headers);
    out.flushHeaders();
    // a piece that many watchers get is framed once, not by each answer: a third of what a write costs
    const framed = out.chunkedEncoding;
    out.chunkedEncoding = false;
    sendPushed(source, out, framed);
  } else await send(response, headers, message, out);
}

const nothing = new Uint8Array();

/** The address of a request target, with the host that the handler knows itself by. Throws when it is none. */
function absolute(target: string): string {
  const origin = 'http://kube-apiserver:6443';
  // A path is one whatever is in it; anything else may be no address at all.
  return target.startsWith('/') ? origin + target : new URL(target, origin).href;
}

function hasBody(method: string, headers: ReadonlyMap<string, string>, message: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const length = headers.get('content-length');
  return length === undefined ? message.headers['transfer-encoding'] !== undefined : length !== '0';
}

/** The whole body, up to a little more than the handler accepts: it words the refusal. */
async function readAll(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= 4 * 1024 * 1024) chunks.push(chunk);
    });
    message.on('end', resolve);
    message.on('error', reject);
  });
  return (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)) as Uint8Array<ArrayBuffer>;
}

/** Sends a complete body with its length, compressed if it is long and the client can read that. */
function sendWhole(
  content: Uint8Array,
  status: number,
  headers: Record<string, string | string[]>,
  message: IncomingMessage,
  out: ServerResponse,
): void {
  let body = content;
  if (body.length >= compressFrom && /\bgzip\b/.test(String(message.headers['accept-encoding'] ?? ''))) {
    body = gzipSync(body, { level: 1 });
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'Accept-Encoding';
    headers['content-length'] = String(body.length);
  }
  out.writeHead(status, headers).end(body);
}

/** Sends a body as it comes. */
async function send(
  response: Response,
  headers: Record<string, string | string[]>,
  message: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  if (response.headers.has('content-length')) {
    sendWhole(new Uint8Array(await response.arrayBuffer()), response.status, headers, message, out);
    return;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  out.on('close', () => {
    reader.cancel().catch(() => {});
  });
  out.writeHead(response.status, headers);
  out.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || !value) break;
    if (!out.write(value)) await drained(out);
    if (out.destroyed) break;
  }
  out.end();
}

/** Resolves when more can be written, or never will be. */
function drained(out: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      out.off('drain', goOn);
      out.off('close', goOn);
      resolve();
    };
    out.on('drain', goOn);
    out.on('close', goOn);
  });
}

import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, exchangeHttp } from '../apiserver/streams/http1.ts';
import { realNow } from '../env/scaled-clock.ts';
import { type Authority, openAuthority } from './certificates.ts';
import { fetchTrusting, secureConnection } from './tls-client.ts';

const serverName = 'hook.default.svc';
let authority: Authority;
let stranger: Authority;
const servers: { close(): unknown; closeAllConnections(): void }[] = [];
let secure: number;
let plain: number;

beforeAll(async () => {
  authority = await openAuthority(realNow());
  stranger = await openAuthority(realNow());
  const { certificate: cert, key } = await authority.issueServer([serverName], ['127.0.0.1']);
  const https = createServer({ cert, key }, (message, out) => {
    let text = '';
    message.on('data', (chunk) => {
      text += String(chunk);
    });
    message.on('end', () => out.end(`${message.method} ${message.headers.host}${message.url} ${text}`));
  });
  const http = createPlainServer((_, out) => out.end('plain'));
  for (const server of [https, http]) {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  secure = (https.address() as AddressInfo).port;
  plain = (http.address() as AddressInfo).port;
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

async function raw(port: number): Promise<Connection> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return Duplex.toWeb(socket) as Connection;
}

test('a request over a connection that somebody else made', async () => {
  const connection = await secureConnection(await raw(secure), { serverName, ca: authority.certificate });
  const response = await exchangeHttp(connection, {
    method: 'POST',
    path: '/x?timeout=1s',
    headers: new Headers({ host: serverName }),
    body: new TextEncoder().encode('é'.repeat(50_000)),
  });
  expect(await response.text()).toBe(`POST ${serverName}/x?timeout=1s ${'é'.repeat(50_000)}`);
});

test('who cannot prove to be the one that is meant is refused', async () => {
  const attempt = async (port: number, trust: { serverName: string; ca?: string }) =>
    secureConnection(await raw(port), trust).then(
      () => 'trusted',
      (error: Error) => error.message,
    );
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  expect(await attempt(secure, { serverName, ca: stranger.certificate })).toBe(unknown);
  expect(await attempt(secure, { serverName })).toBe(unknown);
  expect(await attempt(secure, { serverName: 'other.default.svc', ca: authority.certificate })).toBe(
    'tls: failed to verify certificate: x509: certificate is valid for hook.default.svc, 127.0.0.1, not other.default.svc',
  );
  expect(await attempt(plain, { serverName, ca: authority.certificate })).toBe(
    'http: server gave HTTP response to HTTPS client',
  );
});

test('a URL whose server has a CA of its own', async () => {
  const url = `https://127.0.0.1:${secure}/hook?a=b`;
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  expect(await (await fetchTrusting(url, init, authority.certificate)).text()).toBe(
    `POST 127.0.0.1:${secure}/hook?a=b {}`,
  );
  await expect(fetchTrusting(url, init, stranger.certificate)).rejects.toThrow('unknown authority');
  expect(await (await fetchTrusting(`http://127.0.0.1:${plain}/`, {}, authority.certificate)).text()).toBe('plain');
  const abort = new AbortController();
  abort.abort();
  await expect(fetchTrusting(url, { ...init, signal: abort.signal }, authority.certificate)).rejects.toThrow();
});

// TLS towards webhooks: over a connection out of a node, and to URLs whose servers prove themselves by a CA of their own.
//
// Invariants: a server's certificate is always verified, against the given CA alone if there is one, else against those that Node trusts; failures are worded as
// Go's crypto/tls words them, for they end in messages that people look up.

import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { type Connection, exchangeHttp } from '../apiserver/streams/http1.ts';

export interface Trust {
  /** The name that the server's certificate must have. */
  serverName: string;
  /** PEM certificates. */
  ca?: string | undefined;
}

/** TLS over a raw connection. Rejects with what Go would say. */
export async function secureConnection(connection: Connection, trust: Trust): Promise<Connection> {
  return handshake(connect({ socket: Duplex.fromWeb(connection as never), ...optionsOf(trust) }));
}

/** A fetch that trusts `ca` in place of what Node trusts, if it is given. One request, one connection. */
export async function fetchTrusting(url: string, init: RequestInit, ca?: string): Promise<Response> {
  const target = new URL(url);
  if (ca === undefined || target.protocol !== 'https:') return fetch(url, init);
  init.signal?.throwIfAborted();
  const serverName = target.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host: serverName, port: Number(target.port || 443), ...optionsOf({ serverName, ca }) });
  init.signal?.addEventListener('abort', () => socket.destroy(), { once: true });
  const headers = new Headers(init.headers);
  headers.set('host', target.host);
  return exchangeHttp(await handshake(socket), {
    method: init.method ?? 'GET',
    path: target.pathname + target.search,
    headers,
    body: new TextEncoder().encode(String(init.body ?? '')),
  });
}

const isAddress = (name: string) => /^[\d.]+$|:/.test(name);

const optionsOf = ({ serverName, ca }: Trust) => ({
  // An address is no name to ask for; it is compared with the certificate's all the same.
  ...(isAddress(serverName) ? { host: serverName } : { servername: serverName }),
  ...(ca !== undefined && { ca }),
  minVersion: 'TLSv1.2' as const,
  ALPNProtocols: ['http/1.1'],
});

function handshake(socket: TLSSocket): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new Error(inGoWords(error)));
    const ended = () => failed(new Error('EOF'));
    socket.once('error', failed).once('close', ended);
    socket.once('secureConnect', () => {
      socket.off('error', failed).off('close', ended);
      resolve(Duplex.toWeb(socket) as Connection);
    });
  });
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

function inGoWords(error: Error & { code?: string; cert?: { subjectaltname?: string }; host?: string }): string {
  const { code = '', cert, host, message } = error;
  const refused = (why: string) => `tls: failed to verify certificate: x509: ${why}`;
  if (untrusted.has(code)) return refused('certificate signed by unknown authority');
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return refused('certificate has expired or is not yet valid');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = (cert?.subjectaltname ?? '').replace(/(DNS|IP Address):/g, '');
    return refused(
      names === ''
        ? `certificate is not valid for any names, but wanted to match ${host}`
        : `certificate is valid for ${names}, not ${host}`,
    );
  }
  if (/wrong version number|packet length too long|http request/i.test(message))
    return 'http: server gave HTTP response to HTTPS client';
  return message;
}

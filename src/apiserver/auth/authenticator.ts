// Who is asking: bearer tokens and what else proves an identity, and impersonation on top (apiserver/pkg/authentication, endpoints/filters).

import { newUnauthorized } from '../../api/status.ts';
import { textOfBase64 } from '../../env/base64.ts';
import type { UserInfo } from '../server/context.ts';

export interface StaticToken {
  token: string;
  user: string;
  uid?: string;
  groups: string[];
}

/** Looks at a bearer token: the user, or undefined if it is not one of its own. Throws Unauthorized for one of its own that does not hold. */
export type TokenAuthenticator = (token: string) => Promise<UserInfo | undefined>;

export const anonymous: UserInfo = {
  name: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
};

/** The header by which a trusted front (the bridge, after TLS) passes on who the client's certificate names: "<key> <whom>", the key proves that the front speaks. Stripped from all other requests. */
export const certificateHeader = 'x-drydock-client-certificate';

export class Authenticator {
  readonly #static = new Map<string, UserInfo>();
  readonly #others: readonly TokenAuthenticator[];
  readonly #frontKey: string | undefined;
  /** Certificates' users by the header that names them. */
  readonly #certified = new Map<string, UserInfo>();

  constructor(tokens: readonly StaticToken[], others: readonly TokenAuthenticator[], frontKey: string | undefined) {
    for (const { token, user, uid, groups } of tokens)
      this.#static.set(token, { name: user, uid: uid ?? '', groups: [...groups, 'system:authenticated'], extra: {} });
    this.#others = others;
    this.#frontKey = frontKey;
  }

  /** Throws Unauthorized for credentials that are wrong; none at all is system:anonymous. */
  async authenticate(request: Request): Promise<UserInfo> {
    const certificate = this.#certificate(request.headers.get(certificateHeader));
    if (typeof certificate === 'object') return certificate;
    const header = request.headers.get('authorization') ?? '';
    const match = /^bearer +(\S+)\s*$/i.exec(header);
    const token = match?.[1] ?? webSocketToken(request);
    if (token === undefined) {
      if (certificate === 'worthless' || /^bearer/i.test(header)) throw newUnauthorized();
      return anonymous;
    }
    const known = await this.identify(token);
    if (!known) throw newUnauthorized();
    return known;
  }

  /** Whom the front vouches for; a certificate that nobody trusts is worse than none. */
  #certificate(header: string | null): UserInfo | 'worthless' | undefined {
    if (header === null || this.#frontKey === undefined) return undefined;
    const known = this.#certified.get(header);
    if (known) return known;
    const [given, encoded = ''] = header.split(' ');
    if (given !== this.#frontKey) return undefined;
    if (encoded === '-') return 'worthless';
    const user = certified(encoded);
    if (this.#certified.size >= 1000) this.#certified.clear();
    this.#certified.set(header, user);
    return user;
  }

  /** The user a token stands for, if any. */
  async identify(token: string): Promise<UserInfo | undefined> {
    const known = this.#static.get(token);
    if (known) return known;
    for (const other of this.#others) {
      const user = await other(token);
      if (user) return user;
    }
    return undefined;
  }
}

/** From base64 of JSON of {user, groups, fingerprint}. */
function certified(encoded: string): UserInfo {
  const { user, groups, fingerprint } = JSON.parse(textOfBase64(encoded)) as {
    user: string;
    groups: string[];
    fingerprint?: string;
  };
  return {
    name: user,
    uid: '',
    groups: groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'],
    extra: fingerprint ? { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] } : {},
  };
}

/** Browsers cannot set headers on a WebSocket: the token comes as a subprotocol (base64url.bearer.authorization.k8s.io.<token>). */
function webSocketToken(request: Request): string | undefined {
  const protocols = request.headers.get('sec-websocket-protocol') ?? '';
  const prefix = 'base64url.bearer.authorization.k8s.io.';
  const found = protocols
    .split(',')
    .map((text) => text.trim())
    .find((text) => text.startsWith(prefix));
  if (!found) return undefined;
  try {
    return atob(found.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
}

// Service account tokens: JWTs signed with a key that all API servers share through the store, bound to what they were issued for
// (pkg/serviceaccount, pkg/registry/core/serviceaccount/storage/token.go).
//
// Invariant: a token is worth nothing once its service account, or the pod or secret or node it is bound to, is gone or has another uid, or it has expired.

import { bytesOfBase64Url } from '../../env/base64.ts';
import { withCrypto } from '../../env/crypto.ts';
import type { Env } from '../../env/env.ts';
import { randomUuid } from '../../env/random.ts';
import type { EtcdClient } from '../../etcd/client/types.ts';
import { type ApiServerConfig, defaults } from '../config.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { UserInfo } from '../server/context.ts';
import { patiently } from '../storage/patiently.ts';
import { type LegacyAccount, type LegacyClaims, legacyClaims, legacyIssuer, legacyUser } from './legacy-tokens.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const keyName = '/drydock/service-account-signing-key';

export interface BoundObject {
  kind: 'Pod' | 'Secret' | 'Node';
  name: string;
  uid: string;
}

export interface IssueRequest {
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  expirationSeconds: number;
  bound?: BoundObject;
  node?: { name: string; uid: string };
}

interface Claims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  nbf: number;
  sub: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    secret?: { name: string; uid: string };
    node?: { name: string; uid: string };
  };
}

const toBase64Url = (bytes: Uint8Array) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const encodeJson = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

export class ServiceAccountTokens {
  readonly #env: Env;
  readonly #issuer: string;
  readonly #catalog: Catalog;
  readonly #keys: CryptoKeyPair;
  readonly #publicJwk: JsonWebKey & { kid: string };

  private constructor(
    env: Env,
    issuer: string,
    catalog: Catalog,
    keys: CryptoKeyPair,
    publicJwk: JsonWebKey & { kid: string },
  ) {
    this.#env = env;
    this.#issuer = issuer;
    this.#catalog = catalog;
    this.#keys = keys;
    this.#publicJwk = publicJwk;
  }

  /** Takes the key from the store; the first server to start makes it. */
  static async open(env: Env, config: ApiServerConfig, catalog: Catalog): Promise<ServiceAccountTokens> {
    const jwk = await patiently(env.clock, () => sharedKey(config.etcd));
    const { d: _, key_ops: _ops, ...publicPart } = jwk;
    const keys = {
      privateKey: await withCrypto((subtle) =>
        subtle.importKey('jwk', { ...jwk, key_ops: ['sign'] }, algorithm, false, ['sign']),
      ),
      publicKey: await withCrypto((subtle) =>
        subtle.importKey('jwk', { ...publicPart, key_ops: ['verify'] }, algorithm, true, ['verify']),
      ),
    };
    const thumb = new Uint8Array(
      await withCrypto((subtle) =>
        subtle.digest(
          'SHA-256',
          new TextEncoder().encode(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })),
        ),
      ),
    );
    const kid = toBase64Url(thumb);
    const { crv, kty, x, y } = jwk as Required<JsonWebKey>;
    return new ServiceAccountTokens(env, config.issuer ?? defaults.issuer, catalog, keys, {
      kty,
      crv,
      x,
      y,
      kid,
      use: 'sig',
      alg: 'ES256',
    });
  }

  /** /openid/v1/jwks */
  jwks() {
    return { keys: [{ use: 'sig', ...this.#publicJwk }] };
  }

  /** /.well-known/openid-configuration */
  discovery() {
    return {
      issuer: this.#issuer,
      jwks_uri: `${this.#issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    };
  }

  get defaultAudiences(): string[] {
    return [this.#issuer];
  }

  async issue(request: IssueRequest): Promise<{ token: string; expires: number }> {
    const now = Math.floor(this.#env.clock.now() / 1000);
    const { namespace, name, uid, audiences, expirationSeconds, bound, node } = request;
    const claims: Claims = {
      aud: audiences,
      exp: now + expirationSeconds,
      iat: now,
      iss: this.#issuer,
      jti: randomUuid(this.#env.random),
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io': {
        namespace,
        ...(node && { node }),
        ...(bound && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
        serviceaccount: { name, uid },
      },
    };
    return { token: await this.#sign(claims), expires: claims.exp * 1000 };
  }

  /** A token for a Secret that is to hold it, without an end. */
  issueLegacy(account: LegacyAccount): Promise<string> {
    return this.#sign(legacyClaims(account));
  }

  async #sign(claims: Claims | LegacyClaims): Promise<string> {
    const body = `${encodeJson({ alg: 'ES256', kid: this.#publicJwk.kid })}.${encodeJson(claims)}`;
    const signature = await withCrypto((subtle) =>
      subtle.sign(signing, this.#keys.privateKey, new TextEncoder().encode(body)),
    );
    return `${body}.${toBase64Url(new Uint8Array(signature))}`;
  }

  /** Whom a token that has been verified is meant for. */
  audiencesOf(token: string): string[] {
    const claims = claimsOf(token);
    return isLegacy(claims) ? this.defaultAudiences : claims.aud;
  }

  /** The user that a token stands for; undefined if it is not ours or does not hold (any more). */
  async verify(token: string, audiences: readonly string[] = this.defaultAudiences): Promise<UserInfo | undefined> {
    const parts = token.split('.');
    if (parts.length !== 3) return undefined;
    let claims: Claims | LegacyClaims;
    try {
      const good = await withCrypto((subtle) =>
        subtle.verify(
          signing,
          this.#keys.publicKey,
          bytesOfBase64Url(parts[2] as string),
          new TextEncoder().encode(`${parts[0]}.${parts[1]}`),
        ),
      );
      if (!good) return undefined;
      claims = claimsOf(token);
    } catch {
      return undefined;
    }
    if (isLegacy(claims)) {
      const meant = this.defaultAudiences.some((audience) => audiences.includes(audience));
      return meant ? legacyUser(this.#catalog, token, claims) : undefined;
    }
    const now = this.#env.clock.now() / 1000;
    if (claims.iss !== this.#issuer || now >= claims.exp || now + 1 < claims.nbf) return undefined;
    if (!claims.aud.some((audience) => audiences.includes(audience))) return undefined;
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
    const exists = async (resource: string, space: string, reference: { name: string; uid: string }) =>
      (await this.#catalog.registry('', resource).find(space, reference.name))?.object.metadata.uid === reference.uid;
    if (!(await exists('serviceaccounts', namespace, serviceaccount))) return undefined;
    if (pod && !(await exists('pods', namespace, pod))) return undefined;
    if (secret && !(await exists('secrets', namespace, secret))) return undefined;
    if (node && !pod && !(await exists('nodes', '', node))) return undefined;
    return {
      name: claims.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
        ...(pod && {
          'authentication.kubernetes.io/pod-name': [pod.name],
          'authentication.kubernetes.io/pod-uid': [pod.uid],
        }),
        ...(node && {
          'authentication.kubernetes.io/node-name': [node.name],
          'authentication.kubernetes.io/node-uid': [node.uid],
        }),
      },
    };
  }
}

const isLegacy = (claims: Claims | LegacyClaims): claims is LegacyClaims => claims.iss === legacyIssuer;

const claimsOf = (token: string): Claims | LegacyClaims =>
  JSON.parse(new TextDecoder().decode(bytesOfBase64Url(token.split('.')[1] as string))) as Claims | LegacyClaims;

async function sharedKey(etcd: EtcdClient): Promise<JsonWebKey> {
  const there = (await etcd.range({ key: keyName })).kvs[0];
  if (there) return JSON.parse(there.value) as JsonWebKey;
  const fresh = (await withCrypto((subtle) =>
    subtle.generateKey(algorithm, true, ['sign', 'verify']),
  )) as CryptoKeyPair;
  const jwk = await withCrypto((subtle) => subtle.exportKey('jwk', fresh.privateKey));
  const { succeeded, responses } = await etcd.txn({
    compare: [{ target: 'modRevision', key: keyName, result: 'equal', value: 0 }],
    success: [{ type: 'put', key: keyName, value: JSON.stringify(jwk) }],
    failure: [{ type: 'range', key: keyName }],
  });
  return succeeded ? jwk : (JSON.parse(responses[0]?.kvs[0]?.value as string) as JsonWebKey);
}

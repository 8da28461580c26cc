// Service account tokens that live in Secrets of type kubernetes.io/service-account-token (pkg/serviceaccount/legacy.go): without an end, worth something only as long
// as the Secret holds them.

import type { Secret } from '../../api/generated/types.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { UserInfo } from '../server/context.ts';

export const legacyIssuer = 'kubernetes/serviceaccount';
export const tokenSecretType = 'kubernetes.io/service-account-token';

const prefix = 'kubernetes.io/serviceaccount';
const claim = {
  namespace: `${prefix}/namespace`,
  secret: `${prefix}/secret.name`,
  name: `${prefix}/service-account.name`,
  uid: `${prefix}/service-account.uid`,
} as const;

export interface LegacyClaims extends Record<(typeof claim)[keyof typeof claim], string> {
  iss: typeof legacyIssuer;
  sub: string;
}

export interface LegacyAccount {
  namespace: string;
  secret: string;
  name: string;
  uid: string;
}

export const legacyClaims = ({ namespace, secret, name, uid }: LegacyAccount): LegacyClaims => ({
  iss: legacyIssuer,
  [claim.namespace]: namespace,
  [claim.secret]: secret,
  [claim.name]: name,
  [claim.uid]: uid,
  sub: `system:serviceaccount:${namespace}:${name}`,
});

/** The user of a token whose signature holds; undefined if its Secret does not hold it, or its account is gone or another one. */
export async function legacyUser(catalog: Catalog, token: string, claims: LegacyClaims): Promise<UserInfo | undefined> {
  const [namespace, name, uid] = [claims[claim.namespace], claims[claim.name], claims[claim.uid]];
  const secret = await catalog.registry('', 'secrets').find(namespace, claims[claim.secret]);
  const held = (secret?.object as Secret | undefined)?.data?.['token'];
  if (secret?.object.metadata.deletionTimestamp || held !== btoa(token)) return undefined;
  const account = await catalog.registry('', 'serviceaccounts').find(namespace, name);
  if (account?.object.metadata.uid !== uid || account.object.metadata.deletionTimestamp) return undefined;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { name: claims.sub, uid, groups, extra: {} };
}

// Fills Secrets of type kubernetes.io/service-account-token and removes those whose account is gone (pkg/controller/serviceaccount/tokens_controller.go). Upstream's
// controller manager does this; here it is the API server, which alone has the key.
//
// Invariant: it writes only what differs, so that several servers over one store come to rest.

import type { Secret } from '../../api/generated/types.ts';
import { isConflict, isInvalid, isNotFound } from '../../api/status.ts';
import { ownContext, updateOwn } from '../bootstrap.ts';
import { keep } from '../registry/keeper.ts';
import type { Core } from '../server/core.ts';
import { tokenSecretType } from './legacy-tokens.ts';

const annotation = {
  name: 'kubernetes.io/service-account.name',
  uid: 'kubernetes.io/service-account.uid',
};
const prefixes = { secrets: '/registry/secrets/', accounts: '/registry/serviceaccounts/' };

/** Follows Secrets and service accounts until stopped. */
export function keepTokenSecrets(core: Core): { stop(): void } {
  const { cache } = core.store;
  return keep(core, {
    stamp: () => `${cache.collection(prefixes.secrets).changes} ${cache.collection(prefixes.accounts).changes}`,
    settle: () => settle(core),
    delay: 100,
  });
}

async function settle(core: Core): Promise<void> {
  const secrets = core.store.cache
    .collection(prefixes.secrets)
    .list(prefixes.secrets)
    // most Secrets are of other types: they are not parsed
    .filter(({ value }) => value.includes(tokenSecretType))
    .map(({ object }) => object as unknown as Secret)
    .filter(({ type, metadata }) => type === tokenSecretType && !metadata.deletionTimestamp);
  await Promise.all(
    secrets.map((secret) =>
      settleOne(core, secret).catch((error: unknown) => {
        // another server was faster, or the Secret may not change
        if (!isConflict(error) && !isNotFound(error) && !isInvalid(error)) throw error;
      }),
    ),
  );
}

async function settleOne(core: Core, secret: Secret): Promise<void> {
  const { namespace = '', name, annotations = {} } = secret.metadata;
  const accountName = annotations[annotation.name] ?? '';
  const account = await core.catalog.registry('', 'serviceaccounts').find(namespace, accountName);
  const uid = account?.object.metadata.uid;
  const noted = annotations[annotation.uid];
  if (!uid || (noted && noted !== uid)) {
    const context = ownContext(core, 'DELETE', `/api/v1/namespaces/${namespace}/secrets/${name}`);
    await core.catalog.registry('', 'secrets').delete(namespace, name, context, {});
    return;
  }
  const wanted: Record<string, string> = { namespace: btoa(namespace) };
  if (core.config.caBundle) wanted['ca.crt'] = btoa(core.config.caBundle);
  const data = secret.data ?? {};
  const complete = data['token'] && Object.entries(wanted).every(([key, value]) => data[key] === value);
  if (complete && noted) return;
  wanted['token'] =
    data['token'] || btoa(await core.tokens.issueLegacy({ namespace, secret: name, name: accountName, uid }));
  await updateOwn<Secret>(
    core,
    '',
    'secrets',
    name,
    '',
    (it) => {
      it.data = { ...it.data, ...wanted };
      it.metadata.annotations = { ...it.metadata.annotations, [annotation.uid]: uid };
    },
    namespace,
  );
}

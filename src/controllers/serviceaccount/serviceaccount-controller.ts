// Every namespace has a ServiceAccount named default. Upstream: pkg/controller/serviceaccount ServiceAccountsController.

import {
  causeOf,
  hasStatusCause,
  isAlreadyExists,
  isNotFound,
  keyOf,
  namespaces,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  serviceAccounts,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';

export const initServiceAccountController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const namespaceInformer = informers.of(namespaces);
  const accountInformer = informers.of(serviceAccounts);
  namespaceInformer.addHandler({
    onAdd: (namespace) => queue.add(keyOf(namespace), causeOf(namespace)),
    onUpdate: (_, namespace) => queue.add(keyOf(namespace), causeOf(namespace)),
  });
  accountInformer.addHandler({
    onDelete: (account) => queue.add(account.metadata.namespace ?? '', causeOf(account)),
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const namespace = namespaceInformer.lister.getByKey(key);
    // A namespace that is going away takes nothing new.
    if (!namespace || namespace.metadata.deletionTimestamp || namespace.status?.phase === 'Terminating') return {};
    if (accountInformer.lister.get(key, 'default')) return {};
    await context.plan({ subject: referenceTo(namespace), will: `create ServiceAccount ${key}/default` });
    try {
      const metadata = { name: 'default', namespace: key };
      await client.create(serviceAccounts, { metadata }, { trace: context.trace });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !hasStatusCause(error, 'NamespaceTerminating')) throw error;
    }
    return {};
  }

  const name = 'serviceaccount-controller';
  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

// Every namespace has a ConfigMap kube-root-ca.crt with the cluster's certificate authority. Upstream: pkg/controller/certificates/rootcacertpublisher.

import {
  causeOf,
  configMaps,
  hasStatusCause,
  isAlreadyExists,
  isNotFound,
  keyOf,
  namespaces,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';

const configMapName = 'kube-root-ca.crt';
const description = 'The certificate authority of the API server, for clients inside the cluster.';

export const initRootCaCertPublisher: InitController = ({ env, client, informers, config, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const namespaceInformer = informers.of(namespaces);
  const published = informers.of(configMaps, { fieldSelector: `metadata.name=${configMapName}` });
  namespaceInformer.addHandler({
    onAdd: (namespace) => queue.add(keyOf(namespace), causeOf(namespace)),
    onUpdate: (_, namespace) => queue.add(keyOf(namespace), causeOf(namespace)),
  });
  published.addHandler({
    onUpdate: (_, map) => queue.add(map.metadata.namespace ?? '', causeOf(map)),
    onDelete: (map) => queue.add(map.metadata.namespace ?? '', causeOf(map)),
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const namespace = namespaceInformer.lister.getByKey(key);
    if (!namespace || namespace.metadata.deletionTimestamp || namespace.status?.phase === 'Terminating') return {};
    const current = published.lister.get(key, configMapName);
    const data = { 'ca.crt': config.rootCa };
    const annotations = { ...current?.metadata.annotations, 'kubernetes.io/description': description };
    const { trace } = context;
    if (current?.data?.['ca.crt'] === config.rootCa && Object.keys(current.data).length === 1) return {};
    const will = `${current ? 'update' : 'create'} ConfigMap ${key}/${configMapName}`;
    await context.plan({ subject: referenceTo(namespace), will });
    try {
      if (current) {
        await client.update(
          configMaps,
          { ...current, metadata: { ...current.metadata, annotations }, data },
          { trace },
        );
      } else {
        const metadata = { name: configMapName, namespace: key, annotations };
        await client.create(configMaps, { metadata, data }, { trace });
      }
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !hasStatusCause(error, 'NamespaceTerminating')) throw error;
    }
    return {};
  }

  const name = 'root-ca-certificate-publisher-controller';
  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

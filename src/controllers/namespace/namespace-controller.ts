// Empties a namespace that is being deleted, then lets it go. Upstream: pkg/controller/namespace.
//
// Invariants: everything the server serves that can be listed and deleted is deleted, kinds it learned of since included; the finalizer "kubernetes" is removed only
// after a look that found nothing left and no error; while pods are stopping it waits for them.

import type { Namespace } from '../../api/generated/types.ts';
import {
  causeOf,
  type DiscoveredResource,
  discoverResources,
  groupResource,
  isNotFound,
  keyOf,
  namespaces,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { type DeletionReport, deletionConditions } from './namespace-conditions.ts';

const ownFinalizer = 'kubernetes';
// Time for watches of everybody else to learn that the namespace is closing (namespaceDeletionGracePeriod).
const gracePeriodMs = 5000;
const maxWaitMs = 15_000;

export const initNamespaceController: InitController = ({ env, client, informers, config, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const namespaceInformer = informers.of(namespaces);
  const enqueue = (namespace: Namespace) => {
    if (namespace.metadata.deletionTimestamp) queue.addAfter(keyOf(namespace), gracePeriodMs, causeOf(namespace));
  };
  namespaceInformer.addHandler({
    onAdd: enqueue,
    onUpdate(old, namespace) {
      // Our own status writes need no second look; the waits between looks are asked for.
      if (!old.metadata.deletionTimestamp || old.spec?.finalizers?.length !== namespace.spec?.finalizers?.length)
        enqueue(namespace);
    },
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const { trace } = context;
    if (!namespaceInformer.lister.getByKey(key)) return {};
    let namespace: Namespace;
    try {
      namespace = await client.get(namespaces, { name: key }, { trace });
    } catch (error) {
      if (isNotFound(error)) return {};
      throw error;
    }
    if (!namespace.metadata.deletionTimestamp) return {};
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes(ownFinalizer)) return {};
    if (namespace.status?.phase !== 'Terminating') {
      const status = { ...namespace.status, phase: 'Terminating' };
      namespace = await client.updateStatus(namespaces, { ...namespace, status }, { trace });
    }
    await context.plan({
      subject: referenceTo(namespace),
      saw: { finalizers },
      will: `delete all content of Namespace ${key}`,
    });
    const { report, waitMs } = await deleteContent(key, context);
    const conditions = deletionConditions(namespace.status?.conditions, report, rfc3339(env.clock.now()));
    if (!semanticEqual(conditions, namespace.status?.conditions)) {
      const status = { ...namespace.status, conditions };
      namespace = await client.updateStatus(namespaces, { ...namespace, status }, { trace });
    }
    const errors = [...report.discoveryErrors, ...report.contentErrors];
    if (errors.length > 0) throw new Error(`deleting content of namespace ${key}: ${errors.join('; ')}`);
    if (report.remaining.size > 0) return { requeueAfterMs: Math.min(maxWaitMs, waitMs) };
    const spec = { finalizers: finalizers.filter((each) => each !== ownFinalizer) };
    await client.updateSubresource(namespaces, { ...namespace, spec }, 'finalize', { trace }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
    return {};
  }

  /** Deletes what can be deleted; says what is left, and how long that may take. */
  async function deleteContent(
    namespace: string,
    { trace }: ReconcileContext,
  ): Promise<{ report: DeletionReport; waitMs: number }> {
    const report: DeletionReport = {
      discoveryErrors: [],
      contentErrors: [],
      remaining: new Map(),
      finalizers: new Map(),
    };
    let waitMs = 1000;
    const { resources, failed } = await discoverResources(client, { trace });
    report.discoveryErrors.push(...failed);
    // Pods go first and alone: what they use (policies, config maps, secrets) outlives them (KEP-5080).
    const isPods = ({ group, resource }: DiscoveredResource) => group === '' && resource === 'pods';
    const ordered = [...resources.filter(isPods), ...resources.filter((resource) => !isPods(resource))];
    for (const resource of ordered) {
      if (report.remaining.has('pods.') && !isPods(resource)) break;
      if (!resource.namespaced || !resource.verbs.includes('delete') || !resource.verbs.includes('list')) continue;
      try {
        const left = await deleteAll(resource, namespace);
        if (left.length === 0) continue;
        report.remaining.set(`${resource.resource}.${resource.group}`, left.length);
        for (const { metadata } of left) {
          for (const finalizer of metadata.finalizers ?? []) {
            report.finalizers.set(finalizer, (report.finalizers.get(finalizer) ?? 0) + 1);
          }
          if (resource.resource === 'pods') waitMs = Math.max(waitMs, (metadata.deletionGracePeriodSeconds ?? 0) * 500);
        }
      } catch (error) {
        if (!isNotFound(error)) report.contentErrors.push(`${groupResource(resource)}: ${messageOf(error)}`);
      }
    }
    return { report, waitMs };

    async function deleteAll(of: DiscoveredResource, name: string) {
      const options = { metadataOnly: true, trace };
      const before = await client.list(of, name, options);
      if (before.items.length === 0) return [];
      if (of.verbs.includes('deletecollection')) {
        await client.deleteCollection(of, name, { propagationPolicy: 'Background' }, { trace });
      } else {
        for (const { metadata } of before.items) {
          await client.delete(of, metadata, { propagationPolicy: 'Background' }, { trace }).catch((error) => {
            if (!isNotFound(error)) throw error;
          });
        }
      }
      return (await client.list(of, name, options)).items;
    }
  }

  const name = 'namespace-controller';
  return newController({ env, name, queue, reconcile, workers: config.workers, onError: onError(name) });
};

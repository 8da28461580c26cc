// Deletes what belonged to what is gone. Upstream: pkg/controller/garbagecollector.
//
// Events of every resource keep a graph of owners and dependents (graph.ts); a change puts nodes on two queues by uid; workers decide with live reads (collector.ts).
// Invariant: nothing is judged before every watched resource has been read once.

import {
  causeOf,
  type EventHandler,
  isConflict,
  type KubernetesObject,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  type Resource,
  WorkQueue,
} from '../../client/index.ts';
import { sleep } from '../../env/clock.ts';
import type { Cause } from '../../env/trace.ts';
import type { InitController } from '../shared/context.ts';
import { Collector } from './collector.ts';
import { type Consequences, OwnershipGraph } from './graph.ts';
import { Monitors } from './monitors.ts';

export const initGarbageCollector: InitController = ({ env, client, informers, config, onError }) => {
  const name = 'garbage-collector-controller';
  const deleteQueue = new WorkQueue({ clock: env.clock });
  const orphanQueue = new WorkQueue({ clock: env.clock });
  const graph = new OwnershipGraph();
  const monitors = new Monitors(env, client, informers, handlerFor);
  const collector = new Collector(client, () => monitors.resources);

  function handlerFor(resource: Resource): EventHandler<KubernetesObject> {
    const observe = (object: KubernetesObject) => enqueue(graph.observe(resource, object), causeOf(object));
    return {
      onAdd: observe,
      onUpdate: (_, object) => observe(object),
      onDelete: (object) => enqueue(graph.remove(object.metadata.uid ?? ''), causeOf(object)),
    };
  }

  function enqueue({ attemptToDelete, attemptToOrphan }: Consequences, cause: Cause): void {
    for (const { uid } of attemptToDelete) deleteQueue.add(uid, cause);
    for (const { uid } of attemptToOrphan) orphanQueue.add(uid, cause);
  }

  async function attemptToDelete(uid: string, context: ReconcileContext): Promise<ReconcileResult> {
    const node = graph.get(uid);
    if (!node) return {};
    const outcome = await collector.attemptToDelete(node, context);
    if (outcome === 'absent') enqueue(graph.remove(uid), { spanId: context.trace.spanId });
    if (outcome === 'wait') {
      for (const dependent of node.dependents) {
        if (!dependent.deletingDependents) deleteQueue.add(dependent.uid, { spanId: context.trace.spanId });
      }
    }
    // A virtual node that exists after all is seen by its informer sooner or later; until then ask again.
    return outcome === 'done' && node.virtual ? { requeueAfterMs: 5000 } : {};
  }

  async function attemptToOrphan(uid: string, context: ReconcileContext): Promise<ReconcileResult> {
    const node = graph.get(uid);
    if (node && (await collector.orphan(node, context)) === 'absent') {
      enqueue(graph.remove(uid), { spanId: context.trace.spanId });
    }
    return {};
  }

  const report = onError(name);
  const onFailure = (key: string, error: unknown) => {
    if (!isConflict(error)) report(graph.get(key)?.name ?? key, error);
  };
  const common = { env, name, workers: config.workers, onError: onFailure };
  const deleter = newController({ ...common, queue: deleteQueue, reconcile: attemptToDelete });
  const orphaner = newController({ ...common, queue: orphanQueue, reconcile: attemptToOrphan });
  return {
    async run(signal) {
      const watching = monitors.run(signal, (error) => report('discovery', error));
      while (!monitors.hasSynced() && !signal.aborted) await sleep(env.clock, 100, signal).catch(() => {});
      await Promise.all([watching, deleter.run(signal), orphaner.run(signal)]);
    },
  };
};

// Deletes pods from nodes whose NoExecute taints they do not, or no longer, tolerate. Upstream: pkg/controller/tainteviction.
//
// Invariants: a pod is deleted at the time its tolerations give, not before, also after a change of leader; when the taint goes in time, it stays.

import type { Pod } from '../../api/generated/types.ts';
import {
  causeOf,
  isNotFound,
  keyOf,
  newController,
  nodes,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import { nodeNameIndex, podsByNode } from '../nodelifecycle/nodelifecycle-controller.ts';
import { setCondition } from '../shared/conditions.ts';
import type { InitController } from '../shared/context.ts';
import { evictionTime } from './toleration.ts';

export const initTaintEvictionController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = controllerContext.recorder('taint-eviction-controller');
  const nodeInformer = informers.of(nodes);
  const podInformer = informers.of(pods);
  podInformer.addIndex(podsByNode, nodeNameIndex);
  /** Pods whose deletion is planned: key -> uid. */
  const planned = new Map<string, string>();

  nodeInformer.addHandler({
    onAdd: (node) => enqueuePods(node.metadata.name, node),
    onUpdate(old, node) {
      if (JSON.stringify(old.spec?.taints) !== JSON.stringify(node.spec?.taints)) enqueuePods(node.metadata.name, node);
    },
  });
  podInformer.addHandler({
    onAdd: (pod) => queue.add(keyOf(pod), causeOf(pod)),
    onUpdate(old, pod) {
      const moved = old.spec.nodeName !== pod.spec.nodeName;
      if (moved || JSON.stringify(old.spec.tolerations) !== JSON.stringify(pod.spec.tolerations))
        queue.add(keyOf(pod), causeOf(pod));
    },
    onDelete: (pod) => planned.delete(keyOf(pod)),
  });

  function enqueuePods(nodeName: string, node: Parameters<typeof causeOf>[0]): void {
    for (const pod of podInformer.lister.byIndex(podsByNode, nodeName)) queue.add(keyOf(pod), causeOf(node));
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const pod = podInformer.lister.getByKey(key);
    if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp) {
      planned.delete(key);
      return {};
    }
    const taints = nodeInformer.lister.getByKey(pod.spec.nodeName)?.spec?.taints ?? [];
    const now = env.clock.now();
    const at = evictionTime(pod, taints, now);
    const isPlanned = planned.get(key) === pod.metadata.uid;
    if (at === undefined) {
      planned.delete(key);
      if (isPlanned) {
        const message = `Cancelling deletion of Pod ${key}`;
        recorder.event(pod, 'Normal', 'TaintManagerEviction', message, { trace: context.trace });
      }
      return {};
    }
    if (at > now) {
      planned.set(key, pod.metadata.uid ?? '');
      return { requeueAfterMs: at - now };
    }
    await context.plan({
      subject: referenceTo(pod),
      saw: { taints: taints.map(({ key: taint, effect }) => `${taint}:${effect}`), node: pod.spec.nodeName },
      will: `delete Pod ${key}`,
    });
    await evict(pod, context);
    planned.delete(key);
    return {};
  }

  async function evict(pod: Pod, context: ReconcileContext): Promise<void> {
    const { trace } = context;
    const message = `Marking for deletion Pod ${keyOf(pod)}`;
    recorder.event(pod, 'Normal', 'TaintManagerEviction', message, { trace });
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    };
    const conditions = setCondition(pod.status?.conditions, condition, rfc3339(env.clock.now()));
    try {
      await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }, { trace });
      await client.delete(pods, pod.metadata, { preconditions: { uid: pod.metadata.uid } }, { trace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return newController({
    env,
    name: 'taint-eviction-controller',
    queue,
    reconcile,
    workers: config.workers,
    onError: controllerContext.onError('taint-eviction-controller'),
  });
};

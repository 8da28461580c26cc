// Notices nodes that have gone silent: marks them Unknown, taints them, marks their pods not ready. Upstream: pkg/controller/nodelifecycle.
//
// Invariants: a node is declared Unknown only after a whole grace period of silence on this process's clock; NoExecute taints, which evict pods, are put on one node
// of a zone at a time (one in 10 s), and on none while every node is silent: then it is more likely us who are cut off.

import type { Node, Pod } from '../../api/generated/types.ts';
import {
  causeOf,
  isNotFound,
  keyOf,
  leases,
  newController,
  nodes,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { every, rfc3339 } from '../../env/clock.ts';
import { findCondition } from '../shared/conditions.ts';
import type { InitController } from '../shared/context.ts';
import { isPodReady } from '../shared/pods.ts';
import { NodeHealth, silentConditions } from './node-health.ts';
import { sameTaints, withNoExecuteTaints, withNoScheduleTaints } from './node-taints.ts';

export const podsByNode = 'nodeName';
export const nodeNameIndex = (pod: Pod): readonly string[] => (pod.spec.nodeName ? [pod.spec.nodeName] : []);
const leaseNamespace = 'kube-node-lease';
const zoneLabel = 'topology.kubernetes.io/zone';
// --node-eviction-rate 0.1: in a zone, one node more is tainted NoExecute every 10 s.
const evictionIntervalMs = 10_000;

export const initNodeLifecycleController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = controllerContext.recorder('node-controller');
  const nodeInformer = informers.of(nodes);
  const leaseInformer = informers.of(leases, { namespace: leaseNamespace });
  const podInformer = informers.of(pods);
  podInformer.addIndex(podsByNode, nodeNameIndex);
  const health = new NodeHealth();
  const nextEviction = new Map<string, number>();

  nodeInformer.addHandler({
    onAdd(node) {
      const { name } = node.metadata;
      recorder.event(node, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      queue.add(keyOf(node), causeOf(node));
    },
    onUpdate: (_, node) => queue.add(keyOf(node), causeOf(node)),
    onDelete(node) {
      const { name } = node.metadata;
      health.forget(name);
      recorder.event(node, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    },
  });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    let node = nodeInformer.lister.getByKey(key);
    if (!node) return {};
    const before = findCondition(node.status?.conditions, 'Ready');
    const silentMs = health.observe(node, leaseInformer.lister.get(leaseNamespace, key), env.clock.now());
    const grace = before ? config.nodeMonitorGracePeriodMs : config.nodeStartupGracePeriodMs;
    if (silentMs >= grace) node = await markUnknown(node, silentMs, context);
    const ready = findCondition(node.status?.conditions, 'Ready')?.status;
    if (ready === undefined) return {};
    if (ready !== 'True') await markPodsNotReady(node, context);
    await taint(node, ready, context);
    return {};
  }

  async function markUnknown(node: Node, silentMs: number, context: ReconcileContext): Promise<Node> {
    const { name } = node.metadata;
    const conditions = silentConditions(node, rfc3339(env.clock.now()));
    const old = node.status?.conditions ?? [];
    if (conditions.every((condition) => old.includes(condition))) return node;
    await context.plan({
      subject: referenceTo(node),
      saw: { silentSeconds: Math.round(silentMs / 1000) },
      will: `mark Node ${name} Unknown`,
    });
    const status = { ...node.status, conditions };
    const updated = await client.updateStatus(nodes, { ...node, status }, { trace: context.trace });
    health.wrote(updated);
    recorder.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, {
      trace: context.trace,
    });
    return updated;
  }

  async function markPodsNotReady(node: Node, context: ReconcileContext): Promise<void> {
    for (const pod of podInformer.lister.byIndex(podsByNode, node.metadata.name)) {
      if (!isPodReady(pod)) continue;
      const conditions = pod.status?.conditions?.map((condition) =>
        condition.type === 'Ready'
          ? { ...condition, status: 'False', lastTransitionTime: rfc3339(env.clock.now()) }
          : condition,
      );
      try {
        const { trace } = context;
        await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }, { trace });
        recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready', { trace });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  async function taint(node: Node, ready: string, context: ReconcileContext): Promise<void> {
    const { name } = node.metadata;
    const now = rfc3339(env.clock.now());
    const old = node.spec?.taints ?? [];
    let taints = withNoScheduleTaints(node, now);
    const withNoExecute = withNoExecuteTaints({ ...node, spec: { ...node.spec, taints } }, ready, now);
    if (withNoExecute.length <= taints.length || mayEvict(node)) taints = withNoExecute;
    if (sameTaints(old, taints)) return;
    await context.plan({
      subject: referenceTo(node),
      saw: { ready, taints: old.map(({ key, effect }) => `${key}:${effect}`) },
      will: `taint Node ${name}: ${taints.map(({ key, effect }) => `${key}:${effect}`).join(', ') || 'none'}`,
    });
    await client.update(nodes, { ...node, spec: { ...node.spec, taints } }, { trace: context.trace });
  }

  /** Takes a turn in the node's zone, if there is one now; asked again with the next monitor period. */
  function mayEvict(node: Node): boolean {
    const isReady = (each: Node) => findCondition(each.status?.conditions, 'Ready')?.status === 'True';
    if (!nodeInformer.lister.list().some(isReady)) return false;
    const zone = node.metadata.labels?.[zoneLabel] ?? '';
    const now = env.clock.now();
    if (now < (nextEviction.get(zone) ?? 0)) return false;
    nextEviction.set(zone, now + evictionIntervalMs);
    return true;
  }

  const controller = newController({
    env,
    name: 'node-lifecycle-controller',
    queue,
    reconcile,
    workers: config.workers,
    onError: controllerContext.onError('node-lifecycle-controller'),
  });
  return {
    async run(signal) {
      const cancel = every(env.clock, config.nodeMonitorPeriodMs, () => {
        for (const key of nodeInformer.lister.list().map(keyOf)) queue.add(key, { reason: 'monitor period' });
      });
      signal.addEventListener('abort', cancel, { once: true });
      await controller.run(signal);
    },
  };
};

// Takes pods away that nobody else will. Upstream: pkg/controller/podgc.
//
// Every 20 s: ended pods beyond a threshold (oldest first); pods bound to a node that no longer exists (after it has been missing for 40 s, and a fresh read agrees);
// pods being deleted that never got a node.

import type { Pod } from '../../api/generated/types.ts';
import { isNotFound, keyOf, nodes, pods, referenceTo } from '../../client/index.ts';
import { every, rfc3339 } from '../../env/clock.ts';
import { nodeNameIndex, podsByNode } from '../nodelifecycle/nodelifecycle-controller.ts';
import { setCondition } from '../shared/conditions.ts';
import type { InitController } from '../shared/context.ts';
import { isPodTerminal } from '../shared/pods.ts';

const checkPeriodMs = 20_000;
const quarantineMs = 40_000;

export const initPodGcController: InitController = ({ env, client, informers, config, onError }) => {
  const podInformer = informers.of(pods);
  const nodeInformer = informers.of(nodes);
  podInformer.addIndex(podsByNode, nodeNameIndex);
  const report = onError('pod-garbage-collector-controller');
  /** Names of missing nodes, and since when we miss them. */
  const missing = new Map<string, number>();

  async function collect(): Promise<void> {
    const all = podInformer.lister.list();
    const ended = all
      .filter((pod) => isPodTerminal(pod) && !pod.metadata.deletionTimestamp)
      .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
    const excess = ended.length - config.terminatedPodGcThreshold;
    if (config.terminatedPodGcThreshold > 0 && excess > 0)
      for (const pod of ended.slice(0, excess)) await remove(pod, 'there are too many ended pods');
    for (const name of await nodesGone(all)) {
      for (const pod of podInformer.lister.byIndex(podsByNode, name)) await removeOrphan(pod);
    }
    for (const pod of all) {
      if (pod.metadata.deletionTimestamp && !pod.spec.nodeName)
        await remove(pod, 'it is being deleted and has no node');
    }
  }

  async function nodesGone(all: readonly Pod[]): Promise<string[]> {
    const now = env.clock.now();
    const named = new Set(all.flatMap((pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : [])));
    for (const name of missing.keys()) if (!named.has(name) || nodeInformer.lister.getByKey(name)) missing.delete(name);
    const gone: string[] = [];
    for (const name of named) {
      if (nodeInformer.lister.getByKey(name)) continue;
      const since = missing.get(name) ?? now;
      missing.set(name, since);
      if (now - since < quarantineMs) continue;
      const there = await client.get(nodes, { name }).then(
        () => true,
        (error) => !isNotFound(error),
      );
      if (!there) gone.push(name);
    }
    return gone;
  }

  async function removeOrphan(pod: Pod): Promise<void> {
    if (!isPodTerminal(pod)) {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
      };
      const conditions = setCondition(pod.status?.conditions, condition, rfc3339(env.clock.now()));
      const status = { ...pod.status, phase: 'Failed', conditions };
      await client.updateStatus(pods, { ...pod, status }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await remove(pod, 'its node no longer exists');
  }

  async function remove(pod: Pod, why: string): Promise<void> {
    const trace = env.trace.span();
    const held = env.trace.gate({
      gate: 'reconcile',
      context: trace,
      subject: referenceTo(pod),
      causes: [{ reason: 'timer' }],
      will: `delete Pod ${keyOf(pod)}: ${why}`,
    });
    if (held) await held;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    await client.delete(pods, pod.metadata, options, { trace }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }

  return {
    run: (signal) =>
      new Promise((resolve) => {
        let busy = false;
        const cancel = every(env.clock, checkPeriodMs, () => {
          if (busy) return;
          busy = true;
          void collect()
            .catch((error) => report('pods', error))
            .finally(() => {
              busy = false;
            });
        });
        const stop = () => {
          cancel();
          resolve();
        };
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
      }),
  };
};

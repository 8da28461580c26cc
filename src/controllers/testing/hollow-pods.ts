// A test double of scheduler and kubelets: pods get a node and an address and become ready after a while, and go when they are deleted.

import type { Pod } from '../../api/generated/types.ts';
import { type ObjectKey, pods, type RestClient } from '../../client/index.ts';
import { every, rfc3339 } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';

export interface HollowPodsOptions {
  nodes?: string[];
  /** Cluster ms from creation to ready. */
  startMs?: number;
  /** Pods for which this says no never become ready. */
  healthy?: (pod: Pod) => boolean;
  /** Terminating pods are kept until this long after their deletion. */
  stopMs?: number;
}

/** Looks at all pods twice a second until the returned function is called. */
export function runHollowPods(env: Env, client: RestClient, options: HollowPodsOptions = {}): () => void {
  const { nodes = ['node-1', 'node-2'], startMs = 1000, healthy = () => true, stopMs = 500 } = options;
  let next = 0;
  const address = new Map<string, string>();

  async function settle(pod: Pod): Promise<void> {
    const now = env.clock.now();
    const key: ObjectKey = { namespace: pod.metadata.namespace, name: pod.metadata.name };
    if (pod.metadata.deletionTimestamp) {
      if (now - Date.parse(pod.metadata.deletionTimestamp) >= stopMs)
        await client.delete(pods, key, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
      return;
    }
    const age = now - Date.parse(pod.metadata.creationTimestamp ?? '');
    if (!pod.spec.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: nodes[next++ % nodes.length] };
      const path = client.path(pods, key.namespace, key.name, 'binding');
      await client.request('POST', path, { body: { apiVersion: 'v1', kind: 'Binding', metadata: key, target } });
      return;
    }
    // Once started it is left alone: others may say that it is not ready any more.
    if (pod.status?.startTime) return;
    if (age < startMs || !healthy(pod)) return;
    const uid = pod.metadata.uid ?? '';
    if (!address.has(uid)) address.set(uid, `10.244.0.${address.size + 2}`);
    const lastTransitionTime = rfc3339(now);
    await client.updateStatus(pods, {
      ...pod,
      status: {
        ...pod.status,
        phase: 'Running',
        podIP: address.get(uid),
        podIPs: [{ ip: address.get(uid)! }],
        startTime: lastTransitionTime,
        conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
          type,
          status: 'True',
          lastTransitionTime,
        })),
      },
    });
  }

  let busy = false;
  return every(env.clock, 500, () => {
    if (busy) return;
    busy = true;
    void client
      .list(pods)
      .then((list) => Promise.allSettled(list.items.map(settle)))
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  });
}

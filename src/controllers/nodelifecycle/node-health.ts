// Has a node been heard of lately? Its kubelet says so by renewing a Lease (every 10 s) and by posting its status (when it changes, and every 5 minutes).
// Upstream: pkg/controller/nodelifecycle tryUpdateNodeHealth.
//
// Invariant: only our own clock counts: a node is silent when neither Lease nor status changed for the grace period since we last saw one change, whatever
// times are written in them.

import type { Lease, Node, NodeCondition } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { findCondition } from '../shared/conditions.ts';

const kubeletConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface Heard {
  status: string;
  renewTime: string;
  /** Cluster ms when either last changed before our eyes. */
  at: number;
}

export class NodeHealth {
  readonly #heard = new Map<string, Heard>();

  /** Notes what is seen of the node now; ms for which nothing was heard. */
  observe(node: Node, lease: Lease | undefined, now: number): number {
    const { name } = node.metadata;
    const status = (node.status?.conditions ?? [])
      .map((each) => `${each.type}${each.status}${each.lastHeartbeatTime}`)
      .join();
    const renewTime = lease?.spec.renewTime ?? '';
    const before = this.#heard.get(name);
    if (!before) {
      // Seen for the first time: for a node that never posted a status, silence counts from its creation.
      const posted = findCondition(node.status?.conditions, 'Ready') !== undefined;
      const at = posted ? now : (parseTime(node.metadata.creationTimestamp ?? '') ?? now);
      this.#heard.set(name, { status, renewTime, at });
      return now - at;
    }
    if (before.status !== status || (renewTime !== '' && before.renewTime !== renewTime)) {
      this.#heard.set(name, { status, renewTime, at: now });
      return 0;
    }
    return now - before.at;
  }

  /** What this controller itself wrote into the status is no sign of life. */
  wrote(node: Node): void {
    const heard = this.#heard.get(node.metadata.name);
    if (!heard) return;
    heard.status = (node.status?.conditions ?? [])
      .map((each) => `${each.type}${each.status}${each.lastHeartbeatTime}`)
      .join();
  }

  forget(name: string): void {
    this.#heard.delete(name);
  }
}

/** The conditions of a node that is silent: what its kubelet used to say becomes Unknown. The same list if they are so already. */
export function silentConditions(node: Node, now: string): NodeCondition[] {
  const conditions = node.status?.conditions ?? [];
  const changed = conditions.map((condition) =>
    kubeletConditions.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        }
      : condition,
  );
  const missing = kubeletConditions
    .filter((type) => !findCondition(conditions, type))
    .map((type) => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: now,
    }));
  return [...changed, ...missing];
}

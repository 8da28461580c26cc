// Registers the node and keeps its status and its Lease. Upstream: kubelet_node_status.go, component-helpers/apimachinery/lease.
//
// Invariants: the Lease is renewed every quarter of its duration; the status is written when it changed, and otherwise every five minutes; no failure stops it.

import type { Lease, Node } from '../../api/generated/types.ts';
import { isAlreadyExists, isNotFound } from '../../client/errors.ts';
import { leases, nodes } from '../../client/resources.ts';
import type { RestClient } from '../../client/rest-client.ts';
import { rfc3339Micro, sleep } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { KubeletOptions } from '../config.ts';
import { jsonEqual } from '../status/json-equal.ts';
import { type NodeFacts, newNode, nodeStatus } from './node-object.ts';

export interface NodeStatusOptions {
  env: Env;
  client: RestClient;
  kubelet: KubeletOptions;
  facts(): Promise<NodeFacts>;
  /** The Node is there: prepares what its status will tell of. */
  prepare(node: Node): Promise<void>;
  signal: AbortSignal;
}

const leaseNamespace = 'kube-node-lease';
const maxRegisterWait = 7000;
/** Cluster ms after which the status tells how things stand, ready or not. */
const maxPrepareWait = 10_000;

export class NodeStatusManager {
  private readonly options: NodeStatusOptions;
  private node: Node | undefined;
  private lease: Lease | undefined;
  private reportedAt = 0;
  private writing: Promise<void> | undefined;
  private again = false;

  constructor(options: NodeStatusOptions) {
    this.options = options;
  }

  /** Creates the Node, or takes over the one that is there; tries until it works. */
  async register(): Promise<void> {
    const { env, client, kubelet, signal } = this.options;
    let wait = 100;
    while (!signal.aborted) {
      try {
        const wanted = newNode(kubelet, await this.options.facts());
        try {
          this.node = await client.create(nodes, wanted, { signal });
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
          this.node = await this.adopt(wanted);
        }
        // a node that comes back was ready, and says so as soon as it is again: not ready in between would only taint it
        const late = sleep(env.clock, maxPrepareWait, signal).catch(() => {});
        await Promise.race([this.options.prepare(this.node), late]);
        this.reportedAt = 0;
        await this.report();
        return;
      } catch {
        await sleep(env.clock, wait, signal).catch(() => {});
        wait = Math.min(maxRegisterWait, wait * 2);
      }
    }
  }

  /** Renews the Lease and reports the status on time until the signal aborts. */
  async run(): Promise<void> {
    const { env, kubelet, signal } = this.options;
    const interval = (kubelet.nodeLeaseDurationSeconds ?? 40) * 250;
    while (!signal.aborted) {
      await this.renewLease().catch(() => {
        this.lease = undefined;
      });
      await this.update();
      await sleep(env.clock, interval * (1 + env.random.next() * 0.04), signal).catch(() => {});
    }
  }

  /** Writes the status if it changed or is due. Calls while one is under way make one more. */
  update(): Promise<void> {
    if (this.writing) {
      this.again = true;
      return this.writing;
    }
    this.writing = this.report()
      .catch((error) => {
        if (isNotFound(error)) return this.register();
        return undefined;
      })
      .finally(() => {
        this.writing = undefined;
        if (this.again && !this.options.signal.aborted) {
          this.again = false;
          void this.update();
        }
      });
    return this.writing;
  }

  /** The node as another reader saw it: our next comparison starts from there. */
  observe(node: Node): void {
    this.node = node;
  }

  private async report(): Promise<void> {
    const { env, client, kubelet, signal } = this.options;
    const facts = await this.options.facts();
    const before = this.node?.status;
    const wanted = nodeStatus(kubelet, facts, before);
    const { conditions: _, images, ...stable } = wanted;
    const changed =
      Object.entries(stable).some(
        ([key, value]) => !jsonEqual(value, (before as Record<string, unknown> | undefined)?.[key]),
      ) ||
      !jsonEqual(images, before?.images) ||
      (wanted.conditions ?? []).some((condition) => {
        const old = before?.conditions?.find((other) => other.type === condition.type);
        return (
          old?.status !== condition.status || old?.reason !== condition.reason || old?.message !== condition.message
        );
      });
    const due = facts.now - this.reportedAt >= (kubelet.nodeStatusReportFrequencyMs ?? 300_000);
    if (!changed && !due) return;
    this.node = await client.patch(
      nodes,
      { name: kubelet.nodeName },
      'application/strategic-merge-patch+json',
      { status: wanted },
      { subresource: 'status', signal },
    );
    this.reportedAt = env.clock.now();
  }

  /** Labels that the kubelet owns are corrected on an existing node; the rest of it stays. */
  private async adopt(wanted: Node): Promise<Node> {
    const { client, kubelet, signal } = this.options;
    const current = await client.get(nodes, { name: kubelet.nodeName }, { signal });
    const labels = Object.fromEntries(
      Object.entries(wanted.metadata.labels ?? {}).filter(([key, value]) => current.metadata.labels?.[key] !== value),
    );
    const patch: Record<string, unknown> = {};
    if (Object.keys(labels).length > 0) patch['metadata'] = { labels };
    if (!current.spec?.podCIDR && kubelet.podCidr)
      patch['spec'] = { podCIDR: kubelet.podCidr, podCIDRs: [kubelet.podCidr] };
    if (Object.keys(patch).length === 0) return current;
    return client.patch(nodes, { name: kubelet.nodeName }, 'application/merge-patch+json', patch, { signal });
  }

  private async renewLease(): Promise<void> {
    const { env, client, kubelet, signal } = this.options;
    const spec = {
      holderIdentity: kubelet.nodeName,
      leaseDurationSeconds: kubelet.nodeLeaseDurationSeconds ?? 40,
      renewTime: rfc3339Micro(env.clock.now()),
    };
    if (this.lease) {
      this.lease = await client.update(leases, { ...this.lease, spec: { ...this.lease.spec, ...spec } }, { signal });
      return;
    }
    const key = { namespace: leaseNamespace, name: kubelet.nodeName };
    const owners = this.node?.metadata.uid
      ? [{ apiVersion: 'v1', kind: 'Node', name: kubelet.nodeName, uid: this.node.metadata.uid }]
      : [];
    try {
      const current = await client.get(leases, key, { signal });
      this.lease = await client.update(leases, { ...current, spec: { ...current.spec, ...spec } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const metadata = { ...key, ...(owners.length > 0 ? { ownerReferences: owners } : {}) };
      this.lease = await client.create(leases, { metadata, spec }, { signal });
    }
  }
}

// The scheduler's picture of the cluster: nodes with the pods bound to them and the pods it has assumed to be there while their binding is under way.
// Upstream: pkg/scheduler/backend/cache.
//
// Invariants: a pod is on at most one node; an assumed pod stays until it is confirmed by a watch event, forgotten (binding failed), or expires after its binding
// was long finished and never seen. A node that is deleted stays, without its Node object, as long as pods are on it.

import type { Node, Pod } from '../../api/generated/types.ts';
import type { Clock } from '../../env/clock.ts';
import { NodeInfo } from './node-info.ts';

/** ms after a finished binding in which the watch must confirm the pod. */
const assumedTtl = 30_000;

interface KnownPod {
  pod: Pod;
  nodeName: string;
  assumed: boolean;
  expires?: number;
}

export class SchedulerCache {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, KnownPod>();
  #list: NodeInfo[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nodes that exist, in a stable order. */
  nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].filter((info) => info.node !== undefined);
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node ? info : undefined;
  }

  setNode(node: Node): void {
    const info = this.#info(node.metadata.name);
    if (!info.node) this.#list = undefined;
    info.setNode(node);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#list = undefined;
    info.node = undefined;
    if (info.pods.size === 0) this.#nodes.delete(name);
  }

  /** Puts a pod on a node ahead of its binding. */
  assume(pod: Pod, nodeName: string): void {
    this.#put({ pod: { ...pod, spec: { ...pod.spec, nodeName } }, nodeName, assumed: true });
  }

  /** The binding is written: from now on the watch must confirm it. */
  finishBinding(uid: string): void {
    const known = this.#pods.get(uid);
    if (known?.assumed) known.expires = this.#clock.now() + assumedTtl;
  }

  /** The binding failed. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed) this.#take(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed ?? false;
  }

  /** A bound pod, as the API server has it. */
  setPod(pod: Pod): void {
    const nodeName = pod.spec.nodeName;
    if (nodeName) this.#put({ pod, nodeName, assumed: false });
  }

  removePod(uid: string): void {
    this.#take(uid);
  }

  /** Drops assumed pods whose confirmation never came. Returns them. */
  expire(): Pod[] {
    const now = this.#clock.now();
    const expired = [...this.#pods.values()].filter(
      (known) => known.assumed && known.expires !== undefined && known.expires < now,
    );
    for (const { pod } of expired) this.#take(pod.metadata.uid ?? '');
    return expired.map(({ pod }) => pod);
  }

  #put(known: KnownPod): void {
    const uid = known.pod.metadata.uid ?? '';
    const before = this.#pods.get(uid);
    if (before && before.nodeName !== known.nodeName) this.#take(uid);
    this.#pods.set(uid, known);
    this.#info(known.nodeName).addPod(known.pod);
  }

  #take(uid: string): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#pods.delete(uid);
    const info = this.#nodes.get(known.nodeName);
    info?.removePod(uid);
    if (info && !info.node && info.pods.size === 0) this.#nodes.delete(known.nodeName);
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new NodeInfo();
      this.#nodes.set(name, info);
    }
    return info;
  }
}

// One node with the pods on it, and the sums the plugins ask for, kept up to date pod by pod. Upstream: pkg/scheduler/framework NodeInfo.
//
// Invariant: requested, nonZeroRequested and usedPorts are always those of `pods`; adding or removing a pod costs O(its size), never O(pods).

import type { Node, Pod } from '../../api/generated/types.ts';
import { addResources, parseResources, podRequests, type Resources } from './resources.ts';

export interface PodInfo {
  pod: Pod;
  requests: Resources;
  nonZeroRequests: Resources;
}

export class NodeInfo {
  node: Node | undefined;
  readonly pods = new Map<string, PodInfo>();
  /** Pods that state any affinity or anti-affinity to other pods. */
  readonly podsWithAffinity = new Set<PodInfo>();
  /** Pods that state required anti-affinity: incoming pods must be checked against them. */
  readonly podsWithAntiAffinity = new Set<PodInfo>();
  readonly requested: Resources = new Map();
  readonly nonZeroRequested: Resources = new Map();
  allocatable: Resources = new Map();
  /** "ip|protocol|port" -> how many pods use it. */
  readonly usedPorts = new Map<string, number>();
  /** Image name -> bytes. */
  images = new Map<string, number>();

  get name(): string {
    return this.node?.metadata.name ?? '';
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = parseResources(node.status?.allocatable as Record<string, string> | undefined);
    this.images = new Map();
    for (const image of node.status?.images ?? []) {
      for (const name of image.names ?? []) this.images.set(name, image.sizeBytes ?? 0);
    }
  }

  addPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.removePod(uid);
    const info: PodInfo = { pod, requests: podRequests(pod), nonZeroRequests: podRequests(pod, { nonZero: true }) };
    this.pods.set(uid, info);
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    if (podAffinity || podAntiAffinity) this.podsWithAffinity.add(info);
    if ((podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0) {
      this.podsWithAntiAffinity.add(info);
    }
    addResources(this.requested, info.requests);
    addResources(this.nonZeroRequested, info.nonZeroRequests);
    for (const port of hostPorts(pod)) this.usedPorts.set(port, (this.usedPorts.get(port) ?? 0) + 1);
  }

  /** Removes a pod; says whether it was there. */
  removePod(uid: string): boolean {
    const info = this.pods.get(uid);
    if (!info) return false;
    this.pods.delete(uid);
    this.podsWithAffinity.delete(info);
    this.podsWithAntiAffinity.delete(info);
    addResources(this.requested, info.requests, -1);
    addResources(this.nonZeroRequested, info.nonZeroRequests, -1);
    for (const port of hostPorts(info.pod)) {
      const left = (this.usedPorts.get(port) ?? 1) - 1;
      if (left > 0) this.usedPorts.set(port, left);
      else this.usedPorts.delete(port);
    }
    return true;
  }

  /** A copy to try what-ifs on. */
  clone(): NodeInfo {
    const copy = new NodeInfo();
    if (this.node) copy.setNode(this.node);
    for (const { pod } of this.pods.values()) copy.addPod(pod);
    return copy;
  }
}

/** The host ports a pod claims, as "ip|protocol|port". */
export function hostPorts(pod: Pod): string[] {
  const ports: string[] = [];
  for (const container of [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter((init) => init.restartPolicy === 'Always'),
  ]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort) ports.push(`${port.hostIP || '0.0.0.0'}|${port.protocol ?? 'TCP'}|${port.hostPort}`);
    }
  }
  return ports;
}

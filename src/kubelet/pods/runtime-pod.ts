// A pod as the container runtime knows it: its sandboxes and containers, found by the labels the kubelet put on them. Upstream: pkg/kubelet/container PodStatus.
//
// Invariant: sandboxes and containers are sorted newest first (by attempt, then creation), so the first of a name is the current one.

import type { ContainerStatus, PodSandboxStatus } from '../../cri/runtime.ts';

export const podNameLabel = 'io.kubernetes.pod.name';
export const podNamespaceLabel = 'io.kubernetes.pod.namespace';
export const podUidLabel = 'io.kubernetes.pod.uid';
export const containerNameLabel = 'io.kubernetes.container.name';
export const containerHashAnnotation = 'io.kubernetes.container.hash';
export const restartCountAnnotation = 'io.kubernetes.container.restartCount';
export const terminationPolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy';
/** Where on the node the container's termination message is found. */
export const terminationFileAnnotation = 'io.kubernetes.container.terminationMessageFile';
/** LinuxContainerResources, as JSON, that the container was created with. */
export const resourcesAnnotation = 'io.kubernetes.container.resources';
export const preStopAnnotation = 'io.kubernetes.container.preStopHandler';
export const gracePeriodAnnotation = 'io.kubernetes.pod.terminationGracePeriod';

export interface RuntimePod {
  uid: string;
  name: string;
  namespace: string;
  sandboxes: PodSandboxStatus[];
  containers: ContainerStatus[];
}

/** Groups what the runtime lists by pod uid. */
export function groupByPod(sandboxes: PodSandboxStatus[], containers: ContainerStatus[]): Map<string, RuntimePod> {
  const pods = new Map<string, RuntimePod>();
  const podOf = (uid: string, name: string, namespace: string) => {
    let pod = pods.get(uid);
    if (!pod) {
      pod = { uid, name, namespace, sandboxes: [], containers: [] };
      pods.set(uid, pod);
    }
    return pod;
  };
  for (const sandbox of sandboxes) {
    const { uid, name, namespace } = sandbox.metadata;
    podOf(uid, name, namespace).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const { labels } = container;
    const uid = labels[podUidLabel];
    if (uid) podOf(uid, labels[podNameLabel] ?? '', labels[podNamespaceLabel] ?? '').containers.push(container);
  }
  for (const pod of pods.values()) {
    pod.sandboxes.sort((a, b) => b.metadata.attempt - a.metadata.attempt || b.createdAt - a.createdAt);
    pod.containers.sort((a, b) => b.metadata.attempt - a.metadata.attempt || b.createdAt - a.createdAt);
  }
  return pods;
}

/** The newest container of that name. */
export function findContainer(pod: RuntimePod | undefined, name: string): ContainerStatus | undefined {
  return pod?.containers.find((container) => container.metadata.name === name);
}

export function readySandbox(pod: RuntimePod | undefined) {
  return pod?.sandboxes.find((sandbox) => sandbox.state === 'ready');
}

export function hasRunningContainer(pod: RuntimePod | undefined): boolean {
  return pod?.containers.some((container) => container.state === 'running') ?? false;
}

export function restartCountOf(container: ContainerStatus): number {
  return Number(container.annotations[restartCountAnnotation] ?? container.metadata.attempt);
}

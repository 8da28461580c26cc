// Kubernetes objects as the page reads them: where each kind lives in the API, and the few judgements the picture needs
// (what a pod is doing, whether a node is ready). Words for pod states are those kubectl prints.

import type { ContainerStatus, Node, ObjectMeta, Pod } from '../../api/generated/types.ts';

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** Names one object. */
export interface ObjectKey {
  kind: string;
  namespace?: string | undefined;
  name: string;
}

interface KindInfo {
  prefix: string;
  resource: string;
  namespaced: boolean;
}

/** The kinds the page itself follows; everything else is reached through kubectl. */
export const kinds: Readonly<Record<string, KindInfo>> = {
  Namespace: { prefix: '/api/v1', resource: 'namespaces', namespaced: false },
  Node: { prefix: '/api/v1', resource: 'nodes', namespaced: false },
  Pod: { prefix: '/api/v1', resource: 'pods', namespaced: true },
  Service: { prefix: '/api/v1', resource: 'services', namespaced: true },
  Endpoints: { prefix: '/api/v1', resource: 'endpoints', namespaced: true },
  ConfigMap: { prefix: '/api/v1', resource: 'configmaps', namespaced: true },
  Secret: { prefix: '/api/v1', resource: 'secrets', namespaced: true },
  Event: { prefix: '/api/v1', resource: 'events', namespaced: true },
  ServiceAccount: { prefix: '/api/v1', resource: 'serviceaccounts', namespaced: true },
  Deployment: { prefix: '/apis/apps/v1', resource: 'deployments', namespaced: true },
  ReplicaSet: { prefix: '/apis/apps/v1', resource: 'replicasets', namespaced: true },
  StatefulSet: { prefix: '/apis/apps/v1', resource: 'statefulsets', namespaced: true },
  DaemonSet: { prefix: '/apis/apps/v1', resource: 'daemonsets', namespaced: true },
  Job: { prefix: '/apis/batch/v1', resource: 'jobs', namespaced: true },
  CronJob: { prefix: '/apis/batch/v1', resource: 'cronjobs', namespaced: true },
  Lease: { prefix: '/apis/coordination.k8s.io/v1', resource: 'leases', namespaced: true },
  EndpointSlice: { prefix: '/apis/discovery.k8s.io/v1', resource: 'endpointslices', namespaced: true },
};

/** The path of an object, or undefined for kinds the page does not know. */
export function pathOf(key: ObjectKey): string | undefined {
  const info = kinds[key.kind];
  if (!info) return undefined;
  const scope = info.namespaced ? `/namespaces/${encodeURIComponent(key.namespace ?? 'default')}` : '';
  return `${info.prefix}${scope}/${info.resource}/${encodeURIComponent(key.name)}`;
}

/** "namespace/name", or the name alone. */
export function keyOf(object: KubeObject): string {
  return object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;
}

/** Whether an owner reference of `object` names `uid`. */
export function ownedBy(object: KubeObject, uid: string | undefined): boolean {
  return uid !== undefined && (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

export type PodTone = 'ready' | 'working' | 'waiting' | 'failed' | 'ended' | 'leaving';

export interface PodView {
  tone: PodTone;
  /** As kubectl's STATUS column says it: "Running", "ContainerCreating", "CrashLoopBackOff". */
  word: string;
  readyContainers: number;
  containers: number;
  restarts: number;
  /** Why, in the API's own words, when there is a message. */
  message?: string | undefined;
}

/** What a pod is doing, as `kubectl get pods` would put it. */
export function viewPod(pod: Pod): PodView {
  const statuses = pod.status?.containerStatuses ?? [];
  const readyContainers = statuses.filter((status) => status.ready).length;
  const containers = pod.spec.containers.length;
  const restarts = statuses.reduce((sum, status) => sum + (status.restartCount ?? 0), 0);
  const counts = { readyContainers, containers, restarts };
  const phase = pod.status?.phase ?? 'Pending';
  if (pod.metadata.deletionTimestamp) return { tone: 'leaving', word: 'Terminating', ...counts };
  const waiting = [...(pod.status?.initContainerStatuses ?? []), ...statuses].find(
    (status) => status.state?.waiting?.reason && status.state.waiting.reason !== 'PodInitializing',
  );
  const trouble = waiting?.state?.waiting;
  if (trouble?.reason && trouble.reason !== 'ContainerCreating')
    return { tone: 'failed', word: trouble.reason, message: trouble.message, ...counts };
  if (phase === 'Succeeded') return { tone: 'ended', word: 'Completed', ...counts };
  if (phase === 'Failed') return { tone: 'failed', word: pod.status?.reason ?? ended(statuses) ?? 'Error', ...counts };
  if (phase === 'Pending') {
    if (!pod.spec.nodeName) {
      const unscheduled = (pod.status?.conditions ?? []).find(
        (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
      );
      return { tone: 'waiting', word: 'Pending', message: unscheduled?.message, ...counts };
    }
    return { tone: 'working', word: trouble?.reason ?? 'ContainerCreating', ...counts };
  }
  const stopped = ended(statuses);
  if (stopped && readyContainers < containers) return { tone: 'failed', word: stopped, ...counts };
  if (phase === 'Unknown') return { tone: 'failed', word: 'Unknown', ...counts };
  return { tone: readyContainers === containers ? 'ready' : 'working', word: 'Running', ...counts };
}

function ended(statuses: readonly ContainerStatus[]): string | undefined {
  const terminated = statuses.find((status) => status.state?.terminated)?.state?.terminated;
  return terminated && (terminated.reason ?? (terminated.exitCode === 0 ? 'Completed' : 'Error'));
}

/** Ready, NotReady or Unknown, with the reason the node gives. */
export function viewNode(node: Node): { word: 'Ready' | 'NotReady' | 'Unknown'; message?: string | undefined } {
  const condition = (node.status?.conditions ?? []).find((each) => each.type === 'Ready');
  const word = condition?.status === 'True' ? 'Ready' : condition?.status === 'False' ? 'NotReady' : 'Unknown';
  return { word, message: condition?.message };
}

/** "3m12s", "45s", "2d4h": how long between two moments, as kubectl writes ages. */
export function ageOf(from: string | number | undefined, now: number): string {
  if (from === undefined) return '';
  const seconds = Math.max(0, Math.floor((now - (typeof from === 'string' ? Date.parse(from) : from)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

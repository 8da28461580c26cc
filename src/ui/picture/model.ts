// What the picture shows, worked out from lists of objects: which pods stand where, what serves whom, how full a node is.

import type { Deployment, EndpointSlice, Node, Pod, ReplicaSet, Service } from '../../api/generated/types.ts';
import { keyOf, type PodView, viewPod } from '../state/kube.ts';

export interface PodBlock {
  key: string;
  uid: string;
  pod: Pod;
  view: PodView;
  /** The workload's name, and what tells this pod from its siblings. */
  owner: string;
  rest: string;
}

export interface ServiceView {
  key: string;
  service: Service;
  endpoints: { pod: string; ready: boolean }[];
  ready: number;
}

export interface WorkloadView {
  key: string;
  kind: string;
  namespace: string;
  name: string;
  wanted: number;
  ready: number;
  /** Keys of its pods. */
  pods: string[];
}

export function blockOf(pod: Pod): PodBlock {
  const name = pod.metadata.name;
  const owner = pod.metadata.ownerReferences?.find((each) => each.controller);
  const hash = pod.metadata.labels?.['pod-template-hash'];
  let base = owner?.name ?? name;
  if (hash && base.endsWith(`-${hash}`)) base = base.slice(0, -hash.length - 1);
  else if (owner?.kind === 'ReplicaSet') base = base.replace(/-[a-z0-9]{6,10}$/, '');
  const rest = owner && name.startsWith(`${owner.name}-`) ? name.slice(owner.name.length + 1) : '';
  return { key: keyOf(pod), uid: pod.metadata.uid ?? keyOf(pod), pod, view: viewPod(pod), owner: base, rest };
}

export function serviceViews(services: readonly Service[], slices: readonly EndpointSlice[]): ServiceView[] {
  return services.map((service) => {
    const namespace = service.metadata.namespace;
    const endpoints = slices
      .filter(
        (slice) =>
          slice.metadata.namespace === namespace &&
          slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name,
      )
      .flatMap((slice) => slice.endpoints ?? [])
      .filter((endpoint) => endpoint.targetRef?.kind === 'Pod')
      .map((endpoint) => ({
        pod: `${endpoint.targetRef?.namespace ?? namespace}/${endpoint.targetRef?.name}`,
        ready: endpoint.conditions?.ready !== false,
      }));
    return { key: keyOf(service), service, endpoints, ready: endpoints.filter((endpoint) => endpoint.ready).length };
  });
}

/** Deployments, and ReplicaSets that belong to none. */
export function workloadViews(
  deployments: readonly Deployment[],
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
): WorkloadView[] {
  const podsOf = (uid: string | undefined) =>
    pods.filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid)).map(keyOf);
  const view = (
    kind: string,
    object: Deployment | ReplicaSet,
    owned: readonly (string | undefined)[],
  ): WorkloadView => ({
    key: `${kind} ${keyOf(object)}`,
    kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    wanted: object.spec?.replicas ?? 1,
    ready: object.status?.readyReplicas ?? 0,
    pods: owned.flatMap(podsOf),
  });
  const ownedBy = (uid: string | undefined) =>
    replicaSets.filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === uid));
  return [
    ...deployments.map((deployment) =>
      view(
        'Deployment',
        deployment,
        ownedBy(deployment.metadata.uid).map((set) => set.metadata.uid),
      ),
    ),
    ...replicaSets
      .filter((set) => !set.metadata.ownerReferences?.some((owner) => owner.controller))
      .map((set) => view('ReplicaSet', set, [set.metadata.uid])),
  ];
}

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity as a plain number, good enough for a bar ("250m" 0.25, "64Mi" 67108864). */
export function amount(quantity: string | number | undefined): number {
  const match = /^([\d.]+(?:e\d+)?)([a-zA-Z]*)$/.exec(String(quantity ?? '0'));
  return match ? Number(match[1]) * (factors[match[2] ?? ''] ?? 1) : 0;
}

/** What a node's pods ask for, as a share of what it can give: 0..1. */
export function requestedShare(node: Node, pods: readonly Pod[], resource: 'cpu' | 'memory'): number {
  const all = amount(node.status?.allocatable?.[resource]);
  if (all === 0) return 0;
  const asked = pods
    .filter((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed')
    .flatMap((pod) => pod.spec.containers)
    .reduce((sum, container) => sum + amount(container.resources?.requests?.[resource]), 0);
  return Math.min(1, asked / all);
}

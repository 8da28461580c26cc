// The few lines that matter about each kind of object.

import type { Deployment, EndpointSlice, Lease, Node, Pod, ReplicaSet, Service } from '../../api/generated/types.ts';
import { ageOf, type KubeObject, viewNode, viewPod } from '../state/kube.ts';

export type Row = readonly [string, string | number | undefined];

const labels = (record: Record<string, string> | undefined) =>
  Object.entries(record ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

const byKind: Record<string, (object: never) => Row[]> = {
  Pod: (pod: Pod) => {
    const view = viewPod(pod);
    const container = pod.status?.containerStatuses?.[0];
    return [
      ['Status', view.word],
      ['Because', view.message],
      ['Ready', `${view.readyContainers} of ${view.containers}`],
      ['Restarts', view.restarts],
      ['Node', pod.spec.nodeName ?? 'none yet'],
      ['Address', pod.status?.podIP],
      ['Image', pod.spec.containers.map((each) => each.image).join(', ')],
      ['Started', container?.state?.running?.startedAt],
      ['Last exit', container?.lastState?.terminated ? `code ${container.lastState.terminated.exitCode}` : undefined],
    ];
  },
  Node: (node: Node) => [
    ['Status', `${viewNode(node).word}${node.spec?.unschedulable ? ', cordoned' : ''}`],
    ['Address', node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address],
    ['Pod addresses', node.spec?.podCIDR],
    ['Can give', `${node.status?.allocatable?.['cpu'] ?? '?'} CPU, ${node.status?.allocatable?.['memory'] ?? '?'}`],
    ['Kernel', node.status?.nodeInfo?.kernelVersion],
    ['System', node.status?.nodeInfo?.osImage],
    ['Runtime', node.status?.nodeInfo?.containerRuntimeVersion],
    ['Kubelet', node.status?.nodeInfo?.kubeletVersion],
    [
      'Taints',
      node.spec?.taints
        ?.map((taint) => `${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`)
        .join(', '),
    ],
  ],
  Deployment: (deployment: Deployment) => [
    ['Wanted', deployment.spec?.replicas ?? 1],
    ['Ready', deployment.status?.readyReplicas ?? 0],
    ['Up to date', deployment.status?.updatedReplicas ?? 0],
    ['Available', deployment.status?.availableReplicas ?? 0],
    ['Selects', labels(deployment.spec?.selector.matchLabels)],
    ['Strategy', deployment.spec?.strategy?.type],
    ['Image', deployment.spec?.template.spec?.containers.map((each) => each.image).join(', ')],
  ],
  ReplicaSet: (set: ReplicaSet) => [
    ['Wanted', set.spec?.replicas ?? 1],
    ['Has', set.status?.replicas ?? 0],
    ['Ready', set.status?.readyReplicas ?? 0],
    ['Selects', labels(set.spec?.selector?.matchLabels)],
  ],
  Service: (service: Service) => [
    ['Type', service.spec?.type ?? 'ClusterIP'],
    ['Address', service.spec?.clusterIP],
    [
      'Ports',
      service.spec?.ports
        ?.map((port) => `${port.name ? `${port.name} ` : ''}${port.port} to ${port.targetPort ?? port.port}`)
        .join(', '),
    ],
    ['Selects', labels(service.spec?.selector)],
  ],
  Lease: (lease: Lease) => [
    ['Holder', lease.spec?.holderIdentity],
    ['Lasts', lease.spec?.leaseDurationSeconds ? `${lease.spec.leaseDurationSeconds} s` : undefined],
    ['Renewed', lease.spec?.renewTime],
    ['Handed over', lease.spec?.leaseTransitions],
  ],
  EndpointSlice: (slice: EndpointSlice) => [
    ['Addresses', slice.endpoints?.flatMap((endpoint) => endpoint.addresses).join(', ')],
    ['Ports', slice.ports?.map((port) => `${port.name ? `${port.name} ` : ''}${port.port}`).join(', ')],
  ],
};

/** Rows of an object's summary. `now`: cluster milliseconds. */
export function summaryOf(kind: string, object: KubeObject, now: number): Row[] {
  const own = byKind[kind]?.(object as never) ?? [];
  return [
    ...own,
    ['Labels', labels(object.metadata.labels)],
    ['Age', ageOf(object.metadata.creationTimestamp, now)],
    ['Leaving since', object.metadata.deletionTimestamp],
    ['Revision', object.metadata.resourceVersion],
  ];
}

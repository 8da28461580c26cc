// Which Services a pod belongs to, and when a change of a pod matters to them. Upstream: k8s.io/endpointslice/util.

import type { Pod, Service } from '../../api/generated/types.ts';
import { selectorFromSet, selectorMatches } from '../../api/labels.ts';
import { causeOf, type EventHandler, keyOf, type Lister, type WorkQueue } from '../../client/index.ts';
import { isPodReady, isPodTerminal } from './pods.ts';

/** Whether a Service has a selector, and so endpoints that we keep. */
export function hasSelector(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && service.spec?.selector !== undefined;
}

export function selectsPod(service: Service, pod: Pod): boolean {
  return hasSelector(service) && selectorMatches(selectorFromSet(service.spec?.selector), pod.metadata.labels);
}

/** Puts the Services of changed pods on a queue. */
export function podMembershipHandler(services: Lister<Service>, queue: WorkQueue): EventHandler<Pod> {
  const enqueue = (of: readonly Pod[], pod: Pod) => {
    for (const service of services.list(pod.metadata.namespace)) {
      if (of.some((each) => selectsPod(service, each))) queue.add(keyOf(service), causeOf(pod));
    }
  };
  return {
    onAdd: (pod) => enqueue([pod], pod),
    onUpdate(old, pod) {
      const sameLabels = JSON.stringify(old.metadata.labels) === JSON.stringify(pod.metadata.labels);
      if (!sameLabels) enqueue([old, pod], pod);
      else if (endpointText(old) !== endpointText(pod)) enqueue([pod], pod);
    },
    onDelete: (pod) => enqueue([pod], pod),
  };
}

/** All of a pod that shows in an endpoint. */
function endpointText(pod: Pod): string {
  const { hostname, subdomain, nodeName } = pod.spec;
  const addresses = pod.status?.podIPs?.map(({ ip }) => ip).join(' ') ?? pod.status?.podIP;
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  return [addresses, nodeName, hostname, subdomain, terminating, isPodReady(pod), isPodTerminal(pod)].join('|');
}

/** A pod with an address whose containers have not ended for good; terminating ones only if asked for. */
export function belongsInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false;
  if (!pod.status?.podIP && !pod.status?.podIPs?.length) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

/** The pod's port that a Service port means: its number, or that of the container port of that name and protocol; undefined if there is none. */
export function findPort(
  pod: Pod,
  targetPort: number | string | undefined,
  port: number,
  protocol = 'TCP',
): number | undefined {
  if (typeof targetPort === 'number') return targetPort || port;
  if (targetPort === undefined || targetPort === '') return port;
  const restartable = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...restartable]) {
    for (const each of container.ports ?? []) {
      if (each.name === targetPort && (each.protocol ?? 'TCP') === protocol) return each.containerPort;
    }
  }
  return undefined;
}

/** Whether DNS gives the pod a name of its own under the Service. */
export function hostnameUnder(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec;
  const named =
    hostname && subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace;
  return named ? hostname : undefined;
}

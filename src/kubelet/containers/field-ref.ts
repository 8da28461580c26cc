// The downward API: fields and resources of a pod as text. Upstream: pkg/fieldpath, pkg/api/v1/resource (ExtractContainerResourceValue).

import type { Container, Pod, PodStatus, ResourceFieldSelector } from '../../api/generated/types.ts';
import { parseQuantity, quantityMilliValue, quantityValue } from '../../api/quantity.ts';

export interface FieldContext {
  pod: Pod;
  /** The kubelet's own, newer than the API's. */
  status: PodStatus;
  nodeName: string;
  nodeIp: string;
}

/** "metadata.name", "metadata.labels['app']", "status.podIP"... Throws on a path that is not supported. */
export function fieldValue(context: FieldContext, path: string): string {
  const { pod, status, nodeName, nodeIp } = context;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] as string] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return nodeIp;
    case 'status.podIP':
    case 'status.podIPs':
      return status.podIP ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** Sorted `key="value"` lines. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key])}`)
    .join('\n');
}

/** "limits.cpu" and so on, in units of the divisor, rounded up. Limits that are not set are the node's. Throws on others. */
export function resourceValue(
  selector: ResourceFieldSelector,
  container: Container,
  node: { cpu: number; memoryBytes: number; ephemeralStorageBytes: number },
): string {
  const [list, name = ''] = selector.resource.split(/\.(.*)/);
  const { limits = {}, requests = {} } = container.resources ?? {};
  const capacity: Record<string, string> = {
    cpu: String(node.cpu),
    memory: String(node.memoryBytes),
    'ephemeral-storage': String(node.ephemeralStorageBytes),
  };
  const known = name in capacity || name.startsWith('hugepages-');
  if (!known || (list !== 'limits' && list !== 'requests'))
    throw new Error(`unsupported container resource : ${selector.resource}`);
  const text = (list === 'limits' ? (limits[name] ?? capacity[name]) : (requests[name] ?? limits[name])) ?? '0';
  const divisor = !selector.divisor || selector.divisor === '0' ? '1' : selector.divisor;
  if (name === 'cpu') return String(Math.ceil(quantityMilliValue(text) / quantityMilliValue(divisor)));
  return String(Math.ceil(quantityValue(text) / quantityValue(parseQuantity(divisor))));
}

// `describe node`: what it is, what it can hold, and what its pods have asked for.

import type { Container, Lease, Node, Pod } from '../../api/generated/types.ts';
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityMilliValue,
  quantityValue,
} from '../../api/quantity.ts';
import type { KubeObject } from '../object.ts';
import { writeAnnotations, writeEvents, writeLabels } from './common.ts';
import { type Describing, longTime, since } from './writer.ts';

type Amounts = { [resource: string]: Quantity };

const amountsOf = (container: Container, which: 'requests' | 'limits'): Amounts =>
  Object.fromEntries(
    Object.entries(container.resources?.[which] ?? {}).map(([name, value]) => [name, parseQuantity(String(value))]),
  );

function add(into: Amounts, other: Amounts): void {
  for (const [name, amount] of Object.entries(other))
    into[name] = into[name] ? addQuantity(into[name], amount) : amount;
}
function max(into: Amounts, other: Amounts): void {
  for (const [name, amount] of Object.entries(other)) {
    if (!into[name] || compareQuantity(into[name], amount) < 0) into[name] = amount;
  }
}

/** What a pod counts for: its containers and restartable init containers together, or its largest init container. */
function podAmounts(pod: Pod, which: 'requests' | 'limits'): Amounts {
  const total: Amounts = {};
  for (const container of pod.spec.containers) add(total, amountsOf(container, which));
  const sidecars: Amounts = {};
  const initial: Amounts = {};
  for (const container of pod.spec.initContainers ?? []) {
    const own = amountsOf(container, which);
    if (container.restartPolicy === 'Always') {
      add(total, own);
      add(sidecars, own);
      max(initial, sidecars);
    } else {
      const together = { ...sidecars };
      add(together, own);
      max(initial, together);
    }
  }
  max(total, initial);
  const overhead = (pod.spec.overhead ?? {}) as { [name: string]: string };
  for (const [name, value] of Object.entries(overhead))
    if (which === 'requests' || total[name]) add(total, { [name]: parseQuantity(value) });
  return total;
}

function writeAmounts(on: Describing, title: string, amounts: { [name: string]: string } | undefined): void {
  if (!amounts) return;
  on.w.write(0, `${title}:\n`);
  for (const name of Object.keys(amounts).sort()) on.w.write(0, `  ${name}:\t${amounts[name]}\n`);
}

async function writePods(on: Describing, node: Node, pods: Pod[]): Promise<void> {
  const { w, now } = on;
  const allocatable = (node.status?.allocatable ?? node.status?.capacity ?? {}) as { [name: string]: string };
  const zero = { nanos: 0n, format: 'DecimalSI' } as const;
  const percent = (name: string, amount: Quantity) => {
    const whole = allocatable[name];
    if (!whole) return 0;
    const [a, b] =
      name === 'cpu'
        ? [quantityMilliValue(amount), quantityMilliValue(whole)]
        : [quantityValue(amount), quantityValue(whole)];
    return b === 0 ? 0 : Math.trunc((a / b) * 100);
  };
  const show = (name: string, amounts: Amounts) => {
    const amount = amounts[name] ?? zero;
    return `${formatQuantity(amount)} (${percent(name, amount)}%)`;
  };
  w.write(0, `Non-terminated Pods:\t(${pods.length} in total)\n`);
  w.write(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n');
  w.write(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n');
  const requests: Amounts = {};
  const limits: Amounts = {};
  for (const pod of pods) {
    const request = podAmounts(pod, 'requests');
    const limit = podAmounts(pod, 'limits');
    add(requests, request);
    add(limits, limit);
    const cells = [show('cpu', request), show('cpu', limit), show('memory', request), show('memory', limit)];
    w.write(
      1,
      `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cells.join('\t')}\t${since(pod.metadata.creationTimestamp, now)}\n`,
    );
  }
  w.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n');
  w.write(1, 'Resource\tRequests\tLimits\n');
  w.write(1, '--------\t--------\t------\n');
  for (const name of ['cpu', 'memory', 'ephemeral-storage'])
    w.write(1, `${name}\t${show(name, requests)}\t${show(name, limits)}\n`);
  const standard = /^(cpu|memory|ephemeral-storage|pods|storage)$/;
  for (const name of Object.keys(allocatable).sort()) {
    if (standard.test(name)) continue;
    w.write(1, `${name}\t${formatQuantity(requests[name] ?? zero)}\t${formatQuantity(limits[name] ?? zero)}\n`);
  }
}

async function leaseOf({ kube }: Describing, name: string): Promise<Lease | undefined> {
  try {
    return (await kube.client.json(
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`,
    )) as unknown as Lease;
  } catch {
    return undefined;
  }
}

export async function describeNode(on: Describing, object: KubeObject): Promise<void> {
  const { w, kube } = on;
  const node = object as unknown as Node;
  const { metadata, spec } = node;
  const status = node.status ?? {};
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) =>
    key.startsWith(prefix) && key.length > prefix.length
      ? [key.slice(prefix.length)]
      : key === 'kubernetes.io/role' && value
        ? [value]
        : [],
  );
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Roles:\t${roles.length > 0 ? [...new Set(roles)].sort().join(',') : '<none>'}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}\n`);
  const taints = [...(spec.taints ?? [])].sort((a, b) => (`${a.effect}${a.key}` < `${b.effect}${b.key}` ? -1 : 1));
  w.write(0, 'Taints:\t');
  if (taints.length === 0) w.write(0, '<none>\n');
  taints.forEach((taint, i) => {
    w.write(0, `${i > 0 ? '\t' : ''}${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}\n`);
  });
  w.write(0, `Unschedulable:\t${spec.unschedulable ?? false}\n`);
  const lease = await leaseOf(on, metadata.name);
  if (lease) {
    w.write(0, 'Lease:\n');
    w.write(1, `HolderIdentity:\t${lease.spec?.holderIdentity ?? '<unset>'}\n`);
    w.write(1, `AcquireTime:\t${lease.spec?.acquireTime ? longTime(lease.spec.acquireTime) : '<unset>'}\n`);
    w.write(1, `RenewTime:\t${lease.spec?.renewTime ? longTime(lease.spec.renewTime) : '<unset>'}\n`);
  } else w.write(0, `Lease:\tFailed to get lease: leases.coordination.k8s.io "${metadata.name}" not found\n`);
  if (status.conditions?.length) {
    w.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n');
    w.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n');
    for (const each of status.conditions) {
      const times = `${longTime(each.lastHeartbeatTime)} \t${longTime(each.lastTransitionTime)}`;
      w.write(1, `${each.type} \t${each.status} \t${times} \t${each.reason ?? ''} \t${each.message ?? ''}\n`);
    }
  }
  w.write(0, 'Addresses:\n');
  for (const each of status.addresses ?? []) w.write(1, `${each.type}:\t${each.address}\n`);
  writeAmounts(on, 'Capacity', status.capacity as { [name: string]: string } | undefined);
  writeAmounts(on, 'Allocatable', status.allocatable as { [name: string]: string } | undefined);
  const info = status.nodeInfo;
  w.write(0, 'System Info:\n');
  for (const [title, value] of [
    ['Machine ID', info?.machineID],
    ['System UUID', info?.systemUUID],
    ['Boot ID', info?.bootID],
    ['Kernel Version', info?.kernelVersion],
    ['OS Image', info?.osImage],
    ['Operating System', info?.operatingSystem],
    ['Architecture', info?.architecture],
    ['Container Runtime Version', info?.containerRuntimeVersion],
    ['Kubelet Version', info?.kubeletVersion],
    ['Kube-Proxy Version', info?.kubeProxyVersion],
  ] as const) {
    w.write(1, `${title}:\t${value ?? ''}\n`);
  }
  if (spec.podCIDR) w.write(0, `PodCIDR:\t${spec.podCIDR}\n`);
  if (spec.podCIDRs?.length) w.write(0, `PodCIDRs:\t${spec.podCIDRs.join(',')}\n`);
  if (spec.providerID) w.write(0, `ProviderID:\t${spec.providerID}\n`);
  const fieldSelector = `spec.nodeName=${metadata.name},status.phase!=Succeeded,status.phase!=Failed`;
  const pods = await kube.client.json<{ items: Pod[] }>('/api/v1/pods', { query: { fieldSelector, limit: 500 } });
  await writePods(on, node, pods.items ?? []);
  await writeEvents(on, object, true);
}

// From requests and limits to what the kernel is told: cgroup parents by QoS class, cpu shares and quota, memory limits, OOM scores.
// Upstream: pkg/kubelet/cm helpers_linux.go, pkg/kubelet/qos, kubectl/pkg/util/qos, component-helpers/resource.

import type { Container, Pod } from '../../api/generated/types.ts';
import { quantityMilliValue, quantityValue, tryParseQuantity } from '../../api/quantity.ts';
import type { LinuxContainerResources } from '../../cri/runtime.ts';
import { isRestartableInit } from '../pods/pod.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

type Amounts = Record<string, string> | undefined;

/** Thousandths of a core, of requests or limits. 0 if absent or malformed. */
export function milliCpu(amounts: Amounts): number {
  return amounts?.['cpu'] !== undefined && tryParseQuantity(amounts['cpu']) ? quantityMilliValue(amounts['cpu']) : 0;
}

/** Whole units (bytes, pods) of a resource. 0 if absent or malformed. */
export function amountOf(amounts: Amounts, resource: string): number {
  const text = amounts?.[resource];
  return text !== undefined && tryParseQuantity(text) ? quantityValue(text) : 0;
}

/** Upstream's ComputePodQOS: from cpu and memory of containers and init containers. */
export function qosClass(pod: Pod): QosClass {
  const requests = new Map<string, number>();
  const limits = new Map<string, number>();
  let guaranteed = true;
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const { requests: asked, limits: limited } = container.resources ?? {};
    let limitsFound = 0;
    for (const resource of ['cpu', 'memory']) {
      const value = (amounts: Amounts) => (resource === 'cpu' ? milliCpu(amounts) : amountOf(amounts, resource));
      if (value(asked) > 0) requests.set(resource, (requests.get(resource) ?? 0) + value(asked));
      if (value(limited) > 0) {
        limits.set(resource, (limits.get(resource) ?? 0) + value(limited));
        limitsFound++;
      }
    }
    if (limitsFound < 2) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  if (guaranteed && requests.size === limits.size && [...requests].every(([name, value]) => limits.get(name) === value))
    return 'Guaranteed';
  return 'Burstable';
}

/** "/kubepods/burstable/pod<uid>"; guaranteed pods lie directly under /kubepods. */
export function cgroupParent(pod: Pod): string {
  const uid = `pod${pod.metadata.uid}`;
  const qos = qosClass(pod);
  return qos === 'Guaranteed' ? `/kubepods/${uid}` : `/kubepods/${qos.toLowerCase()}/${uid}`;
}

const minShares = 2;
const maxShares = 262144;
const quotaPeriod = 100_000;
const minQuota = 1000;

export function milliCpuToShares(milli: number): number {
  return Math.min(maxShares, Math.max(minShares, Math.floor((milli * 1024) / 1000)));
}

/** The resources of one container as CRI takes them. `nodeMemoryBytes` weighs the OOM score of burstable pods. */
export function linuxResources(pod: Pod, container: Container, nodeMemoryBytes: number): LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuRequest = requests?.['cpu'] === undefined ? milliCpu(limits) : milliCpu(requests);
  const cpuLimit = milliCpu(limits);
  const memoryLimit = amountOf(limits, 'memory');
  return {
    cpuShares: milliCpuToShares(cpuRequest),
    cpuPeriod: quotaPeriod,
    ...(cpuLimit > 0 ? { cpuQuota: Math.max(minQuota, Math.floor((cpuLimit * quotaPeriod) / 1000)) } : {}),
    ...(memoryLimit > 0 ? { memoryLimitInBytes: memoryLimit } : {}),
    oomScoreAdj: oomScoreAdjust(pod, container, nodeMemoryBytes),
  };
}

/** Upstream's GetContainerOOMScoreAdjust. */
export function oomScoreAdjust(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= 2_000_000_000) return -997;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = amountOf(container.resources?.requests, 'memory');
  const score = Math.floor(1000 - (1000 * request) / nodeMemoryBytes);
  if (score < 1000 + -997) return 1000 + -997;
  return score === 1000 ? 999 : score;
}

export interface PodRequests {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
}

/** What the pod needs at its peak: containers and sidecars together, or an init container beside the sidecars before it, whichever is more; plus overhead. */
export function podRequests(pod: Pod): PodRequests {
  const of = (container: Container): PodRequests => {
    const { requests, limits } = container.resources ?? {};
    const wanted = { ...limits, ...requests };
    return {
      milliCpu: milliCpu(wanted),
      memory: amountOf(wanted, 'memory'),
      ephemeralStorage: amountOf(wanted, 'ephemeral-storage'),
    };
  };
  const add = (a: PodRequests, b: PodRequests): PodRequests => combine(a, b, (x, y) => x + y);
  const zero = { milliCpu: 0, memory: 0, ephemeralStorage: 0 };
  let running = (pod.spec?.containers ?? []).map(of).reduce(add, zero);
  let sidecars = zero;
  let peak = zero;
  for (const container of pod.spec?.initContainers ?? []) {
    if (isRestartableInit(container)) {
      sidecars = add(sidecars, of(container));
      running = add(running, of(container));
      peak = combine(peak, sidecars, Math.max);
    } else peak = combine(peak, add(sidecars, of(container)), Math.max);
  }
  const overhead = pod.spec?.overhead;
  return add(combine(running, peak, Math.max), {
    milliCpu: milliCpu(overhead),
    memory: amountOf(overhead, 'memory'),
    ephemeralStorage: amountOf(overhead, 'ephemeral-storage'),
  });
}

function combine(a: PodRequests, b: PodRequests, by: (x: number, y: number) => number): PodRequests {
  return {
    milliCpu: by(a.milliCpu, b.milliCpu),
    memory: by(a.memory, b.memory),
    ephemeralStorage: by(a.ephemeralStorage, b.ephemeralStorage),
  };
}

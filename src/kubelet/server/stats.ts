// GET /stats/summary: CPU and memory of the node and its containers, for metrics. Upstream: stats/v1alpha1 Summary.

import { containerNameLabel, podNameLabel, podNamespaceLabel } from '../pods/runtime-pod.ts';
import type { ServerParts } from './parts.ts';

export async function statsSummary(parts: ServerParts): Promise<object> {
  const [stats, containers] = await Promise.all([parts.runtime.stats(), parts.runtime.listContainers()]);
  const time = new Date(parts.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const pods = new Map<string, { podRef: object; startTime: string; containers: object[] }>();
  let cpu = 0;
  let memory = 0;
  for (const stat of stats) {
    const container = containers.find((candidate) => candidate.id === stat.containerId);
    if (!container) continue;
    cpu += stat.cpuUsageNanos;
    memory += stat.memoryWorkingSetBytes;
    let pod = pods.get(stat.podUid);
    if (!pod) {
      const podRef = {
        name: container.labels[podNameLabel],
        namespace: container.labels[podNamespaceLabel],
        uid: stat.podUid,
      };
      pod = { podRef, startTime: new Date(container.startedAt).toISOString(), containers: [] };
      pods.set(stat.podUid, pod);
    }
    pod.containers.push({
      name: container.labels[containerNameLabel],
      startTime: new Date(container.startedAt).toISOString(),
      cpu: { time, usageCoreNanoSeconds: stat.cpuUsageNanos },
      memory: { time, workingSetBytes: stat.memoryWorkingSetBytes },
    });
  }
  return {
    node: {
      nodeName: parts.nodeName,
      cpu: { time, usageCoreNanoSeconds: cpu },
      memory: { time, workingSetBytes: memory },
    },
    pods: [...pods.values()],
  };
}

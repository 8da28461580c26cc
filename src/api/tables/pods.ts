// The Pod table: how many containers are ready, one word for what the pod is doing, and restarts with the time of the last.

import type { ContainerStatus, Pod } from '../generated/types.ts';
import { humanDuration, parseTime } from '../time.ts';
import { age, type Columns, columns, none, type RowCondition } from './columns.ts';

export interface PodSummary {
  ready: number;
  total: number;
  /** The STATUS column: Running, Init:1/2, CrashLoopBackOff, Completed, Terminating... */
  status: string;
  restarts: number;
  /** When a container last ended, in milliseconds. */
  lastRestart: number | undefined;
}

const finishedAt = (status: ContainerStatus): number | undefined => {
  const time = status.lastState?.terminated?.finishedAt;
  return time ? parseTime(time) : undefined;
};

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

/** What kubectl get pods says of a pod (printPod). */
export function summarizePod(pod: Pod): PodSummary {
  const status = pod.status ?? {};
  const initContainers = pod.spec?.initContainers ?? [];
  const sidecars = new Set(initContainers.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const total = (pod.spec?.containers ?? []).length + sidecars.size;
  const conditions = status.conditions ?? [];
  const isTrue = (type: string) => conditions.some((c) => c.type === type && c.status === 'True');
  let reason = status.reason || status.phase || '';
  if (conditions.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')) reason = 'SchedulingGated';

  let ready = 0;
  let restarts = 0;
  let lastRestart: number | undefined;
  let sidecarRestarts = 0;
  let sidecarLastRestart: number | undefined;
  let initializing = false;
  for (const [i, container] of (status.initContainerStatuses ?? []).entries()) {
    restarts += container.restartCount;
    lastRestart = latest(lastRestart, finishedAt(container));
    const sidecar = sidecars.has(container.name);
    if (sidecar) {
      sidecarRestarts += container.restartCount;
      sidecarLastRestart = latest(sidecarLastRestart, finishedAt(container));
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) ready++;
      continue;
    }
    if (terminated) {
      if (terminated.reason) reason = `Init:${terminated.reason}`;
      else reason = terminated.signal ? `Init:Signal:${terminated.signal}` : `Init:ExitCode:${terminated.exitCode}`;
    } else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    else reason = `Init:${i}/${initContainers.length}`;
    initializing = true;
    break;
  }

  if (!initializing || isTrue('Initialized')) {
    restarts = sidecarRestarts;
    lastRestart = sidecarLastRestart;
    let running = false;
    for (const container of [...(status.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount;
      lastRestart = latest(lastRestart, finishedAt(container));
      const { terminated, waiting } = container.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated?.reason) reason = terminated.reason;
      else if (terminated)
        reason = terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
      else if (container.ready && container.state?.running) {
        running = true;
        ready++;
      }
    }
    if (reason === 'Completed' && running) reason = isTrue('Ready') ? 'Running' : 'NotReady';
  }

  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown';
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') reason = 'Terminating';
  }
  return { ready, total, status: reason, restarts, lastRestart };
}

const podCells = columns<Pod>(
  'Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*',
  (pod, now) => {
    const summary = summarizePod(pod);
    const { restarts, lastRestart } = summary;
    const gates = pod.spec.readinessGates ?? [];
    const passed = gates.filter((gate) =>
      pod.status?.conditions?.some((c) => c.type === gate.conditionType && c.status === 'True'),
    );
    return [
      pod.metadata.name,
      `${summary.ready}/${summary.total}`,
      summary.status,
      restarts > 0 && lastRestart !== undefined
        ? `${restarts} (${humanDuration(now - lastRestart)} ago)`
        : `${restarts}`,
      age(pod, now),
      pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || none,
      pod.spec.nodeName || none,
      pod.status?.nominatedNodeName || none,
      gates.length > 0 ? `${passed.length}/${gates.length}` : none,
    ];
  },
);

const completed = (reason: string, message: string): RowCondition[] => [
  { type: 'Completed', status: 'True', reason, message },
];
const completions: Record<string, RowCondition[]> = {
  Succeeded: completed('Succeeded', 'The pod has completed successfully.'),
  Failed: completed('Failed', 'The pod failed.'),
};

export const podColumns: Columns = {
  ...podCells,
  conditions: (pod: Pod) => completions[pod.status?.phase ?? ''] ?? [],
};

// Evicts pods when the node's memory runs out. Upstream: pkg/kubelet/eviction (signal memory.available, hard threshold).
//
// Invariants: one pod at a time; those that use more than they asked for go first, then by priority, then by how much they are over; the node reports
// MemoryPressure while it is below the threshold and for five minutes after.

import type { Pod } from '../api/generated/types.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { ContainerRuntime } from '../cri/runtime.ts';
import { type Clock, every } from '../env/clock.ts';
import { amountOf, podRequests, qosClass } from './containers/resources.ts';
import type { PodWorkers } from './pods/pod-workers.ts';

export interface EvictionOptions {
  runtime: ContainerRuntime;
  /** The machine's: what is watched is real memory. */
  clock: Clock;
  workers: PodWorkers;
  recorder: EventRecorder;
  capacityBytes(): number;
  /** Bytes; undefined: 5 % of the capacity, at most 100 MiB; 0: never evict. */
  threshold: number | undefined;
  /** Containers of this runtime use nothing: do not look. */
  idle: boolean;
  onPressure(): void;
  signal: AbortSignal;
}

const period = 10_000;
const transitionPeriod = 300_000;

export class EvictionManager {
  private readonly options: EvictionOptions;
  private lastPressure = Number.NEGATIVE_INFINITY;
  private reported = false;

  constructor(options: EvictionOptions) {
    this.options = options;
  }

  get underPressure(): boolean {
    return this.options.clock.now() - this.lastPressure < transitionPeriod;
  }

  start(): void {
    const { clock, idle, threshold, signal } = this.options;
    if (idle || threshold === 0 || signal.aborted) return;
    const cancel = every(clock, period, () => void this.synchronize().catch(() => {}));
    signal.addEventListener('abort', cancel, { once: true });
  }

  /** Looks once; evicts at most one pod. */
  async synchronize(): Promise<void> {
    const { runtime, workers, clock, recorder } = this.options;
    const capacity = this.options.capacityBytes();
    const threshold = this.options.threshold ?? Math.min(100 * 2 ** 20, capacity * 0.05);
    const usage = new Map<string, number>();
    let used = 0;
    for (const stat of await runtime.stats()) {
      usage.set(stat.podUid, (usage.get(stat.podUid) ?? 0) + stat.memoryWorkingSetBytes);
      used += stat.memoryWorkingSetBytes;
    }
    const available = capacity - used;
    if (available < threshold) this.lastPressure = clock.now();
    if (this.underPressure !== this.reported) {
      this.reported = this.underPressure;
      this.options.onPressure();
    }
    if (available >= threshold) return;
    const [victim] = rankForEviction(
      workers.active().filter((pod) => workers.phase(pod.metadata.uid ?? '') === 'sync'),
      usage,
    );
    if (!victim) return;
    const message = evictionMessage(victim, usage.get(victim.metadata.uid ?? '') ?? 0, threshold, available);
    recorder.event(victim, 'Warning', 'Evicted', message);
    workers.kill(victim.metadata.uid ?? '', { graceSeconds: 0, reason: 'Evicted', message });
  }
}

/** Pods in the order in which they would be evicted. */
export function rankForEviction(pods: Pod[], usage: Map<string, number>): Pod[] {
  const over = (pod: Pod) => (usage.get(pod.metadata.uid ?? '') ?? 0) - podRequests(pod).memory;
  const critical = (pod: Pod) => (pod.spec?.priority ?? 0) >= 2_000_000_000;
  return pods
    .filter((pod) => !critical(pod) && qosClass(pod) !== undefined)
    .sort(
      (a, b) =>
        Number(over(b) > 0) - Number(over(a) > 0) ||
        (a.spec?.priority ?? 0) - (b.spec?.priority ?? 0) ||
        over(b) - over(a),
    );
}

function evictionMessage(pod: Pod, used: number, threshold: number, available: number): string {
  const ki = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`;
  let message = `The node was low on resource: memory. Threshold quantity: ${ki(threshold)}, available: ${ki(available)}. `;
  for (const container of pod.spec?.containers ?? []) {
    const request = amountOf(container.resources?.requests, 'memory');
    if (used > request)
      message += `Container ${container.name} was using ${ki(used)}, request is ${request === 0 ? '0' : ki(request)}, has larger consumption of memory. `;
  }
  return message;
}

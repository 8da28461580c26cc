// One probe of one container, again and again. Upstream: pkg/kubelet/prober worker.go.
//
// Invariants: a new container starts from the kind's initial verdict (liveness: success, readiness: failure, startup: unknown); a verdict changes only after
// failureThreshold or successThreshold equal results in a row; after a failed liveness or startup verdict the worker waits for the next container.

import type { Container, Pod, Probe } from '../../api/generated/types.ts';
import type { ContainerStatus } from '../../cri/runtime.ts';
import type { Cancel, Clock } from '../../env/clock.ts';
import type { ProbeVerdict } from '../pods/compute-actions.ts';
import { shouldRestart } from '../pods/pod.ts';
import type { ProbeResult } from './prober.ts';

export type ProbeKind = 'liveness' | 'readiness' | 'startup';

export interface ProbeWorkerOptions {
  kind: ProbeKind;
  pod: () => Pod;
  container: Container;
  probe: Probe;
  /** The machine's clock. */
  clock: Clock;
  /** Cluster time, which container times are in. */
  clusterClock: Clock;
  /** The newest container of that name. */
  status(): ContainerStatus | undefined;
  /** Whether the container has passed its startup probe. */
  started(containerId: string): boolean;
  probeOnce(containerId: string): Promise<ProbeResult>;
  onResult(containerId: string, result: ProbeResult): void;
  onVerdict(containerId: string, verdict: ProbeVerdict): void;
}

const initialVerdict: Record<ProbeKind, ProbeVerdict> = {
  liveness: 'success',
  readiness: 'failure',
  startup: 'unknown',
};

export class ProbeWorker {
  private readonly options: ProbeWorkerOptions;
  private timer: Cancel | undefined;
  private stopped = false;
  private probing = false;
  private containerId = '';
  private verdict: ProbeVerdict;
  private lastResult: 'success' | 'failure' | '' = '';
  private resultRun = 0;
  private onHold = false;
  /** When the container was first seen running, on the machine's clock. */
  private seenAt = 0;

  constructor(options: ProbeWorkerOptions) {
    this.options = options;
    this.verdict = initialVerdict[options.kind];
    this.schedule(0);
  }

  /** The verdict about a container; undefined if it is about another one. */
  verdictOf(containerId: string): ProbeVerdict | undefined {
    return this.containerId === containerId ? this.verdict : undefined;
  }

  /** Probes now instead of at the next period (a container just started, or passed its startup probe). */
  trigger(): void {
    if (this.stopped || this.probing) return;
    this.schedule(0);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.();
  }

  private schedule(milliseconds: number): void {
    this.timer?.();
    if (this.stopped) return;
    this.timer = this.options.clock.after(milliseconds, () => {
      this.probing = true;
      void this.doProbe()
        .then((next) => {
          this.probing = false;
          if (next !== undefined) this.schedule(next);
        })
        .catch(() => {
          this.probing = false;
          this.schedule(this.period());
        });
    });
  }

  private period(): number {
    return (this.options.probe.periodSeconds ?? 10) * 1000;
  }

  /** Resolves with the wait until the next probe, or undefined: woken by trigger only. */
  private async doProbe(): Promise<number | undefined> {
    const { kind, probe, container, clock, clusterClock } = this.options;
    const pod = this.options.pod();
    const status = this.options.status();
    if (!status) return undefined;
    if (status.id !== this.containerId) {
      this.containerId = status.id;
      this.resultRun = 0;
      this.lastResult = '';
      this.onHold = false;
      this.seenAt = 0;
      this.set(initialVerdict[kind]);
    }
    if (this.onHold) return undefined;
    if (status.state === 'running') this.seenAt ||= clock.now();
    else {
      this.set('failure', status.state === 'exited');
      if (status.state === 'exited' && !shouldRestart(pod, container, status.exitCode)) this.stop();
      return undefined;
    }
    if (pod.metadata.deletionTimestamp !== undefined && kind !== 'readiness') {
      this.set('success');
      this.stop();
      return undefined;
    }
    const age = clock === clusterClock ? clock.now() - status.startedAt : clock.now() - this.seenAt;
    const initialDelay = (probe.initialDelaySeconds ?? 0) * 1000;
    if (age < initialDelay) return initialDelay - age;
    if (this.options.started(status.id)) {
      if (kind === 'startup') return undefined;
    } else if (kind !== 'startup') return undefined;

    const result = await this.options.probeOnce(status.id);
    if (this.stopped || this.containerId !== status.id || this.options.status()?.id !== status.id) return 0;
    this.options.onResult(status.id, result);
    if (result.verdict === 'error') return this.period();
    if (result.verdict === this.lastResult) this.resultRun++;
    else {
      this.lastResult = result.verdict;
      this.resultRun = 1;
    }
    const threshold = result.verdict === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
    if (this.resultRun < threshold) return this.period();
    this.set(result.verdict);
    if (kind !== 'readiness' && result.verdict === 'failure') {
      // the container will be stopped: wait for its successor
      this.onHold = true;
      this.resultRun = 0;
      return undefined;
    }
    return this.period();
  }

  private set(verdict: ProbeVerdict, silent = false): void {
    if (this.verdict === verdict) return;
    this.verdict = verdict;
    if (!silent) this.options.onVerdict(this.containerId, verdict);
  }
}

// The probe workers of all pods on the node. Upstream: pkg/kubelet/prober prober_manager.go.
//
// Invariant: a container without a probe of a kind counts as live, ready and started as soon as it runs.

import type { Container, Pod, Probe } from '../../api/generated/types.ts';
import type { NodeOs } from '../../cri/node-os.ts';
import type { ContainerRuntime, ContainerStatus } from '../../cri/runtime.ts';
import type { Env } from '../../env/env.ts';
import type { ProbeVerdict, Verdicts } from '../pods/compute-actions.ts';
import { allContainers, isRestartableInit } from '../pods/pod.ts';
import type { Readiness } from '../status/generate.ts';
import { type ProbeResult, runProbe } from './prober.ts';
import { type ProbeKind, ProbeWorker } from './worker.ts';

export interface ProbeManagerOptions {
  env: Env;
  runtime: ContainerRuntime;
  os: NodeOs;
  /** The newest container of a pod, as last listed. */
  containerStatus(podUid: string, container: string): ContainerStatus | undefined;
  podIp(podUid: string): string;
  /** The pod has to be looked at: a verdict changed. `spanId`: of the trace record. */
  onVerdict(podUid: string, spanId: string): void;
  event(pod: Pod, container: Container, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface ProbedPod {
  pod: Pod;
  /** By "container kind". */
  workers: Map<string, ProbeWorker>;
}

const title: Record<ProbeKind, string> = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' };

export class ProbeManager {
  private readonly options: ProbeManagerOptions;
  private readonly pods = new Map<string, ProbedPod>();

  constructor(options: ProbeManagerOptions) {
    this.options = options;
  }

  /** Starts workers for the pod's probes; for those already there it takes over the pod's newer version. */
  addPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    let entry = this.pods.get(uid);
    if (!entry) {
      entry = { pod, workers: new Map() };
      this.pods.set(uid, entry);
    }
    entry.pod = pod;
    for (const { container, kind } of allContainers(pod)) {
      if (kind === 'ephemeral' || (kind === 'init' && !isRestartableInit(container))) continue;
      const probes = {
        startup: container.startupProbe,
        readiness: container.readinessProbe,
        liveness: container.livenessProbe,
      };
      for (const [probeKind, probe] of Object.entries(probes) as [ProbeKind, Probe | undefined][]) {
        const key = `${container.name} ${probeKind}`;
        if (probe && !entry.workers.has(key))
          entry.workers.set(key, this.worker(uid, entry, container, probeKind, probe));
      }
    }
  }

  /** Containers changed: workers look at once. */
  trigger(podUid: string): void {
    for (const worker of this.pods.get(podUid)?.workers.values() ?? []) worker.trigger();
  }

  /** Liveness and startup must not kill what is being stopped. */
  stopLivenessAndStartup(podUid: string): void {
    for (const [key, worker] of this.pods.get(podUid)?.workers ?? []) if (!key.endsWith(' readiness')) worker.stop();
  }

  removePod(podUid: string): void {
    for (const worker of this.pods.get(podUid)?.workers.values() ?? []) worker.stop();
    this.pods.delete(podUid);
  }

  stop(): void {
    for (const uid of [...this.pods.keys()]) this.removePod(uid);
  }

  /** What the probes of one pod say. */
  of(podUid: string): Readiness & Verdicts {
    const workers = () => this.pods.get(podUid)?.workers;
    const passed = (containerId: string, container: string, kind: ProbeKind) => {
      const worker = workers()?.get(`${container} ${kind}`);
      return worker ? worker.verdictOf(containerId) === 'success' : true;
    };
    const verdict = (containerId: string, kind: ProbeKind) => {
      for (const [key, worker] of workers() ?? []) {
        const found = key.endsWith(` ${kind}`) ? worker.verdictOf(containerId) : undefined;
        if (found) return found;
      }
      return undefined;
    };
    return {
      started: (containerId, container) => passed(containerId, container, 'startup'),
      ready: (containerId, container) => passed(containerId, container, 'readiness'),
      liveness: (containerId) => verdict(containerId, 'liveness'),
      startup: (containerId) => verdict(containerId, 'startup'),
    };
  }

  private worker(uid: string, entry: ProbedPod, container: Container, kind: ProbeKind, probe: Probe): ProbeWorker {
    const { env, runtime, os } = this.options;
    return new ProbeWorker({
      kind,
      pod: () => entry.pod,
      container,
      probe,
      clock: os.clock ?? env.clock,
      clusterClock: env.clock,
      status: () => this.options.containerStatus(uid, container.name),
      started: (id) => this.of(uid).started(id, container.name),
      probeOnce: (containerId) =>
        runProbe({ runtime, os, container, containerId, podIp: this.options.podIp(uid) }, probe),
      onResult: (_, result) => this.tell(entry.pod, container, kind, result),
      onVerdict: (containerId, verdict) => this.changed(uid, entry, container, kind, containerId, verdict),
    });
  }

  private tell(pod: Pod, container: Container, kind: ProbeKind, result: ProbeResult): void {
    if (result.verdict === 'failure')
      this.options.event(pod, container, 'Warning', 'Unhealthy', `${title[kind]} probe failed: ${result.message}`);
    else if (result.verdict === 'error')
      this.options.event(pod, container, 'Warning', 'Unhealthy', `${title[kind]} probe errored: ${result.message}`);
  }

  private changed(
    uid: string,
    entry: ProbedPod,
    container: Container,
    kind: ProbeKind,
    containerId: string,
    verdict: ProbeVerdict,
  ): void {
    const { trace } = this.options.env;
    const context = trace.span();
    const { name, namespace } = entry.pod.metadata;
    trace.record({
      gate: 'probe',
      context,
      subject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
      will: `${kind} probe of ${container.name}: ${verdict}`,
      detail: { container: container.name, containerId, probe: kind, verdict },
    });
    if (kind === 'startup' && verdict === 'success') this.trigger(uid);
    this.options.onVerdict(uid, context.spanId);
  }
}

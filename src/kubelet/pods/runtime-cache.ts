// What runs on this node, as last listed by the runtime, and the generator of pod lifecycle events: container events make it list again, and a slow relist
// finds what events missed. Upstream: pkg/kubelet/pleg (generic and evented) with the pod cache.
//
// Invariants: at most one listing is under way; `fresh` resolves with a listing that began after it was called; each change of a container's state is told once.

import type { ContainerRuntime, ContainerStatus } from '../../cri/runtime.ts';
import { type Cancel, sleep } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import { containerNameLabel, groupByPod, podNameLabel, podNamespaceLabel, type RuntimePod } from './runtime-pod.ts';

export interface RuntimeCacheOptions {
  env: Env;
  runtime: ContainerRuntime;
  /** A pod's containers or sandboxes changed; `spanId` is that of the trace record about it. */
  onChange(podUid: string, spanId: string): void;
  /** The span that last started or stopped a container, if this kubelet did. */
  causeOf?(containerId: string): string | undefined;
  /** A listing failed or worked again. */
  onHealth(error: unknown): void;
  /** ms between relists while events flow. Default 300 s, as upstream's evented PLEG. */
  relistPeriodMs?: number;
}

export class RuntimeCache {
  private readonly options: RuntimeCacheOptions;
  private pods = new Map<string, RuntimePod>();
  private states = new Map<string, string>();
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private timer: Cancel | undefined;
  private stopped = false;
  private eventsFlow = false;

  constructor(options: RuntimeCacheOptions) {
    this.options = options;
  }

  /** The pod as last listed. */
  get(uid: string): RuntimePod | undefined {
    return this.pods.get(uid);
  }

  all(): RuntimePod[] {
    return [...this.pods.values()];
  }

  /** Lists again and resolves with the pod. Rejects if the runtime does not answer. */
  async fresh(uid: string): Promise<RuntimePod | undefined> {
    await this.relist();
    return this.pods.get(uid);
  }

  /** Lists; concurrent callers share a listing that begins after they called. */
  relist(): Promise<void> {
    if (!this.running) {
      this.running = this.list().finally(() => {
        this.running = undefined;
      });
      return this.running;
    }
    if (!this.next) {
      const begin = () => {
        this.next = undefined;
        return this.relist();
      };
      this.next = this.running.then(begin, begin);
    }
    return this.next;
  }

  /** Follows the runtime's events until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.stop(), { once: true });
    this.schedule();
    while (!signal.aborted) {
      try {
        const events = this.options.runtime.events(signal);
        this.eventsFlow = true;
        for await (const _ of events) {
          if (signal.aborted) return;
          void this.relist().catch(() => {});
        }
      } catch {
        // the stream broke: relist quickly until there is a new one
      }
      this.eventsFlow = false;
      if (signal.aborted) return;
      this.schedule();
      await sleep(this.options.env.clock, 1000, signal).catch(() => {});
    }
  }

  private stop(): void {
    this.stopped = true;
    this.timer?.();
  }

  private schedule(): void {
    this.timer?.();
    if (this.stopped) return;
    const period = this.eventsFlow ? (this.options.relistPeriodMs ?? 300_000) : 1000;
    this.timer = this.options.env.clock.after(period, () => {
      void this.relist()
        .catch(() => {})
        .finally(() => this.schedule());
    });
  }

  private async list(): Promise<void> {
    const { runtime } = this.options;
    try {
      const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()]);
      if (this.stopped) return;
      const before = this.pods;
      this.pods = groupByPod(sandboxes, containers);
      this.options.onHealth(undefined);
      this.compare(before, containers);
    } catch (error) {
      this.options.onHealth(error);
      throw error;
    }
  }

  private compare(before: Map<string, RuntimePod>, containers: ContainerStatus[]): void {
    const changed = new Map<string, string>();
    const states = new Map<string, string>();
    for (const [uid, pod] of this.pods)
      for (const sandbox of pod.sandboxes) {
        states.set(sandbox.id, sandbox.state);
        if (this.states.get(sandbox.id) !== sandbox.state) changed.set(uid, changed.get(uid) ?? '');
      }
    for (const container of containers) {
      states.set(container.id, container.state);
      const old = this.states.get(container.id);
      if (old === container.state) continue;
      const uid = container.labels['io.kubernetes.pod.uid'] ?? '';
      const ended = container.state === 'exited' && old !== undefined;
      const spanId = container.state === 'running' || ended ? this.record(container, uid) : '';
      changed.set(uid, spanId || (changed.get(uid) ?? ''));
    }
    for (const [uid, pod] of before)
      for (const { id } of [...pod.sandboxes, ...pod.containers])
        if (!states.has(id)) changed.set(uid, changed.get(uid) ?? '');
    this.states = states;
    for (const [uid, spanId] of changed) this.options.onChange(uid, spanId);
  }

  private record(container: ContainerStatus, uid: string): string {
    const { trace } = this.options.env;
    const context = trace.span();
    const cause = this.options.causeOf?.(container.id);
    const name = container.labels[containerNameLabel] ?? container.metadata.name;
    const running = container.state === 'running';
    trace.record({
      gate: 'container',
      context,
      subject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: container.labels[podNamespaceLabel],
        name: container.labels[podNameLabel] ?? '',
        uid,
      },
      ...(cause ? { causes: [{ spanId: cause }] } : {}),
      will: running ? `container ${name} runs` : `container ${name} ended`,
      detail: running
        ? { container: name, id: container.id, pid: container.pid }
        : { container: name, id: container.id, exitCode: container.exitCode, reason: container.reason },
    });
    return context.spanId;
  }
}

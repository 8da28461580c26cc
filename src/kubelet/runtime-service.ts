// The container runtime with every call that changes something passing the gate `runtime`, so that the conductor can hold it and the trace tells why it was made.
//
// Invariants: a kubelet that was stopped changes nothing any more; reads pass no gate. Errors are passed on as they are.

import type * as cri from '../cri/runtime.ts';
import type { Env, Json } from '../env/env.ts';
import type { ObjectReference, TraceContext } from '../env/trace.ts';

/** On whose behalf a call is made. */
export interface CallContext {
  trace: TraceContext;
  subject: ObjectReference;
}

export class RuntimeService {
  readonly runtime: cri.ContainerRuntime;
  private readonly env: Env;
  private readonly signal: AbortSignal;
  private readonly lastCalls = new Map<string, string>();

  constructor(env: Env, runtime: cri.ContainerRuntime, signal: AbortSignal) {
    this.env = env;
    this.runtime = runtime;
    this.signal = signal;
  }

  /** The span of the last call that started or stopped a container: what its beginning or end comes from. */
  lastCall(containerId: string): string | undefined {
    return this.lastCalls.get(containerId);
  }

  runPodSandbox(context: CallContext, config: cri.PodSandboxConfig): Promise<string> {
    return this.gated(context, 'RunPodSandbox', 'start the pod sandbox', { attempt: config.metadata.attempt }, () =>
      this.runtime.runPodSandbox(config),
    );
  }

  stopPodSandbox(context: CallContext, id: string): Promise<void> {
    return this.gated(context, 'StopPodSandbox', 'stop the pod sandbox', { id }, () => this.runtime.stopPodSandbox(id));
  }

  removePodSandbox(context: CallContext, id: string): Promise<void> {
    return this.gated(context, 'RemovePodSandbox', 'remove the pod sandbox', { id }, () =>
      this.runtime.removePodSandbox(id),
    );
  }

  createContainer(context: CallContext, sandbox: string, config: cri.ContainerConfig): Promise<string> {
    const { name, attempt } = config.metadata;
    const detail = { image: config.image, command: [...config.command, ...config.args], attempt };
    return this.gated(context, 'CreateContainer', `create container ${name}`, detail, () =>
      this.runtime.createContainer(sandbox, config),
    );
  }

  startContainer(context: CallContext, id: string, name: string): Promise<void> {
    return this.gated(context, 'StartContainer', `start container ${name}`, { id }, (spanId) => {
      this.lastCalls.set(id, spanId);
      return this.runtime.startContainer(id);
    });
  }

  stopContainer(context: CallContext, id: string, name: string, graceSeconds: number): Promise<void> {
    return this.gated(context, 'StopContainer', `stop container ${name}`, { id, graceSeconds }, (spanId) => {
      this.lastCalls.set(id, spanId);
      return this.runtime.stopContainer(id, graceSeconds);
    });
  }

  removeContainer(context: CallContext, id: string): Promise<void> {
    return this.gated(context, 'RemoveContainer', 'remove a container that ended', { id }, () => {
      this.lastCalls.delete(id);
      return this.runtime.removeContainer(id);
    });
  }

  updateContainerResources(
    context: CallContext,
    id: string,
    name: string,
    resources: cri.LinuxContainerResources,
  ): Promise<void> {
    return this.gated(context, 'UpdateContainerResources', `resize container ${name}`, { id, ...resources }, () =>
      this.runtime.updateContainerResources(id, resources),
    );
  }

  pullImage(context: CallContext, image: string): Promise<string> {
    return this.gated(context, 'PullImage', `pull image ${image}`, { image }, () => this.runtime.pullImage(image));
  }

  private async gated<T>(
    context: CallContext,
    call: string,
    will: string,
    detail: { [key: string]: Json },
    run: (spanId: string) => Promise<T>,
  ): Promise<T> {
    const span = this.env.trace.span(context.trace);
    const held = this.env.trace.gate({
      gate: 'runtime',
      context: span,
      parentSpanId: context.trace.spanId,
      subject: context.subject,
      causes: [{ spanId: context.trace.spanId }],
      will,
      detail: { call, ...detail },
    });
    if (held) await held;
    this.signal.throwIfAborted();
    return run(span.spanId);
  }
}

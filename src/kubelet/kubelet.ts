// The kubelet: makes the containers of this node's pods what their specs say, and tells the API what became of them. Upstream: pkg/kubelet/kubelet.go.
//
// Invariants: it acts on a pod only through that pod's worker; it keeps no state that a restart would need: running containers are found again in the runtime,
// everything else in the API.

import type { Node, Pod, PodStatus, Service } from '../api/generated/types.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Lister } from '../client/indexer.ts';
import { causeOf, referenceTo } from '../client/keys.ts';
import type { RestClient } from '../client/rest-client.ts';
import type { NodeInfo } from '../cri/node-os.ts';
import type { Env } from '../env/env.ts';
import { messageOf } from '../env/errors.ts';
import type { KubeletOptions } from './config.ts';
import { type EnvironmentInputs, makeEnvironment } from './containers/environment.ts';
import { ImageManager } from './containers/images.ts';
import { type Killer, killPod } from './containers/kill.ts';
import { TerminationMessages } from './containers/termination-message.ts';
import { admitPod } from './pods/admission.ts';
import { computePodActions, describeActions, type PodActions } from './pods/compute-actions.ts';
import { containerFieldPath, gracePeriodOf, isTerminalPhase } from './pods/pod.ts';
import { PodInputs } from './pods/pod-inputs.ts';
import { PodRuntime } from './pods/pod-runtime.ts';
import { type PodSyncer, PodWorkers, type SyncOutcome, type SyncRequest } from './pods/pod-workers.ts';
import { RuntimeCache } from './pods/runtime-cache.ts';
import { findContainer, hasRunningContainer, type RuntimePod, readySandbox } from './pods/runtime-pod.ts';
import { ProbeManager } from './probes/manager.ts';
import { type CallContext, RuntimeService } from './runtime-service.ts';
import { generatePodStatus } from './status/generate.ts';
import { StatusManager } from './status/manager.ts';
import { VolumeManager } from './volumes/manager.ts';

export interface KubeletParts {
  env: Env;
  options: KubeletOptions;
  client: RestClient;
  recorder: EventRecorder;
  services: Lister<Service>;
  /** This node as last seen; undefined until it is registered. */
  node(): Node | undefined;
  nodeInfo(): NodeInfo;
  runtimeName: string;
  networkProblem(): string | undefined;
  /** Something about the node's health changed. */
  onNodeChange(): void;
  signal: AbortSignal;
}

export class Kubelet implements PodSyncer {
  readonly workers: PodWorkers;
  readonly cache: RuntimeCache;
  readonly statuses: StatusManager;
  runtimeProblem: string | undefined;
  private readonly parts: KubeletParts;
  private readonly service: RuntimeService;
  private readonly probes: ProbeManager;
  private readonly volumes: VolumeManager;
  private readonly inputs: PodInputs;
  private readonly podRuntime: PodRuntime;
  private readonly messages: TerminationMessages;
  private readonly killer: Killer;

  constructor(parts: KubeletParts) {
    this.parts = parts;
    const { env, options, client, signal } = parts;
    const { runtime, os } = options;
    this.service = new RuntimeService(env, runtime, signal);
    this.cache = new RuntimeCache({
      env,
      runtime,
      onChange: (uid, spanId) => this.onRuntimeChange(uid, spanId),
      causeOf: (containerId) => this.service.lastCall(containerId),
      onHealth: (error) => this.onRuntimeHealth(error),
    });
    this.workers = new PodWorkers(env, this, options.syncFrequencyMs ?? 60_000);
    this.statuses = new StatusManager({
      env,
      client,
      signal,
      couldHaveRunningContainers: (uid) => this.workers.couldHaveRunningContainers(uid),
      canBeDeleted: (uid) => (this.workers.phase(uid) ?? 'finished') === 'finished',
    });
    const poke = (uid: string, spanId: string) => this.workers.poke(uid, spanId ? { spanId } : { reason: 'runtime' });
    const containerEvent = (pod: Pod, container: string, type: 'Normal' | 'Warning', reason: string, message: string) =>
      parts.recorder.event(pod, type, reason, message, { fieldPath: containerFieldPath(pod, container) });
    this.probes = new ProbeManager({
      env,
      runtime,
      os,
      containerStatus: (uid, container) => findContainer(this.cache.get(uid), container),
      podIp: (uid) => readySandbox(this.cache.get(uid))?.ip || options.nodeIp,
      onVerdict: poke,
      event: (pod, container, type, reason, message) => containerEvent(pod, container.name, type, reason, message),
    });
    this.volumes = new VolumeManager(os);
    this.inputs = new PodInputs({
      env,
      options,
      client,
      services: parts.services,
      nodeInfo: parts.nodeInfo,
      onChange: (uid, object) => this.workers.poke(uid, causeOf(object)),
      readVolumeFile: (uid, volume, path) => this.volumes.readVolumeFile(uid, volume, path),
    });
    this.messages = new TerminationMessages(runtime, os);
    this.killer = {
      service: this.service,
      hooks: { env, runtime, os, podIp: '' },
      headStartSeconds: options.endpointsHeadStartSeconds ?? 0,
      event: containerEvent,
    };
    this.podRuntime = new PodRuntime({
      env,
      dns: { servers: options.clusterDns ?? ['10.96.0.10'], domain: options.clusterDomain ?? 'cluster.local' },
      podEvent: (pod, type, reason, message) => parts.recorder.event(pod, type, reason, message),
      starter: {
        service: this.service,
        images: new ImageManager(env.clock),
        volumes: this.volumes,
        os,
        killer: this.killer,
        nodeInfo: parts.nodeInfo,
        environment: (pod, container) => makeEnvironment(this.environmentOf(pod), pod, container),
        events: (pod, container) => (type, reason, message) =>
          containerEvent(pod, container.name, type, reason, message),
      },
    });
    signal.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** A pod was bound to this node, or found bound when the kubelet started. */
  onPodAdded(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.cache.get(uid);
    if (isTerminalPhase(pod) && !hasRunningContainer(known)) {
      this.workers.finish(pod);
      if (pod.metadata.deletionTimestamp !== undefined) this.statuses.set(pod, pod.status ?? {});
      return;
    }
    const node = this.parts.node();
    if (node && !isTerminalPhase(pod) && pod.metadata.deletionTimestamp === undefined && !known) {
      const rejection = admitPod(
        pod,
        this.workers.active().filter((other) => !isTerminalPhase(other)),
        node,
      );
      if (rejection) {
        this.parts.recorder.event(pod, 'Warning', rejection.reason, rejection.message);
        this.workers.finish(pod);
        const { reason, message } = rejection;
        this.statuses.set(pod, {
          ...pod.status,
          phase: 'Failed',
          reason,
          message: `Pod was rejected: ${message}`,
          startTime: this.startTime(pod),
        });
        return;
      }
    }
    this.workers.update(pod);
  }

  onPodUpdated(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.statuses.observe(pod);
    if (this.workers.phase(uid) === 'finished') {
      if (pod.metadata.deletionTimestamp !== undefined)
        this.statuses.set(pod, this.statuses.get(uid) ?? pod.status ?? {});
      return;
    }
    this.workers.update(pod);
  }

  onPodRemoved(pod: Pod): void {
    this.statuses.forget(pod.metadata.uid ?? '');
    this.workers.remove(pod);
  }

  /** Ends pods that run here but that the API no longer knows. To be called when the pods have been listed. */
  killOrphans(): void {
    for (const pod of this.cache.all()) if (!this.workers.has(pod.uid)) this.workers.killOrphan(pod.uid);
  }

  async syncPod(request: SyncRequest): Promise<SyncOutcome> {
    const { env, recorder } = this.parts;
    const pod = request.pod as Pod;
    const uid = request.uid;
    const context: CallContext = { trace: env.trace.span(), subject: referenceTo(pod) };
    const deadline = this.deadlineIn(pod);
    if (deadline !== undefined && deadline <= 0) {
      const reason = {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      };
      recorder.event(pod, 'Normal', reason.reason, reason.message);
      this.workers.kill(uid, reason);
      return { terminal: false };
    }
    const runtimePod = this.cache.get(uid);
    const status = await this.makeStatus(pod, runtimePod, false);
    this.statuses.set(pod, status, context.trace);
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return { terminal: true };

    const network = this.parts.networkProblem();
    if (network && !pod.spec?.hostNetwork) {
      recorder.event(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${network}`);
      throw new Error(network);
    }
    let refreshAt: number | undefined;
    try {
      refreshAt = await this.volumes.ensure(pod, this.inputs.payload(pod, status));
    } catch (error) {
      recorder.event(pod, 'Warning', 'FailedMount', messageOf(error));
      throw error;
    }

    const actions = computePodActions(pod, runtimePod, this.probes.of(uid));
    await this.gate(context, request, pod, runtimePod, actions);
    if (this.workers.phase(uid) !== 'sync') return { terminal: false };
    const result = await this.podRuntime.sync(pod, runtimePod, actions, context, status);
    this.probes.addPod(pod);
    if (result.acted || result.failed) {
      const fresh = await this.cache.fresh(uid);
      this.probes.trigger(uid);
      this.statuses.set(pod, await this.makeStatus(pod, fresh, false), context.trace);
    }
    const waits = [result.retryAfter, deadline, refreshAt === undefined ? undefined : refreshAt - env.clock.now()];
    if (result.failed && result.retryAfter === undefined) waits.push(10_000);
    const next = waits.filter((wait) => wait !== undefined);
    return { terminal: false, ...(next.length > 0 ? { requeueAfterMs: Math.max(1, Math.min(...next)) } : {}) };
  }

  async syncTerminatingPod(request: SyncRequest): Promise<void> {
    const { env } = this.parts;
    const { uid, pod, kill } = request;
    const runtimePod = (await this.cache.fresh(uid)) ?? this.cache.get(uid);
    const context: CallContext = {
      trace: env.trace.span(),
      subject: pod
        ? referenceTo(pod)
        : { apiVersion: 'v1', kind: 'Pod', namespace: runtimePod?.namespace, name: runtimePod?.name ?? '', uid },
    };
    if (pod) this.statuses.set(pod, await this.makeStatus(pod, runtimePod, false), context.trace);
    this.probes.stopLivenessAndStartup(uid);
    const running = (runtimePod?.containers ?? []).filter((container) => container.state === 'running');
    const held = env.trace.gate({
      gate: 'sync pod',
      context: context.trace,
      subject: context.subject,
      causes: request.causes,
      saw: {
        running: running.map((container) => container.metadata.name),
        deleted: pod?.metadata.deletionTimestamp ?? null,
      },
      will:
        running.length > 0 ? `stop ${running.map((container) => container.metadata.name).join(', ')}` : 'stop the pod',
      detail: { graceSeconds: kill?.graceSeconds ?? (pod ? gracePeriodOf(pod) : null) },
    });
    if (held) await held;
    if (runtimePod) {
      const podIp = readySandbox(runtimePod)?.ip ?? '';
      await killPod({ ...this.killer, hooks: { ...this.killer.hooks, podIp } }, context, runtimePod, {
        pod,
        ...(kill?.graceSeconds === undefined ? {} : { graceSeconds: kill.graceSeconds }),
      });
    }
    this.probes.removePod(uid);
    const after = await this.cache.fresh(uid);
    if (hasRunningContainer(after)) throw new Error('detected running containers after a successful KillPod');
  }

  async syncTerminatedPod(request: SyncRequest): Promise<void> {
    const { uid, pod, kill } = request;
    const runtimePod = this.cache.get(uid);
    if (pod) {
      const status = await this.makeStatus(pod, runtimePod, true);
      const ended = kill?.reason
        ? { ...status, phase: 'Failed', reason: kill.reason, message: kill.message ?? '' }
        : status;
      this.statuses.set(pod, ended);
    }
    await this.volumes.remove(uid);
    this.inputs.release(uid);
  }

  onFinished(uid: string, pod: Pod | undefined, removed: boolean): void {
    this.podRuntime.forget(uid);
    if (removed || pod?.metadata.deletionTimestamp !== undefined) void this.cleanUp(uid).catch(() => {});
    if (!removed) this.statuses.poke(uid);
  }

  onError(request: SyncRequest, error: unknown): void {
    const { pod, uid } = request;
    this.parts.env.trace.record({
      gate: 'sync pod',
      subject: pod ? referenceTo(pod) : { kind: 'Pod', name: '', uid },
      causes: request.causes,
      will: 'try again later',
      detail: { error: messageOf(error) },
    });
  }

  onGraceShortened(pod: Pod): void {
    const context: CallContext = { trace: this.parts.env.trace.span(), subject: referenceTo(pod) };
    for (const container of this.cache.get(pod.metadata.uid ?? '')?.containers ?? [])
      if (container.state === 'running')
        void this.service
          .stopContainer(context, container.id, container.metadata.name, gracePeriodOf(pod))
          .catch(() => {});
  }

  /** The pod's newest status, made now. */
  async makeStatus(pod: Pod, runtimePod: RuntimePod | undefined, terminal: boolean): Promise<PodStatus> {
    const uid = pod.metadata.uid ?? '';
    await this.messages.load(runtimePod?.containers ?? []);
    const previous = this.statuses.get(uid) ?? pod.status ?? {};
    return generatePodStatus({
      pod,
      runtimePod,
      runtimeName: this.parts.runtimeName,
      oldStatuses: (kind) =>
        (kind === 'init'
          ? previous.initContainerStatuses
          : kind === 'ephemeral'
            ? previous.ephemeralContainerStatuses
            : previous.containerStatuses) ?? [],
      failure: (container) => this.podRuntime.failure(uid, container),
      terminationMessage: (container) => this.messages.get(container),
      readiness: this.probes.of(uid),
      hostIp: this.parts.options.nodeIp,
      now: this.parts.env.clock.now(),
      previous,
      terminal,
    });
  }

  private stop(): void {
    this.workers.stop();
    this.probes.stop();
    this.inputs.stop();
  }

  private async gate(
    context: CallContext,
    request: SyncRequest,
    pod: Pod,
    runtimePod: RuntimePod | undefined,
    actions: PodActions,
  ): Promise<void> {
    const will = describeActions(actions, runtimePod !== undefined);
    if (will === 'nothing' && request.causes.every((cause) => 'reason' in cause)) return;
    const held = this.parts.env.trace.gate({
      gate: 'sync pod',
      context: context.trace,
      subject: context.subject,
      causes: request.causes,
      saw: {
        wanted: [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
          (container) => container.name,
        ),
        found: Object.fromEntries(
          (runtimePod?.containers ?? []).toReversed().map((container) => [container.metadata.name, container.state]),
        ),
        sandbox: runtimePod?.sandboxes[0]?.state ?? 'none',
      },
      will,
    });
    if (held) await held;
  }

  private onRuntimeChange(uid: string, spanId: string): void {
    this.probes.trigger(uid);
    if (this.workers.has(uid)) this.workers.poke(uid, spanId ? { spanId } : { reason: 'runtime' });
  }

  private onRuntimeHealth(error: unknown): void {
    const problem = error === undefined ? undefined : `PLEG is not healthy: ${messageOf(error)}`;
    if (problem === this.runtimeProblem) return;
    this.runtimeProblem = problem;
    this.parts.onNodeChange();
  }

  /** Removes what the runtime still keeps of a pod that is gone. */
  private async cleanUp(uid: string): Promise<void> {
    const runtimePod = await this.cache.fresh(uid);
    if (!runtimePod) return;
    const context: CallContext = {
      trace: this.parts.env.trace.span(),
      subject: { apiVersion: 'v1', kind: 'Pod', namespace: runtimePod.namespace, name: runtimePod.name, uid },
    };
    for (const container of runtimePod.containers) {
      await this.service.removeContainer(context, container.id);
      this.messages.forget(container.id);
    }
    for (const sandbox of runtimePod.sandboxes) await this.service.removePodSandbox(context, sandbox.id);
    await this.cache.relist();
  }

  private startTime(pod: Pod): string {
    return pod.status?.startTime ?? `${new Date(this.parts.env.clock.now()).toISOString().slice(0, 19)}Z`;
  }

  /** Cluster ms until activeDeadlineSeconds has passed, if there is one. */
  private deadlineIn(pod: Pod): number | undefined {
    const seconds = pod.spec?.activeDeadlineSeconds;
    const start = this.statuses.get(pod.metadata.uid ?? '')?.startTime ?? pod.status?.startTime;
    if (seconds === undefined) return undefined;
    const now = this.parts.env.clock.now();
    return (start ? Date.parse(start) : now) + seconds * 1000 - now;
  }

  private environmentOf(pod: Pod): EnvironmentInputs {
    const uid = pod.metadata.uid ?? '';
    const status = this.statuses.get(uid) ?? pod.status ?? {};
    const podIP = readySandbox(this.cache.get(uid))?.ip || status.podIP;
    return this.inputs.environment(pod, { ...status, ...(podIP ? { podIP } : {}) });
  }
}

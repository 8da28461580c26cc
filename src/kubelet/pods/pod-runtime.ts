// Brings the containers of one pod to what its spec says, by the actions that computePodActions found. Upstream: kubeGenericRuntimeManager.SyncPod.
//
// Invariants: nothing is started before what has to die is dead; a container that keeps failing waits 10 s, 20 s, ... 5 min between starts;
// the outcome of each start is remembered for Pod.status until the next attempt.

import type { Container, Pod, PodStatus } from '../../api/generated/types.ts';
import type { Env } from '../../env/env.ts';
import { goDuration, ItemBackoff } from '../containers/backoff.ts';
import { type ClusterDns, sandboxConfig } from '../containers/config.ts';
import { rpcMessage } from '../containers/images.ts';
import { killContainer, killPod } from '../containers/kill.ts';
import { linuxResources } from '../containers/resources.ts';
import { type Starter, startContainer } from '../containers/start.ts';
import { StartError } from '../containers/start-error.ts';
import type { CallContext } from '../runtime-service.ts';
import type { StartFailure } from '../status/container-statuses.ts';
import type { PodActions } from './compute-actions.ts';
import { formatPod, hashContainer } from './pod.ts';
import { findContainer, type RuntimePod, resourcesAnnotation, restartCountOf } from './runtime-pod.ts';

export interface PodRuntimeOptions {
  env: Env;
  starter: Starter;
  dns: ClusterDns;
  /** An Event about the whole pod. */
  podEvent(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface SyncResult {
  /** Cluster ms until the pod is worth another look because of a wait; undefined: no wait. */
  retryAfter: number | undefined;
  /** Something failed for which the usual wait is right. */
  failed: boolean;
  /** Something was started or stopped: the runtime's state has changed. */
  acted: boolean;
}

const defaultRetry = 10_000;

export class PodRuntime {
  private readonly options: PodRuntimeOptions;
  private readonly crashBackoff: ItemBackoff;
  /** By "uid container". */
  private readonly failures = new Map<string, StartFailure>();
  /** By container id: the resources it was given since it was created, as JSON. */
  private readonly resources = new Map<string, string>();

  constructor(options: PodRuntimeOptions) {
    this.options = options;
    this.crashBackoff = new ItemBackoff(options.env.clock);
  }

  /** Why a container could not be started the last time, if so. */
  failure(podUid: string, container: string): StartFailure | undefined {
    return this.failures.get(`${podUid} ${container}`);
  }

  forget(podUid: string): void {
    for (const key of this.failures.keys()) if (key.startsWith(`${podUid} `)) this.failures.delete(key);
    this.crashBackoff.forget(`${podUid} `);
    this.options.starter.images.forget(podUid);
  }

  async sync(
    pod: Pod,
    runtimePod: RuntimePod | undefined,
    actions: PodActions,
    context: CallContext,
    status: PodStatus,
  ): Promise<SyncResult> {
    const { starter, podEvent } = this.options;
    const { service, killer } = starter;
    const result: SyncResult = { retryAfter: undefined, failed: false, acted: false };

    if (actions.killPod) {
      if (runtimePod) {
        if (actions.createSandbox && actions.sandboxId !== '')
          podEvent(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
        await killPod(killer, context, runtimePod, { pod });
        result.acted = true;
      }
    } else {
      for (const { container, message, reason } of actions.containersToKill) {
        await killContainer(killer, context, container, { pod, message, reason });
        result.acted = true;
      }
    }

    let sandboxId = actions.sandboxId;
    if (actions.createSandbox) {
      try {
        sandboxId = await service.runPodSandbox(context, sandboxConfig(pod, actions.attempt, this.options.dns));
        result.acted = true;
      } catch (error) {
        podEvent(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${rpcMessage(error)}`);
        result.failed = true;
        return result;
      }
    }
    await this.resize(pod, runtimePod, actions, context);
    await this.removeOldSandboxes(runtimePod, context);
    const starts = [
      ...actions.ephemeralContainersToStart,
      ...actions.initContainersToStart,
      ...actions.containersToStart,
    ];
    if (starts.length === 0) return result;
    const podIp = pod.spec?.hostNetwork
      ? (status.hostIP ?? '')
      : ((await service.runtime.listPodSandboxes()).find((sandbox) => sandbox.id === sandboxId)?.ip ?? '');

    for (const container of starts) {
      const ephemeral = actions.ephemeralContainersToStart.includes(container);
      try {
        if (!ephemeral) this.checkBackoff(pod, container, runtimePod);
        result.acted = true;
        await startContainer(starter, context, {
          pod,
          container,
          sandboxId,
          podIp,
          restartCount: nextRestartCount(pod, container, runtimePod),
          hooks: { ...killer.hooks, podIp },
        });
        this.failures.delete(`${pod.metadata.uid} ${container.name}`);
        if (!ephemeral) await this.removeOldAttempts(context, container, runtimePod);
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        this.failures.set(`${pod.metadata.uid} ${container.name}`, { reason: error.reason, message: error.message });
        const wait = error.retryAfter ?? defaultRetry;
        result.failed = true;
        result.retryAfter = Math.min(result.retryAfter ?? wait, wait);
        // an init container that cannot start keeps those after it waiting
        if (actions.initContainersToStart.includes(container)) break;
      }
    }
    return result;
  }

  /** Gives running containers the resources that the spec has by now. */
  private async resize(
    pod: Pod,
    runtimePod: RuntimePod | undefined,
    actions: PodActions,
    context: CallContext,
  ): Promise<void> {
    const { service, nodeInfo } = this.options.starter;
    if (actions.killPod) return;
    for (const container of pod.spec?.containers ?? []) {
      const status = findContainer(runtimePod, container.name);
      if (status?.state !== 'running' || actions.containersToKill.some((kill) => kill.container.id === status.id))
        continue;
      const resources = linuxResources(pod, container, nodeInfo().memoryBytes);
      const wanted = JSON.stringify(resources);
      const applied = this.resources.get(status.id) ?? status.annotations[resourcesAnnotation];
      if (applied === undefined || applied === wanted) continue;
      await service.updateContainerResources(context, status.id, container.name, resources);
      this.resources.set(status.id, wanted);
    }
  }

  /** Sandboxes of earlier attempts, once no container remembers them. */
  private async removeOldSandboxes(runtimePod: RuntimePod | undefined, context: CallContext): Promise<void> {
    for (const sandbox of runtimePod?.sandboxes.slice(1) ?? [])
      if (
        sandbox.state === 'notready' &&
        !runtimePod?.containers.some((container) => container.podSandboxId === sandbox.id)
      )
        await this.options.starter.service.removePodSandbox(context, sandbox.id);
  }

  /** Throws CrashLoopBackOff if the container ended too recently for its number of failures; otherwise counts this start. */
  private checkBackoff(pod: Pod, container: Container, runtimePod: RuntimePod | undefined): void {
    const last = runtimePod?.containers.find(
      (status) => status.metadata.name === container.name && status.state === 'exited',
    );
    if (!last) return;
    const key = `${pod.metadata.uid} ${container.name} ${hashContainer(container)}`;
    const wait = this.crashBackoff.remaining(key, last.finishedAt);
    if (wait > 0) {
      this.options.starter.events(pod, container)(
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`,
      );
      const period = goDuration(this.crashBackoff.get(key));
      throw new StartError(
        'CrashLoopBackOff',
        `back-off ${period} restarting failed container=${container.name} pod=${formatPod(pod)}`,
        wait,
      );
    }
    this.crashBackoff.next(key, last.finishedAt);
  }

  /** Keeps the newest ended attempt (its log is `--previous`), removes older ones. */
  private async removeOldAttempts(
    context: CallContext,
    container: Container,
    runtimePod: RuntimePod | undefined,
  ): Promise<void> {
    const ended = (runtimePod?.containers ?? []).filter(
      (status) => status.metadata.name === container.name && status.state === 'exited',
    );
    for (const status of ended.slice(1)) {
      await this.options.starter.service.removeContainer(context, status.id);
      this.resources.delete(status.id);
    }
  }
}

function nextRestartCount(pod: Pod, container: Container, runtimePod: RuntimePod | undefined): number {
  const last = findContainer(runtimePod, container.name);
  if (last) return restartCountOf(last) + 1;
  // the runtime forgot (or the node was set up anew): go on from what the API remembers
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const known = statuses.find((status) => status.name === container.name);
  return known?.containerID ? known.restartCount + 1 : (known?.restartCount ?? 0);
}

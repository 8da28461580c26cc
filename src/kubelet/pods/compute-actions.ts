// What has to be done so that a pod's containers are as its spec says: a pure function of spec and runtime state. Upstream: computePodActions in kuberuntime.
//
// Invariants: a pod whose sandbox is gone is rebuilt from its init containers on; init containers run one after the other, sidecars among them keep running;
// a regular container is started only once all init containers are done.

import type { Container, Pod } from '../../api/generated/types.ts';
import type { ContainerStatus } from '../../cri/runtime.ts';
import { asContainer, hashContainer, isRestartableInit, restartsOnFailure, shouldRestart } from './pod.ts';
import { containerHashAnnotation, findContainer, type RuntimePod } from './runtime-pod.ts';

export type ProbeVerdict = 'success' | 'failure' | 'unknown';

/** What the probes of a container last said, undefined if it has none of that kind. */
export interface Verdicts {
  liveness(containerId: string): ProbeVerdict | undefined;
  startup(containerId: string): ProbeVerdict | undefined;
}

export interface ContainerToKill {
  container: ContainerStatus;
  message: string;
  reason: 'LivenessProbe' | 'StartupProbe' | 'Unknown' | '';
}

export interface PodActions {
  killPod: boolean;
  createSandbox: boolean;
  /** Sandbox to use when none is created. */
  sandboxId: string;
  attempt: number;
  initContainersToStart: Container[];
  containersToStart: Container[];
  ephemeralContainersToStart: Container[];
  containersToKill: ContainerToKill[];
}

export function computePodActions(pod: Pod, runtimePod: RuntimePod | undefined, verdicts: Verdicts): PodActions {
  const { changed, attempt, sandboxId } = sandboxChanged(pod, runtimePod);
  const actions: PodActions = {
    killPod: changed,
    createSandbox: changed,
    sandboxId,
    attempt,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: [],
  };
  const containers = pod.spec?.containers ?? [];
  const initContainers = pod.spec?.initContainers ?? [];
  if (changed) {
    const started = (runtimePod?.containers.length ?? 0) > 0;
    const wanted = containers.filter((container) => {
      const last = findContainer(runtimePod, container.name);
      return last?.state === 'exited' ? shouldRestart(pod, container, last.exitCode) : true;
    });
    const none = wanted.length === 0 || (!anyRestartsOnFailure(pod) && attempt !== 0 && started);
    if (none) actions.createSandbox = false;
    else if (initContainers[0]) actions.initContainersToStart = [initContainers[0]];
    else actions.containersToStart = wanted;
    return actions;
  }

  for (const ephemeral of pod.spec?.ephemeralContainers ?? [])
    if (!findContainer(runtimePod, ephemeral.name)) actions.ephemeralContainersToStart.push(asContainer(ephemeral));

  if (!initActions(pod, runtimePod, verdicts, actions)) return actions;

  let keep = 0;
  for (const container of containers) {
    const status = findContainer(runtimePod, container.name);
    if (status?.state !== 'running') {
      const unfinished = status?.state !== 'exited';
      if (
        pod.metadata.deletionTimestamp === undefined &&
        (unfinished || shouldRestart(pod, container, status.exitCode))
      ) {
        actions.containersToStart.push(container);
        if (status?.state === 'unknown')
          actions.containersToKill.push({
            container: status,
            message: `Container is in "unknown" state, try killing it before restart`,
            reason: 'Unknown',
          });
      }
      continue;
    }
    let message: string;
    let reason: ContainerToKill['reason'] = '';
    let restart = restartsOnFailure(pod, container);
    if (status.annotations[containerHashAnnotation] !== hashContainer(container)) {
      message = `Container ${container.name} definition changed`;
      restart = true;
    } else if (verdicts.liveness(status.id) === 'failure') {
      message = `Container ${container.name} failed liveness probe`;
      reason = 'LivenessProbe';
    } else if (verdicts.startup(status.id) === 'failure') {
      message = `Container ${container.name} failed startup probe`;
      reason = 'StartupProbe';
    } else {
      keep++;
      continue;
    }
    if (restart) {
      message = `${message}, will be restarted`;
      actions.containersToStart.push(container);
    }
    actions.containersToKill.push({ container: status, message, reason });
  }
  if (keep === 0 && actions.containersToStart.length === 0) actions.killPod = true;
  return actions;
}

function anyRestartsOnFailure(pod: Pod): boolean {
  return restartsOnFailure(pod) || (pod.spec?.containers ?? []).some((container) => restartsOnFailure(pod, container));
}

function sandboxChanged(pod: Pod, runtimePod: RuntimePod | undefined) {
  const newest = runtimePod?.sandboxes[0];
  if (!newest) return { changed: true, attempt: 0, sandboxId: '' };
  const ready = runtimePod?.sandboxes.filter((sandbox) => sandbox.state === 'ready').length ?? 0;
  const noAddress = pod.spec?.hostNetwork !== true && newest.ip === '';
  if (ready > 1 || newest.state !== 'ready' || noAddress)
    return { changed: true, attempt: newest.metadata.attempt + 1, sandboxId: newest.id };
  return { changed: false, attempt: newest.metadata.attempt, sandboxId: newest.id };
}

/** Fills in init containers to start or kill; true once regular containers may run. */
function initActions(pod: Pod, runtimePod: RuntimePod | undefined, verdicts: Verdicts, actions: PodActions): boolean {
  const initialized = (pod.spec?.containers ?? []).some((container) => findContainer(runtimePod, container.name));
  let blocked = false;
  for (const container of pod.spec?.initContainers ?? []) {
    const status = findContainer(runtimePod, container.name);
    const sidecar = isRestartableInit(container);
    if (initialized && !sidecar) continue;
    if (!status) {
      if (blocked) return false;
      actions.initContainersToStart.push(container);
      if (initialized) continue;
      return false;
    }
    if (status.state === 'unknown')
      actions.containersToKill.push({
        container: status,
        message: `Init container is in "unknown" state, try killing it before restart`,
        reason: 'Unknown',
      });
    if (sidecar) {
      if (status.state !== 'running') {
        actions.initContainersToStart.push(container);
        blocked = true;
        continue;
      }
      const startup = container.startupProbe ? (verdicts.startup(status.id) ?? 'unknown') : 'success';
      const failed = startup === 'failure' ? 'startup' : verdicts.liveness(status.id) === 'failure' ? 'liveness' : '';
      if (failed !== '') {
        actions.containersToKill.push({
          container: status,
          message: `Init container ${container.name} failed ${failed} probe, will be restarted`,
          reason: failed === 'startup' ? 'StartupProbe' : 'LivenessProbe',
        });
        actions.initContainersToStart.push(container);
        blocked = true;
      } else if (startup === 'unknown') blocked = true;
      continue;
    }
    if (status.state === 'running') {
      if (status.annotations[containerHashAnnotation] === hashContainer(container)) return false;
      actions.containersToKill.push({
        container: status,
        message: `Init container ${container.name} definition changed, will be restarted`,
        reason: '',
      });
      actions.initContainersToStart.push(container);
      return false;
    }
    if (status.state === 'exited' && status.exitCode === 0) continue;
    if (status.state === 'exited' && !shouldRestart(pod, container, status.exitCode)) {
      actions.killPod = true;
      return false;
    }
    actions.initContainersToStart.push(container);
    return false;
  }
  return initialized || !blocked;
}

/** In plain words, for the trace. */
export function describeActions(actions: PodActions, found = true): string {
  const parts: string[] = [];
  if (actions.killPod && found) parts.push('stop what is left of the pod');
  if (actions.createSandbox) parts.push('create the sandbox');
  for (const { container, message } of actions.containersToKill)
    parts.push(`stop ${container.metadata.name} (${message})`);
  for (const container of [
    ...actions.ephemeralContainersToStart,
    ...actions.initContainersToStart,
    ...actions.containersToStart,
  ])
    parts.push(`start ${container.name}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing';
}

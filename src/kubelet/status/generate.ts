// Pod.status from what runs: phase, conditions, addresses. Upstream: generateAPIPodStatus and getPhase in kubelet_pods.go, status/generate.go.
//
// Invariant: a pure function; the status manager decides what of it reaches the API.

import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { qosClass } from '../containers/resources.ts';
import { isRestartableInit, restartsOnFailure } from '../pods/pod.ts';
import { readySandbox } from '../pods/runtime-pod.ts';
import { containerStatuses, type StatusInputs } from './container-statuses.ts';

/** What probes say about a running container. */
export interface Readiness {
  started(containerId: string, container: string): boolean;
  ready(containerId: string, container: string): boolean;
}

export interface PodStatusInputs extends StatusInputs {
  readiness: Readiness;
  hostIp: string;
  /** Cluster ms. */
  now: number;
  /** The last status the kubelet made or the API's. */
  previous: PodStatus;
  /** The pod is being torn down for good: what stopped stays stopped. */
  terminal: boolean;
}

export function generatePodStatus(inputs: PodStatusInputs): PodStatus {
  const { pod, runtimePod, previous, now } = inputs;
  const spec = pod.spec;
  const init = containerStatuses(inputs, 'init').map((status) => judge(inputs, status, 'init'));
  const regular = containerStatuses(inputs, 'container').map((status) => judge(inputs, status, 'container'));
  const ephemeral = containerStatuses(inputs, 'ephemeral');

  let phase =
    previous.phase === 'Failed' || previous.phase === 'Succeeded'
      ? previous.phase
      : podPhase(pod, init, regular, inputs.terminal);
  if (previous.phase === undefined && phase === '') phase = 'Pending';
  const status: PodStatus = {
    observedGeneration: pod.metadata.generation,
    phase,
    startTime: previous.startTime ?? rfc3339(now),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    hostIP: inputs.hostIp,
    hostIPs: [{ ip: inputs.hostIp }],
    containerStatuses: regular,
  };
  if (previous.reason) status.reason = previous.reason;
  if (previous.message) status.message = previous.message;
  if (init.length > 0) status.initContainerStatuses = init;
  if (ephemeral.length > 0) status.ephemeralContainerStatuses = ephemeral;
  const sandbox = readySandbox(runtimePod);
  const ip = spec?.hostNetwork ? inputs.hostIp : sandbox?.ip || previous.podIP;
  if (ip) {
    status.podIP = ip;
    status.podIPs = [{ ip }];
  }
  status.conditions = podConditions(
    inputs,
    status,
    init,
    regular,
    sandbox !== undefined && (sandbox.ip !== '' || spec?.hostNetwork === true),
  );
  return status;
}

function judge(inputs: PodStatusInputs, status: ContainerStatus, kind: 'init' | 'container'): ContainerStatus {
  const { pod, readiness, runtimeName } = inputs;
  const spec = (kind === 'init' ? pod.spec?.initContainers : pod.spec?.containers)?.find((c) => c.name === status.name);
  if (kind === 'init' && spec && !isRestartableInit(spec)) {
    const terminated = status.state?.terminated;
    return { ...status, started: status.state?.running !== undefined, ready: terminated?.exitCode === 0 };
  }
  if (!status.state?.running) return { ...status, started: false, ready: false };
  const id = (status.containerID ?? '').slice(`${runtimeName}://`.length);
  const started = readiness.started(id, status.name);
  return { ...status, started, ready: started && readiness.ready(id, status.name) };
}

/** Upstream's getPhase. */
export function podPhase(pod: Pod, init: ContainerStatus[], regular: ContainerStatus[], terminal: boolean): string {
  let pendingInit = 0;
  let failedInit = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    const status = init.find((s) => s.name === container.name);
    const state = status?.state;
    if (isRestartableInit(container)) {
      const begun = state?.running
        ? !container.startupProbe || status?.started
        : state?.terminated || status?.lastState?.terminated;
      if (!begun) pendingInit++;
      continue;
    }
    const ended = state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined);
    if (!ended || state?.running) pendingInit++;
    else if (ended.exitCode !== 0) failedInit++;
  }
  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  let unknown = 0;
  for (const container of pod.spec?.containers ?? []) {
    const status = regular.find((s) => s.name === container.name);
    if (status?.state?.running) running++;
    else if (status?.state?.terminated) {
      stopped++;
      if (status.state.terminated.exitCode === 0) succeeded++;
    } else if (status?.state?.waiting) {
      if (status.lastState?.terminated) stopped++;
      else waiting++;
    } else unknown++;
  }
  const containers = pod.spec?.containers ?? [];
  if (failedInit > 0 && !restartsOnFailure(pod)) return 'Failed';
  if (pendingInit > 0 || failedInit > 0) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (terminal) return stopped === succeeded ? 'Succeeded' : 'Failed';
    const willRestart = regular.some((status) => status.state?.waiting !== undefined);
    if (
      willRestart ||
      containers.some((container) => (container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') === 'Always')
    )
      return 'Running';
    if (stopped === succeeded) return 'Succeeded';
    return restartsOnFailure(pod) ? 'Running' : 'Failed';
  }
  return 'Pending';
}

function podConditions(
  inputs: PodStatusInputs,
  status: PodStatus,
  init: ContainerStatus[],
  regular: ContainerStatus[],
  sandboxReady: boolean,
): PodCondition[] {
  const { pod, previous, now } = inputs;
  const make = (type: string, ok: boolean, reason = '', message = ''): PodCondition => {
    const value = ok ? 'True' : 'False';
    const before = [...(previous.conditions ?? []), ...(pod.status?.conditions ?? [])].find((c) => c.type === type);
    return {
      type,
      status: value,
      observedGeneration: pod.metadata.generation,
      lastTransitionTime: before?.status === value ? (before.lastTransitionTime ?? rfc3339(now)) : rfc3339(now),
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    };
  };
  const phase = status.phase ?? 'Pending';
  const containersReady = containersCondition('ContainersReady', phase, init, regular, pod);
  return [
    make('PodReadyToStartContainers', sandboxReady),
    make('Initialized', ...initializedCondition(pod, phase, init, regular)),
    make('Ready', ...readyCondition(pod, containersReady)),
    make('ContainersReady', ...containersReady),
    make('PodScheduled', true),
  ];
}

type Verdict = [ok: boolean, reason?: string, message?: string];

function initializedCondition(pod: Pod, phase: string, init: ContainerStatus[], regular: ContainerStatus[]): Verdict {
  if (init.length === 0) return [true];
  if (phase === 'Succeeded') return [true, 'PodCompleted'];
  if (regular.some((status) => status.state?.running || status.state?.terminated || status.lastState?.terminated))
    return [true];
  const incomplete = init.filter((status) => {
    const spec = pod.spec?.initContainers?.find((container) => container.name === status.name);
    return spec && isRestartableInit(spec) ? !status.started : !status.ready;
  });
  if (incomplete.length === 0) return [true];
  return [
    false,
    'ContainersNotInitialized',
    `containers with incomplete status: [${incomplete.map((s) => s.name).join(' ')}]`,
  ];
}

function containersCondition(
  _type: string,
  phase: string,
  init: ContainerStatus[],
  regular: ContainerStatus[],
  pod: Pod,
): Verdict {
  if (phase === 'Succeeded') return [false, 'PodCompleted'];
  if (phase === 'Failed') return [false, 'PodFailed'];
  const sidecars = init.filter((status) =>
    pod.spec?.initContainers?.some((container) => container.name === status.name && isRestartableInit(container)),
  );
  const unready = [...sidecars, ...regular].filter((status) => !status.ready);
  if (unready.length === 0) return [true];
  return [false, 'ContainersNotReady', `containers with unready status: [${unready.map((s) => s.name).join(' ')}]`];
}

function readyCondition(pod: Pod, containersReady: Verdict): Verdict {
  if (!containersReady[0]) return containersReady;
  const problems: string[] = [];
  for (const gate of pod.spec?.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find((c) => c.type === gate.conditionType);
    if (!condition)
      problems.push(`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`);
    else if (condition.status !== 'True')
      problems.push(`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`);
  }
  return problems.length === 0 ? [true] : [false, 'ReadinessGatesNotReady', problems.join(', ')];
}

// ContainerStatus entries of a Pod from what the runtime reports. Upstream: convertToAPIContainerStatuses in kubelet_pods.go.
//
// Invariants: one entry per container of the spec, in the spec's order; a container that the runtime does not know keeps what the API said of it, unless that
// was "running": then it ended unseen (ContainerStatusUnknown, 137).

import type { Container, ContainerState, ContainerStatus, Pod } from '../../api/generated/types.ts';
import type * as cri from '../../cri/runtime.ts';
import { rfc3339 } from '../../env/clock.ts';
import { allContainers, type ContainerKind, shouldRestart } from '../pods/pod.ts';
import { type RuntimePod, readySandbox, restartCountOf } from '../pods/runtime-pod.ts';

/** Why a container could not be started the last time: what `waiting` shows. */
export interface StartFailure {
  reason: string;
  message: string;
}

export interface StatusInputs {
  pod: Pod;
  runtimePod: RuntimePod | undefined;
  /** "hollow": prefix of container ids. */
  runtimeName: string;
  /** The last status the kubelet reported (or the API's). */
  oldStatuses: (kind: ContainerKind) => ContainerStatus[];
  failure(container: string): StartFailure | undefined;
  terminationMessage(container: cri.ContainerStatus): string;
}

/** Statuses of all containers of one kind, without `ready` and `started`, which the prober decides. */
export function containerStatuses(inputs: StatusInputs, kind: ContainerKind): ContainerStatus[] {
  const { pod } = inputs;
  const defaultReason = (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const old = new Map(inputs.oldStatuses(kind).map((status) => [status.name, status]));
  const out: ContainerStatus[] = [];
  for (const entry of allContainers(pod))
    if (entry.kind === kind)
      out.push(oneStatus(inputs, entry.container, kind, defaultReason, old.get(entry.container.name)));
  return out;
}

function oneStatus(
  inputs: StatusInputs,
  container: Container,
  kind: ContainerKind,
  defaultReason: string,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const { pod, runtimePod } = inputs;
  const attempts = (runtimePod?.containers ?? []).filter((status) => status.metadata.name === container.name);
  const [current, previous] = attempts;
  const base: ContainerStatus = {
    name: container.name,
    state: { waiting: { reason: defaultReason } },
    lastState: {},
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: old?.imageID ?? '',
    ...(old?.containerID ? { containerID: old.containerID } : {}),
    ...(kind === 'ephemeral' ? {} : { started: false }),
  };
  const failure = inputs.failure(container.name);
  if (!current) {
    if (old?.state?.terminated) return { ...base, state: old.state, lastState: old.lastState ?? {} };
    if (old?.state?.running || (old?.lastState?.terminated && !old.state?.waiting)) {
      base.state = {
        terminated: {
          reason: 'ContainerStatusUnknown',
          message: 'The container could not be located when the pod was terminated',
          exitCode: 137,
          ...(old.state?.running?.startedAt ? { startedAt: old.state.running.startedAt } : {}),
        },
      };
      if (shouldRestart(pod, container, 137) && readySandbox(runtimePod)) {
        base.lastState = base.state;
        base.restartCount++;
        base.state = { waiting: { reason: defaultReason } };
      }
      return base;
    }
    if (old?.lastState) base.lastState = old.lastState;
    if (failure) base.state = { waiting: { ...failure } };
    return base;
  }

  const status: ContainerStatus = {
    ...base,
    restartCount: restartCountOf(current),
    image: current.image,
    imageID: current.imageRef,
    containerID: `${inputs.runtimeName}://${current.id}`,
    state: stateOf(inputs, current),
    lastState: previous?.state === 'exited' ? stateOf(inputs, previous) : {},
    ...(container.resources && Object.keys(container.resources).length > 0 ? { resources: container.resources } : {}),
  };
  const requests = container.resources?.requests;
  if (requests && kind !== 'ephemeral') status.allocatedResources = requests;
  const mounts = container.volumeMounts ?? [];
  if (mounts.length > 0)
    status.volumeMounts = mounts.map((mount) => ({
      name: mount.name,
      mountPath: mount.mountPath,
      ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
    }));
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  if (user !== undefined && current.state === 'running')
    status.user = {
      linux: {
        uid: user,
        gid: container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? 0,
        supplementalGroups: pod.spec?.securityContext?.supplementalGroups ?? [],
      },
    };
  // A container that ended and is to run again waits; what it was becomes its last state.
  if (current.state === 'exited' && kind !== 'ephemeral' && failure && mayRunAgain(inputs, container, kind, current)) {
    status.lastState = status.state as ContainerState;
    status.state = { waiting: { ...failure } };
  }
  return status;
}

function mayRunAgain(
  inputs: StatusInputs,
  container: Container,
  kind: ContainerKind,
  current: cri.ContainerStatus,
): boolean {
  if (kind === 'init' && container.restartPolicy !== 'Always' && current.exitCode === 0) return false;
  return shouldRestart(inputs.pod, container, current.exitCode);
}

function stateOf(inputs: StatusInputs, status: cri.ContainerStatus): ContainerState {
  switch (status.state) {
    case 'running':
      return { running: { startedAt: rfc3339(status.startedAt) } };
    case 'exited': {
      const message = inputs.terminationMessage(status) || status.message;
      return {
        terminated: {
          exitCode: status.exitCode,
          reason: status.reason || (status.exitCode === 0 ? 'Completed' : 'Error'),
          ...(message ? { message } : {}),
          ...(status.startedAt > 0 ? { startedAt: rfc3339(status.startedAt) } : {}),
          finishedAt: rfc3339(status.finishedAt),
          containerID: `${inputs.runtimeName}://${status.id}`,
        },
      };
    }
    default:
      return { waiting: { reason: 'ContainerCreating' } };
  }
}

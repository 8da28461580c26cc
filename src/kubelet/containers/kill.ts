// Stopping containers: preStop, then SIGTERM, then SIGKILL, all within the grace period; regular containers together, then sidecars in reverse order.
// Upstream: killContainer, killPodWithSyncResult in kuberuntime.
//
// Invariants: a container is given at least 2 seconds after its preStop hook, unless the grace period is 0. Where a head start is configured, a ready pod that
// is deleted is signalled that much later, within its grace period: by then kube-proxies send it nothing new. (Upstream signals at once, and its proxies win that race.)

import type { Container, LifecycleHandler, Pod } from '../../api/generated/types.ts';
import type { ContainerStatus } from '../../cri/runtime.ts';
import { findSpecContainer, gracePeriodOf, isRestartableInit } from '../pods/pod.ts';
import { containerNameLabel, gracePeriodAnnotation, preStopAnnotation, type RuntimePod } from '../pods/runtime-pod.ts';
import type { CallContext, RuntimeService } from '../runtime-service.ts';
import { type HookContext, runHook } from './hooks.ts';

export interface Killer {
  service: RuntimeService;
  hooks: HookContext;
  /** Seconds that kube-proxies are given to forget a pod before its containers are signalled. */
  headStartSeconds: number;
  event(pod: Pod, container: string, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface KillOptions {
  /** Undefined for a pod that only the runtime knows. */
  pod: Pod | undefined;
  /** Of the Killing event; left out: "Stopping container <name>". */
  message?: string;
  reason?: 'LivenessProbe' | 'StartupProbe' | 'Unknown' | '';
  /** Overrides the pod's. */
  graceSeconds?: number;
}

const minimumGrace = 2;

/** Stops one container and resolves when it is gone. */
export async function killContainer(
  killer: Killer,
  context: CallContext,
  status: ContainerStatus,
  options: KillOptions,
): Promise<void> {
  const { pod } = options;
  const name = status.labels[containerNameLabel] ?? status.metadata.name;
  const container = pod && findSpecContainer(pod, name)?.container;
  let grace = options.graceSeconds ?? graceOf(pod, container, status, options.reason);
  if (pod) killer.event(pod, name, 'Normal', 'Killing', options.message || `Stopping container ${name}`);
  const handler = preStopOf(container, status);
  const clock = killer.hooks.os.clock ?? killer.hooks.env.clock;
  if (handler && grace > 0 && status.state === 'running') {
    const began = clock.now();
    try {
      await runHook(killer.hooks, container ?? { name }, status.id, handler, grace);
    } catch (error) {
      if (pod) killer.event(pod, name, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      void error;
    }
    grace = Math.max(minimumGrace, grace - Math.floor((clock.now() - began) / 1000));
  } else if (pod && mayBeServed(pod) && grace > killer.headStartSeconds + minimumGrace && status.state === 'running') {
    await new Promise<void>((resolve) => clock.after(killer.headStartSeconds * 1000, resolve));
    grace -= killer.headStartSeconds;
  }
  await killer.service.stopContainer(context, status.id, name, grace);
}

/** A deleted pod that may still be an endpoint of a Service: it was ready, and has labels to be selected by. */
function mayBeServed({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return metadata.deletionTimestamp !== undefined && Object.keys(metadata.labels ?? {}).length > 0 && ready === true;
}

function graceOf(
  pod: Pod | undefined,
  container: Container | undefined,
  status: ContainerStatus,
  reason: KillOptions['reason'],
): number {
  if (pod?.metadata.deletionGracePeriodSeconds !== undefined) return pod.metadata.deletionGracePeriodSeconds;
  const probe =
    reason === 'LivenessProbe'
      ? container?.livenessProbe
      : reason === 'StartupProbe'
        ? container?.startupProbe
        : undefined;
  if (probe?.terminationGracePeriodSeconds !== undefined) return probe.terminationGracePeriodSeconds;
  return pod ? gracePeriodOf(pod) : Number(status.annotations[gracePeriodAnnotation] ?? 30);
}

function preStopOf(container: Container | undefined, status: ContainerStatus): LifecycleHandler | undefined {
  if (container) return container.lifecycle?.preStop;
  const text = status.annotations[preStopAnnotation];
  return text ? (JSON.parse(text) as LifecycleHandler) : undefined;
}

/** Stops every container of a pod that runs, sidecars last, then its sandboxes. */
export async function killPod(
  killer: Killer,
  context: CallContext,
  runtimePod: RuntimePod,
  options: KillOptions,
): Promise<void> {
  const sidecars = (options.pod?.spec?.initContainers ?? [])
    .filter(isRestartableInit)
    .map((container) => container.name);
  const active = runtimePod.containers.filter(
    (status) => status.state === 'running' || status.state === 'unknown' || status.state === 'created',
  );
  const isSidecar = (status: ContainerStatus) => sidecars.includes(status.metadata.name);
  await Promise.all(
    active.filter((status) => !isSidecar(status)).map((status) => killContainer(killer, context, status, options)),
  );
  for (const name of sidecars.toReversed())
    for (const status of active)
      if (status.metadata.name === name) await killContainer(killer, context, status, options);
  for (const sandbox of runtimePod.sandboxes)
    if (sandbox.state === 'ready') await killer.service.stopPodSandbox(context, sandbox.id);
}

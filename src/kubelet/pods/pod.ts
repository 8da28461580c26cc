// Small questions about a Pod's spec that many parts of the kubelet ask.

import type { Container, EphemeralContainer, Pod } from '../../api/generated/types.ts';

/** "web_default(uid)": how kubelet messages name a pod. */
export function formatPod(pod: Pod): string {
  const { name, namespace, uid } = pod.metadata;
  return `${name}_${namespace}(${uid})`;
}

export type ContainerKind = 'container' | 'init' | 'ephemeral';

export interface NamedContainer {
  container: Container;
  kind: ContainerKind;
}

export function* allContainers(pod: Pod): Generator<NamedContainer> {
  for (const container of pod.spec?.initContainers ?? []) yield { container, kind: 'init' };
  for (const container of pod.spec?.containers ?? []) yield { container, kind: 'container' };
  for (const container of pod.spec?.ephemeralContainers ?? [])
    yield { container: asContainer(container), kind: 'ephemeral' };
}

/** Ephemeral containers have the fields of containers and one more. */
export function asContainer(ephemeral: EphemeralContainer): Container {
  return ephemeral;
}

export function findSpecContainer(pod: Pod, name: string): NamedContainer | undefined {
  for (const entry of allContainers(pod)) if (entry.container.name === name) return entry;
  return undefined;
}

/** Init containers with restartPolicy Always run beside the others: sidecars. */
export function isRestartableInit(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** "spec.containers{web}": Event.involvedObject.fieldPath. */
export function containerFieldPath(pod: Pod, name: string): string {
  const kind = findSpecContainer(pod, name)?.kind ?? 'container';
  const list = { container: 'containers', init: 'initContainers', ephemeral: 'ephemeralContainers' }[kind];
  return `spec.${list}{${name}}`;
}

/** Whether a container that ended with this code is to run again, by its own policy and rules and else the pod's. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const listed = rule.exitCodes?.values?.includes(exitCode) ?? false;
    if (rule.action === 'Restart' && rule.exitCodes && listed === (rule.exitCodes.operator === 'In')) return true;
  }
  switch (container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

/** Whether a container may be started again after a failure. */
export function restartsOnFailure(pod: Pod, container?: Container): boolean {
  if ((container?.restartPolicyRules ?? []).length > 0) return true;
  return (container?.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') !== 'Never';
}

/** A short hash of what a restart would change: the container is restarted when it differs (upstream: HashContainer, over name and image). */
export function hashContainer(container: Container): string {
  let hash = 0x811c9dc5;
  for (const c of JSON.stringify([container.name, container.image ?? '']))
    hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Whether the pod has ended for good as the API knows it. */
export function isTerminalPhase(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Seconds a stop may take: the deletion's, else the spec's, else 30. */
export function gracePeriodOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

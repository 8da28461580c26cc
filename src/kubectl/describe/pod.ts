// `describe pod`, and the pod template of the workloads.

import type { Pod, PodTemplateSpec, Toleration, TopologySpreadConstraint } from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import { compareQuantity } from '../../api/quantity.ts';
import type { KubeObject } from '../object.ts';
import { controllerOf, writeAnnotations, writeEvents, writeLabels } from './common.ts';
import { writeContainers, writeResources } from './container.ts';
import { writeVolumes } from './volumes.ts';
import { type DescribeWriter, type Describing, longTime, since } from './writer.ts';

export async function describePod(on: Describing, object: KubeObject): Promise<void> {
  const { w, now } = on;
  const pod = object as unknown as Pod;
  const { metadata, spec } = pod;
  const status = pod.status ?? {};
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`);
  if (spec.priority !== undefined && spec.priority !== null) w.write(0, `Priority:\t${spec.priority}\n`);
  if (spec.priorityClassName) w.write(0, `Priority Class Name:\t${spec.priorityClassName}\n`);
  if (spec.runtimeClassName) w.write(0, `Runtime Class Name:\t${spec.runtimeClassName}\n`);
  if (spec.serviceAccountName) w.write(0, `Service Account:\t${spec.serviceAccountName}\n`);
  w.write(0, `Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>'}\n`);
  if (status.startTime) w.write(0, `Start Time:\t${longTime(status.startTime)}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  if (metadata.deletionTimestamp && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    w.write(0, `Status:\tTerminating (lasts ${since(metadata.deletionTimestamp, now)})\n`);
    w.write(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s\n`);
  } else w.write(0, `Status:\t${status.phase ?? ''}\n`);
  if (status.reason) w.write(0, `Reason:\t${status.reason}\n`);
  if (status.message) w.write(0, `Message:\t${status.message}\n`);
  const seccomp = spec.securityContext?.seccompProfile;
  if (seccomp) {
    w.write(0, `SeccompProfile:\t${seccomp.type}\n`);
    if (seccomp.type === 'Localhost') w.write(0, `LocalhostProfile:\t${seccomp.localhostProfile ?? ''}\n`);
  }
  w.write(0, `IP:\t${status.podIP ?? ''}\n`);
  const ips = status.podIPs ?? [];
  w.write(0, ips.length === 0 ? 'IPs:\t<none>\n' : 'IPs:\n');
  for (const each of ips) w.write(1, `IP:\t${each.ip}\n`);
  const owner = controllerOf(metadata);
  if (owner) w.write(0, `Controlled By:\t${owner}\n`);
  if (status.nominatedNodeName) w.write(0, `NominatedNodeName:\t${status.nominatedNodeName}\n`);
  if (spec.resources) {
    w.write(0, 'Resources:\n');
    writeResources(w, spec.resources, 1);
  }
  if (spec.initContainers?.length) {
    writeContainers(w, 'Init Containers', spec.initContainers, status.initContainerStatuses ?? [], false, pod);
  }
  writeContainers(w, 'Containers', spec.containers, status.containerStatuses ?? [], false, pod);
  if (spec.ephemeralContainers?.length) {
    writeContainers(
      w,
      'Ephemeral Containers',
      spec.ephemeralContainers,
      status.ephemeralContainerStatuses ?? [],
      false,
      pod,
    );
  }
  if (spec.readinessGates?.length) {
    w.write(0, 'Readiness Gates:\n  Type\tStatus\n');
    for (const gate of spec.readinessGates) {
      const found = status.conditions?.find((condition) => condition.type === gate.conditionType);
      w.write(1, `${gate.conditionType} \t${found?.status ?? '<none>'} \n`);
    }
  }
  if (status.conditions?.length) {
    w.write(0, 'Conditions:\n  Type\tStatus\n');
    for (const condition of status.conditions) w.write(1, `${condition.type} \t${condition.status} \n`);
  }
  writeVolumes(w, spec.volumes, false);
  w.write(0, `QoS Class:\t${status.qosClass ?? qosOf(pod)}\n`);
  writeLabels(w, 'Node-Selectors', spec.nodeSelector);
  writeTolerations(w, 'Tolerations', spec.tolerations);
  writeSpread(w, '', spec.topologySpreadConstraints);
  await writeEvents(on, object);
}

function qosOf(pod: Pod): string {
  const lists = pod.spec.containers.map((container) => container.resources ?? {});
  if (lists.every((each) => !each.limits && !each.requests)) return 'BestEffort';
  const guaranteed = lists.every(({ limits, requests }) =>
    ['cpu', 'memory'].every(
      (name) => limits?.[name] && compareQuantity(requests?.[name] ?? limits[name]!, limits[name]!) === 0,
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

export function tolerationText(toleration: Toleration): string {
  let text = toleration.key ?? '';
  if (toleration.value) text += `=${toleration.value}`;
  if (toleration.effect) text += `:${toleration.effect}`;
  if (toleration.operator === 'Exists' && !toleration.value) text += text === '' ? 'op=Exists' : ' op=Exists';
  else if (toleration.operator === 'Lt' || toleration.operator === 'Gt') text += ` op=${toleration.operator}`;
  if (toleration.tolerationSeconds !== undefined && toleration.tolerationSeconds !== null)
    text += ` for ${toleration.tolerationSeconds}s`;
  return text;
}

export function writeTolerations(w: DescribeWriter, title: string, tolerations: Toleration[] | undefined): void {
  w.write(0, `${title}:\t`);
  const keyOf = (each: Toleration) => `${each.key ?? ''}\u0000${each.operator ?? ''}`;
  const sorted = [...(tolerations ?? [])].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
  if (sorted.length === 0) w.write(0, '<none>\n');
  sorted.forEach((toleration, i) => {
    w.write(0, `${i > 0 ? '\t' : ''}${tolerationText(toleration)}\n`);
  });
}

function writeSpread(w: DescribeWriter, indent: string, constraints: TopologySpreadConstraint[] | undefined): void {
  const sorted = [...(constraints ?? [])].sort((a, b) => (a.topologyKey < b.topologyKey ? -1 : 1));
  sorted.forEach((each, i) => {
    const head = i === 0 ? `${indent}Topology Spread Constraints:\t` : `${indent}\t`;
    const selector = each.labelSelector ? ` for selector ${formatLabelSelector(each.labelSelector)}` : '';
    w.write(
      0,
      `${head}${each.topologyKey}:${each.whenUnsatisfiable} when max skew ${each.maxSkew} is exceeded${selector}\n`,
    );
  });
}

/** "Pod Template:" and what is under it. */
export function writePodTemplate(w: DescribeWriter, template: PodTemplateSpec | undefined): void {
  w.write(0, 'Pod Template:\n');
  if (!template) {
    w.write(0, '<unset>');
    return;
  }
  const { metadata, spec } = template;
  writeLabels(w, '  Labels', metadata?.labels);
  if (metadata?.annotations && Object.keys(metadata.annotations).length > 0) {
    const inner = metadata.annotations;
    writeAnnotations(w, inner, 1);
  }
  if (!spec) return;
  if (spec.serviceAccountName) w.write(0, `  Service Account:\t${spec.serviceAccountName}\n`);
  if (spec.initContainers?.length) writeContainers(w, 'Init Containers', spec.initContainers, undefined, true);
  writeContainers(w, 'Containers', spec.containers, undefined, true);
  writeVolumes(w, spec.volumes, true);
  writeSpread(w, '  ', spec.topologySpreadConstraints);
  if (spec.priorityClassName) w.write(0, `  Priority Class Name:\t${spec.priorityClassName}\n`);
  writeLabels(w, '  Node-Selectors', spec.nodeSelector);
  writeTolerations(w, '  Tolerations', spec.tolerations);
}

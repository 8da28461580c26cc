// What the runtime is told about one container and about a pod's sandbox. Upstream: generateContainerConfig, generatePodSandboxConfig.

import type { Container, Pod } from '../../api/generated/types.ts';
import type { ContainerConfig, Mount, PodSandboxConfig } from '../../cri/runtime.ts';
import { formatPod, gracePeriodOf, hashContainer } from '../pods/pod.ts';
import * as names from '../pods/runtime-pod.ts';
import { expand } from './expansion.ts';
import { cgroupParent, linuxResources } from './resources.ts';

export interface ClusterDns {
  /** "10.96.0.10". */
  servers: string[];
  /** "cluster.local". */
  domain: string;
}

export function sandboxConfig(pod: Pod, attempt: number, dns: ClusterDns): PodSandboxConfig {
  const { name, namespace = '', uid = '', labels = {}, annotations = {} } = pod.metadata;
  const spec = pod.spec;
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: spec?.hostnameOverride ?? spec?.hostname ?? name.slice(0, 63).replace(/[-.]+$/, ''),
    labels: {
      ...labels,
      [names.podNameLabel]: name,
      [names.podNamespaceLabel]: namespace,
      [names.podUidLabel]: uid,
    },
    annotations,
    dns: podDns(pod, dns),
    hostAliases: (spec?.hostAliases ?? []).map((alias) => ({ ip: alias.ip, hostnames: alias.hostnames ?? [] })),
    hostNetwork: spec?.hostNetwork ?? false,
    shareProcessNamespace: spec?.shareProcessNamespace ?? false,
    sysctls: Object.fromEntries((spec?.securityContext?.sysctls ?? []).map((sysctl) => [sysctl.name, sysctl.value])),
    cgroupParent: cgroupParent(pod),
  };
}

/** Upstream's GetPodDNS: by dnsPolicy, then dnsConfig on top. */
export function podDns(pod: Pod, cluster: ClusterDns): PodSandboxConfig['dns'] {
  const spec = pod.spec;
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const clusterFirst = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec?.hostNetwork);
  const namespace = pod.metadata.namespace ?? '';
  const dns = { servers: [] as string[], searches: [] as string[], options: [] as string[] };
  if (clusterFirst && cluster.servers.length > 0) {
    dns.servers.push(...cluster.servers);
    dns.searches.push(`${namespace}.svc.${cluster.domain}`, `svc.${cluster.domain}`, cluster.domain);
    dns.options.push('ndots:5');
  }
  const extra = spec?.dnsConfig;
  dns.servers = unique([...dns.servers, ...(extra?.nameservers ?? [])]);
  dns.searches = unique([...dns.searches, ...(extra?.searches ?? [])]);
  for (const option of extra?.options ?? []) {
    const name = option.name ?? '';
    dns.options = dns.options.filter((other) => other.split(':')[0] !== name);
    dns.options.push(option.value === undefined ? name : `${name}:${option.value}`);
  }
  return dns;
}

function unique(items: string[]): string[] {
  return [...new Set(items)];
}

export interface ContainerConfigInputs {
  pod: Pod;
  container: Container;
  restartCount: number;
  envs: { key: string; value: string }[];
  mounts: Mount[];
  /** Path on the node of the termination message file. */
  terminationFile: string | undefined;
  nodeMemoryBytes: number;
}

export function containerConfig(inputs: ContainerConfigInputs): ContainerConfig {
  const { pod, container, restartCount, envs, mounts, terminationFile } = inputs;
  const lookup = (name: string) => envs.find((env) => env.key === name)?.value;
  const podSecurity = pod.spec?.securityContext;
  const security = container.securityContext;
  const runAsUser = security?.runAsUser ?? podSecurity?.runAsUser;
  const runAsGroup = security?.runAsGroup ?? podSecurity?.runAsGroup;
  const groups = [
    ...(podSecurity?.supplementalGroups ?? []),
    ...(podSecurity?.fsGroup === undefined ? [] : [podSecurity.fsGroup]),
  ];
  const preStop = container.lifecycle?.preStop;
  const allMounts = [...mounts];
  if (terminationFile)
    allMounts.push({
      containerPath: container.terminationMessagePath ?? '/dev/termination-log',
      hostPath: terminationFile,
      readonly: false,
    });
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: container.image ?? '',
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? '',
    envs,
    mounts: allMounts,
    labels: {
      [names.podNameLabel]: pod.metadata.name,
      [names.podNamespaceLabel]: pod.metadata.namespace ?? '',
      [names.podUidLabel]: pod.metadata.uid ?? '',
      [names.containerNameLabel]: container.name,
    },
    annotations: {
      [names.containerHashAnnotation]: hashContainer(container),
      [names.restartCountAnnotation]: String(restartCount),
      [names.terminationPolicyAnnotation]: container.terminationMessagePolicy ?? 'File',
      [names.resourcesAnnotation]: JSON.stringify(linuxResources(pod, container, inputs.nodeMemoryBytes)),
      [names.gracePeriodAnnotation]: String(gracePeriodOf(pod)),
      ...(terminationFile ? { [names.terminationFileAnnotation]: terminationFile } : {}),
      ...(preStop ? { [names.preStopAnnotation]: JSON.stringify(preStop) } : {}),
    },
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: linuxResources(pod, container, inputs.nodeMemoryBytes),
    securityContext: {
      ...(runAsUser === undefined ? {} : { runAsUser }),
      ...(runAsGroup === undefined ? {} : { runAsGroup }),
      supplementalGroups: [...new Set(groups)],
      privileged: security?.privileged ?? false,
      readonlyRootfs: security?.readOnlyRootFilesystem ?? false,
      noNewPrivs: security?.allowPrivilegeEscalation === false,
      addCapabilities: security?.capabilities?.add ?? [],
      dropCapabilities: security?.capabilities?.drop ?? [],
    },
  };
}

/** Checks runAsNonRoot. `imageUid`: the user the image runs as, undefined if the runtime does not know. Throws with the text of CreateContainerConfigError. */
export function verifyRunAsNonRoot(pod: Pod, container: Container, imageUid: number | undefined): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot;
  if (!nonRoot) return;
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  if (user === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
  if (user === undefined && imageUid === 0)
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
}

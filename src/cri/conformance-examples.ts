// The sandbox and container configurations that the conformance suite starts from: the smallest that a kubelet would send.

import type { ContainerConfig, PodSandboxConfig } from './runtime.ts';

/** The configuration of the pod number `pods`, which is its name and uid. */
export function exampleSandbox(pods: number, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  const uid = `00000000-0000-4000-8000-${String(pods).padStart(12, '0')}`;
  return {
    metadata: { name: `pod-${pods}`, namespace: 'default', uid, attempt: 0 },
    hostname: `pod-${pods}`,
    labels: { 'io.kubernetes.pod.uid': uid },
    annotations: { note: 'kept' },
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
    hostAliases: [],
    hostNetwork: false,
    shareProcessNamespace: false,
    sysctls: {},
    cgroupParent: `/kubepods/besteffort/pod${uid}`,
    ...change,
  };
}

/** A container named "main" that runs `command`. */
export function exampleContainer(
  image: string,
  command: string[],
  change: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image,
    command,
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: { 'io.kubernetes.container.name': 'main' },
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: {},
    securityContext: {
      supplementalGroups: [],
      privileged: false,
      readonlyRootfs: false,
      noNewPrivs: false,
      addCapabilities: [],
      dropCapabilities: [],
    },
    ...change,
  };
}

// Small pod and container configurations for tests.

import type { ContainerConfig, PodSandboxConfig } from '../../runtime.ts';

let serial = 0;

export function sandboxConfig(name: string, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  serial++;
  const uid = `00000000-0000-4000-9000-${String(serial).padStart(12, '0')}`;
  return {
    metadata: { name, namespace: 'default', uid, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: [] },
    hostAliases: [],
    hostNetwork: false,
    shareProcessNamespace: false,
    sysctls: {},
    cgroupParent: `/kubepods/besteffort/pod${uid}`,
    ...change,
  };
}

export function containerConfig(
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
    labels: {},
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

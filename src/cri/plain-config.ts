// Sandbox and container configurations with nothing in them but what every one has: what to start from where no pod spec is behind it.

import type { ContainerConfig, PodSandboxConfig } from './runtime.ts';

/** A sandbox in the namespace "default", with the pod network and the cluster's DNS. */
export function plainSandbox(name: string, uid: string, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
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

/** A container named "main" that runs `command` and is allowed nothing special. */
export function plainContainer(
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

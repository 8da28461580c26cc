// The sandbox and container configurations that the conformance suite starts from: the smallest that a kubelet would send.

import { plainContainer, plainSandbox } from './plain-config.ts';
import type { ContainerConfig, PodSandboxConfig } from './runtime.ts';

/** The configuration of the pod number `pods`, which is its name and uid. */
export function exampleSandbox(pods: number, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  const uid = `00000000-0000-4000-8000-${String(pods).padStart(12, '0')}`;
  return plainSandbox(`pod-${pods}`, uid, {
    labels: { 'io.kubernetes.pod.uid': uid },
    annotations: { note: 'kept' },
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
    ...change,
  });
}

/** A container named "main" that runs `command`. */
export function exampleContainer(
  image: string,
  command: string[],
  change: Partial<ContainerConfig> = {},
): ContainerConfig {
  return plainContainer(image, command, { labels: { 'io.kubernetes.container.name': 'main' }, ...change });
}

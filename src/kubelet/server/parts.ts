// What the kubelet's HTTP handlers work with.

import type { Pod } from '../../api/generated/types.ts';
import type { NodeOs } from '../../cri/node-os.ts';
import type { ContainerRuntime } from '../../cri/runtime.ts';
import type { Clock } from '../../env/clock.ts';
import type { RuntimePod } from '../pods/runtime-pod.ts';

export interface ServerParts {
  runtime: ContainerRuntime;
  os: NodeOs;
  clock: Clock;
  nodeName: string;
  pods(): Pod[];
  pod(namespace: string, name: string): Pod | undefined;
  runtimePod(uid: string): RuntimePod | undefined;
  /** Undefined: healthy. */
  healthy(): string | undefined;
}

export class HttpError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The pod of a /verb/namespace/pod[/uid]/container path and what runs of it. */
export function findPod(
  parts: ServerParts,
  namespace: string,
  name: string,
): { pod: Pod; runtimePod: RuntimePod | undefined } {
  const pod = parts.pod(namespace, name);
  if (!pod) throw new HttpError(404, `pod "${name}" not found`);
  return { pod, runtimePod: parts.runtimePod(pod.metadata.uid ?? '') };
}

// The last words of containers: from the termination message file, or from the end of the log. Upstream: getTerminationMessage in kuberuntime_container.go.
//
// Invariants: read once per container and kept while the container is known; at most 4096 bytes of the file, or 2048 bytes and 80 lines of the log.

import type { NodeOs } from '../../cri/node-os.ts';
import type { ContainerRuntime, ContainerStatus } from '../../cri/runtime.ts';
import { messageOf } from '../../env/errors.ts';
import { terminationFileAnnotation, terminationPolicyAnnotation } from '../pods/runtime-pod.ts';

const maxFileBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

export class TerminationMessages {
  private readonly runtime: ContainerRuntime;
  private readonly os: NodeOs;
  private readonly known = new Map<string, string>();

  constructor(runtime: ContainerRuntime, os: NodeOs) {
    this.runtime = runtime;
    this.os = os;
  }

  /** Reads the messages of those that ended, and forgets those that are not in `all`. */
  async load(containers: ContainerStatus[]): Promise<void> {
    for (const container of containers)
      if (container.state === 'exited' && !this.known.has(container.id))
        this.known.set(container.id, await this.read(container));
  }

  get(container: ContainerStatus): string {
    return this.known.get(container.id) ?? '';
  }

  forget(containerId: string): void {
    this.known.delete(containerId);
  }

  private async read(container: ContainerStatus): Promise<string> {
    const file = container.annotations[terminationFileAnnotation];
    if (file) {
      const bytes = await this.os.readFile(file, maxFileBytes).catch(() => undefined);
      if (bytes && bytes.length > 0) return new TextDecoder().decode(bytes);
    }
    const fromLog =
      container.annotations[terminationPolicyAnnotation] === 'FallbackToLogsOnError' && container.exitCode !== 0;
    return fromLog ? this.tail(container.id) : '';
  }

  private async tail(containerId: string): Promise<string> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const line of this.runtime.logs(containerId, { tailLines: maxLogLines }))
        text += decoder.decode(line.content);
    } catch (error) {
      return `Error reading termination message from logs: ${messageOf(error)}`;
    }
    return text.slice(-maxLogBytes);
  }
}

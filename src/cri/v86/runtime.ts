// The container runtime of a v86 node: real crun containers in an emulated Linux.

import type { Env } from '../../env/env.ts';
import type { Agent } from '../../machine/agent.ts';
import { AgentError, type AgentStream, errno } from '../../machine/agent-stream.ts';
import { EventStream } from '../event-stream.ts';
import * as cri from '../runtime.ts';
import { Containers } from './containers.ts';
import { describeImage, type ImageStore } from './images.ts';
import { asDuplex, asProcess, dialError, logLines } from './process.ts';
import type { Sandboxes } from './sandboxes.ts';

const { RuntimeError } = cri;
const decoder = new TextDecoder();

export class V86Runtime implements cri.ContainerRuntime {
  private readonly agent: Agent;
  private readonly images: ImageStore;
  private readonly sandboxes: Sandboxes;
  private readonly containers: Containers;
  private readonly stream = new EventStream();
  private readonly crunVersion: string;

  constructor(env: Env, agent: Agent, images: ImageStore, sandboxes: Sandboxes, crunVersion: string) {
    this.agent = agent;
    this.images = images;
    this.sandboxes = sandboxes;
    this.containers = new Containers(env, agent, images, this.stream);
    this.crunVersion = crunVersion;
  }

  async version(): Promise<{ runtimeName: string; runtimeVersion: string }> {
    return { runtimeName: 'crun', runtimeVersion: this.crunVersion };
  }

  runPodSandbox(config: cri.PodSandboxConfig): Promise<string> {
    return this.sandboxes.run(config);
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) return;
    const ready = sandbox.status.state === 'ready';
    await Promise.all(this.containers.of(sandbox).map((container) => this.containers.stop(container, 0)));
    await this.sandboxes.stop(sandbox);
    if (ready)
      this.stream.publish({
        type: 'sandbox-stopped',
        podSandboxId,
        containerId: '',
        podUid: sandbox.config.metadata.uid,
      });
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) return;
    await this.stopPodSandbox(podSandboxId);
    await Promise.all(this.containers.of(sandbox).map((container) => this.containers.remove(container)));
    await this.sandboxes.remove(sandbox);
  }

  async listPodSandboxes(): Promise<cri.PodSandboxStatus[]> {
    return this.sandboxes.list().map(({ status }) => ({ ...status }));
  }

  async createContainer(podSandboxId: string, config: cri.ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) throw new RuntimeError('NotFound', `failed to find sandbox id "${podSandboxId}": not found`);
    return this.containers.create(sandbox, config);
  }

  startContainer(containerId: string): Promise<void> {
    return this.containers.start(containerId);
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    const container = this.containers.get(containerId);
    if (container) await this.containers.stop(container, timeoutSeconds);
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.containers.get(containerId);
    if (container) await this.containers.remove(container);
  }

  async listContainers(): Promise<cri.ContainerStatus[]> {
    return this.containers.list().map(({ status }) => ({ ...status }));
  }

  async containerStatus(containerId: string): Promise<cri.ContainerStatus> {
    return { ...this.containers.find(containerId).status };
  }

  async updateContainerResources(containerId: string, resources: cri.LinuxContainerResources): Promise<void> {
    await this.containers.update(this.containers.find(containerId), resources);
  }

  async execSync(containerId: string, command: string[], timeoutSeconds: number): Promise<cri.ExecResult> {
    const container = this.containers.findRunning(containerId);
    const request = this.containers.execRequest(container, command, false);
    try {
      const done = await this.agent.run({ ...request, timeout: timeoutSeconds * 1000 });
      if (done.timedOut)
        throw new RuntimeError(
          'DeadlineExceeded',
          `failed to exec in container: timeout ${timeoutSeconds}s exceeded: context deadline exceeded`,
        );
      return { stdout: done.stdout, stderr: done.stderr, exitCode: done.exitCode };
    } catch (error) {
      throw execError(error, command);
    }
  }

  async exec(containerId: string, options: cri.ExecOptions): Promise<cri.Process> {
    const container = this.containers.findRunning(containerId);
    const stream = this.agent.exec({
      ...this.containers.execRequest(container, options.command, options.tty),
      stdin: options.stdin,
      ...(options.tty ? { terminal: { columns: 80, rows: 24 } } : {}),
    });
    await started(stream, options.command);
    return asProcess(stream);
  }

  async attach(containerId: string, options: { stdin: boolean; tty: boolean }): Promise<cri.Process> {
    this.containers.findRunning(containerId);
    const stream = this.agent.open(['attach', 'id', containerId, 'stdin', options.stdin ? '1' : '0'], true);
    await started(stream, []);
    return asProcess(stream);
  }

  async portForward(podSandboxId: string, port: number): Promise<cri.Duplex> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) throw new RuntimeError('NotFound', `failed to find sandbox "${podSandboxId}": not found`);
    if (sandbox.status.state !== 'ready')
      throw new RuntimeError('FailedPrecondition', `sandbox container "${podSandboxId}" is not running`);
    const netns = sandbox.config.hostNetwork ? '' : `${sandbox.directory}/net`;
    const stream = this.agent.open(['tcp', 'host', '127.0.0.1', 'port', String(port), 'netns', netns]);
    try {
      await stream.started;
    } catch (error) {
      throw new RuntimeError(
        'Unavailable',
        `failed to connect to localhost:${port} inside namespace "${podSandboxId}": ${dialError(error, '127.0.0.1', port)}`,
      );
    }
    return asDuplex(stream);
  }

  async *logs(containerId: string, options: cri.LogOptions): AsyncGenerator<cri.LogLine> {
    const container = this.containers.find(containerId);
    if (options.signal?.aborted) return;
    const items = ['log', 'path', container.log, 'id', containerId];
    if (options.follow && container.status.state !== 'exited') {
      // a container that is still to be started has nobody to tell of its lines yet
      while (container.status.state === 'created' && !options.signal?.aborted)
        await this.changed(containerId, options.signal);
      items.push('follow', '1');
    }
    if (options.tailLines !== undefined) items.push('tail', String(options.tailLines));
    const log = this.agent.open(items, true);
    const abort = () => log.close();
    options.signal?.addEventListener('abort', abort, { once: true });
    const since = options.sinceTime === undefined ? '' : new Date(options.sinceTime).toISOString();
    try {
      for await (const line of logLines(log.stdout)) if (since === '' || line.timestamp >= since) yield line;
    } finally {
      options.signal?.removeEventListener('abort', abort);
      log.close();
    }
  }

  /** Resolves at the container's next event, or when the signal aborts. */
  private async changed(containerId: string, signal: AbortSignal | undefined): Promise<void> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal?.addEventListener('abort', abort, { once: true });
    for await (const event of this.stream.subscribe(controller.signal)) if (event.containerId === containerId) break;
    signal?.removeEventListener('abort', abort);
    controller.abort();
  }

  events(signal: AbortSignal): AsyncIterable<cri.ContainerEvent> {
    return this.stream.subscribe(signal);
  }

  async pullImage(image: string): Promise<string> {
    return (await this.images.pull(image)).id;
  }

  async imageStatus(image: string): Promise<cri.Image | undefined> {
    const found = await this.images.get(image);
    return found && describeImage(found);
  }

  async listImages(): Promise<cri.Image[]> {
    return (await this.images.list()).map(describeImage);
  }

  async removeImage(image: string): Promise<void> {
    const found = await this.images.get(image);
    const user = found && this.containers.list().find((container) => container.image === found);
    if (user) throw new RuntimeError('FailedPrecondition', `image ${image} is in use by container ${user.status.id}`);
    await this.images.remove(image);
  }

  async stats(): Promise<cri.ContainerStats[]> {
    const running = this.containers.list().filter((container) => container.stream);
    const files = await this.agent.read(
      running.flatMap(({ cgroup }) =>
        ['cpu.stat', 'memory.current', 'memory.stat'].map((name) => `/sys/fs/cgroup${cgroup}/${name}`),
      ),
    );
    const number = (index: number, pattern: RegExp) => Number(pattern.exec(decoder.decode(files[index]))?.[1] ?? 0);
    return running.map((container, i) => ({
      containerId: container.status.id,
      podUid: container.sandbox.config.metadata.uid,
      cpuUsageNanos: number(3 * i, /usage_usec (\d+)/) * 1000,
      memoryWorkingSetBytes: Math.max(0, number(3 * i + 1, /(\d+)/) - number(3 * i + 2, /inactive_file (\d+)/)),
    }));
  }
}

/** Waits for a process to start; rejects as containerd words it. */
async function started(stream: AgentStream, command: string[]): Promise<void> {
  try {
    await stream.started;
  } catch (error) {
    throw execError(error, command);
  }
}

function execError(error: unknown, command: string[]): Error {
  if (!(error instanceof AgentError)) return error instanceof Error ? error : new Error(String(error));
  const program = command[0] ?? '';
  const why =
    error.errno === errno.ENOENT && !program.includes('/')
      ? 'executable file not found in $PATH'
      : error.errno === errno.ENOENT
        ? `stat ${program}: no such file or directory`
        : error.message.replace(/^[^:]*: /, '').toLowerCase();
  return new RuntimeError(
    'Internal',
    `failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${why}: unknown`,
  );
}

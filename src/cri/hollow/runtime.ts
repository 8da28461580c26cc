// The hollow runtime: sandboxes and containers that are records only. It keeps CRI's rules (states, idempotence, errors, events), so that a kubelet cannot
// tell by its calls that nothing runs, and it costs nothing while idle: a timer exists only while a container plays a script that sleeps.
//
// Invariants: a stopped sandbox has no running container and no address; a container's state goes created -> running -> exited and never back.

import type { Cancel } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import { randomHex, randomInt } from '../../env/random.ts';
import { EventStream } from '../event-stream.ts';
import type * as cri from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';
import { AddressPool } from './addresses.ts';
import { type Behaviour, behave } from './behaviour.ts';
import type { HollowFiles } from './files.ts';
import type { HollowImages } from './images.ts';
import { ContainerLog } from './log.ts';
import { cannotRun, finishedProcess, hollowNotice } from './process.ts';

interface Sandbox {
  status: cri.PodSandboxStatus;
  config: cri.PodSandboxConfig;
}

interface Container {
  status: cri.ContainerStatus;
  config: cri.ContainerConfig;
  log: ContainerLog;
  timer: Cancel | undefined;
  ignoresTerm: boolean;
  /** Called once when it has ended. */
  onExit: (() => void)[];
}

export class HollowRuntime implements cri.ContainerRuntime {
  private readonly env: Env;
  private readonly images: HollowImages;
  private readonly files: HollowFiles;
  private readonly sandboxes = new Map<string, Sandbox>();
  private readonly containers = new Map<string, Container>();
  private readonly stream = new EventStream();
  private pool: AddressPool | undefined;
  private poolCidr = '';
  private nextPid = 1000;

  constructor(env: Env, images: HollowImages, files: HollowFiles) {
    this.env = env;
    this.images = images;
    this.files = files;
  }

  /** The node was given its pod range. Sandboxes that exist keep their addresses. */
  usePodCidr(cidr: string): void {
    if (cidr === this.poolCidr) return;
    this.pool = new AddressPool(cidr);
    this.poolCidr = cidr;
  }

  /** Whether a running container is in the pod with this address. */
  answersAt(ip: string): boolean {
    for (const sandbox of this.sandboxes.values())
      if (sandbox.status.ip === ip && this.inSandbox(sandbox.status.id).some((c) => c.status.state === 'running'))
        return true;
    return false;
  }

  /** The machine went down and came up: every process is gone, the records of what ran are still on its disk. */
  reboot(): void {
    for (const container of this.containers.values())
      if (container.status.state === 'running') this.end(container, 255);
    for (const sandbox of this.sandboxes.values()) this.stopSandboxRecord(sandbox);
  }

  async version() {
    return { runtimeName: 'hollow', runtimeVersion: '1.0.0' };
  }

  async runPodSandbox(config: cri.PodSandboxConfig): Promise<string> {
    if (!this.pool && !config.hostNetwork)
      throw new RuntimeError('Unavailable', 'container runtime network not ready: cni plugin not initialized');
    const id = randomHex(this.env.random, 64);
    this.sandboxes.set(id, {
      config,
      status: {
        id,
        metadata: config.metadata,
        state: 'ready',
        createdAt: this.env.clock.now(),
        ip: config.hostNetwork ? '' : (this.pool as AddressPool).allocate(),
        labels: config.labels,
        annotations: config.annotations,
      },
    });
    return id;
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) return;
    for (const container of this.inSandbox(podSandboxId))
      if (container.status.state === 'running') this.end(container, 137, 9);
    this.stopSandboxRecord(sandbox);
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await this.stopPodSandbox(podSandboxId);
    for (const container of this.inSandbox(podSandboxId)) await this.removeContainer(container.status.id);
    this.sandboxes.delete(podSandboxId);
  }

  async listPodSandboxes(): Promise<cri.PodSandboxStatus[]> {
    return [...this.sandboxes.values()].map((sandbox) => ({ ...sandbox.status }));
  }

  async createContainer(podSandboxId: string, config: cri.ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(podSandboxId);
    if (!sandbox) throw new RuntimeError('NotFound', `failed to find sandbox id "${podSandboxId}": not found`);
    if (sandbox.status.state !== 'ready')
      throw new RuntimeError('FailedPrecondition', `sandbox container "${podSandboxId}" is not running`);
    const image = this.images.status(config.image);
    if (!image) throw new RuntimeError('NotFound', `image "${config.image}": not found`);
    for (const other of this.inSandbox(podSandboxId)) {
      const { name, attempt } = other.config.metadata;
      if (name === config.metadata.name && attempt === config.metadata.attempt)
        throw new RuntimeError(
          'AlreadyExists',
          `failed to reserve container name "${name}_${attempt}": name is reserved for "${other.status.id}"`,
        );
    }
    const id = randomHex(this.env.random, 64);
    this.containers.set(id, {
      config,
      log: new ContainerLog(),
      timer: undefined,
      ignoresTerm: false,
      onExit: [],
      status: {
        id,
        podSandboxId,
        metadata: config.metadata,
        state: 'created',
        createdAt: this.env.clock.now(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        image: image.repoTags[0] ?? config.image,
        imageRef: image.repoDigests[0] ?? image.id,
        labels: config.labels,
        annotations: config.annotations,
        pid: 0,
      },
    });
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.container(containerId);
    const { status, config } = container;
    if (status.state !== 'created')
      throw new RuntimeError('FailedPrecondition', `container "${containerId}" is in ${status.state} state`);
    status.state = 'running';
    status.startedAt = this.env.clock.now();
    status.pid = this.nextPid++;
    this.publish('started', container);
    const argv =
      config.command.length > 0
        ? [...config.command, ...config.args]
        : config.args.length > 0
          ? config.args
          : this.images.command(config.image);
    if (argv && !config.stdin) this.play(container, behave(argv, this.context(container)));
    else container.log.append(status.startedAt, 'stderr', `${hollowNotice}; this container pretends to run\n`);
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    const container = this.containers.get(containerId);
    if (!container || container.status.state === 'exited') return;
    if (container.status.state === 'created') {
      this.end(container, 137, 9);
      return;
    }
    if (!container.ignoresTerm || timeoutSeconds <= 0) {
      this.end(container, timeoutSeconds <= 0 ? 137 : 0, timeoutSeconds <= 0 ? 9 : undefined);
      return;
    }
    await new Promise<void>((resolve) => {
      const cancel = this.env.clock.after(timeoutSeconds * 1000, () => this.end(container, 137, 9));
      container.onExit.push(() => {
        cancel();
        resolve();
      });
    });
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.containers.get(containerId);
    if (!container) return;
    if (container.status.state === 'running') this.end(container, 137, 9);
    container.log.close();
    this.containers.delete(containerId);
    this.publish('deleted', container);
  }

  async listContainers(): Promise<cri.ContainerStatus[]> {
    return [...this.containers.values()].map((container) => ({ ...container.status }));
  }

  async containerStatus(containerId: string): Promise<cri.ContainerStatus> {
    return { ...this.container(containerId).status };
  }

  async updateContainerResources(containerId: string, resources: cri.LinuxContainerResources): Promise<void> {
    const container = this.container(containerId);
    container.config = { ...container.config, resources: { ...container.config.resources, ...resources } };
  }

  async execSync(containerId: string, command: string[], timeoutSeconds: number): Promise<cri.ExecResult> {
    const container = this.running(containerId);
    const played = this.playAtOnce(container, command);
    if (played.sleeps && timeoutSeconds > 0 && played.sleeps > timeoutSeconds * 1000)
      throw new RuntimeError('DeadlineExceeded', `timeout ${timeoutSeconds}s exceeded: context deadline exceeded`);
    const encode = (text: string) => new TextEncoder().encode(text);
    // A command that cannot be played counts as a success: probes and hooks must not fail only because nothing runs here.
    if (played.exitCode === undefined)
      return { stdout: new Uint8Array(), stderr: encode(`${hollowNotice}\n`), exitCode: 0 };
    return { stdout: encode(played.stdout), stderr: encode(played.stderr), exitCode: played.exitCode };
  }

  async exec(containerId: string, options: cri.ExecOptions): Promise<cri.Process> {
    const played = this.playAtOnce(this.running(containerId), options.command);
    const interactive = options.command.length === 1 && played.exitCode === 0 && played.stdout === '';
    if (played.exitCode === undefined || played.sleeps > 0 || (interactive && (options.stdin || options.tty)))
      return cannotRun(options.command);
    return finishedProcess(played.stdout, played.stderr, played.exitCode);
  }

  async attach(containerId: string): Promise<cri.Process> {
    this.running(containerId);
    return cannotRun(['attach']);
  }

  async portForward(podSandboxId: string, port: number): Promise<cri.Duplex> {
    if (!this.sandboxes.has(podSandboxId))
      throw new RuntimeError('NotFound', `failed to find sandbox id "${podSandboxId}": not found`);
    throw new RuntimeError('Unavailable', `cannot connect to port ${port}: ${hollowNotice}`);
  }

  logs(containerId: string, options: cri.LogOptions): AsyncIterable<cri.LogLine> {
    return this.container(containerId).log.read(options);
  }

  events(signal: AbortSignal): AsyncIterable<cri.ContainerEvent> {
    return this.stream.subscribe(signal);
  }

  async pullImage(image: string): Promise<string> {
    return this.images.pull(image).id;
  }

  async imageStatus(image: string): Promise<cri.Image | undefined> {
    return this.images.status(image);
  }

  async listImages(): Promise<cri.Image[]> {
    return this.images.list();
  }

  async removeImage(image: string): Promise<void> {
    this.images.remove(image);
  }

  /** Hollow containers use nothing. */
  async stats(): Promise<cri.ContainerStats[]> {
    return [...this.containers.values()]
      .filter((container) => container.status.state === 'running')
      .map((container) => ({
        containerId: container.status.id,
        podUid: this.sandboxes.get(container.status.podSandboxId)?.config.metadata.uid ?? '',
        cpuUsageNanos: 0,
        memoryWorkingSetBytes: 0,
      }));
  }

  private context(container: Container) {
    const sandbox = this.sandboxes.get(container.status.podSandboxId);
    const decoder = new TextDecoder();
    return {
      envs: Object.fromEntries(container.config.envs.map(({ key, value }) => [key, value])),
      hostname: sandbox?.config.hostname ?? '',
      now: () => this.env.clock.now(),
      readFile: (path: string) => {
        const content = this.files.readMounted(container.config.mounts, path);
        return content && decoder.decode(content);
      },
    };
  }

  /** Runs a behaviour until it sleeps, ends or gives up; goes on from a timer after a sleep. */
  private play(container: Container, behaviour: Behaviour): void {
    const { status, log } = container;
    for (;;) {
      if (status.state !== 'running') return;
      const step = behaviour.next();
      if (step.done) {
        if (step.value === undefined)
          log.append(this.env.clock.now(), 'stderr', `${hollowNotice}; this container pretends to run\n`);
        else this.exitSoon(container, step.value);
        return;
      }
      const effect = step.value;
      if ('write' in effect) log.append(this.env.clock.now(), effect.stream, effect.write);
      else if ('file' in effect) this.files.writeMounted(container.config.mounts, effect);
      else if ('ignoreTerm' in effect) container.ignoresTerm = true;
      else {
        if (Number.isFinite(effect.sleepMilliseconds))
          container.timer = this.env.clock.after(effect.sleepMilliseconds, () => {
            container.timer = undefined;
            this.play(container, behaviour);
          });
        return;
      }
    }
  }

  /** A process ends some moments after its start call returned, never within it. */
  private exitSoon(container: Container, exitCode: number): void {
    container.timer = this.env.clock.after(1 + randomInt(this.env.random, 20), () => {
      container.timer = undefined;
      if (container.status.state === 'running') this.end(container, exitCode);
    });
  }

  private playAtOnce(container: Container, command: string[]) {
    const behaviour = behave(command, this.context(container));
    const played = { stdout: '', stderr: '', sleeps: 0, exitCode: undefined as number | undefined };
    for (let effects = 0; effects < 1000 && played.sleeps < 86_400_000; effects++) {
      const step = behaviour.next();
      if (step.done) {
        played.exitCode = step.value;
        break;
      }
      if ('write' in step.value) played[step.value.stream] += step.value.write;
      else if ('file' in step.value) this.files.writeMounted(container.config.mounts, step.value);
      else if ('sleepMilliseconds' in step.value) played.sleeps += step.value.sleepMilliseconds;
    }
    return played;
  }

  private end(container: Container, exitCode: number, signal?: number): void {
    container.timer?.();
    container.timer = undefined;
    const { status } = container;
    status.state = 'exited';
    status.exitCode = exitCode;
    if (signal !== undefined) status.signal = signal;
    status.reason = exitCode === 0 ? 'Completed' : 'Error';
    status.finishedAt = this.env.clock.now();
    status.pid = 0;
    container.log.close();
    for (const done of container.onExit.splice(0)) done();
    this.publish('stopped', container);
  }

  private stopSandboxRecord(sandbox: Sandbox): void {
    if (sandbox.status.state === 'notready') return;
    sandbox.status.state = 'notready';
    if (sandbox.status.ip) this.pool?.release(sandbox.status.ip);
    sandbox.status.ip = '';
    this.stream.publish({
      type: 'sandbox-stopped',
      podSandboxId: sandbox.status.id,
      containerId: '',
      podUid: sandbox.config.metadata.uid,
    });
  }

  private publish(type: cri.ContainerEvent['type'], container: Container): void {
    const { id, podSandboxId, pid, exitCode, state } = container.status;
    this.stream.publish({
      type,
      podSandboxId,
      containerId: id,
      podUid: this.sandboxes.get(podSandboxId)?.config.metadata.uid ?? '',
      ...(state === 'running' ? { pid } : {}),
      ...(type === 'stopped' ? { exitCode } : {}),
    });
  }

  private inSandbox(podSandboxId: string): Container[] {
    return [...this.containers.values()].filter((container) => container.status.podSandboxId === podSandboxId);
  }

  private container(containerId: string): Container {
    const container = this.containers.get(containerId);
    if (!container)
      throw new RuntimeError('NotFound', `an error occurred when try to find container "${containerId}": not found`);
    return container;
  }

  private running(containerId: string): Container {
    const container = this.container(containerId);
    if (container.status.state !== 'running')
      throw new RuntimeError('FailedPrecondition', `container not running (${containerId})`);
    return container;
  }
}

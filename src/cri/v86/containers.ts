// Containers of a v86 node: bundles on an overlay, started with crun, ended by signals, watched through their agent streams.
//
// A container's agent stream lives as long as its process: STARTED is the start, the result is the exit, and nothing polls.

import type { Env } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import { randomHex } from '../../env/random.ts';
import { type Agent, exitCodeOf } from '../../machine/agent.ts';
import type { AgentStream } from '../../machine/agent-stream.ts';
import type { EventStream } from '../event-stream.ts';
import { type ContainerConfig, type ContainerStatus, type LinuxContainerResources, RuntimeError } from '../runtime.ts';
import { capabilityMask, containerCapabilities } from './capabilities.ts';
import { type ImageStore, imageUser, type StoredImage } from './images.ts';
import type { Sandbox } from './sandboxes.ts';
import { type ContainerUser, containerEnvironment, containerSpec } from './spec.ts';

export interface Container {
  status: ContainerStatus;
  config: ContainerConfig;
  sandbox: Sandbox;
  image: StoredImage;
  user: ContainerUser;
  bundle: string;
  cgroup: string;
  log: string;
  /** While it runs. */
  stream?: AgentStream;
  /** Resolves when the process is gone. */
  ended?: Promise<void>;
  killed: boolean;
}

const signals: Record<string, number> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CONT: 18,
  STOP: 19,
  WINCH: 28,
};

/** "SIGQUIT", "QUIT" or "3" as a number; SIGTERM for what it does not know. */
export function signalNumber(name: string | undefined): number {
  const plain = (name ?? '').toUpperCase().replace(/^SIG/, '');
  return signals[plain] ?? (Number(plain) || 15);
}

export class Containers {
  private readonly env: Env;
  private readonly agent: Agent;
  private readonly images: ImageStore;
  private readonly events: EventStream;
  private readonly all = new Map<string, Container>();

  constructor(env: Env, agent: Agent, images: ImageStore, events: EventStream) {
    this.env = env;
    this.agent = agent;
    this.images = images;
    this.events = events;
  }

  list(): Container[] {
    return [...this.all.values()];
  }

  of(sandbox: Sandbox): Container[] {
    return this.list().filter((container) => container.sandbox === sandbox);
  }

  get(id: string): Container | undefined {
    return this.all.get(id);
  }

  find(id: string): Container {
    const container = this.all.get(id);
    if (!container)
      throw new RuntimeError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return container;
  }

  findRunning(id: string): Container & { stream: AgentStream } {
    const container = this.find(id);
    if (container.status.state !== 'running' || !container.stream)
      throw new RuntimeError(
        'FailedPrecondition',
        `container is in CONTAINER_${container.status.state.toUpperCase()} state`,
      );
    return container as Container & { stream: AgentStream };
  }

  async create(sandbox: Sandbox, config: ContainerConfig): Promise<string> {
    if (sandbox.status.state !== 'ready')
      throw new RuntimeError('FailedPrecondition', `sandbox container "${sandbox.status.id}" is not running`);
    const { metadata } = sandbox.config;
    for (const other of this.of(sandbox))
      if (
        other.config.metadata.name === config.metadata.name &&
        other.config.metadata.attempt === config.metadata.attempt
      )
        throw new RuntimeError(
          'AlreadyExists',
          `failed to reserve container name "${config.metadata.name}_${metadata.name}_${metadata.namespace}_${metadata.uid}_${config.metadata.attempt}": name is reserved for "${other.status.id}"`,
        );
    const image = await this.images.get(config.image);
    if (!image)
      throw new RuntimeError(
        'NotFound',
        `failed to resolve image "${config.image}": image "${config.image}": not found`,
      );
    const own = await imageUser(this.agent, image);
    const user: ContainerUser = {
      uid: config.securityContext.runAsUser ?? own.uid,
      gid: config.securityContext.runAsGroup ?? own.gid,
      groups: config.securityContext.supplementalGroups,
    };
    const id = randomHex(this.env.random, 64);
    const bundle = `/run/containers/${id}`;
    const cgroup = `${sandbox.config.cgroupParent}/${id}`;
    const logs = `/var/log/pods/${metadata.namespace}_${metadata.name}_${metadata.uid}/${config.metadata.name}`;
    const spec = containerSpec({
      config,
      image: image.config,
      user,
      hostname: sandbox.hostname,
      cgroup,
      sandbox: sandbox.directory,
      hostNetwork: sandbox.config.hostNetwork,
      pausePid: sandbox.pausePid,
    });
    const overlay = `lowerdir=${image.layers.join(':')},upperdir=${bundle}/upper,workdir=${bundle}/work`;
    const container: Container = {
      status: {
        id,
        podSandboxId: sandbox.status.id,
        metadata: config.metadata,
        state: 'created',
        createdAt: this.env.clock.now(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        image: config.image,
        imageRef: image.reference,
        labels: config.labels,
        annotations: config.annotations,
        pid: 0,
      },
      config,
      sandbox,
      image,
      user,
      bundle,
      cgroup,
      log: `${logs}/${config.metadata.attempt}.log`,
      killed: false,
    };
    this.all.set(id, container); // reserves the name
    try {
      await this.agent.batch([
        'mkdir',
        `${bundle}/rootfs`,
        '755',
        'mkdir',
        `${bundle}/upper`,
        '755',
        'mkdir',
        `${bundle}/work`,
        '755',
        'mount',
        'overlay',
        `${bundle}/rootfs`,
        'overlay',
        overlay,
        'file',
        `${bundle}/config.json`,
        '600',
        JSON.stringify(spec),
        'mkdir',
        logs,
        '755',
        'file',
        container.log,
        '640',
        '',
      ]);
    } catch (error) {
      this.all.delete(id);
      throw new RuntimeError('Internal', `failed to create containerd container: ${messageOf(error)}`);
    }
    return id;
  }

  async start(id: string): Promise<void> {
    const container = this.find(id);
    const { status, config } = container;
    if (status.state !== 'created')
      throw new RuntimeError(
        'FailedPrecondition',
        `container is already in CONTAINER_${status.state.toUpperCase()} state`,
      );
    const items = ['container', 'id', id, 'bundle', container.bundle, 'log', container.log, 'cgroup', container.cgroup];
    if (config.tty) items.push('tty', '1');
    if (config.stdin) items.push('stdin', '1');
    if (config.stdinOnce) items.push('once', '1');
    // the guest's clock stamps the log lines: keep it with the cluster's, which may have been fast-forwarded
    void this.agent.batch(['clock', String(Math.floor(this.env.clock.now()))]).catch(() => {});
    const stream = this.agent.open(items, 'started');
    try {
      const started = await stream.started;
      status.pid = Number(started.get('pid') ?? 0);
    } catch (error) {
      status.state = 'exited';
      status.startedAt = status.finishedAt = this.env.clock.now();
      status.exitCode = 128;
      status.reason = 'StartError';
      status.message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${crunWords(messageOf(error))}: unknown`;
      throw new RuntimeError('Internal', status.message);
    }
    status.state = 'running';
    status.startedAt = this.env.clock.now();
    container.stream = stream;
    this.events.publish({
      type: 'started',
      podSandboxId: status.podSandboxId,
      containerId: id,
      podUid: container.sandbox.config.metadata.uid,
      pid: status.pid,
    });
    container.ended = stream.result.then(
      (end) => this.exited(container, exitCodeOf(end), Number(end.get('signal') ?? 0), end.get('oom') === '1'),
      () => this.exited(container, 137, 9, false),
    );
  }

  private exited(container: Container, exitCode: number, signal: number, outOfMemory: boolean): void {
    const { status } = container;
    status.state = 'exited';
    status.finishedAt = Math.max(this.env.clock.now(), status.startedAt);
    status.exitCode = exitCode;
    if (signal > 0) status.signal = signal;
    status.reason =
      outOfMemory && exitCode === 137 && !container.killed ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    status.pid = 0;
    delete container.stream;
    this.events.publish({
      type: 'stopped',
      podSandboxId: status.podSandboxId,
      containerId: status.id,
      podUid: container.sandbox.config.metadata.uid,
      exitCode,
    });
  }

  async stop(container: Container, timeoutSeconds: number): Promise<void> {
    if (container.status.state === 'created') {
      container.status.state = 'exited';
      container.status.finishedAt = this.env.clock.now();
      container.status.exitCode = 137;
      container.status.reason = 'Error';
    }
    const { stream, ended } = container;
    if (!stream || !ended) return;
    if (timeoutSeconds > 0) {
      stream.control('signal', 'number', String(signalNumber(container.image.config.StopSignal)));
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = this.env.clock.after(timeoutSeconds * 1000, resolve);
      });
      await Promise.race([ended, late]);
      cancel();
    }
    if (container.stream) {
      container.killed = true;
      stream.control('kill');
    }
    await ended;
  }

  async remove(container: Container): Promise<void> {
    await this.stop(container, 0);
    const { status, bundle, cgroup, log } = container;
    if (!this.all.delete(status.id)) return;
    await this.agent.batch([
      'umount',
      `${bundle}/rootfs`,
      'remove',
      bundle,
      'remove',
      `/run/crun/${status.id}`,
      'remove',
      log,
      'remove',
      `${log}.1`,
    ]);
    await this.agent.batch(['rmdir', `/sys/fs/cgroup${cgroup}`]).catch(() => {});
    this.events.publish({
      type: 'deleted',
      podSandboxId: status.podSandboxId,
      containerId: status.id,
      podUid: container.sandbox.config.metadata.uid,
    });
  }

  /** Everything a command needs to run inside as the container itself would. */
  execRequest(container: Container, command: string[], tty: boolean) {
    const { config, image, status, user, cgroup } = container;
    const security = config.securityContext;
    const env = containerEnvironment({ ...config, tty }, image.config, container.sandbox.hostname);
    return {
      command,
      env,
      cwd: config.workingDir || image.config.WorkingDir || '/',
      uid: user.uid,
      gid: user.gid,
      groups: user.groups,
      pid: status.pid,
      cgroup,
      noNewPrivileges: security.noNewPrivs,
      capabilities: capabilityMask(
        containerCapabilities(security.addCapabilities, security.dropCapabilities, security.privileged),
      ),
    };
  }

  async update(container: Container, resources: LinuxContainerResources): Promise<void> {
    const base = `/sys/fs/cgroup${container.cgroup}`;
    const steps: string[] = [];
    const put = (name: string, value: string) => steps.push('file', `${base}/${name}`, '644', value);
    if (resources.memoryLimitInBytes !== undefined)
      put('memory.max', resources.memoryLimitInBytes > 0 ? String(resources.memoryLimitInBytes) : 'max');
    if (resources.cpuShares !== undefined) put('cpu.weight', String(sharesToWeight(resources.cpuShares)));
    if (resources.cpuQuota !== undefined)
      put('cpu.max', `${resources.cpuQuota > 0 ? resources.cpuQuota : 'max'} ${resources.cpuPeriod || 100000}`);
    container.config.resources = { ...container.config.resources, ...resources };
    if (container.stream) await this.agent.batch(steps);
  }
}

/** The conversion that runtimes use between cgroup v1 shares and v2 weight. */
function sharesToWeight(shares: number): number {
  return Math.floor(1 + ((Math.max(shares, 2) - 2) * 9999) / 262142);
}

/** crun's own words without its timestamp. */
function crunWords(text: string): string {
  const last = text.split('\n').filter(Boolean).at(-1) ?? text;
  return `crun create failed: ${last.replace(/^\d{4}-\d\d-\d\dT\S+ /, '').replace(/^\[\S+\]\s*/, '')}`;
}

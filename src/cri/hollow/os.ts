// The operating system of a hollow node: it remembers what it is told (volumes, rules, routes) and answers probes by whether a pretended container runs.

import type { Env } from '../../env/env.ts';
import { randomHex } from '../../env/random.ts';
import type * as node from '../node-os.ts';
import { type Duplex, type ExecOptions, type ExecResult, type Process, RuntimeError } from '../runtime.ts';
import type { HollowFiles } from './files.ts';
import { cannotRun, hollowNotice } from './process.ts';
import type { HollowRuntime } from './runtime.ts';

export interface HollowCapacity {
  /** Cores. */
  cpu: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
}

export class HollowOs implements node.NodeOs {
  private readonly env: Env;
  private readonly runtime: HollowRuntime;
  private readonly files: HollowFiles;
  private readonly capacity: HollowCapacity;
  private readonly machineId: string;
  private bootId: string;
  private hostname: string;
  /** The last script given to applyNftables and the last network configuration: to be looked at by tests and panels. */
  nftables = '';
  network: node.NodeNetworkConfig | undefined;

  constructor(env: Env, runtime: HollowRuntime, files: HollowFiles, capacity: HollowCapacity) {
    this.env = env;
    this.runtime = runtime;
    this.files = files;
    this.capacity = capacity;
    this.hostname = env.name;
    this.machineId = randomHex(env.random, 32);
    this.bootId = randomHex(env.random, 32);
  }

  reboot(): void {
    this.bootId = randomHex(this.env.random, 32);
    this.nftables = '';
  }

  async info(): Promise<node.NodeInfo> {
    return {
      ...this.capacity,
      kernelVersion: 'none',
      osImage: 'Hollow node (no Linux)',
      architecture: '386',
      machineId: this.machineId,
      bootId: this.bootId,
    };
  }

  async configureNetwork(config: node.NodeNetworkConfig): Promise<void> {
    this.hostname = config.nodeName;
    this.network = config;
    this.runtime.usePodCidr(config.podCidr);
  }

  async applyNftables(script: string): Promise<void> {
    this.nftables = script;
  }

  async volumePath(podUid: string, volumeName: string): Promise<string> {
    return `${podDirectory(podUid)}/volumes/${volumeName}`;
  }

  async writeVolume(path: string, files: node.VolumeFile[]): Promise<void> {
    for (const file of files)
      if (file.path.startsWith('/') || file.path.split('/').includes('..'))
        throw new RuntimeError('InvalidArgument', `invalid path: "${file.path}" must be relative and without ".."`);
    this.files.replace(path, files);
  }

  async readFile(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
    return this.files.read(path)?.slice(0, limitBytes);
  }

  async removeVolumes(podUid: string): Promise<void> {
    this.files.remove(podDirectory(podUid));
  }

  async hostPath(path: string, type: string): Promise<string> {
    if (type === '' || type === 'DirectoryOrCreate' || type === 'FileOrCreate') return path;
    throw new RuntimeError('FailedPrecondition', `hostPath type check failed: ${path} is not a ${hostPathNoun(type)}`);
  }

  async probeHttp(request: node.HttpProbe): Promise<node.ProbeOutcome> {
    return this.probe(
      request.host,
      request.port,
      `Get "${request.scheme}://${request.host}:${request.port}${request.path}": `,
    );
  }

  async probeTcp(host: string, port: number): Promise<node.ProbeOutcome> {
    return this.probe(host, port, '');
  }

  async dial(host: string, port: number): Promise<Duplex> {
    throw new RuntimeError('Unavailable', `dial tcp ${host}:${port}: ${hollowNotice}`);
  }

  async run(command: string[]): Promise<ExecResult> {
    return {
      stdout: new Uint8Array(),
      stderr: new TextEncoder().encode(`cannot run "${command.join(' ')}" on ${this.hostname}: ${hollowNotice}\n`),
      exitCode: 126,
    };
  }

  async shell(options: ExecOptions): Promise<Process> {
    return cannotRun(options.command);
  }

  private probe(host: string, port: number, context: string): node.ProbeOutcome {
    if (this.runtime.answersAt(host)) return { success: true, message: '' };
    return { success: false, message: `${context}dial tcp ${host}:${port}: connect: connection refused` };
  }
}

function podDirectory(podUid: string): string {
  return `/var/lib/kubelet/pods/${podUid}`;
}

function hostPathNoun(type: string): string {
  return (
    { Directory: 'directory', File: 'file', Socket: 'socket file', CharDevice: 'character device' }[type] ??
    'block device'
  );
}

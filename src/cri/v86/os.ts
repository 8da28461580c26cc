// What kubelet and kube-proxy do to a v86 node beside containers: network, packet rules, volumes, probes, a shell.

import type { Clock } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import { randomHex, randomUuid } from '../../env/random.ts';
import type { Machine } from '../../machine/machine.ts';
import type { HttpProbe, NodeInfo, NodeNetworkConfig, NodeOs, ProbeOutcome, VolumeFile } from '../node-os.ts';
import { type Duplex, type ExecOptions, type ExecResult, type Process, RuntimeError } from '../runtime.ts';
import { httpProbe } from './probe.ts';
import { asDuplex, asProcess, dialError } from './process.ts';
import { bridge, type Sandboxes } from './sandboxes.ts';
import { atomicWrite } from './volumes.ts';

const podsRoot = '/var/lib/kubelet/pods';
const nodeEnvironment = [
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'TERM=xterm',
  'USER=root',
  'ENV=/etc/profile',
];
const decoder = new TextDecoder();

/** The fixed address part of every node's card: locally administered, from the IPv4 address, as Docker does it. */
export function macAddress(ip: string): string {
  return `02:42:${ip
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`;
}

export class V86Os implements NodeOs {
  readonly clock: Clock;
  private readonly env: Env;
  private readonly machine: Machine;
  private readonly memory: number | undefined;
  private readonly sandboxes: Sandboxes;
  private readonly machineId: string;
  private readonly bootId: string;
  private readonly volumes = new Map<string, string[]>();
  private network: NodeNetworkConfig | undefined;

  /** `memory`: MiB that pods may use in all, if less than the machine has. */
  constructor(env: Env, machine: Machine, sandboxes: Sandboxes, memory?: number) {
    this.env = env;
    this.machine = machine;
    this.memory = memory;
    this.sandboxes = sandboxes;
    this.machineId = randomHex(env.random, 32);
    this.bootId = randomUuid(env.random);
    this.clock = machine.clock;
  }

  async info(): Promise<NodeInfo> {
    const [meminfo] = await this.machine.agent.read(['/proc/meminfo']);
    const kibibytes = Number(/MemTotal:\s+(\d+)/.exec(decoder.decode(meminfo))?.[1] ?? 0);
    return {
      cpu: 1,
      memoryBytes: Math.min(kibibytes * 1024, (this.memory ?? Number.POSITIVE_INFINITY) * 2 ** 20),
      // the root file system is a tmpfs: disk is memory here
      ephemeralStorageBytes: Math.floor(kibibytes * 1024 * 0.9),
      kernelVersion: this.machine.manifest.kernelVersion,
      osImage: this.machine.manifest.osImage,
      architecture: '386',
      machineId: this.machineId,
      bootId: this.bootId,
    };
  }

  async configureNetwork(config: NodeNetworkConfig): Promise<void> {
    const previous = this.network;
    const steps: (string | Uint8Array)[] = ['hostname', config.nodeName];
    if (!previous) {
      const seed = new TextEncoder().encode(randomHex(this.env.random, 64));
      steps.push(
        'clock',
        String(Math.floor(this.env.clock.now())),
        'entropy',
        seed,
        'mac',
        'eth0',
        macAddress(config.nodeIp),
      );
      steps.push('file', '/etc/hosts', '644', `127.0.0.1 localhost\n${config.nodeIp} ${config.nodeName}\n`);
      steps.push('address', 'eth0', `${config.nodeIp}/16`, 'link-up', 'eth0', 'bridge', bridge, '1500');
      if (this.memory) steps.push('file', '/sys/fs/cgroup/kubepods/memory.max', '644', String(this.memory * 2 ** 20));
      // Service addresses need a route before netfilter can rewrite them
      steps.push('route', '0.0.0.0/0', config.nodeIp.replace(/\d+\.\d+$/, '0.1'));
    }
    this.sandboxes.configure(config);
    if (config.podCidr && config.podCidr !== previous?.podCidr)
      steps.push('address', bridge, `${this.sandboxes.gateway()}/${config.podCidr.split('/')[1]}`, 'link-up', bridge);
    for (const route of previous?.routes ?? [])
      if (!config.routes.some((kept) => kept.podCidr === route.podCidr)) steps.push('route-delete', route.podCidr);
    for (const route of config.routes) steps.push('route', route.podCidr, route.via);
    await this.machine.agent.batch(steps);
    if (config.podCidr && config.podCidr !== previous?.podCidr) await this.applyNftables(masquerade(config));
    this.network = config;
  }

  async applyNftables(script: string): Promise<void> {
    const stream = this.machine.agent.exec({ command: ['nft', '-f', '-'], env: nodeEnvironment, stdin: true });
    const said = new Response(stream.stderr).text();
    await stream.write(new TextEncoder().encode(script));
    stream.end();
    const end = await stream.result;
    if (end.get('exit') !== '0') throw new RuntimeError('InvalidArgument', `nft: ${(await said).trim()}`);
  }

  async volumePath(
    podUid: string,
    volumeName: string,
    options: { medium?: 'Memory'; sizeLimit?: number } = {},
  ): Promise<string> {
    const path = `${podsRoot}/${podUid}/volumes/${volumeName}`;
    const made = this.volumes.get(podUid) ?? [];
    if (made.includes(path)) return path;
    const steps = ['mkdir', path, '777'];
    if (options.medium === 'Memory')
      steps.push('mount', 'tmpfs', path, 'tmpfs', `mode=1777${options.sizeLimit ? `,size=${options.sizeLimit}` : ''}`);
    await this.machine.agent.batch(steps);
    this.volumes.set(podUid, [...made, path]);
    return path;
  }

  async writeVolume(path: string, files: VolumeFile[]): Promise<void> {
    await atomicWrite(this.machine.agent, path, files, this.env.clock.now());
  }

  async readFile(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
    const [content] = await this.machine.agent.read([path], limitBytes);
    return content;
  }

  async removeVolumes(podUid: string): Promise<void> {
    const steps = (this.volumes.get(podUid) ?? []).flatMap((path) => ['umount', path]);
    this.volumes.delete(podUid);
    await this.machine.agent.batch([...steps, 'remove', `${podsRoot}/${podUid}`]);
  }

  async hostPath(path: string, type: string): Promise<string> {
    const { agent } = this.machine;
    const check = async (kind: string, name: string) => {
      try {
        await agent.batch(['exists', path, kind]);
      } catch {
        throw new RuntimeError('FailedPrecondition', `hostPath type check failed: ${path} is not a ${name}`);
      }
    };
    switch (type) {
      case 'DirectoryOrCreate':
        await agent.batch(['mkdir', path, '755']).catch(() => {});
        return check('d', 'directory').then(() => path);
      case 'Directory':
        return check('d', 'directory').then(() => path);
      case 'FileOrCreate': {
        const present = await agent.batch(['exists', path, '']).then(
          () => true,
          () => false,
        );
        if (!present) await agent.batch(['file', path, '644', '']).catch(() => {});
        return check('f', 'file').then(() => path);
      }
      case 'File':
        return check('f', 'file').then(() => path);
      case 'Socket':
        return check('s', 'socket').then(() => path);
      case 'CharDevice':
        return check('c', 'character device').then(() => path);
      case 'BlockDevice':
        return check('b', 'block device').then(() => path);
      default:
        return path;
    }
  }

  probeHttp(request: HttpProbe): Promise<ProbeOutcome> {
    return httpProbe(this.machine.agent, request);
  }

  async probeTcp(host: string, port: number, timeoutSeconds: number): Promise<ProbeOutcome> {
    const stream = this.machine.agent.open([
      'tcp',
      'host',
      host,
      'port',
      String(port),
      'deadline',
      String(timeoutSeconds * 1000),
    ]);
    try {
      await stream.started;
      stream.close();
      return { success: true, message: '' };
    } catch (error) {
      return { success: false, message: dialError(error, host, port) };
    }
  }

  async dial(host: string, port: number): Promise<Duplex> {
    const stream = this.machine.agent.open(['tcp', 'host', host, 'port', String(port)]);
    try {
      await stream.started;
    } catch (error) {
      throw new RuntimeError('Unavailable', dialError(error, host, port));
    }
    return asDuplex(stream);
  }

  async run(command: string[]): Promise<ExecResult> {
    const { stdout, stderr, exitCode } = await this.machine.agent.run({ command, env: nodeEnvironment, cwd: '/root' });
    return { stdout, stderr, exitCode };
  }

  async shell(options: ExecOptions): Promise<Process> {
    const stream = this.machine.agent.exec({
      command: options.command,
      env: nodeEnvironment,
      cwd: '/root',
      stdin: options.stdin,
      ...(options.tty ? { terminal: { columns: 80, rows: 24 } } : {}),
    });
    try {
      await stream.started;
    } catch (error) {
      throw new RuntimeError('Internal', messageOf(error));
    }
    return asProcess(stream);
  }
}

/** Pods that leave the cluster do so under the node's address, as kind's network does it. */
function masquerade({ podCidr, clusterCidr }: NodeNetworkConfig): string {
  return `table ip drydock-masquerade
delete table ip drydock-masquerade
table ip drydock-masquerade {
  chain postrouting {
    type nat hook postrouting priority srcnat + 10; policy accept;
    ip saddr ${podCidr} ip daddr != ${clusterCidr} oifname "eth0" masquerade
  }
}
`;
}

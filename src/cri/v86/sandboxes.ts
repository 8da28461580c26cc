// Pod sandboxes of a v86 node: shared namespaces held by files in the guest, a veth on the node's bridge, an address out of the node's range.
//
// Invariant: an address belongs to a sandbox from runPodSandbox until stopPodSandbox, and to one sandbox at a time.

import type { Env } from '../../env/env.ts';
import { randomHex } from '../../env/random.ts';
import type { Agent } from '../../machine/agent.ts';
import { AddressPool } from '../hollow/addresses.ts';
import type { NodeNetworkConfig } from '../node-os.ts';
import { type PodSandboxConfig, type PodSandboxStatus, RuntimeError } from '../runtime.ts';

export const bridge = 'cni0';

export interface Sandbox {
  status: PodSandboxStatus;
  config: PodSandboxConfig;
  /** On the node: net, uts, ipc, hosts, hostname, resolv.conf, shm. */
  directory: string;
  hostname: string;
  /** Holds the shared process namespace; 0 if there is none. */
  pausePid: number;
}

export class Sandboxes {
  private readonly env: Env;
  private readonly agent: Agent;
  private readonly all = new Map<string, Sandbox>();
  private network: NodeNetworkConfig | undefined;
  private pool: AddressPool | undefined;

  constructor(env: Env, agent: Agent) {
    this.env = env;
    this.agent = agent;
  }

  configure(network: NodeNetworkConfig): void {
    if (network.podCidr !== this.network?.podCidr)
      this.pool = network.podCidr ? new AddressPool(network.podCidr) : undefined;
    this.network = network;
  }

  /** The node's first pod address: the pods' gateway. */
  gateway(): string {
    return (this.network?.podCidr ?? '0.0.0.0/0').replace(/\d+\/\d+$/, '1');
  }

  get(id: string): Sandbox | undefined {
    return this.all.get(id);
  }

  list(): Sandbox[] {
    return [...this.all.values()];
  }

  async run(config: PodSandboxConfig): Promise<string> {
    const { network, pool } = this;
    if (!network || (!config.hostNetwork && !pool))
      throw new RuntimeError(
        'Unavailable',
        'failed to setup network for sandbox: cni plugin not initialized: the node has no pod CIDR',
      );
    const id = randomHex(this.env.random, 64);
    const directory = `/run/sandboxes/${id}`;
    const ip = config.hostNetwork || !pool ? '' : pool.allocate();
    const hostname = config.hostNetwork ? network.nodeName : config.hostname;
    const prefix = network.podCidr.split('/')[1] ?? '24';
    try {
      const namespaces = ['dir', directory, 'hostname', hostname];
      if (config.hostNetwork) namespaces.push('hostnetwork', '1');
      else
        namespaces.push(
          'ip',
          `${ip}/${prefix}`,
          'gateway',
          this.gateway(),
          'link',
          `veth${id.slice(0, 8)}`,
          'bridge',
          bridge,
          'mtu',
          '1500',
        );
      if (config.shareProcessNamespace) namespaces.push('sharepid', '1');
      for (const [key, value] of Object.entries(config.sysctls))
        namespaces.push('sysctl', `${key.replaceAll('.', '/')}=${value}`);
      const [made] = await Promise.all([
        this.agent.open(['sandbox', ...namespaces]).result,
        this.agent.batch([
          'mkdir',
          `${directory}/shm`,
          '1777',
          'file',
          `${directory}/hostname`,
          '644',
          `${hostname}\n`,
          'file',
          `${directory}/hosts`,
          '644',
          hostsFile(config, ip || network.nodeIp, hostname),
          'file',
          `${directory}/resolv.conf`,
          '644',
          resolvConf(config),
        ]),
      ]);
      this.all.set(id, {
        status: {
          id,
          metadata: config.metadata,
          state: 'ready',
          createdAt: this.env.clock.now(),
          ip,
          labels: config.labels,
          annotations: config.annotations,
        },
        config,
        directory,
        hostname,
        pausePid: Number(made.get('pid') ?? 0),
      });
      return id;
    } catch (error) {
      if (ip) pool?.release(ip);
      await this.agent.batch(teardown(directory)).catch(() => {});
      throw new RuntimeError('Internal', `failed to create sandbox: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Gives back the network. Its containers must be gone. */
  async stop(sandbox: Sandbox): Promise<void> {
    if (sandbox.status.state === 'notready') return;
    sandbox.status.state = 'notready';
    const steps = sandbox.pausePid > 0 ? ['kill', String(sandbox.pausePid), '9'] : [];
    await this.agent.batch([...steps, ...teardown(sandbox.directory)]);
    if (sandbox.status.ip) this.pool?.release(sandbox.status.ip);
  }

  async remove(sandbox: Sandbox): Promise<void> {
    await this.stop(sandbox);
    await this.agent.batch(['remove', sandbox.directory]);
    await this.agent.batch(['rmdir', `/sys/fs/cgroup${sandbox.config.cgroupParent}`]).catch(() => {});
    this.all.delete(sandbox.status.id);
  }
}

const teardown = (directory: string) => ['net', 'uts', 'ipc'].flatMap((name) => ['umount', `${directory}/${name}`]);

/** /etc/hosts as kubelet writes it. */
function hostsFile(config: PodSandboxConfig, ip: string, hostname: string): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    `${ip}\t${hostname}`,
  ];
  if (config.hostAliases.length > 0) lines.push('', '# Entries added by HostAliases.');
  for (const alias of config.hostAliases) lines.push(`${alias.ip}\t${alias.hostnames.join('\t')}`);
  return `${lines.join('\n')}\n`;
}

function resolvConf({ dns }: PodSandboxConfig): string {
  const lines = [];
  if (dns.searches.length > 0) lines.push(`search ${dns.searches.join(' ')}`);
  for (const server of dns.servers) lines.push(`nameserver ${server}`);
  if (dns.options.length > 0) lines.push(`options ${dns.options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

// Gives the machine its pod range, as node.spec.podCIDR says, and the routes to the other nodes' ranges (what kubenet or kindnet does on kind's nodes).
//
// Invariant: the machine is configured again only when something that it was told changed.

import type { Node } from '../../api/generated/types.ts';
import type { NodeNetworkConfig, NodeOs } from '../../cri/node-os.ts';
import { messageOf } from '../../env/errors.ts';
import type { KubeletOptions } from '../config.ts';

export class NodeNetwork {
  private readonly os: NodeOs;
  private readonly options: KubeletOptions;
  private readonly onReady: () => void;
  private readonly peers = new Map<string, { podCidr: string; via: string }>();
  private podCidr: string | undefined;
  private applied = '';
  private work: Promise<void> = Promise.resolve();
  private configured = false;
  private lastError = '';

  constructor(os: NodeOs, options: KubeletOptions, onReady: () => void) {
    this.os = os;
    this.options = options;
    this.onReady = onReady;
  }

  /** Why pods cannot have a network yet; undefined: they can. */
  problem(): string | undefined {
    if (this.configured) return undefined;
    const why = this.lastError || 'cni plugin not initialized';
    return `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${why}`;
  }

  /** Resolves when what is known by now is configured, or has failed. */
  settled(): Promise<void> {
    return this.work;
  }

  observe(node: Node): void {
    const podCidr = node.spec?.podCIDR;
    if (node.metadata.name === this.options.nodeName) this.podCidr = podCidr ?? this.podCidr;
    else {
      const via = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
      if (podCidr && via) this.peers.set(node.metadata.name, { podCidr, via });
      else this.peers.delete(node.metadata.name);
    }
    this.apply();
  }

  forget(node: Node): void {
    if (this.peers.delete(node.metadata.name)) this.apply();
  }

  private apply(): void {
    if (!this.podCidr) return;
    const config: NodeNetworkConfig = {
      nodeName: this.options.nodeName,
      nodeIp: this.options.nodeIp,
      podCidr: this.podCidr,
      clusterCidr: this.options.clusterCidr ?? '10.244.0.0/16',
      routes: [...this.peers.values()].sort((a, b) => (a.podCidr < b.podCidr ? -1 : 1)),
    };
    const signature = JSON.stringify(config);
    if (signature === this.applied) return;
    this.applied = signature;
    this.work = this.work.then(async () => {
      if (this.applied !== signature) return;
      try {
        await this.os.configureNetwork(config);
        this.configured = true;
        this.lastError = '';
      } catch (error) {
        this.applied = '';
        this.lastError = messageOf(error);
      }
      this.onReady();
    });
  }
}

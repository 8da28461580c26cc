// Services and EndpointSlices to nftables rules: a pure function. Upstream: pkg/proxy/nftables/proxier.go and its README, whose tables, chains and maps these are.
//
// How a packet goes: `services` looks its destination up in service-ips (or service-nodeports) and goes to the service's chain, which picks an endpoint's chain
// at random, which rewrites the destination. Packets that need their answer to come back through this node carry mark 0x4000 and are masqueraded on the way out.
// Destinations without endpoints are rejected (or dropped, where only the "Local" policy leaves none) by the filter chains.

import type { EndpointSlice, Service } from '../api/generated/types.ts';
import { chooseEndpoints, type EndpointChoice, endpointsByPort, type ProxyEndpoint, portKey } from './endpoints.ts';
import { type Chain, chainName, type NftSet, renderTable } from './nft.ts';
import { type ServicePort, servicePorts } from './service-ports.ts';

export interface ProxyNode {
  nodeName: string;
  nodeIp: string;
  /** "10.244.0.0/16": sources outside it are masqueraded when they use a ClusterIP. Empty: none are. */
  clusterCidr: string;
  /** "10.96.0.0/16": traffic to addresses in it that no service has is dropped. Empty: it is not. */
  serviceCidr?: string;
  zone?: string;
}

const mark = '0x4000';

/** The whole rule set as a script for `nft -f`. The same input gives the same text, whatever the order of its parts. */
export function buildRules(services: readonly Service[], slices: readonly EndpointSlice[], node: ProxyNode): string {
  const endpoints = endpointsByPort(slices, node);
  const out = new Rules(node);
  for (const port of servicePorts(services)) {
    const choice = chooseEndpoints(endpoints.get(portKey(port)) ?? [], port, node);
    out.add(port, choice);
  }
  return out.render();
}

class Rules {
  private readonly node: ProxyNode;
  private readonly clusterIps = new Set<string>();
  private readonly serviceIps = new Map<string, string>();
  private readonly serviceNodePorts = new Map<string, string>();
  private readonly noEndpointServices = new Map<string, string>();
  private readonly noEndpointNodePorts = new Map<string, string>();
  private readonly firewallIps = new Map<string, string>();
  private readonly chains: Chain[] = [];
  private readonly affinitySets: NftSet[] = [];

  constructor(node: ProxyNode) {
    this.node = node;
  }

  add(port: ServicePort, choice: EndpointChoice): void {
    const { protocol } = port;
    const title = `${port.namespace}/${port.name}${port.port ? `:${port.port}` : ''}`;
    const path = `${port.namespace}/${port.name}/${protocol}/${port.port}`;
    const clusterChain = chainName('service', path);
    const localChain = chainName('local', path);
    const externalChain = chainName('external', path);
    const at = (ip: string, number = port.portNumber) => `${ip} . ${protocol} . ${number}`;
    const externals = [...port.externalIps, ...port.loadBalancerIps];
    const accessible = externals.length > 0 || port.nodePort > 0;

    this.clusterIps.add(port.clusterIp);
    const internal = port.internalLocal ? choice.local : choice.cluster;
    const external = port.externalLocal ? choice.local : choice.cluster;
    // with the policy Local and no endpoint here, somebody else's endpoint may still exist: then the sender should try elsewhere, not give up
    const refusal = choice.any ? 'drop' : 'goto reject-chain';
    const refuse = (map: Map<string, string>, key: string) => map.set(`${key} comment "${title}"`, refusal);

    if (internal.length > 0)
      this.serviceIps.set(at(port.clusterIp), `goto ${port.internalLocal ? localChain : clusterChain}`);
    else refuse(this.noEndpointServices, at(port.clusterIp));
    for (const ip of externals) {
      if (external.length > 0) this.serviceIps.set(at(ip), `goto ${externalChain}`);
      else refuse(this.noEndpointServices, at(ip));
    }
    if (port.nodePort > 0) {
      const key = `${protocol} . ${port.nodePort}`;
      if (external.length > 0) this.serviceNodePorts.set(key, `goto ${externalChain}`);
      else refuse(this.noEndpointNodePorts, key);
    }
    this.addFirewall(port, path, at);

    if (accessible && external.length > 0) this.addExternalChain(port, externalChain, clusterChain, localChain, choice);
    const needsCluster =
      choice.cluster.length > 0 &&
      (!port.internalLocal || (accessible && (!port.externalLocal || this.node.clusterCidr !== '')));
    const needsLocal = choice.local.length > 0 && (port.internalLocal || (accessible && port.externalLocal));
    if (needsCluster) this.addPickChain(port, path, clusterChain, choice.cluster, !port.internalLocal);
    if (needsLocal) this.addPickChain(port, path, localChain, choice.local, port.internalLocal);
    const used = new Map<string, ProxyEndpoint>();
    for (const endpoint of [...(needsCluster ? choice.cluster : []), ...(needsLocal ? choice.local : [])])
      used.set(`${endpoint.ip}:${endpoint.port}`, endpoint);
    for (const endpoint of used.values()) this.addEndpointChain(port, path, endpoint);
  }

  render(): string {
    const { node } = this;
    const entries = (map: Map<string, string>) => [...map].map(([key, verdict]) => `${key} : ${verdict}`);
    const address = 'ipv4_addr . inet_proto . inet_service : verdict';
    const nodePort = 'inet_proto . inet_service : verdict';
    const map = (name: string, type: string, comment: string, elements: string[]): NftSet => ({
      kind: 'map',
      name,
      type,
      comment,
      elements,
    });
    const sets: NftSet[] = [
      {
        kind: 'set',
        name: 'cluster-ips',
        type: 'ipv4_addr',
        comment: 'Active ClusterIPs',
        elements: [...this.clusterIps].sort(),
      },
      {
        kind: 'set',
        name: 'nodeport-ips',
        type: 'ipv4_addr',
        comment: 'IPs that accept NodePort traffic',
        elements: [node.nodeIp],
      },
      map(
        'no-endpoint-services',
        address,
        'services without endpoints: rejected or dropped',
        entries(this.noEndpointServices),
      ),
      map(
        'no-endpoint-nodeports',
        nodePort,
        'node ports without endpoints: rejected or dropped',
        entries(this.noEndpointNodePorts),
      ),
      map('firewall-ips', address, 'destinations with loadBalancerSourceRanges', entries(this.firewallIps)),
      map('service-ips', address, 'ClusterIP, ExternalIP and LoadBalancer IP traffic', entries(this.serviceIps)),
      map('service-nodeports', nodePort, 'NodePort traffic', entries(this.serviceNodePorts)),
      ...this.affinitySets,
    ];
    return renderTable({
      name: 'kube-proxy',
      comment: 'rules for kube-proxy',
      sets,
      chains: [...this.chains, ...baseChains(node)],
    });
  }

  /** External traffic: local pods are treated as internal; everyone else is masqueraded, unless the policy Local keeps their address. */
  private addExternalChain(
    port: ServicePort,
    name: string,
    clusterChain: string,
    localChain: string,
    choice: EndpointChoice,
  ): void {
    const rules: string[] = [];
    const { clusterCidr } = this.node;
    if (port.externalLocal) {
      if (choice.cluster.length > 0) {
        if (clusterCidr) rules.push(`ip saddr ${clusterCidr} goto ${clusterChain} comment "short-circuit pod traffic"`);
        rules.push(`fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"`);
        if (clusterCidr) rules.push(`fib saddr type local goto ${clusterChain} comment "short-circuit local traffic"`);
      }
      rules.push(`goto ${localChain}`);
    } else rules.push('jump mark-for-masquerade', `goto ${clusterChain}`);
    this.chains.push({ name, rules });
  }

  /** The chain that picks an endpoint, each with the same chance. */
  private addPickChain(
    port: ServicePort,
    path: string,
    name: string,
    endpoints: ProxyEndpoint[],
    clusterIp: boolean,
  ): void {
    const rules: string[] = [];
    const { clusterCidr } = this.node;
    if (clusterIp && clusterCidr)
      rules.push(
        `ip daddr ${port.clusterIp} ${port.protocol} dport ${port.portNumber} ip saddr != ${clusterCidr} jump mark-for-masquerade`,
      );
    if (port.affinitySeconds > 0)
      for (const endpoint of endpoints)
        rules.push(`ip saddr @${affinityName(path, endpoint)} goto ${endpointChainName(path, endpoint)}`);
    const choices = endpoints.map((endpoint, index) => `${index} : goto ${endpointChainName(path, endpoint)}`);
    rules.push(`numgen random mod ${endpoints.length} vmap { ${choices.join(', ')} }`);
    this.chains.push({ name, rules });
  }

  private addEndpointChain(port: ServicePort, path: string, endpoint: ProxyEndpoint): void {
    const rules = [`ip saddr ${endpoint.ip} jump mark-for-masquerade`];
    if (port.affinitySeconds > 0) {
      const name = affinityName(path, endpoint);
      rules.push(`update @${name} { ip saddr }`);
      this.affinitySets.push({
        kind: 'set',
        name,
        type: 'ipv4_addr',
        options: ['flags dynamic, timeout', `timeout ${port.affinitySeconds}s`],
        elements: [],
      });
    }
    rules.push(`meta l4proto ${port.protocol} dnat to ${endpoint.ip}:${endpoint.port}`);
    this.chains.push({ name: endpointChainName(path, endpoint), rules });
  }

  /** loadBalancerSourceRanges: only they, and the node itself where it is in them, may use the balancer's addresses. */
  private addFirewall(port: ServicePort, path: string, at: (ip: string) => string): void {
    const ranges = port.loadBalancerSourceRanges;
    if (ranges.length === 0 || port.loadBalancerIps.length === 0) return;
    const name = chainName('firewall', path);
    this.chains.push({ name, rules: [`ip saddr { ${[...ranges].sort().join(', ')} } return`, 'drop'] });
    for (const ip of port.loadBalancerIps) this.firewallIps.set(at(ip), `goto ${name}`);
  }
}

function endpointChainName(path: string, endpoint: ProxyEndpoint): string {
  return chainName('endpoint', `${path}__${endpoint.ip}/${endpoint.port}`);
}

function affinityName(path: string, endpoint: ProxyEndpoint): string {
  return chainName('affinity', `${path}__${endpoint.ip}/${endpoint.port}`);
}

function baseChains(node: ProxyNode): Chain[] {
  const unallocated = node.serviceCidr
    ? [`ip daddr { ${node.serviceCidr} } drop comment "Drop traffic to unallocated ClusterIPs"`]
    : [];
  return [
    {
      name: 'filter-prerouting',
      hook: 'type filter hook prerouting priority -110',
      rules: ['ct state new jump firewall-check'],
    },
    {
      name: 'filter-input',
      hook: 'type filter hook input priority 0',
      rules: ['ct state new jump nodeport-endpoints-check', 'ct state new jump service-endpoints-check'],
    },
    {
      name: 'filter-forward',
      hook: 'type filter hook forward priority 0',
      rules: ['ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check'],
    },
    {
      name: 'filter-output',
      hook: 'type filter hook output priority -110',
      rules: ['ct state new jump service-endpoints-check', 'ct state new jump firewall-check'],
    },
    {
      name: 'filter-output-post-dnat',
      hook: 'type filter hook output priority -90',
      rules: ['ct state new jump cluster-ips-check'],
    },
    { name: 'nat-prerouting', hook: 'type nat hook prerouting priority -100', rules: ['jump services'] },
    { name: 'nat-output', hook: 'type nat hook output priority -100', rules: ['jump services'] },
    { name: 'nat-postrouting', hook: 'type nat hook postrouting priority 100', rules: ['jump masquerading'] },
    { name: 'firewall-check', rules: ['ip daddr . meta l4proto . th dport vmap @firewall-ips'] },
    {
      name: 'nodeport-endpoints-check',
      rules: ['ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports'],
    },
    { name: 'service-endpoints-check', rules: ['ip daddr . meta l4proto . th dport vmap @no-endpoint-services'] },
    {
      name: 'cluster-ips-check',
      rules: ['ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"', ...unallocated],
    },
    { name: 'reject-chain', rules: ['reject'] },
    {
      name: 'services',
      rules: [
        'ip daddr . meta l4proto . th dport vmap @service-ips',
        'ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports',
      ],
    },
    { name: 'mark-for-masquerade', rules: [`meta mark set meta mark or ${mark}`] },
    {
      name: 'masquerading',
      rules: [`meta mark & ${mark} == 0 return`, `meta mark set meta mark xor ${mark}`, 'masquerade fully-random'],
    },
  ];
}

// Services flattened to what rules are made of: one entry per port, with every address it answers on. Upstream: pkg/proxy/serviceport.go, serviceconfig handling.
//
// Invariants: only IPv4; headless and ExternalName services, and those that another proxy claims by label, give nothing; the order is by namespace, name, port.

import type { Service } from '../api/generated/types.ts';

export interface ServicePortName {
  namespace: string;
  name: string;
  /** Of the port; empty if it has none. */
  port: string;
  protocol: 'tcp' | 'udp' | 'sctp';
}

export interface ServicePort extends ServicePortName {
  clusterIp: string;
  portNumber: number;
  nodePort: number;
  externalIps: string[];
  loadBalancerIps: string[];
  loadBalancerSourceRanges: string[];
  /** Seconds a client stays with its endpoint; 0: no affinity. */
  affinitySeconds: number;
  internalLocal: boolean;
  externalLocal: boolean;
}

const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';

export function servicePorts(services: readonly Service[]): ServicePort[] {
  const out: ServicePort[] = [];
  for (const service of services) {
    const { spec, metadata, status } = service;
    const labels = metadata.labels ?? {};
    if (
      !spec ||
      spec.type === 'ExternalName' ||
      labels[proxyNameLabel] !== undefined ||
      labels[headlessLabel] !== undefined
    )
      continue;
    const clusterIp = (spec.clusterIPs ?? [spec.clusterIP ?? '']).find(isIpv4) ?? '';
    if (clusterIp === '') continue;
    const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
    const ingress = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
    for (const port of spec.ports ?? [])
      out.push({
        namespace: metadata.namespace ?? '',
        name: metadata.name,
        port: port.name ?? '',
        protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePortName['protocol'],
        clusterIp,
        portNumber: port.port,
        nodePort: external ? (port.nodePort ?? 0) : 0,
        externalIps: (spec.externalIPs ?? []).filter(isIpv4).sort(),
        // ipMode Proxy: the balancer itself has to see the packets
        loadBalancerIps: ingress
          .filter((entry) => entry.ipMode !== 'Proxy')
          .map((entry) => entry.ip ?? '')
          .filter(isIpv4)
          .sort(),
        loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? [])
          .map((range) => range.trim())
          .filter((range) => isIpv4(range.split('/')[0] ?? '')),
        affinitySeconds:
          spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
        internalLocal: spec.internalTrafficPolicy === 'Local',
        externalLocal: spec.externalTrafficPolicy === 'Local',
      });
  }
  const key = (port: ServicePort) => `${port.namespace}/${port.name}:${port.port}/${port.protocol}`;
  return out.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function isIpv4(text: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

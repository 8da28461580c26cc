// Fields of a Service that follow from others, and what a client meant by leaving them out (pkg/registry/core/service: strategy.go dropTypeDependentFields;
// storage/storage.go normalizeClusterIPs, patchAllocatedValues).

import type { Service, ServicePort } from '../../api/generated/types.ts';
import { externallyAccessible, needsHealthCheck } from '../../api/validation/cluster/service-traffic.ts';
import { deepEqual } from '../object.ts';

export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';
export const isHeadless = ({ spec }: Service): boolean => spec.clusterIPs?.[0] === 'None';
export const needsNodePorts = ({ spec }: Service): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';
/** Whether ports that name no node port are given one. */
export const allocatesNodePorts = (service: Service): boolean =>
  needsNodePorts(service) && (service.spec.type === 'NodePort' || service.spec.allocateLoadBalancerNodePorts !== false);

const sameIps = (a: Service, b: Service) =>
  (a.spec.clusterIP ?? '') === (b.spec.clusterIP ?? '') && deepEqual(a.spec.clusterIPs ?? [], b.spec.clusterIPs ?? []);

/** Older clients know `clusterIP` only: `clusterIPs` follows it unless both were given. */
export function normalizeClusterIps({ spec }: Service, old: Service | undefined): void {
  const ip = spec.clusterIP ?? '';
  if (!old) {
    if (ip !== '' && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [ip];
    return;
  }
  const before = old.spec.clusterIP ?? '';
  if (ip === before) {
    if ((spec.clusterIPs ?? []).length === 0 && old.spec.clusterIPs) spec.clusterIPs = [...old.spec.clusterIPs];
  } else if (deepEqual(spec.clusterIPs ?? [], old.spec.clusterIPs ?? [])) {
    if (ip === '') delete spec.clusterIPs;
    else spec.clusterIPs = [ip];
  }
}

/** A replacement that names no address and no node ports keeps those there are. */
export function keepAllocated(service: Service, old: Service): void {
  const { spec } = service;
  if (needsClusterIp(old) && needsClusterIp(service) && old.spec.clusterIP) {
    spec.clusterIP ||= old.spec.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP === old.spec.clusterIP && old.spec.clusterIPs)
      spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (needsNodePorts(old) && needsNodePorts(service)) keepNodePorts(spec.ports ?? [], old.spec.ports ?? []);
  if (needsHealthCheck(old) && needsHealthCheck(service) && !spec.healthCheckNodePort && old.spec.healthCheckNodePort)
    spec.healthCheckNodePort = old.spec.healthCheckNodePort;
}

/** By the names of the ports, unless another port has taken the number. */
function keepNodePorts(ports: readonly ServicePort[], old: readonly ServicePort[]): void {
  const now = new Set(ports.map(({ nodePort }) => nodePort));
  const used = new Set(old.map(({ nodePort }) => nodePort).filter((number) => now.has(number)));
  const byName = new Map(old.map(({ name = '', nodePort }) => [name, nodePort]));
  for (const port of ports) {
    const number = byName.get(port.name ?? '');
    if (port.nodePort || !number || used.has(number)) continue;
    port.nodePort = number;
    used.add(number);
  }
}

/** What a change of type makes meaningless goes, if the client did not change it too: then validation speaks. */
export function dropTypeDependentFields(service: Service, old: Service): void {
  const { spec } = service;
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (sameIps(service, old)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (deepEqual(spec.ipFamilies ?? [], old.spec.ipFamilies ?? [])) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePorts(old) && !needsNodePorts(service)) {
    const before = new Set((old.spec.ports ?? []).map(({ nodePort }) => nodePort));
    const ports = spec.ports ?? [];
    if (ports.every(({ nodePort }) => !nodePort || before.has(nodePort)))
      for (const port of ports) delete port.nodePort;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(service) && spec.healthCheckNodePort === old.spec.healthCheckNodePort)
    delete spec.healthCheckNodePort;
  if (externallyAccessible(old) && !externallyAccessible(service))
    if (spec.externalTrafficPolicy === old.spec.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  if (old.spec.type !== 'LoadBalancer' || spec.type === 'LoadBalancer') return;
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
    if (spec[field] === old.spec[field]) delete spec[field];
}

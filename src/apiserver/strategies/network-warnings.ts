// What is accepted in Services, their endpoints, Ingresses and NetworkPolicies and yet unwise (pkg/api/service/warnings.go; the strategies' WarningsOnCreate).

import { path } from '../../api/field-error.ts';
import type { EndpointSlice, Endpoints, Ingress, NetworkPolicy, Service } from '../../api/generated/types.ts';
import { cidrWarnings, ipWarnings } from '../../api/validation/ip.ts';
import type { KubeObject } from '../object.ts';

const hints = 'service.kubernetes.io/topology-aware-hints';
const mode = 'service.kubernetes.io/topology-mode';
const specPath = path('spec');

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const out: string[] = [];
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  const external = spec.externalIPs ?? [];
  if (metadata?.annotations?.[hints] !== undefined)
    out.push(`annotation ${hints} is deprecated, please use ${mode} instead`);
  if (spec.clusterIP && !headless)
    for (const [i, ip] of (spec.clusterIPs ?? []).entries())
      out.push(...ipWarnings(specPath.child('clusterIPs').index(i), ip));
  if (headless) {
    if (spec.loadBalancerIP) out.push('spec.loadBalancerIP is ignored for headless services');
    if (external.length > 0) out.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') out.push('spec.SessionAffinity is ignored for headless services');
  }
  for (const [i, ip] of external.entries()) out.push(...ipWarnings(specPath.child('externalIPs').index(i), ip));
  if (external.length > 0 && !headless && spec.type !== 'ExternalName')
    out.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec.loadBalancerIP) out.push(...ipWarnings(specPath.child('loadBalancerIP'), spec.loadBalancerIP));
  for (const [i, range] of (spec.loadBalancerSourceRanges ?? []).entries())
    out.push(...cidrWarnings(specPath.child('loadBalancerSourceRanges').index(i), range));
  if (spec.type === 'ExternalName' && external.length > 0)
    out.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (spec.type !== 'ExternalName' && spec.externalName)
    out.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose')
    out.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return out;
}

export function endpointsWarnings(object: KubeObject): string[] {
  const { subsets = [] } = object as unknown as Endpoints;
  return subsets.flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, j) =>
        ipWarnings(path('subsets').index(i).child(list).index(j).child('ip'), ip),
      ),
    ),
  );
}

export function endpointSliceWarnings(object: KubeObject): string[] {
  const { endpoints = [], addressType } = object as unknown as EndpointSlice;
  if (addressType !== 'IPv6' && addressType !== 'IPv4') return [];
  return endpoints.flatMap(({ addresses = [] }, i) =>
    addresses.flatMap((ip, j) => ipWarnings(path('endpoints').index(i).child('addresses').index(j), ip)),
  );
}

const classAnnotation = 'kubernetes.io/ingress.class';

/** Said at creation only. */
export function ingressWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const { metadata, spec } = object as unknown as Ingress;
  if (old || metadata?.annotations?.[classAnnotation] === undefined || spec?.ingressClassName !== undefined) return [];
  return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
}

export function networkPolicyWarnings(object: KubeObject): string[] {
  const { spec } = object as unknown as NetworkPolicy;
  const out: string[] = [];
  for (const [direction, field, lists] of [
    ['ingress', 'from', (spec?.ingress ?? []).map(({ from }) => from ?? [])],
    ['egress', 'to', (spec?.egress ?? []).map(({ to }) => to ?? [])],
  ] as const)
    for (const [i, peers] of lists.entries())
      for (const [j, { ipBlock }] of peers.entries()) {
        if (!ipBlock) continue;
        const at = specPath.child(direction).index(i).child(field).index(j).child('ipBlock');
        out.push(...cidrWarnings(at.child('cidr'), ipBlock.cidr));
        for (const [k, cidr] of (ipBlock.except ?? []).entries())
          out.push(...cidrWarnings(at.child('except').index(k), cidr));
      }
  return out;
}

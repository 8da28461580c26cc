// Validation of Services (pkg/apis/core/validation: ValidateService, ValidateServiceUpdate, ValidateServiceStatusUpdate).

import { duplicate, type FieldErrorList, forbidden, invalid, notSupported, path, required } from '../../field-error.ts';
import type { Service, ServicePort } from '../../generated/types.ts';
import { parseIp } from '../../ip.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidPortName, isValidPortNum } from '../../names.ts';
import { check, metadataPath, requiredOneOf, specPath, unique, validateLabels } from '../common.ts';
import { checkCidr, checkEndpointIp, checkIp } from '../ip.ts';
import {
  checkClusterIps,
  checkClusterIpsChange,
  checkFamiliesChange,
  isHeadless,
  notForExternalName,
} from './service-ips.ts';
import { checkExternalTraffic, checkTrafficPolicies, needsHealthCheck } from './service-traffic.ts';

const portsPath = specPath.child('ports');
const classPath = specPath.child('loadBalancerClass');
const onlyForLoadBalancer = "may only be used when `type` is 'LoadBalancer'";
const hints = 'service.kubernetes.io/topology-aware-hints';
const mode = 'service.kubernetes.io/topology-mode';
const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export const validateService = (service: Service): FieldErrorList => validate(service, undefined);

function validate(service: Service, old: Service | undefined): FieldErrorList {
  const errors: FieldErrorList = [];
  const { spec } = service;
  const annotations = service.metadata?.annotations;
  if (annotations?.[mode] !== undefined && (annotations[hints] ?? annotations[mode]) !== annotations[mode])
    errors.push(
      invalid(
        metadataPath.child('annotations').key(mode),
        annotations[mode],
        `must match annotations[${hints}] when both are specified`,
      ),
    );
  if ((spec.ports ?? []).length === 0 && !isHeadless(service) && spec.type !== 'ExternalName')
    errors.push(required(portsPath));
  checkType(errors, service);
  checkPorts(errors, service);
  validateLabels(errors, spec.selector, specPath.child('selector'));
  checkAffinity(errors, service);
  checkClusterIps(errors, service, old);
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const at = specPath.child('externalIPs').index(i);
    if (checkIp(errors, at, ip, old?.spec.externalIPs)) checkEndpointIp(errors, at, ip);
  }
  requiredOneOf(errors, specPath.child('type'), spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  checkNodePorts(errors, service);
  checkSourceRanges(errors, service, old);
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer')
    errors.push(forbidden(specPath.child('allocateLoadBalancerNodePorts'), onlyForLoadBalancer));
  if (spec.allocateLoadBalancerNodePorts === undefined && spec.type === 'LoadBalancer')
    errors.push(required(path('allocateLoadBalancerNodePorts')));
  checkClass(errors, service);
  checkExternalTraffic(errors, service);
  checkTrafficPolicies(errors, service);
  return errors;
}

function checkType(errors: FieldErrorList, service: Service): void {
  const { spec } = service;
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service))
    errors.push(
      invalid(specPath.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`),
    );
  if (spec.type !== 'ExternalName') return;
  notForExternalName(errors, service);
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.push(required(specPath.child('externalName')));
  else check(errors, specPath.child('externalName'), name, isDns1123Subdomain);
}

function checkPorts(errors: FieldErrorList, { spec }: Service): void {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = portsPath.index(i);
    if (port.name) {
      check(errors, at.child('name'), port.name, isDns1123Label);
      unique(errors, names, at.child('name'), port.name);
    } else if (ports.length > 1) {
      errors.push(required(at.child('name')));
    }
    for (const message of isValidPortNum(port.port)) errors.push(invalid(at.child('port'), port.port, message));
    requiredOneOf(errors, at.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']);
    const target = port.targetPort ?? 0;
    for (const message of typeof target === 'number' ? isValidPortNum(target) : isValidPortName(target))
      errors.push(invalid(at.child('targetPort'), target, message));
    if (port.appProtocol !== undefined) check(errors, at.child('appProtocol'), port.appProtocol, isQualifiedName);
  }
}

/** A port as upstream's error shows it: by the fields of its internal type. */
const shown = ({ protocol = '', port }: ServicePort) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

function checkNodePorts(errors: FieldErrorList, { spec }: Service): void {
  const ports = spec.ports ?? [];
  if (spec.type === 'ClusterIP')
    for (const [i, { nodePort }] of ports.entries())
      if (nodePort)
        errors.push(forbidden(portsPath.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
  if (ports.length < 2) return;
  const nodePorts = new Set<string>();
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(portsPath.index(i).child('nodePort'), nodePort));
    nodePorts.add(key);
  }
  const used = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const key = `${port.protocol}/${port.port}`;
    if (used.has(key)) errors.push(duplicate(portsPath.index(i), shown(port)));
    used.add(key);
  }
}

function checkAffinity(errors: FieldErrorList, { spec }: Service): void {
  requiredOneOf(errors, specPath.child('sessionAffinity'), spec.sessionAffinity, ['ClientIP', 'None']);
  const config = spec.sessionAffinityConfig;
  const at = specPath.child('sessionAffinityConfig');
  if (spec.sessionAffinity === 'None' && config)
    errors.push(forbidden(at, 'must not be set when session affinity is None'));
  if (spec.sessionAffinity !== 'ClientIP') return;
  const needed = 'when session affinity type is ClientIP';
  const timeout = config?.clientIP?.timeoutSeconds;
  if (!config) errors.push(required(at, needed));
  else if (!config.clientIP) errors.push(required(at.child('clientIP'), needed));
  else if (timeout === undefined) errors.push(required(at.child('clientIP', 'timeoutSeconds'), needed));
  else if (timeout <= 0 || timeout > 86_400)
    errors.push(invalid(at.child('clientIP', 'timeoutSeconds'), timeout, 'must be greater than 0 and less than 86400'));
}

function checkSourceRanges(errors: FieldErrorList, service: Service, old: Service | undefined): void {
  const ranges = service.spec.loadBalancerSourceRanges ?? [];
  const annotation = service.metadata?.annotations?.[sourceRanges];
  if (ranges.length === 0 && annotation === undefined) return;
  const inSpec = ranges.length > 0;
  // the capital letter is upstream's
  const at = inSpec ? specPath.child('LoadBalancerSourceRanges') : metadataPath.child('annotations').key(sourceRanges);
  if (service.spec.type !== 'LoadBalancer') errors.push(forbidden(at, onlyForLoadBalancer));
  const list = (text: string | undefined) => (text?.trim() ? text.split(',') : []).map((each) => each.trim());
  const before = inSpec
    ? (old?.spec.loadBalancerSourceRanges ?? []).map((each) => each.trim())
    : list(old?.metadata?.annotations?.[sourceRanges]);
  for (const [i, range] of (inSpec ? ranges.map((each) => each.trim()) : list(annotation)).entries())
    checkCidr(errors, inSpec ? at.index(i) : at, range, before);
}

function checkClass(errors: FieldErrorList, { spec }: Service): void {
  if (spec.loadBalancerClass === undefined) return;
  if (spec.type === 'LoadBalancer') check(errors, classPath, spec.loadBalancerClass, isQualifiedName);
  else errors.push(forbidden(classPath, onlyForLoadBalancer));
}

/** Judges the change and the new Service. */
export function validateServiceUpdate(service: Service, old: Service): FieldErrorList {
  const errors: FieldErrorList = [];
  checkClusterIpsChange(errors, service, old);
  checkFamiliesChange(errors, service, old);
  const { spec } = service;
  if (spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer')
    if (spec.loadBalancerClass !== old.spec.loadBalancerClass)
      errors.push(invalid(classPath, spec.loadBalancerClass ?? null, 'may not change once set'));
  checkClass(errors, service);
  if (
    needsHealthCheck(old) &&
    needsHealthCheck(service) &&
    (spec.healthCheckNodePort ?? 0) !== (old.spec.healthCheckNodePort ?? 0)
  )
    errors.push(forbidden(specPath.child('healthCheckNodePort'), 'field is immutable'));
  errors.push(...validate(service, old));
  return errors;
}

export function validateServiceStatusUpdate({ spec, status }: Service, old: Service): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = path('status', 'loadBalancer', 'ingress');
  const ingresses = status?.loadBalancer?.ingress ?? [];
  if (ingresses.length === 0) return errors;
  if (spec.type !== 'LoadBalancer') return [forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'")];
  const before = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  for (const [i, { ip, ipMode, hostname }] of ingresses.entries()) {
    const where = at.index(i);
    if (ip) checkIp(errors, where.child('ip'), ip, before);
    if (ipMode === undefined) {
      if (ip) errors.push(required(where.child('ipMode'), 'must be specified when `ip` is set'));
    } else if (!ip) {
      errors.push(forbidden(where.child('ipMode'), 'may not be specified when `ip` is not set'));
    } else if (ipMode !== 'VIP' && ipMode !== 'Proxy') {
      errors.push(notSupported(where.child('ipMode'), ipMode, ['Proxy', 'VIP']));
    }
    if (!hostname) continue;
    check(errors, where.child('hostname'), hostname, isDns1123Subdomain);
    if (parseIp(hostname))
      errors.push(invalid(where.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
  }
  return errors;
}

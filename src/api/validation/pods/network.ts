// Validation of what a pod says of names and addresses: DNS, /etc/hosts, its host name, ports of the node (pkg/apis/core/validation: validatePodDNSConfig,
// ValidateHostAliases, validatePodHostName, validatePodHostNetworkDeps, AccumulateUniqueHostPorts).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  required,
  tooLong,
} from '../../field-error.ts';
import type { Container, ContainerPort, PodSpec } from '../../generated/types.ts';
import { isDns1123Subdomain, isDns1123SubdomainWithUnderscore, isValidPortName, isValidPortNum } from '../../names.ts';
import { check, requiredOneOf } from '../common.ts';
import { checkIp } from '../ip.ts';
import type { PodOptions } from './options.ts';

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;
const maxHostname = 64;

export function validateDns(errors: FieldErrorList, { dnsPolicy, dnsConfig }: PodSpec, at: FieldPath): void {
  const where = at.child('dnsConfig');
  if (dnsPolicy === 'None') {
    if (!dnsConfig) errors.push(required(where, 'must provide `dnsConfig` when `dnsPolicy` is None'));
    else if ((dnsConfig.nameservers ?? []).length === 0)
      errors.push(
        required(where.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      );
    if ((dnsConfig?.nameservers ?? []).length === 0) return;
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (nameservers.length > maxNameservers)
    errors.push(
      invalid(where.child('nameservers'), nameservers, `must not have more than ${maxNameservers} nameservers`),
    );
  for (const [i, server] of nameservers.entries()) checkIp(errors, where.child('nameservers').index(i), server);
  if (searches.length > maxSearches)
    errors.push(invalid(where.child('searches'), searches, `must not have more than ${maxSearches} search paths`));
  if (searches.join(' ').length > maxSearchCharacters)
    errors.push(
      invalid(
        where.child('searches'),
        searches,
        `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`,
      ),
    );
  for (const [i, search] of searches.entries())
    if (search !== '.')
      check(
        errors,
        where.child('searches').index(i),
        search.endsWith('.') ? search.slice(0, -1) : search,
        isDns1123SubdomainWithUnderscore,
      );
  for (const [i, { name }] of options.entries())
    if (!name) errors.push(required(where.child('options').index(i), 'must not be empty'));
}

export function validateDnsPolicy(errors: FieldErrorList, policy: string | undefined, at: FieldPath): void {
  requiredOneOf(errors, at, policy, dnsPolicies);
}

export function validateHostAliases(errors: FieldErrorList, { hostAliases }: PodSpec, at: FieldPath): void {
  for (const [i, { ip, hostnames = [] }] of (hostAliases ?? []).entries()) {
    const where = at.child('hostAliases').index(i);
    checkIp(errors, where.child('ip'), ip ?? '');
    for (const [j, name] of hostnames.entries())
      check(errors, where.child('hostnames').index(j), name, isDns1123Subdomain);
  }
}

export function validateHostnameOverride(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const { hostnameOverride: name } = spec;
  if (name === undefined) return;
  const where = at.child('hostnameOverride');
  if (spec.setHostnameAsFQDN) errors.push(forbidden(where, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbidden(where, 'may not be specified when hostNetwork is true'));
  if (name.length > maxHostname) errors.push(tooLong(where, maxHostname));
  check(errors, where, name, isDns1123Subdomain);
}

export function validatePorts(errors: FieldErrorList, ports: readonly ContainerPort[], at: FieldPath): void {
  const names = new Set<string>();
  for (const [i, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const where = at.index(i);
    if (name) {
      const wrong = isValidPortName(name);
      for (const message of wrong) errors.push(invalid(where.child('name'), name, message));
      if (wrong.length === 0 && names.has(name)) errors.push(duplicate(where.child('name'), name));
      else if (wrong.length === 0) names.add(name);
    }
    if (!containerPort) errors.push(required(where.child('containerPort')));
    else
      for (const message of isValidPortNum(containerPort))
        errors.push(invalid(where.child('containerPort'), containerPort, message));
    if (hostPort)
      for (const message of isValidPortNum(hostPort)) errors.push(invalid(where.child('hostPort'), hostPort, message));
    if (protocol !== 'TCP') requiredOneOf(errors, where.child('protocol'), protocol, ['SCTP', 'TCP', 'UDP']);
  }
}

/** No two containers of the list want the same port of the node. `at` is the list's place, also for a single init container. */
export function validateHostPorts(errors: FieldErrorList, containers: readonly Container[], at: FieldPath): void {
  let taken: Set<string> | undefined;
  for (const [i, { ports }] of containers.entries())
    for (const [j, { hostPort, hostIP = '', protocol }] of (ports ?? []).entries()) {
      if (!hostPort) continue;
      taken ??= new Set();
      const text = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(text)) errors.push(duplicate(at.index(i).child('ports').index(j).child('hostPort'), text));
      taken.add(text);
    }
}

/** On the node's network a container's port is the node's. A template may leave the latter out: the pod gets it by default. */
export function validateHostNetwork(errors: FieldErrorList, spec: PodSpec, at: FieldPath, { isPod }: PodOptions): void {
  if (!spec.hostNetwork) return;
  for (const [i, { ports }] of (spec.containers ?? []).entries())
    for (const [j, { hostPort = 0, containerPort }] of (ports ?? []).entries())
      if ((isPod || hostPort !== 0) && hostPort !== containerPort)
        errors.push(
          invalid(
            at.child('containers').index(i).child('ports').index(j).child('hostPort'),
            hostPort,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        );
}

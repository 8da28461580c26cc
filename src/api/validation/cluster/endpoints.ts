// Validation of Endpoints and EndpointSlices (pkg/apis/core/validation: ValidateEndpoints; pkg/apis/discovery/validation).
//
// What an update leaves as it was is not judged again: older servers accepted more.

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  internalError,
  invalid,
  path,
  required,
  tooMany,
} from '../../field-error.ts';
import type {
  CoreV1EndpointPort,
  DiscoveryV1EndpointPort,
  Endpoint,
  EndpointAddress,
  EndpointHints,
  EndpointSlice,
  Endpoints,
} from '../../generated/types.ts';
import { isIpv6Address } from '../../ip.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue, isValidPortNum } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { check, immutable, requiredOneOf, unique, validateLabels } from '../common.ts';
import { checkEndpointIp, checkIp } from '../ip.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const subsetsPath = path('subsets');

export function validateEndpoints({ subsets = [] }: Endpoints): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const [i, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const at = subsetsPath.index(i);
    if (addresses.length === 0 && notReadyAddresses.length === 0)
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    for (const [j, address] of addresses.entries()) checkAddress(errors, at.child('addresses').index(j), address);
    for (const [j, address] of notReadyAddresses.entries())
      checkAddress(errors, at.child('notReadyAddresses').index(j), address);
    for (const [j, port] of ports.entries()) checkPort(errors, at.child('ports').index(j), port, ports.length > 1);
  }
  return errors;
}

export function validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints): FieldErrorList {
  const errors = validateEndpoints(endpoints);
  return errors.length > 0 && equalJson(endpoints.subsets ?? [], old.subsets ?? []) ? [] : errors;
}

function checkAddress(errors: FieldErrorList, at: FieldPath, { ip = '', hostname, nodeName }: EndpointAddress): void {
  checkIp(errors, at.child('ip'), ip);
  if (hostname) check(errors, at.child('hostname'), hostname, isDns1123Label);
  if (nodeName !== undefined) check(errors, at.child('nodeName'), nodeName, isDns1123Subdomain);
  checkEndpointIp(errors, at.child('ip'), ip);
}

function checkPort(errors: FieldErrorList, at: FieldPath, port: CoreV1EndpointPort, needsName: boolean): void {
  if (port.name) check(errors, at.child('name'), port.name, isDns1123Label);
  else if (needsName) errors.push(required(at.child('name')));
  for (const message of isValidPortNum(port.port)) errors.push(invalid(at.child('port'), port.port, message));
  requiredOneOf(errors, at.child('protocol'), port.protocol, protocols);
  if (port.appProtocol !== undefined) check(errors, at.child('appProtocol'), port.appProtocol, isQualifiedName);
}

const endpointsPath = path('endpoints');
const limits = { endpoints: 1000, addresses: 100, ports: 20_000, topology: 16, hints: 8 };

export const validateEndpointSlice = (slice: EndpointSlice): FieldErrorList => validateSlice(slice, undefined);

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): FieldErrorList {
  const errors = validateSlice(slice, old);
  immutable(errors, path('addressType'), slice.addressType, old.addressType);
  return errors;
}

function validateSlice(slice: EndpointSlice, old: EndpointSlice | undefined): FieldErrorList {
  const errors: FieldErrorList = [];
  requiredOneOf(errors, path('addressType'), slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
  const ofEndpoints: FieldErrorList = [];
  checkEndpoints(ofEndpoints, slice);
  if (ofEndpoints.length > 0 && !(old && equalJson(slice.endpoints ?? [], old.endpoints ?? [])))
    errors.push(...ofEndpoints);
  checkSlicePorts(errors, slice.ports ?? []);
  return errors;
}

function checkEndpoints(errors: FieldErrorList, { endpoints = [], addressType }: EndpointSlice): void {
  if (endpoints.length > limits.endpoints) {
    errors.push(tooMany(endpointsPath, endpoints.length, limits.endpoints));
    return;
  }
  for (const [i, endpoint] of endpoints.entries()) checkEndpoint(errors, endpointsPath.index(i), endpoint, addressType);
}

function checkEndpoint(errors: FieldErrorList, at: FieldPath, endpoint: Endpoint, type: string): void {
  const { addresses = [], nodeName, deprecatedTopology, hostname, hints } = endpoint;
  const list = at.child('addresses');
  if (addresses.length === 0) errors.push(required(list, 'must contain at least 1 address'));
  else if (addresses.length > limits.addresses) errors.push(tooMany(list, addresses.length, limits.addresses));
  for (const [i, address] of addresses.entries()) {
    const where = list.index(i);
    if (type === 'FQDN') checkDomainName(errors, where, address);
    if (type !== 'IPv4' && type !== 'IPv6') continue;
    const ip = checkIp(errors, where, address);
    if (!ip) continue;
    if (isIpv6Address(ip) !== (type === 'IPv6')) errors.push(invalid(where, address, `must be an ${type} address`));
    checkEndpointIp(errors, where, address);
  }
  if (nodeName !== undefined) check(errors, at.child('nodeName'), nodeName, isDns1123Subdomain);
  if (deprecatedTopology) checkTopology(errors, at.child('deprecatedTopology'), deprecatedTopology);
  if (hostname !== undefined) check(errors, at.child('hostname'), hostname, isDns1123Label);
  if (hints) checkHints(errors, at.child('hints'), hints);
}

function checkTopology(errors: FieldErrorList, at: FieldPath, topology: Record<string, string>): void {
  const count = Object.keys(topology).length;
  if (count > limits.topology) errors.push(tooMany(at, count, limits.topology));
  validateLabels(errors, topology, at);
  const zone = 'topology.kubernetes.io/zone';
  if (zone in topology) errors.push(internalError(at.key(zone), 'reserved key was not removed in conversion'));
}

/** IsFullyQualifiedDomainName */
function checkDomainName(errors: FieldErrorList, at: FieldPath, value: string): void {
  const name = value.replace(/\.$/, '');
  const messages = isDns1123Subdomain(name);
  const labels = name.split('.');
  if (value === '') errors.push(required(at));
  else if (messages.length > 0) errors.push(invalid(at, name, messages.join(',')));
  else if (labels.length < 2)
    errors.push(invalid(at, name, 'should be a domain with at least two segments separated by dots'));
  else {
    const bad = labels.find((label) => isDns1123Label(label).length > 0);
    if (bad !== undefined) errors.push(invalid(at, bad, isDns1123Label(bad).join(',')));
  }
}

function checkHints(errors: FieldErrorList, at: FieldPath, { forZones = [], forNodes = [] }: EndpointHints): void {
  for (const [field, list, test] of [
    ['forZones', forZones, isValidLabelValue],
    ['forNodes', forNodes, isDns1123Subdomain],
  ] as const) {
    const where = at.child(field);
    if (list.length > limits.hints) {
      errors.push(tooMany(where, list.length, limits.hints));
      continue;
    }
    const names = new Set<string>();
    for (const [i, { name }] of list.entries()) {
      unique(errors, names, where.index(i).child('name'), name);
      check(errors, where.index(i).child('name'), name, test);
    }
  }
}

function checkSlicePorts(errors: FieldErrorList, ports: readonly DiscoveryV1EndpointPort[]): void {
  const list = path('ports');
  if (ports.length > limits.ports) {
    errors.push(tooMany(list, ports.length, limits.ports));
    return;
  }
  const names = new Set<string>();
  for (const [i, { name = '', protocol, appProtocol }] of ports.entries()) {
    const at = list.index(i);
    if (name) check(errors, at.child('name'), name, isDns1123Label);
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    requiredOneOf(errors, at.child('protocol'), protocol, protocols);
    if (appProtocol !== undefined) check(errors, at.child('appProtocol'), appProtocol, isQualifiedName);
  }
}

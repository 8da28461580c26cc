// Validation of Ingresses (pkg/apis/networking/validation: ValidateIngressCreate, ValidateIngressUpdate, ValidateIngressStatusUpdate).

import { type FieldErrorList, type FieldPath, invalid, notSupported, path, required } from '../../field-error.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  TypedLocalObjectReference,
} from '../../generated/types.ts';
import { parseIp } from '../../ip.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isValidPathSegmentName,
  isValidPortName,
  isValidPortNum,
  isWildcardDns1123Subdomain,
} from '../../names.ts';
import { check, specPath } from '../common.ts';
import { checkIp } from '../ip.ts';

const rulesPath = specPath.child('rules');
const tlsPath = specPath.child('tls');
const classAnnotation = 'kubernetes.io/ingress.class';
const forbiddenSequences = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenEnds = ['/..', '/.'];
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** What an update may keep of an Ingress made when less was checked. */
interface Leniency {
  secretNames: boolean;
  wildcardRules: boolean;
}

export function validateIngress(ingress: Ingress): FieldErrorList {
  const errors = validateSpec(ingress, { secretNames: false, wildcardRules: false });
  const annotation = ingress.metadata?.annotations?.[classAnnotation];
  const name = ingress.spec?.ingressClassName;
  if (annotation !== undefined && name !== undefined && annotation !== name)
    errors.push(
      invalid(
        path('annotations', classAnnotation),
        annotation,
        'must match `ingressClassName` when both are specified',
      ),
    );
  return errors;
}

export function validateIngressUpdate(ingress: Ingress, { spec }: Ingress): FieldErrorList {
  return validateSpec(ingress, {
    secretNames: (spec?.tls ?? []).some(({ secretName }) => secretName && isDns1123Subdomain(secretName).length > 0),
    wildcardRules: (spec?.rules ?? []).some((rule) => {
      const errors: FieldErrorList = [];
      if (rule.host?.includes('*')) checkPaths(errors, path(), rule);
      return errors.length > 0;
    }),
  });
}

function validateSpec({ spec }: Ingress, lenient: Leniency): FieldErrorList {
  const errors: FieldErrorList = [];
  const rules = spec?.rules ?? [];
  if (rules.length === 0 && !spec?.defaultBackend)
    errors.push(invalid(specPath, null, 'either `defaultBackend` or `rules` must be specified'));
  if (spec?.defaultBackend) checkBackend(errors, specPath.child('defaultBackend'), spec.defaultBackend);
  for (const [i, rule] of rules.entries()) checkRule(errors, rulesPath.index(i), rule, lenient);
  for (const [i, { hosts = [], secretName }] of (spec?.tls ?? []).entries()) {
    for (const [j, host] of hosts.entries()) checkHost(errors, tlsPath.index(i).child('hosts').index(j), host);
    if (secretName && !lenient.secretNames)
      check(errors, tlsPath.index(i).child('secretName'), secretName, isDns1123Subdomain);
  }
  if (spec?.ingressClassName !== undefined)
    check(errors, specPath.child('ingressClassName'), spec.ingressClassName, isDns1123Subdomain);
  return errors;
}

function checkHost(errors: FieldErrorList, at: FieldPath, host: string): void {
  check(errors, at, host, host.includes('*') ? isWildcardDns1123Subdomain : isDns1123Subdomain);
}

function checkRule(errors: FieldErrorList, at: FieldPath, rule: IngressRule, lenient: Leniency): void {
  const { host } = rule;
  if (host) {
    if (parseIp(host)) errors.push(invalid(at.child('host'), host, 'must be a DNS name, not an IP address'));
    checkHost(errors, at.child('host'), host);
  }
  if (!(host?.includes('*') && lenient.wildcardRules)) checkPaths(errors, at, rule);
}

function checkPaths(errors: FieldErrorList, at: FieldPath, { http }: IngressRule): void {
  if (!http) return;
  const list = at.child('http', 'paths');
  if ((http.paths ?? []).length === 0) errors.push(required(list));
  for (const [i, each] of (http.paths ?? []).entries()) checkPath(errors, list.index(i), each);
}

function checkPath(
  errors: FieldErrorList,
  at: FieldPath,
  { path: text = '', pathType, backend }: HTTPIngressPath,
): void {
  if (pathType === undefined) {
    errors.push(required(at.child('pathType'), 'pathType must be specified'));
    return;
  }
  const where = at.child('path');
  const absolute = () => {
    if (!text.startsWith('/')) errors.push(invalid(where, text, 'must be an absolute path'));
  };
  if (pathType === 'Exact' || pathType === 'Prefix') {
    absolute();
    for (const part of forbiddenSequences)
      if (text.includes(part)) errors.push(invalid(where, text, `must not contain '${part}'`));
    for (const end of forbiddenEnds)
      if (text.endsWith(end)) errors.push(invalid(where, text, `cannot end with '${end}'`));
  } else if (pathType === 'ImplementationSpecific') {
    if (text !== '') absolute();
  } else {
    errors.push(notSupported(at.child('pathType'), pathType, pathTypes));
  }
  checkBackend(errors, at.child('backend'), backend);
}

function checkBackend(errors: FieldErrorList, at: FieldPath, { service, resource }: IngressBackend = {}): void {
  if (resource && service) {
    errors.push(invalid(at, '', 'cannot set both resource and service backends'));
  } else if (resource) {
    checkReference(errors, at.child('resource'), resource);
  } else if (!service) {
    errors.push(invalid(at, '', 'resource or service backend is required'));
  } else {
    const where = at.child('service');
    if (service.name) check(errors, where.child('name'), service.name, isDns1123Label);
    else errors.push(required(where.child('name')));
    const { name, number } = service.port ?? {};
    if (name && number) errors.push(invalid(at, '', 'cannot set both port name & port number'));
    else if (name) check(errors, where.child('port', 'name'), name, isValidPortName);
    else if (number)
      for (const message of isValidPortNum(number))
        errors.push(invalid(where.child('port', 'number'), number, message));
    else errors.push(required(at, 'port name or number is required'));
  }
}

/** The object behind a backend or the parameters of a class. */
export function checkReference(
  errors: FieldErrorList,
  at: FieldPath,
  { apiGroup, kind, name }: TypedLocalObjectReference,
): void {
  if (apiGroup !== undefined) check(errors, at.child('apiGroup'), apiGroup, isDns1123Subdomain);
  if (kind) check(errors, at.child('kind'), kind, isValidPathSegmentName);
  else errors.push(required(at.child('kind')));
  if (name) check(errors, at.child('name'), name, isValidPathSegmentName);
  else errors.push(required(at.child('name')));
}

export function validateIngressStatusUpdate({ status }: Ingress, old: Ingress): FieldErrorList {
  const errors: FieldErrorList = [];
  const before = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  for (const [i, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = path('status', 'loadBalancer', 'ingress').index(i);
    if (ip) checkIp(errors, at.child('ip'), ip, before);
    if (!hostname) continue;
    check(errors, at.child('hostname'), hostname, isDns1123Subdomain);
    if (parseIp(hostname))
      errors.push(invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
  }
  return errors;
}

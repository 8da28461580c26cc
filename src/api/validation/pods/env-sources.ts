// Where a variable or a file takes its value from: fields of the pod, resources of a container, keys of ConfigMaps and Secrets, files
// (pkg/apis/core/validation: validateObjectFieldSelector, validateContainerResourceFieldSelector, validateSecretKeySelector, validateFileKeySelector).

import { type FieldErrorList, type FieldPath, invalid, notSupported, required } from '../../field-error.ts';
import type { FileKeySelector, ObjectFieldSelector, ResourceFieldSelector } from '../../generated/types.ts';
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../../names.ts';
import { formatQuantity, tryParseQuantity } from '../../quantity.ts';
import { check } from '../common.ts';
import { checkNoBacksteps } from '../volume-sources.ts';

/** What the downward API knows of a pod; which of it is offered depends on the place. */
const podFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.phase',
  'status.podIP',
  'status.podIPs',
];
const subscripted = /^(.+?)\['(.*)'\]$/s;

export function validateFieldSelector(
  errors: FieldErrorList,
  { apiVersion, fieldPath }: ObjectFieldSelector,
  at: FieldPath,
  offered: readonly string[],
): void {
  if (!apiVersion) errors.push(required(at.child('apiVersion')));
  else if (!fieldPath) errors.push(required(at.child('fieldPath')));
  else {
    const unconvertible = (why: string) =>
      errors.push(invalid(at.child('fieldPath'), fieldPath, `error converting fieldPath: ${why}`));
    const [, path, key = ''] = subscripted.exec(fieldPath) ?? [];
    const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
    if (apiVersion !== 'v1') unconvertible(`unsupported pod version: ${apiVersion}`);
    else if (path === 'metadata.annotations') check(errors, at, key.toLowerCase(), isQualifiedName);
    else if (path === 'metadata.labels') check(errors, at, key, isQualifiedName);
    else if (path !== undefined) unconvertible(`field label does not support subscript: ${fieldPath}`);
    else if (!podFields.includes(field)) unconvertible(`field label not supported: ${fieldPath}`);
    else if (!offered.includes(field)) errors.push(notSupported(at.child('fieldPath'), field, offered));
  }
}

const containerResources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePages = /^(requests|limits)\.hugepages-/;
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** Which units a resource may be counted in, and its name in the error; undefined where all are. */
function divisorsOf(resource: string): [divisors: readonly string[], name: string] | undefined {
  if (resource.endsWith('.cpu')) return [['1m', '1'], 'cpu'];
  if (resource.endsWith('.memory')) return [byteDivisors, 'memory'];
  if (resource.endsWith('.ephemeral-storage')) return [byteDivisors, 'local ephemeral storage'];
  return hugePages.test(resource) ? [byteDivisors, 'hugepages'] : undefined;
}

export function validateResourceSelector(
  errors: FieldErrorList,
  { containerName, resource, divisor }: ResourceFieldSelector,
  at: FieldPath,
  inVolume: boolean,
): void {
  const known = containerResources.includes(resource) || hugePages.test(resource);
  if (inVolume && !containerName) errors.push(required(at.child('containerName')));
  else if (!resource) errors.push(required(at.child('resource')));
  else if (!known) errors.push(notSupported(at.child('resource'), resource, containerResources));
  const unit = divisor === undefined ? undefined : tryParseQuantity(divisor);
  if (!known || !unit || unit.nanos === 0n) return;
  const [divisors = [], name = ''] = divisorsOf(resource) ?? [];
  if (!divisors.includes(formatQuantity(unit))) {
    const list = divisors.length === 2 ? divisors.join(' and ') : divisors.join(', ');
    errors.push(
      invalid(at.child('divisor'), resource, `only divisor's values ${list} are supported with the ${name} resource`),
    );
  }
}

/** A key of a ConfigMap or a Secret. */
export function validateKeySelector(
  errors: FieldErrorList,
  { name = '', key }: { name?: string; key?: string },
  at: FieldPath,
): void {
  check(errors, at.child('name'), name, isDns1123Subdomain);
  if (!key) errors.push(required(at.child('key')));
  else check(errors, at.child('key'), key, isConfigMapKey);
}

export function validateFileKey(
  errors: FieldErrorList,
  { key, volumeName, path }: FileKeySelector,
  at: FieldPath,
): void {
  if (!key) errors.push(required(at.child('key')));
  else check(errors, at.child('key'), key, isEnvVarName);
  if (!volumeName) errors.push(required(at.child('volumeName')));
  else check(errors, at.child('volumeName'), volumeName, isDns1123Label);
  if (!path) errors.push(required(at.child('path')));
  else checkNoBacksteps(errors, at.child('path'), path);
}

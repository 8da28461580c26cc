// Names of resources and what they imply (pkg/apis/core/helper, pkg/apis/core/validation: ValidateContainerResourceName, validatePodResourceName).

import { type FieldErrorList, type FieldPath, invalid, notSupported } from '../../field-error.ts';
import { isQualifiedName } from '../../names.ts';
import { type Quantity, tryParseQuantity } from '../../quantity.ts';

const one = 1_000_000_000n;
const containerResources = ['cpu', 'memory', 'ephemeral-storage'];
/** Counted resources that only quotas know, and the prefixed ones. */
const quotaResources = [
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
];

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
export const isExtendedResource = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
/** Whether a container may ask for less than its limit. */
export const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Whole pages of the size that the name says. */
export function isWholePages(name: string, quantity: Quantity): boolean {
  const page = tryParseQuantity(name.slice('hugepages-'.length));
  if (!page || page.nanos <= 0n || page.nanos % one !== 0n) return false;
  const whole = (quantity.nanos + one - 1n) / one;
  return whole % (page.nanos / one) === 0n;
}

/** Whether the name is well-formed and, without a prefix, one that Kubernetes knows. */
export function checkStandard(errors: FieldErrorList, at: FieldPath, name: string): boolean {
  const messages = isQualifiedName(name);
  for (const message of messages) errors.push(invalid(at, name, message));
  if (messages.length > 0) return false;
  if (name.includes('/') || containerResources.includes(name) || quotaResources.includes(name)) return true;
  if (isHugePages(name) || name.startsWith('requests.hugepages-')) return true;
  errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
  return false;
}

export function checkContainerResource(errors: FieldErrorList, at: FieldPath, name: string): void {
  if (containerResources.includes(name)) return;
  checkStandard(errors, at, name);
  if (!name.includes('/')) {
    if (!isHugePages(name)) errors.push(invalid(at, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtendedResource(name))
    errors.push(invalid(at, name, "doesn't follow extended resource name standard"));
}

export function checkPodResource(errors: FieldErrorList, at: FieldPath, name: string): void {
  if (name === 'cpu' || name === 'memory') return;
  if (checkStandard(errors, at, name) && !isHugePages(name))
    errors.push(notSupported(at, name, ['cpu', 'hugepages-', 'memory']));
}

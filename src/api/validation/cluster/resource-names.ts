// Which resources are counted in whole numbers, and how quantities are judged (pkg/apis/core/helper, pkg/apis/core/validation: ValidateResourceQuantityValue).

import { type FieldErrorList, type FieldPath, invalid } from '../../field-error.ts';
import { isQualifiedName } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { nonNegativeMessage } from '../common.ts';

export const countedResources: readonly string[] = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];

const billion = 1_000_000_000n;

/** Without a prefix, or one of Kubernetes' own. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

/** A device of somebody else's: "example.com/gpu". */
const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;

export function checkQuantityOf(errors: FieldErrorList, at: FieldPath, resource: string, quantity: string): void {
  const { nanos } = parseQuantity(quantity);
  if (nanos < 0n) errors.push(invalid(at, quantity, nonNegativeMessage));
  if (nanos % billion !== 0n && (countedResources.includes(resource) || isExtendedResource(resource)))
    errors.push(invalid(at, quantity, 'must be an integer'));
}

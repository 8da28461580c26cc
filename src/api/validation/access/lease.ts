// Validation of Leases (pkg/apis/coordination/validation).

import { type FieldErrorList, invalid } from '../../field-error.ts';
import type { Lease } from '../../generated/types.ts';
import { nonNegative, specPath } from '../common.ts';

export function validateLease({ spec }: Lease): FieldErrorList {
  const errors: FieldErrorList = [];
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0)
    errors.push(invalid(specPath.child('leaseDurationSeconds'), spec.leaseDurationSeconds, 'must be greater than 0'));
  nonNegative(errors, specPath.child('leaseTransitions'), spec?.leaseTransitions);
  return errors;
}

// Label selectors of objects that may have been made when values were not checked (AllowInvalidLabelValueInSelector).

import type { FieldErrorList, FieldPath } from '../../field-error.ts';
import type { LabelSelector } from '../../generated/types.ts';
import { validateLabelSelector } from '../common.ts';

/** Errors of a selector; those of values are left out when the `old` one was wrong too. */
export function checkSelector(
  errors: FieldErrorList,
  at: FieldPath,
  selector: LabelSelector | undefined,
  old?: LabelSelector,
): void {
  const found: FieldErrorList = [];
  validateLabelSelector(found, selector, at);
  if (found.length === 0) return;
  const before: FieldErrorList = [];
  validateLabelSelector(before, old, at);
  errors.push(...(before.length === 0 ? found : found.filter(({ field }) => !field.includes('.values['))));
}

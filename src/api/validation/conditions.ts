// Conditions of the common type, metav1.Condition (apimachinery/pkg/apis/meta/v1/validation: ValidateConditions).

import { duplicate, type FieldErrorList, type FieldPath, invalid, required, tooLong } from '../field-error.ts';
import type { Condition } from '../generated/types.ts';
import { isQualifiedName, regexError } from '../names.ts';
import { check, requiredOneOf } from './common.ts';

const maxReason = 1024;
const maxMessage = 32 * 1024;
const reason = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonPattern = new RegExp(`^${reason}$`);

export function validateConditions(
  errors: FieldErrorList,
  conditions: readonly Condition[] | undefined,
  at: FieldPath,
): void {
  const seen = new Set<string>();
  for (const [i, condition] of (conditions ?? []).entries()) {
    if (seen.has(condition.type)) errors.push(duplicate(at.index(i), condition.type));
    seen.add(condition.type);
    validateCondition(errors, condition, at.index(i));
  }
}

function validateCondition(errors: FieldErrorList, condition: Condition, at: FieldPath): void {
  if (!condition.type) errors.push(required(at.child('type'), 'is required'));
  else check(errors, at.child('type'), condition.type, isQualifiedName);
  requiredOneOf(errors, at.child('status'), condition.status, ['False', 'True', 'Unknown']);
  if ((condition.observedGeneration ?? 0) < 0)
    errors.push(
      invalid(at.child('observedGeneration'), condition.observedGeneration, 'must be greater than or equal to zero'),
    );
  if (!condition.lastTransitionTime) errors.push(required(at.child('lastTransitionTime')));
  const why = condition.reason ?? '';
  if (why === '') errors.push(required(at.child('reason')));
  else {
    if (!reasonPattern.test(why)) errors.push(invalid(at.child('reason'), why, reasonMessage));
    if (why.length > maxReason) errors.push(tooLong(at.child('reason'), maxReason));
  }
  if ((condition.message ?? '').length > maxMessage) errors.push(tooLong(at.child('message'), maxMessage));
}

const reasonMessage = regexError(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reason,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);

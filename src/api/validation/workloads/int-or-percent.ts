// Whole numbers or percentages, as rollouts and budgets have them (pkg/apis/apps/validation).

import { type FieldErrorList, type FieldPath, invalid } from '../../field-error.ts';
import { type IntOrString, parsePercent } from '../../int-or-string.ts';
import { isValidPercent } from '../../names.ts';
import { nonNegative } from '../common.ts';

/** Not negative, or a percentage (ValidatePositiveIntOrPercent). */
export function intOrPercent(errors: FieldErrorList, at: FieldPath, value: IntOrString | undefined): void {
  if (typeof value === 'number') nonNegative(errors, at, value);
  else if (value !== undefined) for (const message of isValidPercent(value)) errors.push(invalid(at, value, message));
}

/** A percentage goes up to 100 (IsNotMoreThan100Percent). */
export function atMostAll(errors: FieldErrorList, at: FieldPath, value: IntOrString | undefined): void {
  if (typeof value === 'string' && (parsePercent(value) ?? 0) > 100)
    errors.push(invalid(at, value, 'must not be greater than 100%'));
}

/** The number, or that of the percentage; 0 for what is neither. */
export function numberOf(value: IntOrString | undefined): number {
  if (typeof value === 'number') return value;
  return parsePercent(value ?? '') ?? (/^[+-]?\d+$/.test(value ?? '') ? Number(value) : 0);
}

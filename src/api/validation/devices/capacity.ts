// Validation of how much of a device's capacity may be asked for at once.

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  required,
  tooMany,
} from '../../field-error.ts';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from '../../generated/types.ts';
import {
  addQuantity,
  compareQuantity as compare,
  formatQuantity,
  quantityValue,
  canonicalQuantity as text,
} from '../../quantity.ts';

const maxValues = 10;

export function checkCapacity(
  errors: FieldErrorList,
  at: FieldPath,
  { value, requestPolicy }: DeviceCapacity,
  shared: boolean,
): void {
  if (!requestPolicy) return;
  const where = at.child('requestPolicy');
  const { validValues = [], validRange } = requestPolicy;
  if (!shared) errors.push(forbidden(where, 'allowMultipleAllocations must be true'));
  else if (validValues.length > 0 && validRange)
    errors.push(
      forbidden(
        where,
        'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
      ),
    );
  else if (validValues.length > 0) checkValues(errors, where, value, requestPolicy, validValues);
  else if (validRange) checkRange(errors, where, value, requestPolicy, validRange);
}

function checkValues(
  errors: FieldErrorList,
  at: FieldPath,
  capacity: string,
  { default: preset }: CapacityRequestPolicy,
  values: readonly string[],
): void {
  if (preset === undefined)
    return void errors.push(required(at.child('default'), 'required when validValues is defined'));
  const where = at.child('validValues');
  for (const [i, value] of values.entries())
    if (i > 0 && compare(values[i - 1] ?? '0', value) > 0)
      errors.push(invalid(where.index(i), text(value), 'values must be sorted in ascending order'));
  if (values.length > maxValues) errors.push(tooMany(where, values.length, maxValues));
  else {
    for (const [i, value] of values.entries())
      if (compare(value, capacity) > 0)
        errors.push(invalid(where.index(i), text(value), `option is larger than capacity value: ${text(capacity)}`));
    const whole = values.map((value) => String(quantityValue(value)));
    for (const [i, value] of whole.entries())
      if (whole.indexOf(value) < i) errors.push(duplicate(where.index(i), value));
  }
  if (values.length > maxValues || !values.some((value) => compare(value, preset) === 0))
    errors.push(invalid(where, text(preset), 'default value is not valid according to the requestPolicy'));
}

function checkRange(
  errors: FieldErrorList,
  at: FieldPath,
  capacity: string,
  { default: preset }: CapacityRequestPolicy,
  { min, max, step }: CapacityRequestPolicyRange,
): void {
  if (preset === undefined)
    return void errors.push(required(at.child('default'), 'required when validRange is defined'));
  const where = at.child('validRange');
  if (min === undefined) return void errors.push(required(where.child('min'), 'required when validRange is defined'));
  const wrong = (field: string, value: string, message: string) =>
    errors.push(invalid(where.child(field), text(value), message));
  if (compare(min, capacity) > 0) wrong('min', min, `min is larger than capacity value: ${text(capacity)}`);
  if (compare(preset, min) < 0) wrong('default', preset, `default is less than min: ${text(min)}`);
  if (max !== undefined) {
    if (compare(min, max) > 0) wrong('max', min, `min is larger than max: ${text(max)}`);
    if (compare(max, capacity) > 0) wrong('max', max, `max is larger than capacity value: ${text(capacity)}`);
    if (compare(preset, max) > 0) wrong('default', preset, `default is more than max: ${text(max)}`);
  }
  if (step === undefined) return;
  if (compare(step, 0) <= 0) return void wrong('step', step, 'must be greater than zero');
  const one = addQuantity(min, step);
  if (compare(one, capacity) > 0)
    wrong('step', step, `one step ${formatQuantity(one)} is larger than capacity value: ${text(capacity)}`);
  for (const value of max === undefined ? [preset] : [preset, max])
    if ((quantityValue(value) - quantityValue(min)) % quantityValue(step) !== 0)
      wrong('step', value, `value is not a multiple of a given step (${text(step)}) from (${text(min)})`);
}

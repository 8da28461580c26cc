// Validation of LimitRanges (pkg/apis/core/validation: ValidateLimitRange).

import { duplicate, type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type { LimitRange, LimitRangeItem } from '../../generated/types.ts';
import { isQualifiedName } from '../../names.ts';
import { compareQuantity, quantityMilliValue, quantityValue } from '../../quantity.ts';
import { specPath } from '../common.ts';
import { checkContainerResource, checkStandard, isOvercommitAllowed } from '../pods/resource-names.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];
/** Amounts from here on are compared in whole units. */
const maxMilliValue = Number((1n << 63n) - 1n) / 1000;

type Amounts = Record<string, string> | undefined;

export function validateLimitRange({ spec }: LimitRange): FieldErrorList {
  const errors: FieldErrorList = [];
  const seen = new Set<string>();
  for (const [i, limit] of (spec?.limits ?? []).entries()) {
    const at = specPath.child('limits').index(i);
    validateType(errors, limit.type ?? '', at.child('type'));
    if (seen.has(limit.type)) errors.push(duplicate(at.child('type'), limit.type));
    seen.add(limit.type);
    validateNames(errors, limit, at);
    const lists = [limit.max, limit.min, limit.default, limit.defaultRequest, limit.maxLimitRequestRatio];
    const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})));
    for (const name of [...names].sort()) validateAmounts(errors, limit, name, at);
  }
  return errors;
}

function validateType(errors: FieldErrorList, type: string, at: FieldPath): void {
  const messages = isQualifiedName(type);
  for (const message of messages) errors.push(invalid(at, type, message));
  if (messages.length === 0 && !type.includes('/') && !standardTypes.includes(type))
    errors.push(invalid(at, type, 'must be a standard limit type or fully qualified'));
}

function validateNames(errors: FieldErrorList, limit: LimitRangeItem, at: FieldPath): void {
  const { type } = limit;
  const test = type === 'Pod' || type === 'Container' ? checkContainerResource : checkStandard;
  const names = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio') => {
    for (const name of Object.keys(limit[field] ?? {})) test(errors, at.child(field).key(name), name);
  };
  names('max');
  names('min');
  for (const field of ['default', 'defaultRequest'] as const)
    if (type !== 'Pod') names(field);
    else if (Object.keys(limit[field] ?? {}).length > 0)
      errors.push(forbidden(at.child(field), "may not be specified when `type` is 'Pod'"));
  if (type === 'PersistentVolumeClaim' && limit.min?.['storage'] === undefined && limit.max?.['storage'] === undefined)
    errors.push(
      required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'),
    );
  names('maxLimitRequestRatio');
}

function validateAmounts(errors: FieldErrorList, limit: LimitRangeItem, name: string, at: FieldPath): void {
  const of = (list: Amounts): string | undefined => list?.[name];
  const [min, max, ratio] = [of(limit.min), of(limit.max), of(limit.maxLimitRequestRatio)];
  const forPods = limit.type === 'Pod';
  const usual = forPods ? undefined : of(limit.default);
  const request = forPods ? undefined : of(limit.defaultRequest);
  const order = (
    low: string | undefined,
    lowName: string,
    high: string | undefined,
    highName: string,
    field: string,
    shown: string | undefined,
  ) => {
    if (low !== undefined && high !== undefined && compareQuantity(low, high) > 0)
      errors.push(
        invalid(at.child(field).key(name), shown, `${lowName} value ${low} is greater than ${highName} value ${high}`),
      );
  };
  order(min, 'min', max, 'max', 'min', min);
  order(min, 'min', request, 'default request', 'defaultRequest', request);
  order(request, 'default request', max, 'max', 'defaultRequest', request);
  order(request, 'default request', usual, 'default limit', 'defaultRequest', request);
  order(min, 'min', usual, 'default', 'default', min);
  order(usual, 'default', max, 'max', 'default', max);
  const ratioPath = at.child('maxLimitRequestRatio').key(name);
  if (ratio !== undefined && compareQuantity(ratio, '1') < 0)
    errors.push(invalid(ratioPath, ratio, `ratio ${ratio} is less than 1`));
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const most = ratioOf(max, min);
    const exact = [ratio, min, max].every((amount) => quantityValue(amount) < maxMilliValue);
    if ((exact ? quantityMilliValue(ratio) / 1000 : quantityValue(ratio)) > most)
      errors.push(invalid(ratioPath, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
  }
  if (
    !isOvercommitAllowed(name) &&
    usual !== undefined &&
    request !== undefined &&
    compareQuantity(usual, request) !== 0
  )
    errors.push(
      invalid(
        at.child('defaultRequest').key(name),
        request,
        `default value ${usual} must equal to defaultRequest value ${request} in ${name}`,
      ),
    );
}

function ratioOf(max: string, min: string): number {
  const exact = quantityValue(max) < maxMilliValue && quantityValue(min) < maxMilliValue;
  return exact ? quantityMilliValue(max) / quantityMilliValue(min) : quantityValue(max) / quantityValue(min);
}

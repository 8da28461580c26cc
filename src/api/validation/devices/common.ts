// What the kinds of resource.k8s.io have in common: lists with a limit, names, tolerations, selectors, opaque parameters
// (pkg/apis/resource/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../field-error.ts';
import type { DeviceSelector, DeviceToleration, OpaqueDeviceConfiguration } from '../../generated/types.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
  type NameCheck,
  regexError,
} from '../../names.ts';
import { check } from '../common.ts';
import { checkDriverName } from '../volume-sources.ts';

export const maxRequests = 32;
export const maxConfig = 32;
const maxSelectors = 32;
const maxTolerations = 16;
const maxBindingConditions = 4;
const maxPoolName = 253;
const maxId = 32;
const maxExpression = 10 * 1024;
const maxParameters = 10 * 1024;
export const taintEffects = ['NoExecute', 'NoSchedule', 'None'];

type CheckItem<T> = (errors: FieldErrorList, at: FieldPath, item: T) => void;

/** Checks every item, unless there are too many. */
export function checkList<T>(
  errors: FieldErrorList,
  at: FieldPath,
  list: readonly T[] | undefined,
  max: number,
  item: CheckItem<T>,
): boolean {
  const items = list ?? [];
  if (items.length > max) {
    errors.push(tooMany(at, items.length, max));
    return false;
  }
  for (const [i, each] of items.entries()) item(errors, at.index(i), each);
  return true;
}

/** The same for a list in which no key comes twice. */
export function checkSet<T>(
  errors: FieldErrorList,
  at: FieldPath,
  list: readonly T[] | undefined,
  max: number,
  item: CheckItem<T>,
  keyOf: (item: T) => string,
): void {
  if (!checkList(errors, at, list, max, item)) return;
  const seen = new Set<string>();
  for (const [i, each] of (list ?? []).entries()) {
    const key = keyOf(each);
    if (seen.has(key)) errors.push(duplicate(at.index(i), key));
    seen.add(key);
  }
}

export const itself = (text: string): string => text;
const label: CheckItem<string> = (errors, at, name) => check(errors, at, name, isDns1123Label);
export const checkRequestName = label;
export const checkDeviceName = label;
export const checkCounterName = label;
/** A key as labels have them. */
export const checkLabelKey: CheckItem<string> = (errors, at, name) => check(errors, at, name, isQualifiedName);

export function checkPoolName(errors: FieldErrorList, at: FieldPath, name = ''): void {
  if (name === '') return void errors.push(required(at));
  if (name.length > maxPoolName) errors.push(tooLong(at, maxPoolName));
  for (const part of name.split('/')) check(errors, at, part, isDns1123Subdomain);
}

const hex = '[0-9a-fA-F]';
const anyUuid = new RegExp(`^(urn:uuid:)?${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}$|^${hex}{32}$`);

export function checkUuid(errors: FieldErrorList, at: FieldPath, uid: string): void {
  const bare = uid.startsWith('{') && uid.endsWith('}') ? uid.slice(1, -1) : uid;
  if (!anyUuid.test(bare)) {
    const problem = [32, 36, 38, 45].includes(uid.length)
      ? 'invalid UUID format'
      : `invalid UUID length: ${uid.length}`;
    errors.push(invalid(at, uid, `error validating uid: ${problem}`));
  } else if (uid.length !== 36 || uid !== uid.toLowerCase())
    errors.push(
      invalid(
        at,
        uid,
        'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
      ),
    );
}

const identifier = '[A-Za-z_][A-Za-z0-9_]*';
const identifierPattern = new RegExp(`^${identifier}$`);
const identifierMessage = regexError(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  identifier,
  'my_name',
  'MY_NAME',
  'MyName',
);
const isIdentifier: NameCheck = (value) => (identifierPattern.test(value) ? [] : [identifierMessage]);

function checkIdentifier(errors: FieldErrorList, at: FieldPath, id: string): void {
  if (id.length > maxId) errors.push(tooLong(at, maxId));
  check(errors, at, id, isIdentifier);
}

/** The name of an attribute or a capacity: an identifier, a domain before it or none. */
export function checkAttributeName(errors: FieldErrorList, at: FieldPath, name: string): void {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) errors.push(invalid(at, name, 'must not contain more than one slash'));
  else if (second === undefined) checkIdentifier(errors, at, first);
  else {
    if (first === '') errors.push(invalid(at, '', 'the domain must not be empty'));
    else checkDriverName(errors, at, first);
    if (second === '') errors.push(invalid(at, '', 'the name must not be empty'));
    else checkIdentifier(errors, at, second);
  }
}

export function checkFullAttributeName(errors: FieldErrorList, at: FieldPath, name: string): void {
  checkAttributeName(errors, at, name);
  if (!name.includes('/'))
    errors.push(invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash'));
}

/** `stored`: the selectors were there before. */
export function checkSelectors(
  errors: FieldErrorList,
  at: FieldPath,
  selectors: readonly DeviceSelector[] | undefined,
  stored = false,
): void {
  checkList(errors, at, selectors, maxSelectors, (_, where, { cel }) => {
    if (!cel) errors.push(required(where.child('cel')));
    else if (!stored && cel.expression.length > maxExpression)
      errors.push(tooLong(where.child('cel', 'expression'), maxExpression));
  });
}

export function checkOpaque(
  errors: FieldErrorList,
  at: FieldPath,
  opaque: OpaqueDeviceConfiguration | undefined,
  stored = false,
): void {
  if (!opaque) return void errors.push(required(at));
  checkDriverName(errors, at.child('driver'), opaque.driver);
  checkRawObject(errors, at.child('parameters'), opaque.parameters, stored ? Number.POSITIVE_INFINITY : maxParameters);
}

/** JSON of anybody's making, which has to be an object. */
export function checkRawObject(errors: FieldErrorList, at: FieldPath, value: unknown, max: number): void {
  if (value === undefined || value === null) errors.push(required(at));
  else if (new TextEncoder().encode(JSON.stringify(value)).length > max) errors.push(tooLong(at, max));
  else if (typeof value !== 'object' || Array.isArray(value))
    errors.push(invalid(at, '<value omitted>', 'must be a valid JSON object'));
}

export function checkTolerations(
  errors: FieldErrorList,
  at: FieldPath,
  tolerations: readonly DeviceToleration[] | undefined,
): void {
  checkList(errors, at, tolerations, maxTolerations, checkToleration);
}

function checkToleration(
  errors: FieldErrorList,
  at: FieldPath,
  { key, operator, value, effect }: DeviceToleration,
): void {
  if (key) checkLabelKey(errors, at.child('key'), key);
  if (operator === 'Exists') {
    if (value) errors.push(invalid(at.child('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') check(errors, at.child('value'), value ?? '', isValidLabelValue);
  else if (!operator) errors.push(required(at.child('operator')));
  else errors.push(notSupported(at.child('operator'), operator, ['Equal', 'Exists']));
  if (effect && !taintEffects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, taintEffects));
}

/** Conditions that say when a device is ready, and those that say that it will not be. */
export function checkBinding(
  errors: FieldErrorList,
  at: FieldPath,
  {
    bindingConditions = [],
    bindingFailureConditions = [],
  }: { bindingConditions?: string[]; bindingFailureConditions?: string[] },
): void {
  const ready = at.child('bindingConditions');
  const failed = at.child('bindingFailureConditions');
  checkList(errors, ready, bindingConditions, maxBindingConditions, checkLabelKey);
  checkList(errors, failed, bindingFailureConditions, maxBindingConditions, checkLabelKey);
  for (const [i, condition] of bindingConditions.entries())
    if (bindingConditions.indexOf(condition) < i) errors.push(duplicate(ready.index(i), condition));
  for (const [i, condition] of bindingFailureConditions.entries()) {
    if (bindingFailureConditions.indexOf(condition) < i) errors.push(duplicate(failed.index(i), condition));
    if (bindingConditions.includes(condition))
      errors.push(
        invalid(failed.index(i), condition, 'bindingFailureConditions must not overlap with bindingConditions'),
      );
  }
  if (bindingConditions.length === 0 && bindingFailureConditions.length > 0)
    errors.push(invalid(ready, null, 'bindingConditions are required to use bindingFailureConditions'));
  if (bindingFailureConditions.length === 0 && bindingConditions.length > 0)
    errors.push(invalid(failed, null, 'bindingFailureConditions are required to use bindingConditions'));
}

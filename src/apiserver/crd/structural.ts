// Structural schemas of custom resources: pruning, defaulting and validation against the OpenAPI schema of a CustomResourceDefinition
// (apiextensions-apiserver/pkg/apiserver/schema).

import { matches } from '../../api/cel/regexp.ts';
import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../api/field-error.ts';
import type { JSONSchemaProps } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { deepCopy, deepEqual } from '../object.ts';

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a key that came from outside, whatever it is called. */
function setOwn(target: Fields, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

type Flag = 'preserve-unknown-fields' | 'embedded-resource' | 'int-or-string';
const flag = (schema: JSONSchemaProps, name: Flag) => schema[`x-kubernetes-${name}`] === true;

const additional = (schema: JSONSchemaProps): JSONSchemaProps | undefined => {
  const value = schema.additionalProperties as unknown;
  if (value === true) return { 'x-kubernetes-preserve-unknown-fields': true } as JSONSchemaProps;
  return isObject(value) ? (value as JSONSchemaProps) : undefined;
};

// Fields of a whole (or embedded) object that every schema has.
const always = new Set(['apiVersion', 'kind', 'metadata']);

/** Drops fields that the schema does not know, in place; returns their paths. `metadata` reads that of embedded objects. */
export function prune(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  whole: boolean,
  at = '',
  metadata?: (value: unknown, at: string) => unknown,
): string[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = schema.items as JSONSchemaProps | undefined;
    return value.flatMap((item, i) => prune(item, items, false, `${at}[${i}]`, metadata));
  }
  if (!isObject(value)) return [];
  const dropped: string[] = [];
  const keep = flag(schema, 'preserve-unknown-fields');
  const embedded = whole || flag(schema, 'embedded-resource');
  for (const key of Object.keys(value)) {
    if (embedded && always.has(key)) {
      if (!whole && key === 'metadata' && metadata) value[key] = metadata(value[key], at);
      continue;
    }
    const path = at === '' ? key : `${at}.${key}`;
    const properties = schema.properties;
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : additional(schema);
    if (known) dropped.push(...prune(value[key], known, false, path, metadata));
    else if (!keep) {
      delete value[key];
      dropped.push(path);
    }
  }
  return dropped;
}

/** Fills in defaults, in place. A null where the schema has a default and does not allow null counts as absent. */
export function applyDefaults(value: unknown, schema: JSONSchemaProps | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const item of value) applyDefaults(item, schema.items as JSONSchemaProps | undefined);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && (value[key] === undefined || (value[key] === null && !property.nullable)))
      setOwn(value, key, deepCopy(property.default));
    if (value[key] !== undefined) applyDefaults(value[key], property);
  }
  const rest = additional(schema);
  if (rest)
    for (const key of Object.keys(value))
      if (!schema.properties || !Object.hasOwn(schema.properties, key)) applyDefaults(value[key], rest);
}

const goType = (value: unknown) =>
  Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'integer'
          : 'number'
        : typeof value;

function typeMatches(type: string, value: unknown): boolean {
  const actual = goType(value);
  return actual === type || (type === 'number' && actual === 'integer');
}

/** Checks a value, in place of `old` if that is given; the messages are those of the OpenAPI validator that upstream uses. */
export function validateSchema(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath,
  whole = false,
  old?: unknown,
): FieldErrorList {
  // What an update leaves as it was is not judged again (CRDValidationRatcheting).
  if (!schema || (old !== undefined && deepEqual(value, old))) return [];
  const errors: FieldErrorList = [];
  if (value === null && schema.nullable) return errors;
  if (flag(schema, 'int-or-string')) {
    if (typeof value !== 'string' && !Number.isInteger(value))
      return [
        typeInvalid(at, value, `${at.text} in body must be of type integer,string: ${JSON.stringify(goType(value))}`),
      ];
  } else if (schema.type && !typeMatches(schema.type, value)) {
    const shown = isObject(value) || Array.isArray(value) ? goType(value) : value;
    return [
      typeInvalid(at, shown, `${at.text} in body must be of type ${schema.type}: ${JSON.stringify(goType(value))}`),
    ];
  }
  const values = schema.enum;
  if (values && !values.some((each) => deepEqual(each, value)))
    errors.push(
      notSupported(
        at,
        value,
        values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
      ),
    );
  if (typeof value === 'string') errors.push(...stringErrors(value, schema, at));
  if (typeof value === 'number') errors.push(...numberErrors(value, schema, at));
  if (Array.isArray(value)) errors.push(...listErrors(value, schema, at, old));
  if (isObject(value)) errors.push(...objectErrors(value, schema, at, whole, old));
  for (const part of schema.allOf ?? []) errors.push(...validateSchema(value, part, at));
  const anyOf = schema.anyOf ?? [];
  if (anyOf.length > 0 && !anyOf.some((part) => validateSchema(value, part, at).length === 0))
    errors.push(invalid(at, value, `${at.text} in body must validate at least one schema (anyOf)`));
  const oneOf = schema.oneOf ?? [];
  const valid = oneOf.filter((part) => validateSchema(value, part, at).length === 0).length;
  if (oneOf.length > 0 && valid !== 1)
    errors.push(
      invalid(
        at,
        value,
        `${at.text} in body must validate one and only one schema (oneOf). Found ${valid === 0 ? 'none valid' : `${valid} valid alternatives`}`,
      ),
    );
  if (schema.not && validateSchema(value, schema.not, at).length === 0)
    errors.push(invalid(at, value, `${at.text} in body must not validate the schema (not)`));
  return errors;
}

function matchesPattern(pattern: string, value: string): boolean {
  try {
    return matches(pattern, value);
  } catch {
    return true;
  }
}

const formats: Record<string, (value: string) => boolean> = {
  'date-time': (value) => parseTime(value) !== undefined,
  date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  uuid: (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
  ipv4: (value) => /^(\d{1,3}\.){3}\d{1,3}$/.test(value) && value.split('.').every((part) => Number(part) < 256),
  email: (value) => /^[^@\s]+@[^@\s]+$/.test(value),
  byte: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
};

function stringErrors(value: string, schema: JSONSchemaProps, at: FieldPath): FieldErrorList {
  const errors: FieldErrorList = [];
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) errors.push(tooLong(at, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength)
    errors.push(invalid(at, value, `${at.text} in body should be at least ${schema.minLength} chars long`));
  if (schema.pattern !== undefined && !matchesPattern(schema.pattern, value))
    errors.push(invalid(at, value, `${at.text} in body should match '${schema.pattern}'`));
  const format =
    schema.format !== undefined && Object.hasOwn(formats, schema.format) ? formats[schema.format] : undefined;
  if (format && !format(value))
    errors.push(invalid(at, value, `${at.text} in body must be of type ${schema.format}: ${JSON.stringify(value)}`));
  return errors;
}

function numberErrors(value: number, schema: JSONSchemaProps, at: FieldPath): FieldErrorList {
  const errors: FieldErrorList = [];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(
      invalid(at, value, `${at.text} in body should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`),
    );
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(
      invalid(
        at,
        value,
        `${at.text} in body should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`,
      ),
    );
  if (multipleOf && value % multipleOf !== 0)
    errors.push(invalid(at, value, `${at.text} in body should be a multiple of ${multipleOf}`));
  return errors;
}

function listErrors(value: unknown[], schema: JSONSchemaProps, at: FieldPath, old: unknown): FieldErrorList {
  const errors: FieldErrorList = [];
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    errors.push(tooMany(at, value.length, schema.maxItems));
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(invalid(at, value.length, `${at.text} in body should have at least ${schema.minItems} items`));
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType === 'set' || listType === 'map' || schema.uniqueItems) {
    const seen: unknown[] = [];
    for (const [i, item] of value.entries()) {
      const identity =
        listType === 'map' && isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item;
      if (seen.some((other) => deepEqual(other, identity))) errors.push(duplicate(at.index(i), identity));
      seen.push(identity);
    }
  }
  const keyed = listType === 'map' && Array.isArray(old) ? old : [];
  const before = (item: unknown) =>
    keyed.find((other) => isObject(other) && isObject(item) && keys.every((key) => deepEqual(other[key], item[key])));
  for (const [i, item] of value.entries())
    errors.push(...validateSchema(item, schema.items as JSONSchemaProps | undefined, at.index(i), false, before(item)));
  return errors;
}

function objectErrors(
  value: Fields,
  schema: JSONSchemaProps,
  at: FieldPath,
  whole: boolean,
  old: unknown,
): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const key of schema.required ?? []) if (value[key] === undefined) errors.push(required(at.child(key)));
  const size = Object.keys(value).length;
  if (schema.maxProperties !== undefined && size > schema.maxProperties)
    errors.push(tooMany(at, size, schema.maxProperties));
  if (schema.minProperties !== undefined && size < schema.minProperties)
    errors.push(invalid(at, size, `${at.text} in body should have at least ${schema.minProperties} properties`));
  const rest = additional(schema);
  if (flag(schema, 'embedded-resource') && !whole) errors.push(...embeddedErrors(value, at));
  for (const [key, item] of Object.entries(value)) {
    if (whole && always.has(key)) continue;
    const properties = schema.properties;
    const before = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
    if (properties && Object.hasOwn(properties, key))
      errors.push(...validateSchema(item, properties[key], at.child(key), false, before));
    else if (rest) errors.push(...validateSchema(item, rest, at.key(key), false, before));
  }
  return errors;
}

/** An object within an object says what it is. */
function embeddedErrors(value: Fields, at: FieldPath): FieldErrorList {
  return ['apiVersion', 'kind']
    .filter((field) => !value[field])
    .map((field) => required(at.child(field), 'must not be empty'));
}

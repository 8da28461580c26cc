// Values of custom resources against their OpenAPI schema, in the order and the words of the validator that upstream uses (kube-openapi's
// pkg/validation/validate, apiextensions-apiserver/pkg/apiserver/validation).
//
// Invariants: what an update leaves as it was is not judged again (ratcheting); of the alternatives of anyOf and oneOf that all fail, the one of which most was
// looked at is explained, as upstream counts it.

import { matches } from '../../api/cel/regexp.ts';
import {
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
import { deepEqual } from '../object.ts';
import { formatOf } from './string-formats.ts';

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What was found, and how much was looked at. */
interface Result {
  errors: FieldErrorList;
  count: number;
}

const fine: Result = { errors: [], count: 0 };
const failed = (...errors: FieldErrorList): Result => ({ errors, count: 0 });

function schemaTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** The format that upstream sees in a value that is no string. */
const formatSeen = (value: unknown): string =>
  typeof value !== 'number' ? '' : Number.isInteger(value) ? 'int64' : 'double';

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

/** The format of a schema, if it is one that is known for its type. */
function formatFor({ type, format }: JSONSchemaProps): string {
  if (!format) return '';
  const known = type === undefined || type === 'string' ? formatOf(format) : numberFormats[type]?.includes(format);
  return known ? format : '';
}

const typesOf = (schema: JSONSchemaProps): string[] =>
  schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : [];

const join = (name: string, field: string): string => (name === '' ? field : `${name}.${field}`);

class SchemaCheck {
  readonly #base: FieldPath;

  constructor(base: FieldPath) {
    this.#base = base;
  }

  #at(name: string): FieldPath {
    return name === '' ? this.#base : this.#base.child(name);
  }

  /** `name`: where the value is below the base, as messages have it. */
  check(value: unknown, schema: JSONSchemaProps, name: string, old?: unknown): Result {
    if (old !== undefined && deepEqual(value, old)) return fine;
    const parts =
      value === null
        ? [this.#type(value, schema, name), ...(schema.nullable ? [] : [this.#enum(value, schema, name)])]
        : [
            this.#type(value, schema, name),
            this.#combined(value, schema, name),
            ...(typeof value === 'string'
              ? [this.#string(value, schema, name), this.#format(value, schema, name)]
              : []),
            ...(typeof value === 'number' ? [this.#number(value, schema, name)] : []),
            ...(Array.isArray(value) ? [this.#list(value, schema, name, old)] : []),
            this.#enum(value, schema, name),
            ...(isObject(value) ? [this.#object(value, schema, name, old)] : []),
          ];
    return {
      errors: parts.flatMap(({ errors }) => errors),
      count: parts.reduce((sum, { count }) => sum + count + 1, 1),
    };
  }

  #type(value: unknown, schema: JSONSchemaProps, name: string): Result {
    const types = typesOf(schema);
    const format = formatFor(schema);
    if (types.length === 0 && format === '') return fine;
    const wrong = (wanted: string, seen: string) =>
      failed(typeInvalid(this.#at(name), seen, `${name} in body must be of type ${wanted}: ${JSON.stringify(seen)}`));
    if (value === null)
      return types.length > 0 && !schema.nullable ? wrong(types.join(','), 'null') : { errors: [], count: 1 };
    const type = schemaTypeOf(value);
    const fits = types.includes(type) || (type === 'integer' && types.includes('number'));
    const seen = formatSeen(value);
    if (format !== '' && typeof value !== 'string' && !Array.isArray(value) && !fits && seen !== format)
      return wrong(format, seen);
    return fits || types.length === 0 ? { errors: [], count: 1 } : wrong(types.join(','), type);
  }

  /** anyOf, oneOf, allOf, not. */
  #combined(value: unknown, schema: JSONSchemaProps, name: string): Result {
    const errors: FieldErrorList = [];
    let count = 1;
    const shown = JSON.stringify(name);
    const complain = (why: string) => errors.push(invalid(this.#base, '', `${shown} must ${why}`));
    const take = (result: Result | undefined) => {
      errors.push(...(result?.errors ?? []));
      count += result?.count ?? 0;
    };
    const results = (list: readonly JSONSchemaProps[] | undefined) =>
      (list ?? []).map((part) => this.check(value, part, name));
    const best = (list: readonly Result[]) =>
      list.reduce<Result | undefined>((most, each) => (most && most.count >= each.count ? most : each), undefined);
    const holds = ({ errors }: Result) => errors.length === 0;
    if (schema.anyOf?.length) {
      const all = results(schema.anyOf);
      const first = all.find(holds);
      if (!first) complain('validate at least one schema (anyOf)');
      take(first ?? best(all));
    }
    if (schema.oneOf?.length) {
      const all = results(schema.oneOf);
      const valid = all.filter(holds);
      if (valid.length === 1) take(valid[0]);
      else {
        const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
        complain(`validate one and only one schema (oneOf). ${found}`);
        if (valid.length === 0) take(best(all));
      }
    }
    if (schema.allOf?.length) {
      const all = results(schema.allOf);
      for (const result of all) take(result);
      const valid = all.filter(holds).length;
      if (valid !== all.length) complain(`validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (schema.not && holds(this.check(value, schema.not, name))) complain('not validate the schema (not)');
    return { errors, count };
  }

  /** The first of the three that fails. */
  #string(value: string, { maxLength, minLength, pattern }: JSONSchemaProps, name: string): Result {
    const length = [...value].length;
    if (maxLength !== undefined && length > maxLength) return failed(tooLong(this.#at(name), maxLength));
    if (minLength !== undefined && length < minLength)
      return failed(invalid(this.#at(name), value, `${name} in body should be at least ${minLength} chars long`));
    return pattern === undefined || matchesPattern(pattern, value)
      ? fine
      : failed(invalid(this.#at(name), value, `${name} in body should match '${pattern}'`));
  }

  #format(value: string, schema: JSONSchemaProps, name: string): Result {
    const format = formatFor(schema);
    return formatOf(format)?.(value) === false
      ? failed(
          typeInvalid(this.#at(name), value, `${name} in body must be of type ${format}: ${JSON.stringify(value)}`),
        )
      : fine;
  }

  #number(value: number, schema: JSONSchemaProps, name: string): Result {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const errors: FieldErrorList = [];
    const complain = (why: string) => errors.push(invalid(this.#at(name), value, `${name} in body should be ${why}`));
    const times = multipleOf ? value / multipleOf : 0;
    if (Math.abs(times - Math.round(times)) > 1e-9) complain(`a multiple of ${multipleOf}`);
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
      complain(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
      complain(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
    return { errors, count: 1 };
  }

  #list(value: unknown[], schema: JSONSchemaProps, name: string, old: unknown): Result {
    const items = schema.items as JSONSchemaProps | undefined;
    const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined;
    const keyed = keys && Array.isArray(old) ? old : [];
    const before = (item: unknown) =>
      keyed.find((each) => isObject(each) && isObject(item) && keys?.every((key) => deepEqual(each[key], item[key])));
    const results = items ? value.map((item, i) => this.check(item, items, `${name}[${i}]`, before(item))) : [];
    const errors = results.flatMap(({ errors }) => errors);
    const { minItems, maxItems } = schema;
    if (minItems !== undefined && value.length < minItems)
      errors.push(invalid(this.#at(name), value.length, `${name} in body should have at least ${minItems} items`));
    if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(this.#at(name), value.length, maxItems));
    return { errors, count: results.reduce((sum, { count }) => sum + count, 1) };
  }

  #enum(value: unknown, { enum: values }: JSONSchemaProps, name: string): Result {
    if (!values?.length || values.some((each) => deepEqual(each, value))) return fine;
    const shown = values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
    return failed(notSupported(this.#at(name), value, shown));
  }

  #object(value: Fields, schema: JSONSchemaProps, name: string, old: unknown): Result {
    const { minProperties, maxProperties, properties = {} } = schema;
    const size = Object.keys(value).length;
    if (minProperties !== undefined && size < minProperties)
      return failed(invalid(this.#at(name), size, `${name} in body should have at least ${minProperties} properties`));
    if (maxProperties !== undefined && size > maxProperties)
      return failed(tooMany(this.#at(name), size, maxProperties));
    const before = (key: string) => (isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined);
    const values = isObject(schema.additionalProperties) ? (schema.additionalProperties as JSONSchemaProps) : undefined;
    const errors: FieldErrorList = [];
    let count = 0;
    for (const [key, item] of Object.entries(value)) {
      const own = Object.hasOwn(properties, key) ? properties[key] : values;
      if (!own) continue;
      const result = this.check(item, own, join(name, key), before(key));
      errors.push(...result.errors);
      count += result.count;
    }
    for (const key of schema.required ?? [])
      if (!Object.hasOwn(value, key)) errors.push(required(this.#at(join(name, key))));
    return { errors, count };
  }
}

function matchesPattern(pattern: string, value: string): boolean {
  try {
    return matches(pattern, value);
  } catch {
    return true;
  }
}

/** Checks a value that is at `base`, in place of `old` if that is given. */
export function schemaErrors(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  base: FieldPath,
  old?: unknown,
): FieldErrorList {
  return schema ? new SchemaCheck(base).check(value, schema, '', old).errors : [];
}

// Whether a schema is structural: every value's type is said once, outside of allOf, anyOf, oneOf and not; and whether its defaults fit it
// (apiextensions-apiserver/pkg/apiserver/schema: ValidateStructural, defaulting.ValidateDefaults).

import { compileRegexp } from '../../api/cel/regexp.ts';
import { itemsOf, valuesOf } from '../../api/cel/schema-types.ts';
import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  renderError,
  required,
} from '../../api/field-error.ts';
import type { JSONSchemaProps } from '../../api/generated/types.ts';
import { deepCopy, deepEqual } from '../object.ts';
import { prune, validateSchema } from './structural.ts';

type Level = 'root' | 'item' | 'field';

/** In upstream's order: by their text. */
export function structuralErrors(schema: JSONSchemaProps, at: FieldPath): FieldErrorList {
  const errors: FieldErrorList = [];
  invariants(errors, schema, 'root', at);
  completeness(errors, schema, at);
  return errors.sort((a, b) => (renderError(a) < renderError(b) ? -1 : 1));
}

const intOrString = [{ type: 'integer' }, { type: 'string' }];
const empty: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function invariants(errors: FieldErrorList, schema: JSONSchemaProps, level: Level, at: FieldPath): void {
  const { type, properties } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const either = schema['x-kubernetes-int-or-string'] === true;
  const items = itemsOf(schema);
  if (type === 'array' && !items) errors.push(required(at.child('items'), 'must be specified'));
  if (items) invariants(errors, items, 'item', at.child('items'));
  for (const [name, property] of Object.entries(properties ?? {}))
    invariants(errors, property, 'field', at.child('properties').key(name));
  if (schema.additionalProperties !== undefined) {
    if (level === 'root') errors.push(forbidden(at.child('additionalProperties'), 'must not be used at the root'));
    const values = valuesOf(schema);
    if (values) invariants(errors, values, 'field', at.child('additionalProperties'));
    if (embedded)
      errors.push(
        forbidden(at.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'),
      );
  }
  if (either && preserve)
    errors.push(
      invalid(
        at.child('x-kubernetes-preserve-unknown-fields'),
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  if (either && embedded)
    errors.push(
      invalid(at.child('x-kubernetes-embedded-resource'), true, 'must be false if x-kubernetes-int-or-string is true'),
    );
  const anyPattern = either && deepEqual(schema.anyOf, intOrString);
  const allPattern = either && deepEqual(schema.allOf?.[0]?.anyOf, intOrString);
  valueRules(errors, schema, at, anyPattern, allPattern);
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type ? invalid(at.child('type'), type, detail) : required(at.child('type'), detail));
  } else if (!type && !either && !preserve) errors.push(required(at.child('type'), empty[level]));
  if (level === 'root' && type && type !== 'object')
    errors.push(invalid(at.child('type'), type, 'must be object at the root'));
  if (level === 'root' || embedded) metaErrors(errors, schema, level, at);
  if (embedded && !preserve && Object.keys(properties ?? {}).length === 0)
    errors.push(
      required(
        at.child('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
}

function metaErrors(errors: FieldErrorList, { properties = {} }: JSONSchemaProps, level: Level, at: FieldPath): void {
  for (const name of ['kind', 'apiVersion']) {
    const type = properties[name] && (properties[name].type ?? '');
    if (type !== undefined && type !== 'string')
      errors.push(invalid(at.child('properties').key(name).child('type'), type, 'must be string'));
  }
  const { metadata } = properties;
  if (!metadata) return;
  const where = at.child('properties').key('metadata');
  if (metadata.type !== 'object') errors.push(invalid(where.child('type'), metadata.type ?? '', 'must be object'));
  if (level !== 'root') return;
  const { type: _type, properties: inner = {}, default: _default, description: _text, ...rest } = metadata;
  const others = Object.keys(inner).filter((name) => name !== 'name' && name !== 'generateName');
  if (others.length > 0 || Object.keys(rest).length > 0)
    errors.push(
      forbidden(
        where,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
}

function valueRules(
  errors: FieldErrorList,
  schema: JSONSchemaProps,
  at: FieldPath,
  skipAny = false,
  skipAllAny = false,
): void {
  if (!skipAny)
    for (const [i, part] of (schema.anyOf ?? []).entries()) nested(errors, part, at.child('anyOf').index(i));
  for (const [i, part] of (schema.allOf ?? []).entries())
    nested(errors, part, at.child('allOf').index(i), skipAllAny && i === 0);
  for (const [i, part] of (schema.oneOf ?? []).entries()) nested(errors, part, at.child('oneOf').index(i));
  if (schema.not) nested(errors, schema.not, at.child('not'));
  if (schema.pattern) {
    try {
      compileRegexp(schema.pattern);
    } catch (error) {
      errors.push(
        invalid(
          at.child('pattern'),
          schema.pattern,
          `must be a valid regular expression, but isn't: ${(error as Error).message}`,
        ),
      );
    }
  }
}

const forbiddenInside: [keyof JSONSchemaProps, string][] = [
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function nested(errors: FieldErrorList, schema: JSONSchemaProps, at: FieldPath, skipAny = false): void {
  valueRules(errors, schema, at, skipAny);
  const items = itemsOf(schema);
  if (items) nested(errors, items, at.child('items'));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    nested(errors, property, at.child('properties').key(name));
  if (schema.type) errors.push(forbidden(at.child('type'), 'must be empty to be structural'));
  if (schema.additionalProperties !== undefined)
    errors.push(forbidden(at.child('additionalProperties'), 'must be undefined to be structural'));
  for (const [field, detail] of forbiddenInside) if (schema[field]) errors.push(forbidden(at.child(field), detail));
  if (schema.properties?.['metadata'])
    errors.push(forbidden(at.child('properties').key('metadata'), 'must not be specified in a nested context'));
}

/** What allOf and the like look into must be there in the structure itself. */
function completeness(errors: FieldErrorList, schema: JSONSchemaProps, at: FieldPath): void {
  inParts(schema, at, (part, where) => complete(errors, schema, part, at, where));
  const items = itemsOf(schema);
  if (items) completeness(errors, items, at.child('items'));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    completeness(errors, property, at.child('properties').key(name));
  const values = valuesOf(schema);
  if (values) completeness(errors, values, at.child('additionalProperties'));
}

function inParts(schema: JSONSchemaProps, at: FieldPath, each: (part: JSONSchemaProps, at: FieldPath) => void): void {
  for (const kind of ['allOf', 'anyOf', 'oneOf'] as const)
    for (const [i, part] of (schema[kind] ?? []).entries()) each(part, at.child(kind).index(i));
  if (schema.not) each(schema.not, at.child('not'));
}

/** `at` is the place in the structure, `where` that of the part which looks into it. */
function complete(
  errors: FieldErrorList,
  schema: JSONSchemaProps,
  part: JSONSchemaProps,
  at: FieldPath,
  where: FieldPath,
): void {
  const missing = (place: FieldPath, by: FieldPath) => errors.push(required(place, `because it is defined in ${by}`));
  const items = itemsOf(part);
  const own = itemsOf(schema);
  if (items && !own) missing(at.child('items'), where.child('items'));
  else if (items && own) complete(errors, own, items, at.child('items'), where.child('items'));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    const mine = schema.properties?.[name];
    const place = at.child('properties').key(name);
    const by = where.child('properties').key(name);
    if (mine) complete(errors, mine, property, place, by);
    else if (!valuesOf(schema)) missing(place, by);
  }
  inParts(part, where, (inner, by) => complete(errors, schema, inner, at, by));
}

/** Defaults must be of the schema's type, be valid by it, and hold nothing that would be pruned. */
export function defaultErrors(schema: JSONSchemaProps, at: FieldPath): FieldErrorList {
  const errors: FieldErrorList = [];
  const value = schema.default;
  if (value !== undefined) {
    const where = at.child('default');
    const pruned = deepCopy(value);
    prune(pruned, schema, schema['x-kubernetes-embedded-resource'] === true);
    if (!deepEqual(pruned, value)) errors.push(invalid(where, value, 'must not have unknown fields'));
    else errors.push(...validateSchema(value, schema, where));
  }
  const items = itemsOf(schema);
  if (items) errors.push(...defaultErrors(items, at.child('items')));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...defaultErrors(property, at.child('properties').key(name)));
  const values = valuesOf(schema);
  if (values) errors.push(...defaultErrors(values, at.child('additionalProperties')));
  return errors;
}

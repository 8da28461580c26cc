// Structural schemas of custom resources: pruning, defaulting and validation against the OpenAPI schema of a CustomResourceDefinition
// (apiextensions-apiserver/pkg/apiserver/schema).

import { duplicate, type FieldErrorList, type FieldPath, invalid, required } from '../../api/field-error.ts';
import type { JSONSchemaProps, ObjectMeta } from '../../api/generated/types.ts';
import { isDns1035Label, isValidPathSegmentName } from '../../api/names.ts';
import { validateAnnotations, validateLabels } from '../../api/validation/common.ts';
import { deepCopy } from '../object.ts';
import { schemaErrors } from './schema-check.ts';

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

/** Checks a value that is at `at`, in place of `old` if that is given: its schema, the objects within it, what is unique in its lists. */
export function validateSchema(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath,
  old?: unknown,
): FieldErrorList {
  return [
    ...schemaErrors(value, schema, at, old),
    ...embeddedErrors(value, schema, at),
    ...listTypeErrors(value, schema, at, old),
  ];
}

/** Runs `visit` for a value and all in it that the schema describes, with the place of each. */
function walk(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath,
  visit: (value: object, schema: JSONSchemaProps, at: FieldPath) => void,
): void {
  if (!schema || typeof value !== 'object' || value === null) return;
  visit(value, schema, at);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      walk(item, schema.items as JSONSchemaProps | undefined, at.index(i), visit);
    return;
  }
  const rest = additional(schema);
  for (const [key, item] of Object.entries(value)) {
    const known = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    walk(item, known ?? rest, known ? at.child(key) : at.key(key), visit);
  }
}

/** An object within an object says what it is, and its metadata are those of an object. */
function embeddedErrors(value: unknown, schema: JSONSchemaProps | undefined, at: FieldPath): FieldErrorList {
  const errors: FieldErrorList = [];
  walk(value, schema, at, (part, its, where) => {
    if (!flag(its, 'embedded-resource') || !isObject(part)) return;
    for (const field of ['apiVersion', 'kind'])
      if (part[field] === undefined) errors.push(required(where.child(field)));
    for (const [field, given] of Object.entries(part))
      if (field === 'metadata') metadataErrors(errors, given, where.child(field));
      else if (field === 'apiVersion' || field === 'kind') typeMetaErrors(errors, field, given, where.child(field));
  });
  return errors;
}

function typeMetaErrors(errors: FieldErrorList, field: 'apiVersion' | 'kind', given: unknown, at: FieldPath): void {
  if (typeof given !== 'string') errors.push(invalid(at, given, 'must be a string'));
  else if (given === '') errors.push(invalid(at, given, 'must not be empty'));
  else if (field === 'apiVersion') {
    if (given.split('/').length > 2) errors.push(invalid(at, given, `unexpected GroupVersion string: ${given}`));
  } else {
    const wrong = isDns1035Label(given.toLowerCase());
    const start = 'may have mixed case, but should otherwise match: ';
    if (wrong.length > 0) errors.push(invalid(at, given, start + wrong.join(',')));
  }
}

function metadataErrors(errors: FieldErrorList, given: unknown, at: FieldPath): void {
  if (!isObject(given)) return;
  const { name, labels, annotations } = given as Partial<ObjectMeta>;
  if (name) for (const wrong of isValidPathSegmentName(name)) errors.push(invalid(at.child('name'), name, wrong));
  if (labels) validateLabels(errors, labels, at.child('labels'));
  if (annotations) validateAnnotations(errors, annotations, at.child('annotations'));
}

/** What is there twice in sets and in lists with keys. What was so before is let be. */
function listTypeErrors(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath,
  old?: unknown,
): FieldErrorList {
  if (old !== undefined && listTypeErrors(old, schema, at).length > 0) return [];
  const errors: FieldErrorList = [];
  walk(value, schema, at, (part, its, where) => {
    const type = its['x-kubernetes-list-type'];
    if (!Array.isArray(part) || (type !== 'set' && type !== 'map')) return;
    const keys = its['x-kubernetes-list-map-keys'] ?? [];
    const identities =
      type === 'set'
        ? part
        : part.map((item) =>
            Object.fromEntries(keys.flatMap((key) => (isObject(item) && key in item ? [[key, item[key]]] : []))),
          );
    for (const i of repeated(identities)) errors.push(duplicate(where.index(i), identities[i]));
  });
  return errors;
}

/** Where an item is for the second time. */
function repeated(items: readonly unknown[]): number[] {
  const times = new Map<string, number>();
  return items.flatMap((item, i) => {
    const text = JSON.stringify(item);
    const seen = (times.get(text) ?? 0) + 1;
    times.set(text, seen);
    return seen === 2 ? [i] : [];
  });
}

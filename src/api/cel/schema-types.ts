// Structural schemas as CEL sees them: the type that expressions over a schema are checked against, and values read by it
// (apiserver/pkg/cel/common: SchemaDeclType, UnstructuredToVal).
//
// Invariant: type and value agree: what the type calls a timestamp the value has as one.

import { bytesOfBase64 } from '../../env/base64.ts';
import type { JSONSchemaProps } from '../generated/types.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  objectType,
  stringType,
  type Type,
  timestampType,
} from './types.ts';
import { AssociativeList, fromJson, JsonMap, parseDurationText, parseTimestamp, type Value } from './values.ts';

/** The largest body of a request: nothing in an object is longer. */
export const maxRequestSize: number = 3 * 1024 * 1024;

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const escapes: [RegExp, string, string][] = [
  [/__/g, '__underscores__', '__'],
  [/\./g, '__dot__', '.'],
  [/-/g, '__dash__', '-'],
  [/\//g, '__slash__', '/'],
];

/** A property's name as a CEL field, or undefined if it cannot be one. */
export function escapeField(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return escapes.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name);
}

/** The property that a CEL field names. */
export function unescapeField(name: string): string {
  const word = /^__([a-z]+)__$/.exec(name)?.[1];
  if (word !== undefined && reserved.has(word)) return word;
  return name.replace(/__(underscores|dot|dash|slash)__/g, (_all, kind: string) =>
    kind === 'underscores' ? '__' : kind === 'dot' ? '.' : kind === 'dash' ? '-' : '/',
  );
}

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const itemsOf = (schema: JSONSchemaProps): JSONSchemaProps | undefined =>
  isSchema(schema.items) ? schema.items : undefined;
export const valuesOf = (schema: JSONSchemaProps): JSONSchemaProps | undefined =>
  isSchema(schema.additionalProperties) ? schema.additionalProperties : undefined;

/** Objects at the root and embedded ones always have these. */
function withObjectMeta(schema: JSONSchemaProps): JSONSchemaProps {
  const text: JSONSchemaProps = { type: 'string' };
  return {
    ...schema,
    type: 'object',
    properties: {
      ...schema.properties,
      kind: text,
      apiVersion: text,
      metadata: { type: 'object', properties: { name: text, generateName: text } },
    },
  };
}

export interface SchemaType {
  type: Type;
  /** The fewest bytes that a value takes as JSON. */
  minSize: number;
}

const sized = (type: Type, max: number): Type => ({ ...type, max });

/** The type of a schema, or undefined if expressions cannot see its values. `root` for the root of an object. */
export function schemaType(given: JSONSchemaProps, root: boolean, name = 'selfType'): SchemaType | undefined {
  if (given['x-kubernetes-int-or-string'])
    return {
      type: sized(dynType, given.maxLength === undefined ? maxRequestSize - 2 : given.maxLength * 4),
      minSize: 1,
    };
  const embedded = given['x-kubernetes-embedded-resource'] === true;
  const schema = root || embedded ? withObjectMeta(given) : given;
  switch (schema.type) {
    case 'array': {
      const items = itemsOf(schema);
      const inner = items && schemaType(items, false, `${name}.@idx`);
      if (!inner) return undefined;
      const max = schema.maxItems ?? Math.floor((maxRequestSize - 2) / (inner.minSize + 1));
      return { type: listOf(inner.type, Math.max(0, max)), minSize: 2 };
    }
    case 'object':
      return objectOf(schema, name);
    case 'string':
      return stringOf(schema);
    case 'boolean':
      return { type: boolType, minSize: 4 };
    case 'number':
      return { type: doubleType, minSize: 1 };
    case 'integer':
      return { type: intType, minSize: 1 };
    default:
      return undefined;
  }
}

function objectOf(schema: JSONSchemaProps, name: string): SchemaType | undefined {
  const values = valuesOf(schema);
  if (values) {
    const inner = schemaType(values, false, `${name}.@elem`);
    if (!inner) return undefined;
    const max = schema.maxProperties ?? Math.floor((maxRequestSize - 2) / (inner.minSize + 6));
    return { type: mapOf(stringType, inner.type, Math.max(0, max)), minSize: 2 };
  }
  const fields: [string, Type][] = [];
  let minSize = 2;
  for (const [property, its] of Object.entries(schema.properties ?? {})) {
    const field = escapeField(property);
    const inner = schemaType(its, false, `${name}.${field ?? property}`);
    if (!inner) continue;
    if (field !== undefined) fields.push([field, inner.type]);
    if (schema.required?.includes(property) && its.default === undefined)
      minSize += property.length + inner.minSize + 4;
  }
  return { type: objectType(name, fields), minSize };
}

function stringOf(schema: JSONSchemaProps): SchemaType {
  const { maxLength } = schema;
  switch (schema.format) {
    case 'byte':
      return { type: sized(bytesType, maxLength ?? maxRequestSize - 2), minSize: 2 };
    case 'duration':
      return { type: sized(durationType, 32), minSize: 3 };
    case 'date':
      return { type: sized(timestampType, 12), minSize: 12 };
    case 'date-time':
      return { type: sized(timestampType, 32), minSize: 21 };
    default: {
      const values = schema.enum?.map((each) => (typeof each === 'string' ? each.length : 0));
      const max = maxLength !== undefined ? maxLength * 4 : values ? Math.max(0, ...values) : maxRequestSize - 2;
      return { type: sized(stringType, max), minSize: 2 };
    }
  }
}

/** How often a rule may run at most where nothing bounds the lists and maps around it. */
export const unboundedCardinality = ({ minSize }: SchemaType): number => Math.floor(maxRequestSize / (minSize + 1));

/** A value as its schema reads it; undefined for what expressions cannot see. */
export function schemaValue(value: unknown, schema: JSONSchemaProps | undefined, root = false): Value | undefined {
  if (value === null) return null;
  if (value === undefined || !schema) return undefined;
  if (schema['x-kubernetes-int-or-string']) return fromJson(value);
  const embedded = root || schema['x-kubernetes-embedded-resource'] === true;
  if (Array.isArray(value)) return listValue(value, schema);
  if (typeof value === 'object')
    return mapValue(value as Record<string, unknown>, embedded ? withObjectMeta(schema) : schema);
  if (typeof value === 'string') return textValue(value, schema);
  if (typeof value === 'number') return schema.type === 'number' ? value : fromJson(value);
  return fromJson(value);
}

function mapValue(value: Record<string, unknown>, schema: JSONSchemaProps): Value {
  const values = valuesOf(schema);
  if (values) return new JsonMap(value, (item) => schemaValue(item, values));
  const { properties } = schema;
  if (!properties && schema['x-kubernetes-preserve-unknown-fields']) return fromJson(value);
  return new JsonMap(
    value,
    (item, key) => (properties && Object.hasOwn(properties, key) ? schemaValue(item, properties[key]) : undefined),
    unescapeField,
  );
}

function listValue(value: unknown[], schema: JSONSchemaProps): Value {
  const inner = itemsOf(schema);
  const items = value.map((item) => schemaValue(item, inner) ?? null);
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return AssociativeList.make(items, (item) => plain(item));
  if (type !== 'map') return items;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return AssociativeList.make(items, (item) =>
    keys.map((key) => plain(item instanceof JsonMap ? (item.raw[key] as Value) : null)).join(' '),
  );
}

const plain = (item: unknown): string =>
  typeof item === 'bigint' ? String(item) : JSON.stringify(item instanceof JsonMap ? item.raw : (item ?? null));

function textValue(value: string, { format }: JSONSchemaProps): Value {
  switch (format) {
    case 'byte':
      try {
        return bytesOfBase64(value);
      } catch {
        return value;
      }
    case 'duration':
      return parseDurationText(value) ?? value;
    case 'date':
      return parseTimestamp(`${value}T00:00:00Z`) ?? value;
    case 'date-time':
      return parseTimestamp(value) ?? value;
    default:
      return value;
  }
}

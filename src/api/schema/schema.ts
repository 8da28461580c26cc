// The schema of every stable built-in type, as data: one source for decoding, strict validation, strategic merge, server-side apply, OpenAPI,
// explain and the editor. Made from generated/schema.ts, which scripts/generate-api.mjs writes from the OpenAPI models and facts.txt.
//
// Invariant: types and fields are immutable and shared; a FieldSchema belongs to exactly one TypeSchema.

import { schemaText } from '../generated/schema.ts';

export type Scalar =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bool'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'duration'
  | 'quantity'
  | 'intOrString';

/** What a value looks like: a scalar, anything at all, a list, a map with string keys, or an object of a named type. */
export type Shape =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'any' }
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'object'; readonly type: string };

export interface FieldSchema {
  readonly name: string;
  readonly shape: Shape;
  /** OpenAPI says that it must be there. */
  readonly required: boolean;
  /** Written even when it is zero. */
  readonly always: boolean;
  readonly omitZero: boolean;
  readonly pointer: boolean;
  /** Go's name of a scalar type of its own, without package: PullPolicy. */
  readonly goScalar?: string;
  readonly enum?: readonly string[];
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly mapKeys: readonly string[];
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey?: string;
  /** The default that the OpenAPI schema carries (not all defaults do: see defaulting/). */
  readonly default?: unknown;
  /** Protobuf field number, and those of the inline messages around it. */
  readonly number?: number;
  readonly inline?: readonly number[];
}

export interface TypeSchema {
  readonly name: string;
  /** Go's name with the package that error messages show: v1.Container. */
  readonly goType: string;
  readonly goName: string;
  /** "apps/v1", "meta/v1": the Go package. */
  readonly package: string;
  /** Owned as a whole in server-side apply. */
  readonly atomic: boolean;
  readonly fields: readonly FieldSchema[];
  readonly byName: ReadonlyMap<string, FieldSchema>;
}

interface RawField {
  n: string;
  t: string;
  r?: 1;
  w?: 1;
  z?: 1;
  p?: 1;
  g?: string;
  e?: 1;
  l?: string;
  k?: string[];
  s?: string[];
  m?: string;
  d?: unknown;
  N?: number;
  I?: number[];
}
interface RawSchema {
  types: Record<string, { go?: string; package?: string; atomic?: 1; fields: RawField[] }>;
  enums: Record<string, string[]>;
}

const scalars: Record<string, Scalar> = {
  s: 'string',
  i: 'int32',
  l: 'int64',
  f: 'double',
  b: 'bool',
  y: 'bytes',
  t: 'time',
  u: 'microtime',
  d: 'duration',
  q: 'quantity',
  x: 'intOrString',
};
const listTypes = { a: 'atomic', s: 'set', m: 'map' } as const;

function parseShape(text: string): Shape {
  if (text.startsWith('[]')) return { kind: 'list', items: parseShape(text.slice(2)) };
  if (text.startsWith('{}')) return { kind: 'map', values: parseShape(text.slice(2)) };
  if (text.startsWith('@')) return { kind: 'object', type: text.slice(1) };
  const scalar = scalars[text];
  return scalar ? { kind: 'scalar', scalar } : { kind: 'any' };
}

let raw: RawSchema | undefined;
const types = new Map<string, TypeSchema>();

function load(): RawSchema {
  raw ??= JSON.parse(schemaText) as RawSchema;
  return raw;
}

/** The schema of a type by the name it has in generated/types.ts, or undefined. */
export function findType(name: string): TypeSchema | undefined {
  const known = types.get(name);
  if (known) return known;
  const source = load();
  if (!Object.hasOwn(source.types, name)) return undefined;
  const type = source.types[name] as RawSchema['types'][string];
  const fields = type.fields.map((f): FieldSchema => {
    const values = f.e && f.g ? source.enums[f.g] : undefined;
    return {
      name: f.n,
      shape: fixedShape(name, f),
      required: f.r === 1,
      always: f.w === 1,
      omitZero: f.z === 1,
      pointer: f.p === 1,
      ...(f.g ? { goScalar: f.g } : {}),
      ...(values ? { enum: values } : {}),
      ...(f.l ? { listType: listTypes[f.l as 'a'] } : {}),
      mapKeys: f.k ?? [],
      patchStrategies: f.s ?? [],
      ...(f.m ? { patchMergeKey: f.m } : {}),
      ...(f.d !== undefined ? { default: f.d } : {}),
      ...(f.N ? { number: f.N } : {}),
      ...(f.I ? { inline: f.I } : {}),
    };
  });
  const goName = type.go ?? name;
  const packageName = type.package ?? 'meta/v1';
  const out: TypeSchema = {
    name,
    goName,
    goType: `${packageName.slice(packageName.indexOf('/') + 1)}.${goName}`,
    package: packageName,
    atomic: type.atomic === 1,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
  };
  types.set(name, out);
  return out;
}

/** Unions that the models spell as plain objects but the wire as several JSON types. */
function fixedShape(type: string, field: RawField): Shape {
  if (
    type === 'JSONSchemaProps' &&
    ['items', 'additionalProperties', 'additionalItems', 'dependencies'].includes(field.n)
  )
    return { kind: 'any' };
  return parseShape(field.t);
}

/** Like findType, for names that are known to exist. */
export function typeSchema(name: string): TypeSchema {
  const type = findType(name);
  if (!type) throw new RangeError(`no schema type ${name}`);
  return type;
}

export const typeNames = (): string[] => Object.keys(load().types);

/** Follows names through objects, lists and maps: fieldSchema('Pod', 'spec', 'containers', 'image'). */
export function findField(type: string, ...names: string[]): FieldSchema | undefined {
  let at = findType(type);
  let field: FieldSchema | undefined;
  for (const name of names) {
    field = at?.byName.get(name);
    if (!field) return undefined;
    const shape = elementShape(field.shape);
    at = shape.kind === 'object' ? findType(shape.type) : undefined;
  }
  return field;
}

/** The innermost shape under lists and maps. */
export function elementShape(shape: Shape): Shape {
  let at = shape;
  while (at.kind === 'list' || at.kind === 'map') at = at.kind === 'list' ? at.items : at.values;
  return at;
}

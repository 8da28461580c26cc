// Fields of a schema type by their protobuf numbers.

import type { FieldSchema, TypeSchema } from '../../api/schema/schema.ts';

/** A field, or for an inline message its own fields, which belong to the same object. */
export type Layout = Map<number, (FieldSchema & { owner?: string }) | Layout>;

const layouts = new Map<string, Layout>();

export function layoutOf(type: TypeSchema): Layout {
  let layout = layouts.get(type.name);
  if (layout) return layout;
  layout = new Map();
  for (const field of type.fields) {
    if (field.number === undefined) continue;
    let at = layout;
    for (const step of field.inline ?? []) {
      let inner = at.get(step);
      if (!(inner instanceof Map)) {
        inner = new Map();
        at.set(step, inner);
      }
      at = inner;
    }
    at.set(field.number, unionOf(type.name, field.name) ? { ...field, owner: type.name } : field);
  }
  layouts.set(type.name, layout);
  return layout;
}

const unions: Record<string, 'schemaOrArray' | 'schemaOrBool' | 'map'> = {
  items: 'schemaOrArray',
  additionalProperties: 'schemaOrBool',
  additionalItems: 'schemaOrBool',
  dependencies: 'map',
};

/** JSON Schema's fields that are a schema or something else. */
export const unionOf = (owner: string | undefined, field: string) =>
  owner === 'JSONSchemaProps' && Object.hasOwn(unions, field) ? unions[field] : undefined;

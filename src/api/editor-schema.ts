// A JSON Schema for YAML editors: one alternative per built-in kind, told apart by apiVersion and kind; unknown fields are errors.

import { type Descriptions, type JsonSchema, openApiName } from './openapi-v3.ts';
import { groupVersion, resources } from './resources.ts';
import {
  elementShape,
  type FieldSchema,
  type Scalar,
  type Shape,
  type TypeSchema,
  typeSchema,
} from './schema/schema.ts';

const scalars: Record<Scalar, JsonSchema> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer' },
  int64: { type: 'integer' },
  double: { type: 'number' },
  bytes: { type: 'string' },
  duration: { type: 'string' },
  time: { type: 'string' },
  microtime: { type: 'string' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
};

/** The whole schema; with descriptions, hovering explains every field. */
export function editorSchema(descriptions: Descriptions = {}): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};

  const shapeSchema = (shape: Shape, field?: FieldSchema): JsonSchema => {
    switch (shape.kind) {
      case 'any':
        return {};
      case 'list':
        return { type: 'array', items: shapeSchema(shape.items) };
      case 'map':
        return { type: 'object', additionalProperties: shapeSchema(shape.values) };
      case 'object':
        return { $ref: `#/definitions/${define(shape.type)}` };
      default:
        return { ...scalars[shape.scalar], ...(field?.enum ? { enum: field.enum } : {}) };
    }
  };

  const aboutField = (type: TypeSchema, field: FieldSchema): string | undefined => {
    const own = descriptions[type.name]?.[field.name];
    if (own) return own;
    const inner = elementShape(field.shape);
    return inner.kind === 'object' ? descriptions[inner.type]?.[''] : undefined;
  };

  function define(name: string): string {
    const type = typeSchema(name);
    const key = openApiName(type);
    if (definitions[key]) return key;
    const definition: JsonSchema = { type: 'object' };
    definitions[key] = definition;
    const properties: Record<string, JsonSchema> = {};
    for (const field of type.fields) {
      const description = aboutField(type, field);
      properties[field.name] = { ...shapeSchema(field.shape, field), ...(description ? { description } : {}) };
    }
    // A type without fields holds any JSON.
    if (type.fields.length > 0) Object.assign(definition, { properties, additionalProperties: false });
    const required = type.fields.filter((field) => field.required).map((field) => field.name);
    if (required.length > 0) definition['required'] = required;
    if (descriptions[name]?.['']) definition['description'] = descriptions[name][''];
    return key;
  }

  const kinds = resources.filter((resource) => resource.verbs.includes('create'));
  const oneOf = kinds.map((resource) => {
    const key = define(resource.type);
    const definition = definitions[key] as { properties: Record<string, JsonSchema>; required?: string[] };
    const { group, version, kind } = resource;
    definition.properties['apiVersion'] = { type: 'string', enum: [groupVersion(resource)] };
    definition.properties['kind'] = { type: 'string', enum: [kind] };
    definition.required = [...new Set(['apiVersion', 'kind', ...(definition.required ?? [])])];
    Object.assign(definition, { 'x-kubernetes-group-version-kind': [{ group, version, kind }] });
    return { $ref: `#/definitions/${key}` };
  });
  return { $schema: 'http://json-schema.org/draft-07/schema#', oneOf, definitions };
}

// OpenAPI v3 documents, one per group and version, from the schema: what kubectl explain, apply, diff and create ask for.
//
// Descriptions are large and optional: pass the table from `loadDescriptions()` to have them in.

import { fieldText } from './field-texts.ts';
import { type JsonSchema, pathsOf } from './openapi-paths.ts';
import { type Resource, resources } from './resources.ts';
import { elementShape, type FieldSchema, type Shape, type TypeSchema, typeNames, typeSchema } from './schema/schema.ts';

export type { JsonSchema };
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What each type ("" of its entry) and field is for; half a megabyte, loaded on first use. */
export async function loadDescriptions(): Promise<Descriptions> {
  const { descriptionsText } = await import('./generated/descriptions.ts');
  return JSON.parse(descriptionsText) as Descriptions;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Upstream's name of a type in OpenAPI: io.k8s.api.apps.v1.Deployment. */
export function openApiName(type: TypeSchema): string {
  const [group = '', version = ''] = type.package.split('/');
  if (group === 'meta') return `${meta}.${type.goName}`;
  if (group === 'apiextensions')
    return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${type.goName}`;
  if (group === 'apiregistration') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${type.goName}`;
  return `io.k8s.api.${group}.${version}.${type.goName}`;
}

const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrStringName = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const shared: Record<string, JsonSchema> = {
  [quantityName]: {
    type: 'string',
    description: 'An amount such as 500m, 2 or 1.5Gi.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  [intOrStringName]: {
    description: 'A whole number, or a string such as 25%.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  [`${meta}.Time`]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339.' },
  [`${meta}.MicroTime`]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339 with microseconds.' },
};
const scalarRefs: Record<string, string> = {
  quantity: quantityName,
  intOrString: intOrStringName,
  time: `${meta}.Time`,
  microtime: `${meta}.MicroTime`,
};
const plainScalars: Record<string, JsonSchema> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  duration: { type: 'string' },
};

// Kinds that are no resource's: the types that carry them in the schema.
const kindsOfSubresources = [
  { type: 'Scale', group: 'autoscaling', version: 'v1', kind: 'Scale' },
  { type: 'Eviction', group: 'policy', version: 'v1', kind: 'Eviction' },
  { type: 'AuthenticationV1TokenRequest', group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
];

class Builder {
  readonly schemas: Record<string, JsonSchema> = {};
  private readonly descriptions: Descriptions;

  constructor(descriptions: Descriptions) {
    this.descriptions = descriptions;
  }

  private ref(name: string, schema: JsonSchema | undefined): string {
    if (schema) this.schemas[name] ??= schema;
    return `#/components/schemas/${name}`;
  }
  private shape(shape: Shape): JsonSchema {
    switch (shape.kind) {
      case 'any':
        return {};
      case 'list':
        return { type: 'array', items: this.item(shape.items) };
      case 'map':
        return { type: 'object', additionalProperties: this.item(shape.values) };
      case 'object':
        return { allOf: [{ $ref: this.ref(this.add(shape.type), undefined) }] };
      default: {
        const name = scalarRefs[shape.scalar];
        return name ? { allOf: [{ $ref: this.ref(name, shared[name]) }] } : { ...plainScalars[shape.scalar] };
      }
    }
  }
  private item(shape: Shape): JsonSchema {
    const schema = this.shape(shape);
    if (schema['allOf'] && shape.kind === 'object') return { ...schema, default: {} };
    return schema['type'] === 'string' && shape.kind === 'scalar' ? { ...schema, default: '' } : schema;
  }
  private property(type: TypeSchema, field: FieldSchema): JsonSchema {
    const texts = this.descriptions[type.name];
    const named = elementShape(field.shape).kind === 'object';
    const description = texts?.[field.name] ?? (texts && named ? fieldText(type.goName, field.name) : undefined);
    const schema: JsonSchema = { ...(description ? { description } : {}), ...this.shape(field.shape) };
    if (field.default !== undefined) schema['default'] = field.default;
    else if (field.shape.kind === 'object' && !field.pointer) schema['default'] = {};
    if (field.enum && field.shape.kind === 'scalar') schema['enum'] = field.enum;
    if (field.listType) {
      schema[
        field.shape.kind === 'map' || field.shape.kind === 'object' ? 'x-kubernetes-map-type' : 'x-kubernetes-list-type'
      ] = field.listType;
      if (field.mapKeys.length > 0) schema['x-kubernetes-list-map-keys'] = field.mapKeys;
    }
    if (field.patchStrategies.length > 0) schema['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',');
    if (field.patchMergeKey) schema['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
    return schema;
  }
  /** Adds a type and all that it refers to; returns its name. */
  add(name: string): string {
    const type = typeSchema(name);
    const full = openApiName(type);
    if (this.schemas[full]) return full;
    const schema: JsonSchema = {};
    this.schemas[full] = schema;
    const description = this.descriptions[name]?.[''];
    if (description) schema['description'] = description;
    schema['type'] = 'object';
    const required = type.fields.filter((field) => field.required).map((field) => field.name);
    if (required.length > 0) schema['required'] = required;
    const properties: Record<string, JsonSchema> = {};
    for (const field of type.fields) properties[field.name] = this.property(type, field);
    if (type.fields.length > 0) schema['properties'] = properties;
    if (type.atomic) schema['x-kubernetes-map-type'] = 'atomic';
    const kinds = [...resources, ...kindsOfSubresources]
      .filter((r) => r.type === name)
      .map(({ group, kind, version }) => ({ group, kind, version }));
    if (kinds.length > 0) schema['x-kubernetes-group-version-kind'] = kinds;
    return full;
  }

  /** The name of a type as operations on a resource speak of it: "Pod", "PodList", "Scale", "Patch". */
  named(resource: Resource, type: string): string {
    const item = this.add(resource.type);
    if (type === resource.kind) return item;
    if (type === `${resource.kind}List`) return `${item}List`;
    if (type !== 'Patch') return this.add(type === 'TokenRequest' ? 'AuthenticationV1TokenRequest' : type);
    const name = `${meta}.Patch`;
    this.ref(name, { type: 'object', description: 'What is to be changed, in one of the formats of patches.' });
    return name;
  }

  addList(resource: Resource): void {
    const item = this.add(resource.type);
    this.schemas[`${item}List`] = {
      description: `${resource.kind}List is a list of ${resource.kind} objects.`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { allOf: [{ $ref: `#/components/schemas/${this.add('ListMeta')}` }], default: {} },
        items: { type: 'array', items: { allOf: [{ $ref: `#/components/schemas/${item}` }], default: {} } },
      },
      'x-kubernetes-group-version-kind': [
        { group: resource.group, kind: `${resource.kind}List`, version: resource.version },
      ],
    };
  }
}

/** The document of one group and version ("" and "v1" for the core group). */
export function openApiV3(group: string, version: string, descriptions: Descriptions = {}): JsonSchema {
  const builder = new Builder(descriptions);
  const paths: Record<string, JsonSchema> = {};
  for (const resource of resources.filter((r) => r.group === group && r.version === version)) {
    builder.add(resource.type);
    if (resource.verbs.includes('list')) builder.addList(resource);
    Object.assign(
      paths,
      pathsOf(resource, (type) => builder.named(resource, type)),
    );
  }
  for (const name of ['DeleteOptions', 'Status']) if (typeNames().includes(name)) builder.add(name);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0' },
    paths,
    components: { schemas: builder.schemas },
  };
}

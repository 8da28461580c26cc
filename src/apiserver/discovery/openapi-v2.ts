// /openapi/v2: all groups in one Swagger document, made from their OpenAPI v3 documents; as JSON, and as the protobuf message that older kubectl reads
// (gnostic's openapi.v2.Document).

import type { JsonSchema } from '../../api/openapi-v3.ts';
import { ProtobufWriter } from '../server/protobuf-writer.ts';

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A schema as version 2 writes it: references stand for themselves, nullable and oneOf are not known. */
function schemaV2(schema: unknown): Fields {
  if (!isObject(schema)) return {};
  const out: Fields = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'allOf' && Array.isArray(value) && value.length === 1 && isObject(value[0]) && '$ref' in value[0])
      out['$ref'] = referenceV2(String(value[0]['$ref']));
    else if (key === '$ref') out['$ref'] = referenceV2(String(value));
    else if (key === 'properties' && isObject(value))
      out[key] = Object.fromEntries(Object.entries(value).map(([name, property]) => [name, schemaV2(property)]));
    else if (key === 'items' || (key === 'additionalProperties' && isObject(value))) out[key] = schemaV2(value);
    else if (key === 'default' && isObject(value) && Object.keys(value).length === 0) continue;
    else if (!['nullable', 'oneOf', 'anyOf', 'not', 'allOf'].includes(key)) out[key] = value;
  }
  // A value that may be null, or one of several types, has no type in version 2.
  if (
    schema['nullable'] === true ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true
  ) {
    delete out['type'];
    if (schema['nullable'] === true) for (const key of ['properties', 'items', 'additionalProperties']) delete out[key];
  }
  return out;
}

const referenceV2 = (text: string) => text.replace('#/components/schemas/', '#/definitions/');

interface Content {
  content?: Record<string, { schema: Fields }>;
  description?: string;
  required?: boolean;
}

interface Parameter {
  name: string;
  in: string;
  schema?: Fields;
}

/** The parameters that operations and paths of the document share, each once. */
class Shared {
  readonly all: Fields = {};
  readonly #names = new Map<string, string>();

  reference(parameter: Fields): Fields {
    const text = JSON.stringify(parameter);
    let name = this.#names.get(text);
    if (name === undefined) {
      const base = String(parameter['name']);
      for (let i = 1; name === undefined || name in this.all; i++) name = i === 1 ? base : `${base}-${i}`;
      this.#names.set(text, name);
      this.all[name] = parameter;
    }
    return { $ref: `#/parameters/${name}` };
  }
}

const flat = ({ schema, ...parameter }: Parameter): Fields => ({ ...schema, ...parameter });
const contentOf = ({ content }: Content): [types: string[], schema: Fields] => [
  Object.keys(content ?? {}),
  schemaV2(Object.values(content ?? {})[0]?.schema),
];

function operationV2(method: string, operation: Fields, shared: Shared): Fields {
  const {
    parameters = [],
    requestBody,
    responses = {},
    ...rest
  } = operation as {
    parameters?: Parameter[];
    requestBody?: Content;
    responses?: Record<string, Content>;
  };
  const given = parameters.map(flat);
  if (requestBody) {
    const { required } = requestBody;
    given.unshift({ name: 'body', in: 'body', ...(required && { required }), schema: contentOf(requestBody)[1] });
  }
  // kubectl before 1.27 looks for dryRun in PATCH and follows no references.
  const listed = method === 'patch' ? given : given.map((parameter) => shared.reference(parameter));
  const consumes = requestBody ? contentOf(requestBody)[0] : ['*/*'];
  return {
    ...rest,
    consumes,
    produces: responses['200'] ? contentOf(responses['200'])[0] : ['*/*'],
    schemes: ['https'],
    ...(listed.length > 0 && { parameters: listed }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, response]) => [
        code,
        { description: response.description ?? '', ...(response.content && { schema: contentOf(response)[1] }) },
      ]),
    ),
  };
}

function pathV2({ parameters, ...operations }: Fields, shared: Shared): Fields {
  return {
    ...Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        operationV2(method, operation as Fields, shared),
      ]),
    ),
    ...(Array.isArray(parameters) && {
      parameters: (parameters as Parameter[]).map((parameter) => shared.reference(flat(parameter))),
    }),
  };
}

/** One document out of those of all groups and versions. */
export function openApiV2(documents: readonly JsonSchema[], version: string): JsonSchema {
  const definitions: Fields = {};
  const paths: Fields = {};
  const shared = new Shared();
  for (const document of documents) {
    const { schemas } = document['components'] as { schemas: Record<string, JsonSchema> };
    for (const [name, schema] of Object.entries(schemas)) {
      const known = definitions[name] as Fields | undefined;
      const made = schemaV2(schema);
      const gvks = 'x-kubernetes-group-version-kind';
      // Types of all groups, such as DeleteOptions, are in each document.
      if (known && Array.isArray(known[gvks]) && Array.isArray(made[gvks])) continue;
      definitions[name] = known ?? made;
    }
    for (const [path, item] of Object.entries((document['paths'] ?? {}) as Record<string, Fields>))
      paths[path] = pathV2(item, shared);
  }
  const sorted = (fields: Fields) => Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: sorted(paths),
    definitions: sorted(definitions),
    parameters: sorted(shared.all),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}

/** gnostic's Any: its YAML, for which JSON will do. */
const any = (writer: ProtobufWriter, field: number, value: unknown) =>
  writer.message(field, (inner) => inner.string(2, JSON.stringify(value)));

function extensions(writer: ProtobufWriter, field: number, source: Fields): void {
  for (const [name, value] of Object.entries(source)) {
    if (!name.startsWith('x-')) continue;
    writer.message(field, (named) => {
      named.string(1, name);
      any(named, 2, value);
    });
  }
}

function strings(writer: ProtobufWriter, field: number, values: unknown): void {
  if (Array.isArray(values)) for (const value of values) writer.string(field, String(value));
}

// Field numbers of gnostic's Schema, by what they hold.
const schemaTexts: [string, number][] = [
  ['$ref', 1],
  ['format', 2],
  ['title', 3],
  ['description', 4],
  ['pattern', 13],
];
const schemaDoubles: [string, number][] = [
  ['multipleOf', 6],
  ['maximum', 7],
  ['minimum', 9],
];
const schemaIntegers: [string, number][] = [
  ['maxLength', 11],
  ['minLength', 12],
  ['maxItems', 14],
  ['minItems', 15],
  ['maxProperties', 17],
  ['minProperties', 18],
];
const schemaBooleans: [string, number][] = [
  ['exclusiveMaximum', 8],
  ['exclusiveMinimum', 10],
  ['uniqueItems', 16],
];

function schema(writer: ProtobufWriter, source: Fields): void {
  for (const [name, field] of schemaTexts) if (typeof source[name] === 'string') writer.string(field, source[name]);
  if (source['default'] !== undefined) any(writer, 5, source['default']);
  for (const [name, field] of schemaDoubles) if (typeof source[name] === 'number') writer.double(field, source[name]);
  for (const [name, field] of schemaBooleans) if (source[name] === true) writer.boolean(field, true);
  for (const [name, field] of schemaIntegers) if (typeof source[name] === 'number') writer.integer(field, source[name]);
  strings(writer, 19, source['required']);
  if (Array.isArray(source['enum'])) for (const value of source['enum']) any(writer, 20, value);
  const rest = source['additionalProperties'];
  if (isObject(rest)) writer.message(21, (item) => item.message(1, (inner) => schema(inner, rest)));
  else if (typeof rest === 'boolean') writer.message(21, (item) => item.boolean(2, rest));
  if (typeof source['type'] === 'string') writer.message(22, (type) => type.string(1, source['type'] as string));
  const { items, properties } = source;
  if (isObject(items)) writer.message(23, (item) => item.message(1, (inner) => schema(inner, items)));
  if (isObject(properties)) writer.message(25, (all) => named(all, 1, properties));
  extensions(writer, 31, source);
}

function named(writer: ProtobufWriter, field: number, schemas: Fields): void {
  for (const [name, source] of Object.entries(schemas))
    writer.message(field, (entry) => {
      entry.string(1, name);
      entry.message(2, (inner) => schema(inner, source as Fields));
    });
}

/** gnostic's Parameter: one in the body, or in the query or path. */
function parameter(writer: ProtobufWriter, source: Fields): void {
  const { required, schema: type } = source;
  const text = (name: string) => String(source[name] ?? '');
  if (text('in') === 'body') {
    writer.message(1, (body) => {
      body.string(2, text('name'));
      body.string(3, 'body');
      if (required === true) body.boolean(4, true);
      if (isObject(type)) body.message(5, (inner) => schema(inner, type));
    });
    return;
  }
  const inQuery = text('in') === 'query';
  writer.message(2, (nonBody) =>
    nonBody.message(inQuery ? 3 : 4, (inner) => {
      if (required === true) inner.boolean(1, true);
      inner.string(2, text('in'));
      inner.string(3, text('description'));
      inner.string(4, text('name'));
      inner.string(inQuery ? 6 : 5, text('type'));
      if (source['uniqueItems'] === true) inner.boolean(inQuery ? 20 : 19, true);
    }),
  );
}

/** gnostic's ParametersItem: a parameter, or a reference to one. */
function parameters(writer: ProtobufWriter, field: number, sources: unknown): void {
  for (const source of (sources ?? []) as Fields[])
    writer.message(field, (item) => {
      if (typeof source['$ref'] === 'string') item.message(2, (inner) => inner.string(1, source['$ref'] as string));
      else item.message(1, (inner) => parameter(inner, source));
    });
}

function operation(writer: ProtobufWriter, source: Fields): void {
  strings(writer, 1, source['tags']);
  if (source['description']) writer.string(3, String(source['description']));
  if (source['operationId']) writer.string(5, String(source['operationId']));
  strings(writer, 6, source['produces']);
  strings(writer, 7, source['consumes']);
  parameters(writer, 8, source['parameters']);
  writer.message(9, (responses) => {
    for (const [code, response] of Object.entries((source['responses'] ?? {}) as Record<string, Fields>))
      responses.message(1, (entry) => {
        entry.string(1, code);
        entry.message(2, (value) =>
          value.message(1, (inner) => {
            inner.string(1, String(response['description'] ?? ''));
            const type = response['schema'];
            if (isObject(type)) inner.message(2, (item) => item.message(1, (own) => schema(own, type)));
          }),
        );
      });
  });
  strings(writer, 10, source['schemes']);
  extensions(writer, 13, source);
}

const methods: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 };

/** The document as gnostic's protobuf. */
export function encodeOpenApiV2(document: JsonSchema): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.string(1, '2.0');
  const info = document['info'] as { title: string; version: string };
  writer.message(2, (inner) => {
    inner.string(1, info.title);
    inner.string(2, info.version);
  });
  writer.message(8, (paths) => {
    for (const [path, item] of Object.entries(document['paths'] as Record<string, Fields>))
      paths.message(2, (entry) => {
        entry.string(1, path);
        entry.message(2, (value) => {
          for (const [method, source] of Object.entries(item)) {
            const field = methods[method];
            if (field !== undefined) value.message(field, (inner) => operation(inner, source as Fields));
          }
          parameters(value, 9, item['parameters']);
        });
      });
  });
  writer.message(9, (definitions) => named(definitions, 1, document['definitions'] as Fields));
  writer.message(10, (all) => {
    for (const [name, source] of Object.entries(document['parameters'] as Record<string, Fields>))
      all.message(1, (entry) => {
        entry.string(1, name);
        entry.message(2, (inner) => parameter(inner, source));
      });
  });
  return writer.finish();
}

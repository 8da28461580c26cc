// The server's OpenAPI v3 documents, read one group at a time: for `explain`, and for the merge keys of apply.

import type { KubectlIo } from '../io.ts';
import type { ApiClient } from './client.ts';

export interface Schema {
  type?: string;
  format?: string;
  description?: string;
  properties?: { [name: string]: Schema };
  items?: Schema;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  required?: string[];
  enum?: unknown[];
  $ref?: string;
  oneOf?: Schema[];
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface Document {
  components?: { schemas?: { [name: string]: Schema } };
}

const cache = new WeakMap<KubectlIo['fetch'], Map<string, { url: string; document: Document }>>();

/** A schema with the document its references point into. */
export class SchemaNode {
  readonly schema: Schema;
  readonly #document: Document;
  /** The named type this is, "Container", when it is one. */
  readonly typeName: string | undefined;
  /** What the named type says of itself. */
  readonly typeDescription: string;

  constructor(document: Document, schema: Schema, typeName?: string) {
    this.#document = document;
    let current = schema;
    let name = typeName;
    let described = '';
    for (let depth = 0; depth < 8; depth++) {
      const ref: string | undefined =
        current.$ref ?? (current.allOf?.length === 1 ? current.allOf[0]!.$ref : undefined);
      if (!ref) break;
      const key = ref.slice(ref.lastIndexOf('/') + 1);
      name = key.slice(key.lastIndexOf('.') + 1);
      const target: Schema | undefined = document.components?.schemas?.[key];
      if (!target) break;
      described = target.description ?? '';
      const { $ref: _ref, allOf: _allOf, ...own } = current;
      current = { ...target, ...own, description: own.description ?? target.description ?? '' };
    }
    this.schema = current;
    this.typeName = name;
    this.typeDescription = described;
  }
  property(name: string): SchemaNode | undefined {
    const property = this.schema.properties?.[name];
    if (property) return new SchemaNode(this.#document, property);
    return this.values();
  }
  /** The items of an array. */
  items(): SchemaNode | undefined {
    return this.schema.items && new SchemaNode(this.#document, this.schema.items);
  }
  /** The values of a map. */
  values(): SchemaNode | undefined {
    const values = this.schema.additionalProperties;
    return typeof values === 'object' ? new SchemaNode(this.#document, values) : undefined;
  }
  /** The type's own description, where a property describes its use of it. */
  description(): string {
    return this.schema.description ?? '';
  }
  get mergeKey(): string | undefined {
    return this.schema['x-kubernetes-patch-merge-key'];
  }
  get strategies(): string[] {
    return this.schema['x-kubernetes-patch-strategy']?.split(',') ?? [];
  }
}

/** The schema of a kind, or undefined when the server publishes none. */
export async function schemaOf(
  io: KubectlIo,
  client: ApiClient,
  gvk: { group: string; version: string; kind: string },
): Promise<SchemaNode | undefined> {
  const documents = cache.get(io.fetch) ?? new Map<string, { url: string; document: Document }>();
  cache.set(io.fetch, documents);
  const key = gvk.group ? `apis/${gvk.group}/${gvk.version}` : `api/${gvk.version}`;
  const index = await client
    .json<{ paths: { [path: string]: { serverRelativeURL: string } } }>('/openapi/v3')
    .catch(() => ({ paths: {} as { [path: string]: { serverRelativeURL: string } } }));
  const url = index.paths[key]?.serverRelativeURL;
  if (!url) return undefined;
  let known = documents.get(key);
  if (known?.url !== url) {
    known = { url, document: await client.json<Document>(url) };
    documents.set(key, known);
  }
  for (const [name, schema] of Object.entries(known.document.components?.schemas ?? {})) {
    const is = schema['x-kubernetes-group-version-kind']?.some(
      (each) => each.group === gvk.group && each.version === gvk.version && each.kind === gvk.kind,
    );
    if (is) return new SchemaNode(known.document, schema, name.slice(name.lastIndexOf('.') + 1));
  }
  return undefined;
}

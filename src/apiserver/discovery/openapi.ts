// /openapi/v3 and /openapi/v3/...: one schema document per group and version, named by its hash so that clients may keep it; custom resources included.

import { pathsOf } from '../../api/openapi-paths.ts';
import { type JsonSchema, loadDescriptions, openApiV3 } from '../../api/openapi-v3.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { encodeOpenApiV2, openApiV2 } from './openapi-v2.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const scale = 'io.k8s.api.autoscaling.v1.Scale';

/** FNV-1a over the text, 128 bits, as a name for it. */
function fingerprint(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 0x01000193);
    b = Math.imul(b ^ c, 0x85ebca6b) ^ (a >>> 13);
  }
  return ((a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')).repeat(2).toUpperCase();
}

interface Document {
  text: string;
  hash: string;
}

export class OpenApi {
  readonly #catalog: Catalog;
  #generation = -1;
  #documents = new Map<string, Promise<Document>>();
  #swagger: { generation: number; text: string; hash: string; protobuf(): Uint8Array<ArrayBuffer> } | undefined;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Paths ("api/v1", "apis/apps/v1") of the documents that there are. */
  #paths(): string[] {
    const out = new Set<string>();
    for (const { resource } of this.#catalog.all()) out.add(pathOf(resource));
    return [...out];
  }

  /** The index: /openapi/v3. */
  async index(): Promise<string> {
    const entries = await Promise.all(
      this.#paths().map(async (path) => {
        const document = (await this.document(path)) as Document;
        return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` }] as const;
      }),
    );
    return JSON.stringify({ paths: Object.fromEntries(entries) });
  }

  /** One document, or undefined. */
  document(path: string): Promise<Document> | undefined {
    if (this.#generation !== this.#catalog.generation) {
      // Built-in documents stay as they are.
      for (const key of this.#documents.keys())
        if (this.#resources(key).some(({ custom }) => custom) || this.#resources(key).length === 0)
          this.#documents.delete(key);
      this.#generation = this.#catalog.generation;
    }
    let found = this.#documents.get(path);
    if (!found) {
      const resources = this.#resources(path);
      if (resources.length === 0) return undefined;
      found = this.#make(resources);
      this.#documents.set(path, found);
    }
    return found;
  }

  /** The document of version 2, as JSON and as protobuf; made when it is asked for, again when what is served has changed. */
  async swagger(version: string): Promise<{ text: string; hash: string; protobuf(): Uint8Array<ArrayBuffer> }> {
    const generation = this.#catalog.generation;
    if (this.#swagger?.generation !== generation) {
      const all = await Promise.all(this.#paths().map((path) => this.document(path) as Promise<Document>));
      const text = JSON.stringify(
        openApiV2(
          all.map((document) => JSON.parse(document.text) as JsonSchema),
          version,
        ),
      );
      let encoded: Uint8Array<ArrayBuffer> | undefined;
      const protobuf = () => {
        encoded ??= encodeOpenApiV2(JSON.parse(text) as JsonSchema);
        return encoded;
      };
      this.#swagger = { generation, text, hash: fingerprint(text), protobuf };
    }
    return this.#swagger;
  }

  #resources(path: string): ResourceInfo[] {
    return [...this.#catalog.all()].map(({ resource }) => resource).filter((resource) => pathOf(resource) === path);
  }

  async #make(resources: ResourceInfo[]): Promise<Document> {
    const { group, version } = resources[0] as ResourceInfo;
    const document = resources.every(({ custom }) => !custom)
      ? openApiV3(group, version, await loadDescriptions())
      : customDocument(resources);
    const text = JSON.stringify(document);
    return { text, hash: fingerprint(text) };
  }
}

const pathOf = ({ group, version }: ResourceInfo) => (group === '' ? `api/${version}` : `apis/${group}/${version}`);

/** "stable.example.com" -> "com.example.stable" */
const reversed = (group: string) => group.split('.').reverse().join('.');

function customDocument(resources: ResourceInfo[]): JsonSchema {
  const { components } = openApiV3('', 'v1') as { components: { schemas: Record<string, JsonSchema> } };
  const schemas: Record<string, JsonSchema> = Object.fromEntries(
    Object.entries(components.schemas).filter(([name]) => name.startsWith(meta) || name.startsWith(scale)),
  );
  const paths: Record<string, JsonSchema> = {};
  for (const resource of resources) {
    const { group, version, kind, schema, listKind } = resource;
    const name = `${reversed(group)}.${version}.${kind}`;
    const gvk = { group, version, kind };
    const properties = (schema?.properties ?? {}) as Record<string, unknown>;
    schemas[name] = {
      ...schema,
      type: 'object',
      properties: {
        apiVersion: {
          type: 'string',
          description: 'APIVersion defines the versioned schema of this representation of an object.',
        },
        kind: {
          type: 'string',
          description: 'Kind is a string value representing the REST resource this object represents.',
        },
        ...properties,
        metadata: {
          allOf: [{ $ref: `#/components/schemas/${meta}.ObjectMeta` }],
          description: "Standard object's metadata.",
        },
      },
      'x-kubernetes-group-version-kind': [gvk],
    };
    schemas[`${reversed(group)}.${version}.${listKind}`] = {
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { allOf: [{ $ref: `#/components/schemas/${meta}.ListMeta` }] },
        items: { type: 'array', items: { allOf: [{ $ref: `#/components/schemas/${name}` }] } },
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    };
    const nameOf = (type: string) => {
      if (type === kind) return name;
      if (type === `${kind}List` || type === listKind) return `${reversed(group)}.${version}.${listKind}`;
      return type === 'Scale' ? scale : `${meta}.${type}`;
    };
    Object.assign(paths, pathsOf({ ...resource, plural: resource.resource }, nameOf));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths,
    components: { schemas },
  };
}

import { beforeAll, describe, expect, test } from 'vitest';
import { resources } from '../../api/resources.ts';
import { findType, type Shape, typeSchema } from '../../api/schema/schema.ts';
import { type Harness, startHarness } from '../testing/harness.ts';
import { decodeProtobuf } from './protobuf.ts';
import { encodeProtobuf } from './protobuf-encode.ts';

const samples: Record<string, unknown> = {
  string: 'téxt',
  int32: -7,
  int64: 2 ** 40 + 1,
  double: 0.25,
  bool: true,
  bytes: 'AAEC/w==',
  time: '2024-02-29T12:34:56Z',
  microtime: '2024-02-29T12:34:56.123456Z',
  duration: '1m30s',
  quantity: '1500m',
  intOrString: '25%',
};

/** A value for every field that has a number. */
function sample(shape: Shape, depth: number): unknown {
  switch (shape.kind) {
    case 'any':
      return { any: [1, 'x', null] };
    case 'list': {
      const item = sample(shape.items, depth);
      return item === undefined ? undefined : [item, item];
    }
    case 'map': {
      const value = sample(shape.values, depth);
      return value === undefined ? undefined : { a: value, 'b/c': value };
    }
    case 'object':
      return depth > 6 ? undefined : object(shape.type, depth + 1);
    default:
      return samples[shape.scalar];
  }
}

const schemaUnions: Record<string, unknown> = {
  items: { type: 'string' },
  additionalProperties: { type: 'integer' },
  additionalItems: false,
  dependencies: { a: ['b'], c: { type: 'string' } },
};

function object(type: string, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of typeSchema(type).fields) {
    if (field.number === undefined) continue;
    // A schema within a schema within ...: once is enough.
    if (type === 'JSONSchemaProps' && depth > 5 && field.shape.kind !== 'scalar') continue;
    const value =
      type === 'JSONSchemaProps' && field.name in schemaUnions ? schemaUnions[field.name] : sample(field.shape, depth);
    if (value !== undefined) out[field.name] = value;
  }
  return out;
}

describe('what is encoded decodes to the same', () => {
  const kinds = resources.filter(({ type }) => findType(type));
  test.each(kinds.map((row) => [`${row.group}/${row.version} ${row.kind}`, row] as const))('%s', (_name, row) => {
    const apiVersion = row.group === '' ? row.version : `${row.group}/${row.version}`;
    const full = { ...object(row.type, 0), apiVersion, kind: row.kind };
    const bytes = encodeProtobuf(full) as Uint8Array;
    expect(decodeProtobuf(bytes, () => row.type)).toEqual(full);
    expect(Object.keys(full).length).toBeGreaterThan(2);
  });
});

describe('over HTTP', () => {
  let api: Harness;
  const protobuf = 'application/vnd.kubernetes.protobuf';
  const configmaps = '/api/v1/namespaces/default/configmaps';
  const decode = (bytes: ArrayBuffer, type = 'ConfigMap') => decodeProtobuf(new Uint8Array(bytes), () => type);
  beforeAll(async () => {
    api = await startHarness();
  });

  test('an object is written and read in protobuf', async () => {
    const sent = encodeProtobuf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pb' }, data: { a: 'b' } });
    const created = await api.raw('POST', configmaps, {
      body: sent as Uint8Array<ArrayBuffer>,
      headers: { 'content-type': protobuf, accept: `${protobuf},application/json` },
    });
    expect([created.status, created.headers.get('content-type')]).toEqual([201, protobuf]);
    const object = decode(await created.arrayBuffer());
    const { body } = await api.call('GET', `${configmaps}/pb`);
    expect(object).toEqual(body);
  });

  test('lists, metadata and deletions too', async () => {
    const list = await api.raw('GET', configmaps, { headers: { accept: protobuf } });
    const bytes = new Uint8Array(await list.arrayBuffer());
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe('k8s\0');
    expect(new TextDecoder().decode(bytes)).toContain('ConfigMapList');
    const meta = await api.raw('GET', `${configmaps}/pb`, {
      headers: { accept: `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1` },
    });
    expect(meta.headers.get('content-type')).toBe(protobuf);
    expect(decode(await meta.arrayBuffer())).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'pb' } });
    const table = await api.raw('GET', configmaps, {
      headers: { accept: `${protobuf};as=Table;g=meta.k8s.io;v=v1, application/json;as=Table;g=meta.k8s.io;v=v1` },
    });
    expect(table.headers.get('content-type')).toBe('application/json');
  });

  test('a watch sends frames with their length', async () => {
    const response = await api.raw('GET', `${configmaps}?watch=true&fieldSelector=metadata.name%3Dpb`, {
      headers: { accept: protobuf },
    });
    expect(response.headers.get('content-type')).toBe(`${protobuf};stream=watch`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    const bytes = value as Uint8Array;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    expect(length).toBe(bytes.length - 4);
    const start = bytes.findIndex((_, i) => bytes[i] === 0x6b && bytes[i + 1] === 0x38 && bytes[i + 2] === 0x73);
    expect(decode(bytes.slice(start).buffer as ArrayBuffer)).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name: 'pb' },
    });
    await reader.cancel();
  });

  test('what has no protobuf form is refused', async () => {
    await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'figs.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'figs', kind: 'Fig' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    const figs = '/apis/example.com/v1/namespaces/default/figs';
    for (let i = 0; i < 100 && (await api.call('GET', figs)).code !== 200; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const refused = await api.call('GET', figs, undefined, { accept: protobuf });
    expect([refused.code, refused.body.message]).toEqual([
      406,
      'only the following media types are accepted: application/json, application/yaml',
    ]);
    const crd = await api.raw('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/figs.example.com', {
      headers: { accept: protobuf },
    });
    const read = decode(await crd.arrayBuffer(), 'CustomResourceDefinition');
    expect(read).toMatchObject({
      kind: 'CustomResourceDefinition',
      spec: { versions: [{ schema: { openAPIV3Schema: { type: 'object' } } }] },
    });
  });
});

// Class A of the official conformance suite, part three: CustomResourceDefinitions. Named as the official tests.

import { describe, expect, test } from 'vitest';
import { applyPatch, mergePatch, useCluster } from './cluster.ts';

const cluster = useCluster();
const { must, call, watch, until } = cluster;

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
type Any = any;

const base = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const bars = {
  type: 'object',
  description: 'Foo CRD for Testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string', description: 'Name of Bar.' }, age: { type: 'string' } },
          },
        },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' } } },
  },
};
const version = (name: string, schema: object, more = {}) => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...more,
});

let count = 0;

/** Defines a kind in a group of its own; resolves once it is served. */
async function define(versions: object[], more: { kind?: string; group?: string } = {}) {
  count++;
  const group = more.group ?? `g${count}.example.com`;
  const kind = more.kind ?? `Foo${count}`;
  const plural = `${kind.toLowerCase()}s`;
  const made = await must(201, 'POST', base, {
    metadata: { name: `${plural}.${group}`, labels: { e2e: 'yes' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions,
    },
  });
  await until(`${base}/${plural}.${group}`, ({ body }) =>
    body.status?.conditions?.some(({ type, status }: Any) => type === 'Established' && status === 'True'),
  );
  const first = (versions[0] as { name: string }).name;
  const path = `/apis/${group}/${first}/namespaces/default/${plural}`;
  await until(path, ({ code }) => code === 200);
  return { made, definition: `${base}/${plural}.${group}`, group, kind, plural, path, apiVersion: `${group}/${first}` };
}

/** The schema that OpenAPI v3 publishes for a kind, once it does (or once it no longer does). */
async function published(group: string, name: string, kind: string, there = true): Promise<Any> {
  for (let i = 0; i < 100; i++) {
    const { body } = await call('GET', `/openapi/v3/apis/${group}/${name}`);
    const found = Object.entries(body.components?.schemas ?? {}).find(([, schema]: [string, Any]) =>
      schema['x-kubernetes-group-version-kind']?.some((each: Any) => each.kind === kind && each.version === name),
    );
    if ((found !== undefined) === there) return found?.[1];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${kind} ${there ? 'was not' : 'stays'} published`);
}

describe('publishing', () => {
  const prefix = 'CustomResourcePublishOpenAPI [Privileged:ClusterAdmin]';

  test(`${prefix} works for CRD with validation schema`, async () => {
    const { group, kind, path, apiVersion } = await define([version('v1', bars)]);
    const schema = await published(group, 'v1', kind);
    expect(schema.properties.spec.properties.bars.items.required).toEqual(['name']);
    expect(schema.properties).toHaveProperty('metadata');
    const strict = `${path}?fieldValidation=Strict`;
    await must(201, 'POST', strict, { apiVersion, kind, metadata: { name: 'a' }, spec: { bars: [{ name: 'x' }] } });
    const { message } = await must(422, 'POST', path, {
      apiVersion,
      kind,
      metadata: { name: 'b' },
      spec: { bars: [{ age: '10' }] },
    });
    expect(message).toContain('spec.bars[0].name: Required value');
  });

  test(`${prefix} works for CRD without validation schema`, async () => {
    const { group, kind, path, apiVersion } = await define([version('v1', anything)]);
    expect((await published(group, 'v1', kind)).type).toBe('object');
    await must(201, 'POST', path, { apiVersion, kind, metadata: { name: 'a' }, a: { b: [{ c: 1 }] } });
  });

  test(`${prefix} works for CRD preserving unknown fields at the schema root`, async () => {
    const { group, kind, path, apiVersion } = await define([version('v1', anything)]);
    expect((await published(group, 'v1', kind))['x-kubernetes-preserve-unknown-fields']).toBe(true);
    const made = await must(201, 'POST', path, { apiVersion, kind, metadata: { name: 'a' }, free: { form: 1 } });
    expect(made.free).toEqual({ form: 1 });
  });

  test(`${prefix} works for CRD preserving unknown fields in an embedded object`, async () => {
    const schema = { type: 'object', properties: { spec: { ...anything, 'x-kubernetes-embedded-resource': true } } };
    const { group, kind, path, apiVersion } = await define([version('v1', schema)]);
    expect((await published(group, 'v1', kind)).properties.spec['x-kubernetes-preserve-unknown-fields']).toBe(true);
    const spec = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'in' }, extra: 1 };
    expect((await must(201, 'POST', path, { apiVersion, kind, metadata: { name: 'a' }, spec })).spec.extra).toBe(1);
  });

  test(`${prefix} works for multiple CRDs of different groups`, async () => {
    const [a, b] = [await define([version('v1', bars)]), await define([version('v1', bars)])];
    await published(a.group, 'v1', a.kind);
    await published(b.group, 'v1', b.kind);
  });

  test(`${prefix} works for multiple CRDs of same group but different versions`, async () => {
    const { group, kind } = await define([version('v2', bars), version('v3', bars, { storage: false })]);
    await published(group, 'v2', kind);
    await published(group, 'v3', kind);
  });

  test(`${prefix} works for multiple CRDs of same group and version but different kinds`, async () => {
    const group = 'shared.example.com';
    for (const kind of ['Left', 'Right']) await define([version('v4', bars)], { group, kind });
    await published(group, 'v4', 'Left');
    await published(group, 'v4', 'Right');
  });

  test(`${prefix} updates the published spec when one version gets renamed`, async () => {
    const { definition, group, kind } = await define([version('v2', bars), version('v3', bars, { storage: false })]);
    await published(group, 'v3', kind);
    const read = await must(200, 'GET', definition);
    read.spec.versions[1].name = 'v4';
    await must(200, 'PUT', definition, read);
    await published(group, 'v4', kind);
    await published(group, 'v3', kind, false);
    await published(group, 'v2', kind);
  });

  test(`${prefix} removes definition from spec when one version gets changed to not be served`, async () => {
    const { definition, group, kind } = await define([
      version('v5', bars),
      version('v6alpha1', bars, { storage: false }),
    ]);
    await published(group, 'v6alpha1', kind);
    await must(
      200,
      'PATCH',
      definition,
      [{ op: 'replace', path: '/spec/versions/1/served', value: false }],
      'application/json-patch+json',
    );
    await published(group, 'v6alpha1', kind, false);
    await published(group, 'v5', kind);
  });
});

describe('discovery', () => {
  const inGroup = async (group: string) =>
    (await call('GET', '/apis', undefined, { accept: aggregated })).body.items.find(
      (item: Any) => item.metadata.name === group,
    );

  for (const title of [
    'AggregatedDiscovery should support aggregated discovery interface for CRDs',
    'AggregatedDiscovery should support raw aggregated discovery request for CRDs',
  ])
    test(title, async () => {
      const { group, plural, definition } = await define([version('v1', bars)]);
      for (let i = 0; i < 100 && !(await inGroup(group)); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await inGroup(group)).versions[0].resources.map(({ resource }: Any) => resource)).toContain(plural);
      await must(200, 'DELETE', definition);
      for (let i = 0; i < 100 && (await inGroup(group)); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await inGroup(group)).toBeUndefined();
    });

  test('CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents', async () => {
    const { groups } = await must(200, 'GET', '/apis');
    const group = groups.find(({ name }: Any) => name === 'apiextensions.k8s.io');
    expect(group.versions).toContainEqual({ groupVersion: 'apiextensions.k8s.io/v1', version: 'v1' });
    const { resources } = await must(200, 'GET', '/apis/apiextensions.k8s.io/v1');
    expect(resources.map(({ name }: Any) => name)).toContain('customresourcedefinitions');
  });
});

describe('definitions', () => {
  const prefix = 'CustomResourceDefinition resources [Privileged:ClusterAdmin]';

  test(`${prefix} Simple CustomResourceDefinition creating/deleting custom resource definition objects works`, async () => {
    const { definition } = await define([version('v1', anything)]);
    await must(200, 'DELETE', definition);
    await until(definition, ({ code }) => code === 404);
  });

  test(`${prefix} Simple CustomResourceDefinition listing custom resource definition objects works`, async () => {
    for (let i = 0; i < 3; i++) await define([version('v1', anything)]);
    expect((await must(200, 'GET', `${base}?labelSelector=e2e%3Dyes`)).items.length).toBeGreaterThanOrEqual(3);
    await must(200, 'DELETE', `${base}?labelSelector=e2e%3Dyes`);
    await until(`${base}?labelSelector=e2e%3Dyes`, ({ body }) => body.items.length === 0);
  });

  test(`${prefix} Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works`, async () => {
    const { definition } = await define([version('v1', anything)]);
    const read = await must(200, 'GET', `${definition}/status`);
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set by a test' };
    read.status.conditions.push(condition);
    const put = await must(200, 'PUT', `${definition}/status`, read);
    expect(put.status.conditions).toContainEqual(expect.objectContaining(condition));
    const patched = await must(
      200,
      'PATCH',
      `${definition}/status`,
      { metadata: { annotations: { a: 'b' } } },
      mergePatch,
    );
    expect(patched.status.conditions).toContainEqual(expect.objectContaining(condition));
  });

  test(`${prefix} custom resource defaulting for requests and from storage works`, async () => {
    const schema = (fields: object) => ({ type: 'object', properties: fields });
    const { definition, path, apiVersion, kind } = await define([
      version('v1', schema({ a: { type: 'string', default: 'A' }, b: { type: 'string' } })),
    ]);
    const made = await must(201, 'POST', path, { apiVersion, kind, metadata: { name: 'x' } });
    expect(made).toMatchObject({ a: 'A' });
    expect(made.b).toBeUndefined();
    await must(
      200,
      'PATCH',
      definition,
      [{ op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/b/default', value: 'B' }],
      'application/json-patch+json',
    );
    await until(`${path}/x`, ({ body }) => body.b === 'B');
  });

  test('CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects', async () => {
    const { path, apiVersion, kind } = await define([version('v1', anything)]);
    const one = await watch(`${path}?watch=1&fieldSelector=metadata.name%3Dname1`);
    const both = await watch(`${path}?watch=1`);
    for (const name of ['name1', 'name2']) await must(201, 'POST', path, { apiVersion, kind, metadata: { name } });
    for (const name of ['name1', 'name2']) await must(200, 'PATCH', `${path}/${name}`, { num: 1 }, mergePatch);
    for (const name of ['name1', 'name2']) await must(200, 'DELETE', `${path}/${name}`);
    for (const type of ['ADDED', 'MODIFIED', 'DELETED']) {
      expect(await one.next()).toMatchObject({ type, object: { metadata: { name: 'name1' } } });
      for (const name of ['name1', 'name2'])
        expect(await both.next()).toMatchObject({ type, object: { metadata: { name } } });
    }
    one.stop();
    both.stop();
  });

  test('CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector', async () => {
    const schema = { type: 'object', properties: { hostPort: { type: 'string' } } };
    const { path, apiVersion, kind } = await define([
      version('v1', schema, { selectableFields: [{ jsonPath: '.hostPort' }] }),
    ]);
    const watching = await watch(`${path}?watch=1&fieldSelector=hostPort%3Dhost1:80`);
    for (const [name, hostPort] of [
      ['a', 'host1:80'],
      ['b', 'host2:80'],
    ])
      await must(201, 'POST', path, { apiVersion, kind, metadata: { name }, hostPort });
    const { items } = await must(200, 'GET', `${path}?fieldSelector=hostPort%3Dhost1:80`);
    expect(items.map(({ metadata }: Any) => metadata.name)).toEqual(['a']);
    expect(await watching.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    await must(200, 'PATCH', `${path}/a`, { hostPort: 'host3:80' }, mergePatch);
    expect(await watching.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a' } } });
    watching.stop();
    expect((await must(400, 'GET', `${path}?fieldSelector=other%3Dx`)).message).toContain(
      'field label not supported: other',
    );
  });
});

describe('field validation', () => {
  const closed = { type: 'object', properties: { spec: { type: 'object', properties: { foo: { type: 'string' } } } } };
  const apply = (path: string, body: object | string) =>
    call('PATCH', `${path}?fieldManager=me&fieldValidation=Strict`, body, { 'content-type': applyPatch });

  test('FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema', async () => {
    const { path, apiVersion, kind } = await define([version('v1', anything)]);
    const { code } = await apply(`${path}/a`, { apiVersion, kind, metadata: { name: 'a' }, spec: { anything: 1 } });
    expect([200, 201]).toContain(code);
  });

  test('FieldValidation should create/apply a valid CR for CRD with validation schema', async () => {
    const { path, apiVersion, kind } = await define([version('v1', closed)]);
    const { code } = await apply(`${path}/a`, { apiVersion, kind, metadata: { name: 'a' }, spec: { foo: 'bar' } });
    expect([200, 201]).toContain(code);
  });

  test('FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema', async () => {
    const { path, apiVersion, kind } = await define([version('v1', closed)]);
    const { code, body } = await apply(`${path}/a`, {
      apiVersion,
      kind,
      metadata: { name: 'a' },
      spec: { foo: 'bar', extra: 1 },
    });
    expect(code).toBe(400);
    expect(body.message).toContain('.spec.extra: field not declared in schema');
  });

  test('FieldValidation should detect duplicates in a CR when preserving unknown fields', async () => {
    const { path, apiVersion, kind } = await define([version('v1', anything)]);
    const text = `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":{"name":"a"},"spec":{"x":1,"x":2}}`;
    const { message } = await must(400, 'POST', `${path}?fieldValidation=Strict`, text);
    expect(message).toContain('duplicate field "spec.x"');
  });

  test('FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR', async () => {
    const schema = {
      type: 'object',
      properties: { spec: { ...anything, 'x-kubernetes-embedded-resource': true } },
    };
    const { path, apiVersion, kind } = await define([version('v1', schema)]);
    const { message } = await must(400, 'POST', `${path}?fieldValidation=Strict`, {
      apiVersion,
      kind,
      metadata: { name: 'a', unknownMeta: 1 },
      spec: { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'in', unknownSubMeta: 1 } },
    });
    expect(message).toContain('metadata.unknownMeta');
    expect(message).toContain('spec.metadata.unknownSubMeta');
  });
});

import { describe, expect, test } from 'vitest';
import { editorSchema } from './editor-schema.ts';
import { loadDescriptions, openApiV3 } from './openapi-v3.ts';
import { resources } from './resources.ts';
import { findType } from './schema/schema.ts';

type Schemas = Record<string, { properties: Record<string, Record<string, unknown>>; [key: string]: unknown }>;
const schemasOf = (document: Record<string, unknown>) => (document['components'] as { schemas: Schemas }).schemas;

test('every resource has a type in the schema', () => {
  for (const resource of resources)
    if (resource.kind !== 'Binding') expect(findType(resource.type), resource.type).toBeDefined();
});

describe('OpenAPI v3', () => {
  const groups = [...new Set(resources.map((r) => `${r.group} ${r.version}`))];
  test.each(groups)('%s refers to nothing that is missing', (gv) => {
    const [group = '', version = ''] = gv.split(' ');
    const document = openApiV3(group, version);
    const known = schemasOf(document);
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(known).toHaveProperty([name as string]);
  });
  test('a field says what it is for, and leaves to its type what that is', async () => {
    const schemas = schemasOf(openApiV3('apps', 'v1', await loadDescriptions()));
    const spec = schemas['io.k8s.api.apps.v1.DeploymentSpec'];
    const text = (type: string, field: string) => schemas[`io.k8s.api.${type}`]?.properties[field]?.['description'];
    expect(text('apps.v1.Deployment', 'spec')).toBe('What is wanted of the Deployment.');
    expect(text('apps.v1.DeploymentSpec', 'strategy')).toBe('How old pods are replaced by new ones.');
    for (const { properties } of Object.values(schemas))
      for (const { description, allOf } of Object.values(properties ?? {})) {
        const [ref] = (allOf ?? []) as { $ref: string }[];
        const type = ref && schemas[ref.$ref.replace('#/components/schemas/', '')];
        if (type && description !== undefined) expect(description).not.toBe(type['description']);
      }
    expect(spec?.['description']).toBeTruthy();
  });
  test('what kubectl reads', async () => {
    const apps = openApiV3('apps', 'v1', await loadDescriptions());
    const schemas = schemasOf(apps);
    const deployment = schemas['io.k8s.api.apps.v1.Deployment'];
    expect(deployment?.['x-kubernetes-group-version-kind']).toEqual([
      { group: 'apps', kind: 'Deployment', version: 'v1' },
    ]);
    expect(schemas['io.k8s.api.core.v1.PodSpec']?.properties['containers']).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    });
    expect(schemas['io.k8s.api.apps.v1.DeploymentSpec']?.properties['replicas']).toMatchObject({
      type: 'integer',
      format: 'int32',
    });
    expect(String(deployment?.properties['spec']?.['description'])).not.toBe('');
    const paths = apps['paths'] as Record<string, { patch?: { parameters: { name: string }[] } }>;
    expect(
      paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch?.parameters.map((p) => p.name),
    ).toContain('fieldValidation');
  });
});

test('the editor schema tells kinds apart and refuses unknown fields', () => {
  const schema = editorSchema();
  const definitions = schema['definitions'] as Schemas;
  const pod = definitions['io.k8s.api.core.v1.Pod'];
  expect(pod?.properties['kind']).toEqual({ type: 'string', enum: ['Pod'] });
  expect(pod?.['required']).toEqual(expect.arrayContaining(['apiVersion', 'kind']));
  expect(definitions['io.k8s.api.core.v1.Container']).toMatchObject({ additionalProperties: false });
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
    expect(definitions).toHaveProperty([name as string]);
});

import { beforeAll, describe, expect, test } from 'vitest';
import { crds, named, object, until, withSpec } from './testing/definitions.ts';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
const crons = '/apis/stable.example.com/v1/namespaces/default/crontabs';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' }],
        selectableFields: [{ jsonPath: '.spec.image' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['cronSpec'],
                properties: {
                  cronSpec: { type: 'string', pattern: '^(\\S+ ){4}\\S+$' },
                  image: { type: 'string' },
                  replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
                },
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};

const cron = (name: string, spec: object) => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec,
});
beforeAll(async () => {
  api = await startHarness();
  const { code } = await api.call('POST', crds, definition);
  expect(code).toBe(201);
  await until(api, crons, true);
});

describe('a custom resource', () => {
  test('is discovered', async () => {
    const { body } = await api.call('GET', '/apis/stable.example.com/v1');
    expect(body.resources.map(({ name }: { name: string }) => name)).toEqual([
      'crontabs',
      'crontabs/status',
      'crontabs/scale',
    ]);
    const { body: crd } = await api.call('GET', `${crds}/crontabs.stable.example.com`);
    expect(crd.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ]);
  });

  test('is defaulted and pruned', async () => {
    const { code, body, headers } = await api.call(
      'POST',
      crons,
      cron('first', { cronSpec: '* * * * */5', image: 'a', extra: 1 }),
    );
    expect(code).toBe(201);
    expect(body.spec).toEqual({ cronSpec: '* * * * */5', image: 'a', replicas: 1 });
    expect(headers.get('warning')).toBe('299 - "unknown field \\"spec.extra\\""');
  });

  test('is validated by its schema', async () => {
    const { code, body } = await api.call('POST', crons, cron('bad', { cronSpec: '* * *', replicas: 50 }));
    expect(code).toBe(422);
    expect(body.message).toContain(
      `spec.cronSpec: Invalid value: "* * *": spec.cronSpec in body should match '^(\\S+ ){4}\\S+$'`,
    );
    expect(body.message).toContain(
      'spec.replicas: Invalid value: 50: spec.replicas in body should be less than or equal to 10',
    );
  });

  test('has its columns, its scale and its selectable fields', async () => {
    const table = await api.call('GET', crons, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Spec']);
    const merge = { 'content-type': 'application/merge-patch+json' };
    const scaled = await api.call('PATCH', `${crons}/first/scale`, { spec: { replicas: 3 } }, merge);
    expect(scaled.body.spec.replicas).toBe(3);
    const found = await api.call('GET', `${crons}?fieldSelector=spec.image%3Da`);
    expect(found.body.items).toHaveLength(1);
    const { code, body } = await api.call('GET', `${crons}?fieldSelector=spec.cronSpec%3Da`);
    expect([code, body.message]).toEqual([400, 'field label not supported: spec.cronSpec']);
  });

  test('goes with its definition, and while that goes none is made', async () => {
    const merge = { 'content-type': 'application/merge-patch+json' };
    await api.call('PATCH', `${crons}/first`, { metadata: { finalizers: ['example.com/hold'] } }, merge);
    await api.call('DELETE', `${crds}/crontabs.stable.example.com`);
    const late = async () =>
      api.call('POST', `${crons}?dryRun=All`, cron('late', { cronSpec: '* * * * */5', image: 'a' }));
    for (let i = 0; i < 200 && (await late()).code === 201; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await late()).body).toMatchObject({
      code: 405,
      reason: 'MethodNotAllowed',
      message: 'create not allowed while custom resource definition is terminating',
      details: { group: 'stable.example.com', kind: 'crontabs' },
    });
    await api.call('PATCH', `${crons}/first`, { metadata: { finalizers: null } }, merge);
    await until(api, crons, false);
  });
});

describe('names', () => {
  test('are given to who came first', async () => {
    const schema = object({});
    await api.call('POST', crds, named('apples', 'Apple', schema, {}, { shortNames: ['ap'] }));
    await until(api, '/apis/example.com/v1/namespaces/default/apples', true);
    await api.call('POST', crds, named('appels', 'Apple', schema));
    await api.call('POST', crds, named('apes', 'Ape', schema, {}, { shortNames: ['ap'] }));
    const condition = async (name: string, type: string) => {
      for (let i = 0; i < 100; i++) {
        const { body } = await api.call('GET', `${crds}/${name}.example.com`);
        const found = body.status?.conditions?.find((each: { type: string }) => each.type === type);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    expect(await condition('appels', 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ListKindConflict',
      message: '"AppleList" is already in use',
    });
    expect(await condition('appels', 'Established')).toMatchObject({ status: 'False', reason: 'NotAccepted' });
    expect(await condition('apes', 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ShortNamesConflict',
      message: '"ap" is already in use',
    });
    await until(api, '/apis/example.com/v1/namespaces/default/appels', false);
    // Names are free again when their owner goes.
    await api.call('DELETE', `${crds}/apples.example.com`);
    await until(api, '/apis/example.com/v1/namespaces/default/appels', true);
  });

  test('do not change once established', async () => {
    const path = `${crds}/appels.example.com`;
    const { body } = await api.call('GET', path);
    const changed = await api.call('PUT', path, { ...body, spec: { ...body.spec, scope: 'Cluster' } });
    expect(changed.body.message).toContain('spec.scope: Invalid value: "Cluster": field is immutable');
  });
});

describe('versions', () => {
  test('share their objects, warn when they are deprecated, and remember which were stored', async () => {
    const definition = named('shares', 'Share', withSpec(object({ a: { type: 'string' } })));
    const [first] = definition.spec.versions as unknown as [Record<string, unknown>];
    const spec = {
      ...definition.spec,
      versions: [
        { ...first, name: 'v2' },
        { ...first, name: 'v1', storage: false, deprecated: true },
      ],
    };
    expect((await api.call('POST', crds, { ...definition, spec })).code).toBe(201);
    const v1 = '/apis/example.com/v1/namespaces/default/shares';
    const v2 = v1.replace('v1', 'v2');
    await until(api, v2, true);
    await api.call('POST', v1, {
      apiVersion: 'example.com/v1',
      kind: 'Share',
      metadata: { name: 's' },
      spec: { a: 'x' },
    });
    const old = await api.call('GET', `${v1}/s`);
    expect(old.headers.get('warning')).toBe('299 - "example.com/v1 Share is deprecated"');
    expect(old.body.apiVersion).toBe('example.com/v1');
    expect((await api.call('GET', `${v2}/s`)).body).toMatchObject({ apiVersion: 'example.com/v2', spec: { a: 'x' } });
    const path = `${crds}/shares.example.com`;
    const { body } = await api.call('GET', path);
    expect(body.status.storedVersions).toEqual(['v2']);
    const gone = await api.call('PUT', path, {
      ...body,
      spec: { ...body.spec, versions: [{ ...first, name: 'v3' }] },
    });
    expect(gone.body.message).toContain(
      'status.storedVersions[0]: Invalid value: "v2": missing from spec.versions; v2 was previously a storage version',
    );
  });
});

describe('strict validation', () => {
  test('names unknown fields, also of metadata and of embedded objects', async () => {
    const template = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    };
    await api.call('POST', crds, named('holders', 'Holder', withSpec(object({ template, n: { type: 'integer' } }))));
    const holders = '/apis/example.com/v1/namespaces/default/holders';
    await until(api, holders, true);
    const holder = (name: string) =>
      JSON.stringify({
        apiVersion: 'example.com/v1',
        kind: 'Holder',
        metadata: { name, unknownMeta: 1 },
        spec: {
          n: 1,
          extra: true,
          template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', unknownSub: 1 }, data: { a: 'b' } },
        },
      }).replace('"n":1', '"n":1,"n":2');
    const strict = await api.call('POST', `${holders}?fieldValidation=Strict`, holder('h1'));
    expect([strict.code, strict.body.message]).toEqual([
      400,
      'Holder in version "v1" cannot be handled as a Holder: strict decoding error: duplicate field "spec.n", unknown field "metadata.unknownMeta", unknown field "spec.template.metadata.unknownSub", unknown field "spec.extra"',
    ]);
    const lax = await api.call('POST', `${holders}?fieldValidation=Ignore`, holder('h1'));
    expect(lax.code).toBe(201);
    expect(lax.body.spec).toEqual({
      n: 2,
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: expect.objectContaining({ name: 'x' }),
        data: { a: 'b' },
      },
    });
    const wrong = await api.call('POST', holders, {
      apiVersion: 'example.com/v1',
      kind: 'Holder',
      metadata: { name: 'h2', labels: 'x' },
    });
    expect(wrong.code).toBe(400);
  });
});

test('server-side apply knows lists by their keys', async () => {
  const item = object({ name: { type: 'string' }, weight: { type: 'integer' } }, { required: ['name'] });
  const parts = { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
  await api.call(
    'POST',
    crds,
    named('stacks', 'Stack', withSpec(object({ parts, plain: { type: 'array', items: { type: 'string' } } }))),
  );
  const stacks = '/apis/example.com/v1/namespaces/default/stacks';
  await until(api, stacks, true);
  const apply = (manager: string, spec: object) =>
    api.call(
      'PATCH',
      `${stacks}/s?fieldManager=${manager}`,
      { apiVersion: 'example.com/v1', kind: 'Stack', metadata: { name: 's' }, spec },
      { 'content-type': 'application/apply-patch+yaml' },
    );
  expect((await apply('one', { parts: [{ name: 'a', weight: 1 }] })).code).toBe(201);
  const both = await apply('two', { parts: [{ name: 'b', weight: 2 }] });
  expect(both.body.spec.parts).toEqual([
    { name: 'a', weight: 1 },
    { name: 'b', weight: 2 },
  ]);
  expect(both.body.metadata.managedFields[0].fieldsV1['f:spec']['f:parts']).toHaveProperty([
    'k:{"name":"a"}',
    'f:weight',
  ]);
  const conflict = await apply('two', { parts: [{ name: 'a', weight: 5 }] });
  expect([conflict.code, conflict.body.message]).toEqual([
    409,
    'Apply failed with 1 conflict: conflict with "one": .spec.parts[name="a"].weight',
  ]);
  const gone = await apply('one', { parts: [] });
  expect(gone.body.spec.parts).toEqual([{ name: 'b', weight: 2 }]);
});

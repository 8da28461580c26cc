import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
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

/** Waits until `path` is served (or, with false, is not). */
async function until(path: string, served: boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (((await api.call('GET', path)).code === 200) === served) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${path} is ${served ? 'not ' : ''}served`);
}

beforeAll(async () => {
  api = await startHarness();
  const { code } = await api.call('POST', crds, definition);
  expect(code).toBe(201);
  await until(crons, true);
});

describe('a custom resource', () => {
  test('is discovered', async () => {
    const { body } = await api.call('GET', '/apis/stable.example.com/v1');
    expect(body.resources.map(({ name }: { name: string }) => name)).toEqual([
      'crontabs',
      'crontabs/scale',
      'crontabs/status',
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
    expect((await api.call('GET', `${crons}?fieldSelector=spec.cronSpec%3Da`)).code).toBe(400);
  });

  test('goes with its definition', async () => {
    await api.call('DELETE', `${crds}/crontabs.stable.example.com`);
    await until(crons, false);
  });
});

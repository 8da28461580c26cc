// Objects with hardly anything in them, or with the wrong things: refused or made, and never a failure of the server.

import { beforeAll, expect, test } from 'vitest';
import { collectionPath, resources } from '../api/resources.ts';
import type { Json } from '../env/env.ts';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

const fields = [
  'spec',
  'status',
  'data',
  'rules',
  'subjects',
  'roleRef',
  'template',
  'webhooks',
  'subsets',
  'endpoints',
  'ports',
  'involvedObject',
  'target',
  'handler',
  'provisioner',
];
const values: Json[] = [null, {}, [], 'x', 1, [null], [{}], { a: null }];
const all = (value: Json) => Object.fromEntries(fields.map((field) => [field, value]));
const bodies: Json[] = [
  ...[{}, { metadata: {} }, { metadata: null }, { metadata: 'x' }, { metadata: { name: 'x' } }],
  ...values.map((value) => ({ metadata: { name: 'x' }, ...all(value) })),
  ...['spec', 'data'].flatMap((field) => values.map((value) => ({ metadata: { name: 'x' }, [field]: value }))),
];

test.each(resources.filter(({ verbs }) => verbs.includes('create')).map((each) => [each.kind, each] as const))(
  '%s',
  async (_kind, resource) => {
    const path = collectionPath(resource, 'default');
    const failures: unknown[] = [];
    const ask = async (method: string, where: string, body: Json, type = 'application/json') => {
      const answer = await api.call(method, where, body as object, { 'content-type': type });
      if (answer.code >= 500) failures.push([method, JSON.stringify(body), answer.body.message]);
      return answer.code;
    };
    let patched = false;
    for (const body of bodies) {
      if ((await ask('POST', path, body)) !== 201 || !resource.verbs.includes('delete')) continue;
      if (!patched) {
        patched = true;
        for (const value of values) {
          await ask('PUT', `${path}/x`, { ...(body as object), spec: value });
          await ask('PATCH', `${path}/x`, { spec: value, data: value }, 'application/merge-patch+json');
          await ask('PATCH', `${path}/x`, { metadata: value }, 'application/strategic-merge-patch+json');
        }
        await ask('PATCH', `${path}/x`, { metadata: { finalizers: null } }, 'application/merge-patch+json');
      }
      await ask('DELETE', `${path}/x`, { gracePeriodSeconds: 0 });
    }
    expect(failures).toEqual([]);
  },
);

test('what is sent to subresources, and asked of reviews', async () => {
  const failures: unknown[] = [];
  const make = (path: string, object: object) => api.call('POST', path, object);
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const selector = { matchLabels: { a: 'b' } };
  const space = '/api/v1/namespaces/default';
  await make(`${space}/pods`, { metadata: { name: 'p' }, spec: template.spec });
  await make('/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'd' }, spec: { selector, template } });
  await make('/api/v1/nodes', { metadata: { name: 'n' } });
  await make(`${space}/serviceaccounts`, { metadata: { name: 'default' } });
  const ask = async (method: string, path: string, body: Json, type = 'application/json') => {
    const answer = await api.call(method, path, body as object, { 'content-type': type });
    if (answer.code >= 500) failures.push([method, path, JSON.stringify(body), answer.body.message]);
  };
  const sparse: Json[] = values.flatMap((value): Json[] => [
    { spec: value, target: value, deleteOptions: value, metadata: { name: 'p' } },
    { spec: value },
    { metadata: value },
    { status: value },
  ]);
  const creates = [
    ...['binding', 'eviction'].map((name) => `${space}/pods/p/${name}`),
    `${space}/bindings`,
    `${space}/serviceaccounts/default/token`,
    ...resources.filter(({ verbs }) => verbs.join() === 'create').map((each) => collectionPath(each, 'default')),
  ];
  const changes = [
    ...['status', 'ephemeralcontainers', 'resize'].map((name) => `${space}/pods/p/${name}`),
    ...['status', 'scale'].map((name) => `/apis/apps/v1/namespaces/default/deployments/d/${name}`),
    '/api/v1/nodes/n/status',
    '/api/v1/namespaces/default/finalize',
  ];
  for (const body of sparse) {
    for (const path of creates) await ask('POST', path, body);
    for (const path of changes) {
      await ask('PUT', path, body);
      if (!path.endsWith('finalize')) await ask('PATCH', path, body, 'application/merge-patch+json');
    }
  }
  expect(failures).toEqual([]);
});

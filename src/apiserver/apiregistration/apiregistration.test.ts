import { beforeAll, expect, test } from 'vitest';
import { createApiServer } from '../index.ts';
import { adminToken, type Harness, startHarness } from '../testing/harness.ts';

const path = '/apis/apiregistration.k8s.io/v1/apiservices';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

const names = async (): Promise<string[]> =>
  (await api.call('GET', path)).body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
/** Asks until the answer is yes; the server's housekeeping has its turns meanwhile. */
async function until(question: () => Promise<boolean>): Promise<void> {
  while (!(await question())) await api.simulation.run(100);
}

test('each group and version that is served has one, always available', async () => {
  const groups = (await api.call('GET', '/apis')).body.groups as { versions: { groupVersion: string }[] }[];
  const served = groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion));
  const expected = served
    .filter((groupVersion) => groupVersion !== 'apiregistration.k8s.io/v1')
    .map((groupVersion) => groupVersion.split('/').reverse().join('.'));
  expect(await names()).toEqual(['v1.', ...expected].sort());
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { body } = await api.call('GET', `${path}/v2.autoscaling`, undefined, { accept });
  expect(body.rows[0].cells.slice(0, 3)).toEqual(['v2.autoscaling', 'Local', 'True']);
  const { spec, metadata } = (await api.call('GET', `${path}/v1.`)).body;
  expect(spec).toEqual({ groupPriorityMinimum: 18_000, version: 'v1', versionPriority: 1 });
  expect(metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
});

test('one of a service somewhere else is not said to be available', async () => {
  const service = { namespace: 'default', name: 'metrics' };
  const spec = { group: 'm.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, service };
  const { code, body } = await api.call('POST', path, { metadata: { name: 'v1.m.io' }, spec });
  expect([code, body.status ?? {}]).toEqual([201, {}]);
});

test('those of custom resources come and go with their definition; a deleted one comes back', async () => {
  const version = (name: string, served: boolean) => ({
    name,
    served,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const spec = {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [version('v1', true), version('v2', true), version('v3', false)],
  };
  await api.call('POST', definitions, { metadata: { name: 'widgets.example.com' }, spec });
  const ours = async () => (await names()).filter((name) => name.endsWith('.example.com'));
  await until(async () => (await ours()).length === 2);
  expect(await ours()).toEqual(['v1.example.com', 'v2.example.com']);
  await api.call('DELETE', `${path}/v2.example.com`);
  await until(async () => (await ours()).length === 2);
  await api.call('DELETE', `${definitions}/widgets.example.com`);
  await until(async () => (await ours()).length === 0);
});

test('a server that starts makes those of built-in groups again', async () => {
  await api.call('DELETE', `${path}/v1.apps`);
  expect(await names()).not.toContain('v1.apps');
  await createApiServer(api.simulation.env('kube-apiserver-2'), {
    host: 'kube-apiserver-2:6443',
    etcd: api.etcd.client,
    tokens: [{ token: adminToken, user: 'kubernetes-admin', groups: ['system:masters'] }],
  });
  expect(await names()).toContain('v1.apps');
});

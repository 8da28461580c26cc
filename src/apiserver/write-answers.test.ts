// What writes are answered beyond the object: warnings, owners, revisions, and whose rights they need.

import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';
import { apply, deployments, jsonPatch, map, maps, merge, strategic } from './testing/writes.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
  await api.call('POST', maps, map('a', { data: { k: 'v' } }));
});

test('an update of a kind that must name its revision', async () => {
  const definition = (version?: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'as.a.io', ...(version && { resourceVersion: version }) },
    spec: {
      group: 'a.io',
      scope: 'Namespaced',
      names: { plural: 'as', kind: 'A' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition());
  await expect.poll(async () => (await api.call('GET', '/apis/a.io/v1/namespaces/default/as')).code).toBe(200);
  const custom = (kind: string) => ({ apiVersion: 'a.io/v1', kind, metadata: { name: 'x' } });
  expect((await api.call('POST', '/apis/a.io/v1/namespaces/default/as', custom('A'))).code).toBe(201);
  const { body } = await api.call('PUT', '/apis/a.io/v1/namespaces/default/as/x', custom('A'));
  expect(body.message).toBe(
    'as.a.io "x" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
  );
  expect((await api.call('POST', '/apis/a.io/v1/namespaces/default/as', custom('B'))).body.message).toBe(
    'A.a.io "x" is invalid: kind: Invalid value: "B": must be A',
  );
});

test('what strict decoding says of patches are warnings, each its own', async () => {
  const warned = async (body: unknown, headers: Record<string, string>) =>
    (await api.call('PATCH', `${maps}/a?fieldManager=w`, body as object, headers)).headers.get('warning');
  expect(await warned([{ op: 'add', path: '/data/q', value: '1', foo: 1 }], jsonPatch)).toBe(
    '299 - "json patch unknown field \\"[0].foo\\""',
  );
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  z: "1"\n  z: "2"\n  x: "1"\n  x: "2"';
  expect(await warned(yaml, apply)).toBe(
    '299 - "line 6: key \\"z\\" already set in map", 299 - "line 8: key \\"x\\" already set in map"',
  );
});

test('a null is no merge patch of anything, and a strategic one of nothing', async () => {
  expect((await api.call('PATCH', `${maps}/a`, 'null', strategic)).code).toBe(200);
  expect((await api.call('PATCH', `${maps}/a`, 'null', jsonPatch)).code).toBe(200);
  expect((await api.call('PATCH', `${maps}/a`, 'null', merge)).body.message).toContain('was undeterminable');
});

test('an apply needs no name where there is one', async () => {
  const { code, body } = await api.call(
    'PATCH',
    `${maps}/a?fieldManager=n`,
    { apiVersion: 'v1', kind: 'ConfigMap', data: { n: '1' } },
    apply,
  );
  expect([code, body.metadata.name, body.data.n]).toEqual([200, 'a', '1']);
});

test('an apply to the status takes no notice of the rest, whoever owns that', async () => {
  const selector = { matchLabels: { a: 'b' } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const own = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 's' },
    spec: { replicas: 1, selector, template },
  };
  await api.call('PATCH', `${deployments}/s?fieldManager=m`, own, apply);
  const whole = { ...own, spec: { replicas: 9 }, status: { replicas: 5 } };
  const { code, body } = await api.call('PATCH', `${deployments}/s/status?fieldManager=s`, whole, apply);
  expect([code, body.spec.replicas, body.status.replicas]).toEqual([200, 1, 5]);
  expect(body.metadata.managedFields[1]).toMatchObject({
    manager: 's',
    subresource: 'status',
    fieldsV1: { 'f:status': { 'f:replicas': {} } },
  });
});

test('owners that are there twice', async () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  const { body, headers } = await api.call('POST', maps, map('owned', {}, { ownerReferences: [owner, owner] }));
  expect(body.metadata.ownerReferences).toEqual([owner]);
  expect(headers.get('warning')).toContain(
    '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u',
  );
});

test('a dry run makes no revision', async () => {
  const { body } = await api.call('POST', `${maps}?dryRun=All`, map('dry'));
  expect(body.metadata.uid).toBeDefined();
  expect(body.metadata.resourceVersion).toBeUndefined();
});

test('who may not create may not create by update or apply', async () => {
  const rules = [
    { apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'], verbs: ['update', 'patch'] },
  ];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await api.call('POST', `${rbac}/clusterroles`, { metadata: { name: 'writer' }, rules });
  await api.call('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name: 'writer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'w' }],
  });
  const as = { 'impersonate-user': 'w' };
  const { body } = await api.call('PATCH', `${maps}/made?fieldManager=m`, map('made'), { ...apply, ...as });
  expect([body.code, body.message]).toEqual([
    403,
    'configmaps "made" is forbidden: User "w" cannot create resource "configmaps" in API group "" in the namespace "default"',
  ]);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  expect((await api.call('PUT', `${leases}/l`, { metadata: { name: 'l' } }, as)).code).toBe(403);
  expect((await api.call('PUT', `${leases}/l`, { metadata: { name: 'l' } })).code).toBe(201);
  expect((await api.call('PATCH', `${maps}/a?fieldManager=m`, map('a'), { ...apply, ...as })).code).toBe(200);
});

test("what admission adds is nobody's", async () => {
  const pods = '/api/v1/namespaces/default/pods';
  const { body } = await api.call('POST', `${pods}?fieldManager=m`, {
    metadata: { generateName: 'p-' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  expect(body.spec.tolerations).toHaveLength(2);
  const [owner] = body.metadata.managedFields;
  expect(owner).toMatchObject({ manager: 'm', operation: 'Update' });
  expect(Object.keys(owner.fieldsV1['f:spec'])).not.toContain('f:tolerations');
  expect(Object.keys(owner.fieldsV1['f:spec'])).toContain('f:dnsPolicy');
});

test('what is there from the start has an owner', async () => {
  const { body } = await api.call('GET', '/api/v1/namespaces/kube-system');
  expect(body.metadata.managedFields).toMatchObject([{ manager: 'kube-apiserver', operation: 'Update' }]);
});

// A server that starts over a store with default roles in it gives back what somebody took away and leaves what somebody added.

import { expect, test } from 'vitest';
import { createApiServer } from '../index.ts';
import { adminToken, startHarness } from '../testing/harness.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const roles = `${rbac}/clusterroles`;
const bindings = `${rbac}/clusterrolebindings`;

/** A server with changes made to its defaults, and after that another over the same store. */
async function restarted(change: (call: Awaited<ReturnType<typeof startHarness>>['call']) => Promise<void>) {
  const { call, etcd, simulation } = await startHarness();
  await change(call);
  await createApiServer(simulation.env('kube-apiserver-2'), {
    host: 'kube-apiserver-2:6443',
    etcd: etcd.client,
    tokens: [{ token: adminToken, user: 'kubernetes-admin', groups: ['system:masters'] }],
  });
  return call;
}

const merge = { 'content-type': 'application/merge-patch+json' };

test('rules, labels and subjects that went missing come back; additions stay', async () => {
  const own = { apiGroups: ['a.io'], resources: ['things'], verbs: ['get'] };
  const reader = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' };
  const call = await restarted(async (call) => {
    await call(
      'PATCH',
      `${roles}/system:kube-dns`,
      {
        metadata: { labels: { 'kubernetes.io/bootstrapping': null, mine: 'yes' } },
        rules: [{ apiGroups: [''], resources: ['services'], verbs: ['list'] }, own],
      },
      merge,
    );
    await call('PATCH', `${bindings}/system:basic-user`, { subjects: [reader] }, merge);
    await call('DELETE', `${roles}/system:discovery`);
  });
  const dns = (await call('GET', `${roles}/system:kube-dns`)).body;
  expect(dns.rules).toEqual([
    { apiGroups: [''], resources: ['services'], verbs: ['list'] },
    own,
    { apiGroups: [''], resources: ['endpoints'], verbs: ['list', 'watch'] },
    { apiGroups: [''], resources: ['services'], verbs: ['watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ]);
  expect(dns.metadata.labels).toEqual({ 'kubernetes.io/bootstrapping': 'rbac-defaults', mine: 'yes' });
  const { subjects } = (await call('GET', `${bindings}/system:basic-user`)).body;
  expect(subjects.map((subject: { name: string }) => subject.name)).toEqual(['jane', 'system:authenticated']);
  expect((await call('GET', `${roles}/system:discovery`)).code).toBe(200);
});

test('a binding made anew to another role is replaced', async () => {
  const call = await restarted(async (call) => {
    const { body } = await call('GET', `${bindings}/system:kube-dns`);
    await call('DELETE', `${bindings}/system:kube-dns`);
    const { name, annotations, labels } = body.metadata;
    await call('POST', bindings, {
      ...body,
      metadata: { name, annotations, labels },
      roleRef: { ...body.roleRef, name: 'cluster-admin' },
    });
    expect((await call('GET', `${bindings}/system:kube-dns`)).body.roleRef.name).toBe('cluster-admin');
  });
  expect((await call('GET', `${bindings}/system:kube-dns`)).body.roleRef.name).toBe('system:kube-dns');
});

test('what is marked autoupdate=false, and what nobody changed, is left alone', async () => {
  let untouched = '';
  const call = await restarted(async (call) => {
    await call(
      'PATCH',
      `${roles}/system:kube-dns`,
      { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } }, rules: [] },
      merge,
    );
    untouched = (await call('GET', `${roles}/system:node-proxier`)).body.metadata.resourceVersion;
  });
  expect((await call('GET', `${roles}/system:kube-dns`)).body.rules ?? []).toEqual([]);
  expect((await call('GET', `${roles}/system:node-proxier`)).body.metadata.resourceVersion).toBe(untouched);
});

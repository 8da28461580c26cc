import { beforeAll, expect, test } from 'vitest';
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../api/generated/types.ts';
import { type Harness, startHarness } from '../testing/harness.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
let api: Harness;
beforeAll(async () => {
  api = await startHarness({
    tokens: [
      { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
      { token: 'kubelet', user: 'system:node:n1', groups: ['system:nodes'] },
    ],
  });
});

const items = async <T extends ClusterRole | ClusterRoleBinding>(resource: string): Promise<T[]> =>
  (await api.call('GET', `${rbac}/${resource}`)).body.items;
const names = (objects: (ClusterRole | ClusterRoleBinding)[]) =>
  objects.map(({ metadata: { name, namespace } }) => (namespace ? `${namespace}/${name}` : name)).sort();

const controllers = [
  'attachdetach-controller',
  'certificate-controller',
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemon-set-controller',
  'deployment-controller',
  'device-taint-eviction-controller',
  'disruption-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'endpointslicemirroring-controller',
  'ephemeral-volume-controller',
  'expand-controller',
  'generic-garbage-collector',
  'horizontal-pod-autoscaler',
  'job-controller',
  'legacy-service-account-token-cleaner',
  'namespace-controller',
  'node-controller',
  'persistent-volume-binder',
  'pod-garbage-collector',
  'pv-protection-controller',
  'pvc-protection-controller',
  'replicaset-controller',
  'replication-controller',
  'resource-claim-controller',
  'resourcequota-controller',
  'root-ca-cert-publisher',
  'route-controller',
  'selinux-warning-controller',
  'service-account-controller',
  'service-cidrs-controller',
  'service-controller',
  'statefulset-controller',
  'ttl-after-finished-controller',
  'ttl-controller',
  'validatingadmissionpolicy-status-controller',
  'volumeattributesclass-protection-controller',
].map((name) => `system:controller:${name}`);

const forUsers = ['admin', 'cluster-admin', 'edit', 'view'];
const withoutBinding = [
  'system:aggregate-to-admin',
  'system:aggregate-to-edit',
  'system:aggregate-to-view',
  'system:auth-delegator',
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
  'system:certificates.k8s.io:kube-apiserver-client-approver',
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver',
  'system:certificates.k8s.io:kubelet-serving-approver',
  'system:certificates.k8s.io:legacy-unknown-approver',
  'system:heapster',
  'system:kube-aggregator',
  'system:kubelet-api-admin',
  'system:node-bootstrapper',
  'system:node-problem-detector',
  'system:persistent-volume-provisioner',
];
const bound = [
  'system:basic-user',
  'system:discovery',
  'system:kube-controller-manager',
  'system:kube-dns',
  'system:kube-scheduler',
  'system:monitoring',
  'system:node',
  'system:node-proxier',
  'system:public-info-viewer',
  'system:service-account-issuer-discovery',
  'system:volume-scheduler',
];

test('a fresh cluster has the roles and bindings that are on by default upstream, and no others', async () => {
  const roles = await items<ClusterRole>('clusterroles');
  expect(names(roles)).toEqual([...forUsers, ...withoutBinding, ...bound, ...controllers].sort());
  expect(names(await items('clusterrolebindings'))).toEqual(['cluster-admin', ...bound, ...controllers].sort());
  expect(names(await items('roles'))).toEqual([
    'kube-public/system:controller:bootstrap-signer',
    'kube-system/extension-apiserver-authentication-reader',
    'kube-system/system::leader-locking-kube-controller-manager',
    'kube-system/system::leader-locking-kube-scheduler',
    'kube-system/system:controller:bootstrap-signer',
    'kube-system/system:controller:cloud-provider',
    'kube-system/system:controller:token-cleaner',
  ]);
  expect(names(await items('rolebindings'))).toEqual([
    'kube-public/system:controller:bootstrap-signer',
    'kube-system/system::extension-apiserver-authentication-reader',
    'kube-system/system::leader-locking-kube-controller-manager',
    'kube-system/system::leader-locking-kube-scheduler',
    'kube-system/system:controller:bootstrap-signer',
    'kube-system/system:controller:cloud-provider',
    'kube-system/system:controller:token-cleaner',
  ]);
  for (const { metadata } of roles) {
    expect(metadata.annotations).toEqual({ 'rbac.authorization.kubernetes.io/autoupdate': 'true' });
    expect(metadata.labels).toMatchObject({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
  }
});

test('every binding names a role that is there', async () => {
  const roles = new Set(names(await items('clusterroles')));
  for (const { roleRef } of await items<ClusterRoleBinding>('clusterrolebindings'))
    expect(roles).toContain(roleRef.name);
  const own = new Set(names(await items('roles')));
  for (const { roleRef, metadata } of await items<ClusterRoleBinding>('rolebindings'))
    expect(own).toContain(`${metadata.namespace}/${roleRef.name}`);
});

test('rules are as upstream writes them, each list sorted', async () => {
  const role = (await items<ClusterRole>('clusterroles')).find(({ metadata }) => metadata.name === 'system:kube-dns');
  expect(role?.rules).toEqual([
    { apiGroups: [''], resources: ['endpoints', 'services'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ]);
});

const has = (rules: PolicyRule[] = [], verb: string, group: string, resource: string) =>
  rules.some(
    ({ verbs, apiGroups, resources }) =>
      verbs.includes(verb) && apiGroups?.includes(group) && resources?.includes(resource),
  );

test('view reads no secrets; edit writes them and no roles; admin writes roles and no quotas', async () => {
  const roles = new Map((await items<ClusterRole>('clusterroles')).map((role) => [role.metadata.name, role.rules]));
  const rbacGroup = 'rbac.authorization.k8s.io';
  const table = ['view', 'edit', 'admin'].map((name) => {
    const rules = roles.get(name);
    return [
      has(rules, 'get', '', 'secrets'),
      has(rules, 'update', '', 'secrets'),
      has(rules, 'get', 'resource.k8s.io', 'resourceclaims/status'),
      has(rules, 'create', 'resource.k8s.io', 'resourceclaims'),
      has(rules, 'create', '', 'endpoints'),
      has(rules, 'create', rbacGroup, 'roles'),
      has(rules, 'update', '', 'resourcequotas'),
    ];
  });
  expect(table).toEqual([
    [false, false, true, false, false, false, false],
    [true, true, true, true, false, false, false],
    [true, true, true, true, false, true, false],
  ]);
});

test('the role of nodes is shown with its rules and given to nobody', async () => {
  const role = (await items<ClusterRole>('clusterroles')).find(({ metadata }) => metadata.name === 'system:node');
  expect(has(role?.rules, 'patch', '', 'nodes/status')).toBe(true);
  expect(has(role?.rules, 'deletecollection', 'resource.k8s.io', 'resourceslices')).toBe(true);
  const { body } = await api.call('GET', `${rbac}/clusterrolebindings/system:node`);
  expect(body.subjects).toBeUndefined();
});

test('a kubelet reads the service accounts of its own pods', async () => {
  const path = '/api/v1/namespaces/default/serviceaccounts';
  await api.call('POST', path, { metadata: { name: 'runner' } });
  await api.call('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name: 'p' },
    spec: { nodeName: 'n1', serviceAccountName: 'runner', containers: [{ name: 'c', image: 'i' }] },
  });
  const as = { authorization: 'Bearer kubelet' };
  expect((await api.call('GET', `${path}/runner`, undefined, as)).code).toBe(200);
  expect((await api.call('GET', `${path}/default`, undefined, as)).code).toBe(403);
  expect((await api.call('GET', path, undefined, as)).code).toBe(403);
});

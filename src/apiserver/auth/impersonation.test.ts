import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

beforeAll(async () => {
  const user = (name: string) => ({ token: name, user: name, groups: [] });
  api = await startHarness({
    tokens: [
      { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
      ...['limited', 'nobody', 'legacy'].map(user),
    ],
  });
  const role = async (name: string, rules: object[], to: string) => {
    await api.call('POST', `${rbac}/clusterroles`, { metadata: { name }, rules });
    await api.call('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: to }],
    });
  };
  const authentication = (verb: string, resources: string[]) => ({
    apiGroups: ['authentication.k8s.io'],
    resources,
    verbs: [verb],
  });
  await role(
    'limited',
    [
      authentication('impersonate:user-info', ['users', 'groups']),
      { apiGroups: [''], resources: ['pods'], verbs: ['impersonate-on:user-info:list'] },
      authentication('impersonate:arbitrary-node', ['nodes']),
      authentication('impersonate-on:arbitrary-node:create', ['selfsubjectreviews']),
    ],
    'limited',
  );
  await role('legacy', [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }], 'legacy');
  await role('lister', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }], 'jane');
});

const as = async (token: string, method: string, path: string, headers: Record<string, string>) => {
  const body = method === 'POST' ? {} : undefined;
  return api.call(method, path, body, { authorization: `Bearer ${token}`, ...headers });
};
const refusal = async (...call: Parameters<typeof as>) => {
  const { code, body } = await as(...call);
  return [code, body.message];
};
const pods = '/api/v1/pods';
const jane = { 'impersonate-user': 'jane' };

describe('constrained impersonation', () => {
  test('allows what may be done as somebody, and only that', async () => {
    expect((await as('limited', 'GET', pods, jane)).code).toBe(200);
    expect(await refusal('limited', 'GET', '/api/v1/services', jane)).toEqual([
      403,
      'services is forbidden: User "limited" cannot impersonate-on:user-info:list resource "services" in API group "" at the cluster scope',
    ]);
    expect(await refusal('limited', 'GET', pods, { ...jane, 'impersonate-group': 'system:masters' })).toEqual([
      403,
      'groups.authentication.k8s.io "system:masters" is forbidden: User "limited" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
    ]);
    expect(await refusal('limited', 'GET', pods, { 'impersonate-user': 'system:serviceaccount:one:robot' })).toEqual([
      403,
      'pods is forbidden: User "limited" cannot impersonate-on:serviceaccount:list resource "pods" in API group "" at the cluster scope',
    ]);
  });
  test('knows a node by its name', async () => {
    const node = { 'impersonate-user': 'system:node:n1' };
    expect((await as('limited', 'POST', reviews, node)).body.status.userInfo).toEqual({
      username: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    });
  });
  test('says what the first way lacks, unless another worked before', async () => {
    expect((await refusal('nobody', 'GET', pods, jane))[1]).toBe(
      'pods is forbidden: User "nobody" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope',
    );
    expect((await as('legacy', 'GET', pods, jane)).code).toBe(200);
    expect((await refusal('legacy', 'GET', pods, { ...jane, 'impersonate-uid': '7' }))[1]).toBe(
      'uids.authentication.k8s.io "7" is forbidden: User "legacy" cannot impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope',
    );
  });
  test('the old way still makes masters of those who may', async () => {
    expect(
      (await as('legacy', 'GET', '/api/v1/secrets', { ...jane, 'impersonate-group': 'system:masters' })).code,
    ).toBe(200);
  });
});

test('what is impersonated has a name', async () => {
  const message = (user: string) => `requested &user.DefaultInfo{${user}} without impersonating a user name`;
  expect(await refusal('admin-token', 'GET', pods, { 'impersonate-group': 'g' })).toEqual([
    400,
    message('Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)'),
  ]);
  expect(await refusal('admin-token', 'GET', pods, { 'impersonate-uid': '7', 'impersonate-extra-a': 'x' })).toEqual([
    400,
    message('Name:"", UID:"7", Groups:[]string(nil), Extra:map[string][]string{"a":[]string{"x"}}'),
  ]);
  expect((await as('admin-token', 'GET', pods, { 'impersonate-user': '' })).code).toBe(200);
});

test('a key that is no escaped text stands for itself; nothing is taken for HTML', async () => {
  const { code, body } = await as('admin-token', 'POST', reviews, { ...jane, 'impersonate-extra-%zz': 'y' });
  expect([code, body.status.userInfo.extra]).toEqual([201, { '%zz': ['y'] }]);
  expect((await refusal('admin-token', 'GET', '/x', { 'impersonate-user': '<b>' }))[1]).toBe(
    'forbidden: User "&lt;b&gt;" cannot get path "/x"',
  );
  expect((await as('admin-token', 'GET', '/x', jane)).body.details).toEqual({});
});

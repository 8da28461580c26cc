import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Harness, startHarness } from '../testing/harness.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const people = ['ann', 'bob', 'chief', 'binder', 'helper'];
let api: Harness;

beforeAll(async () => {
  api = await startHarness({
    tokens: [
      { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
      ...people.map((user) => ({ token: user, user, groups: user === 'bob' ? ['devs'] : [] })),
    ],
  });
  for (const name of ['one', 'two']) await api.call('POST', '/api/v1/namespaces', { metadata: { name } });
});

const as = (user: string, method: string, path: string, body?: object, headers = {}): Promise<Answer> =>
  api.call(method, path, body, { authorization: user === '' ? '' : `Bearer ${user}`, ...headers });

async function made(path: string, object: object): Promise<void> {
  const { code, body } = await api.call('POST', path, object);
  expect([code, code === 201 ? '' : body.message]).toEqual([201, '']);
}
const subject = (name: string, kind = 'User') => ({ kind, name, apiGroup: 'rbac.authorization.k8s.io' });
const ref = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
const rule = (verbs: string[], resources: string[], more: object = {}) => ({
  apiGroups: [''],
  resources,
  verbs,
  ...more,
});

describe('rules', () => {
  test('hold where they are bound', async () => {
    await made(`${rbac}/clusterroles`, {
      metadata: { name: 'reader' },
      rules: [rule(['get', 'list'], ['pods', 'pods/log']), { nonResourceURLs: ['/logs/*'], verbs: ['get'] }],
    });
    await made(`${rbac}/namespaces/one/rolebindings`, {
      metadata: { name: 'read' },
      roleRef: ref('ClusterRole', 'reader'),
      subjects: [subject('ann'), subject('devs', 'Group')],
    });
    const codes = async (user: string, ...paths: string[]) =>
      Promise.all(paths.map(async (path) => (await as(user, 'GET', path)).code));
    const paths = ['/api/v1/namespaces/one/pods', '/api/v1/namespaces/two/pods', '/api/v1/pods', '/logs/x'];
    for (const user of ['ann', 'bob'])
      expect([user, await codes(user, ...paths)]).toEqual([user, [200, 403, 403, 403]]);
    await made(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'read' },
      roleRef: ref('ClusterRole', 'reader'),
      subjects: [subject('bob')],
    });
    expect(await codes('bob', ...paths)).toEqual([200, 200, 200, 404]);
    const watch = await as('ann', 'GET', '/api/v1/namespaces/one/pods?watch=1');
    expect([watch.code, watch.body.message]).toEqual([
      403,
      'pods is forbidden: User "ann" cannot watch resource "pods" in API group "" in the namespace "one"',
    ]);
    expect((await as('ann', 'GET', '/api/v1/namespaces/one/pods/p/status')).body.message).toBe(
      'pods "p" is forbidden: User "ann" cannot get resource "pods/status" in API group "" in the namespace "one"',
    );
  });

  test('may name objects; a list of one name is that object', async () => {
    await made(`${rbac}/namespaces/two/roles`, {
      metadata: { name: 'one-map' },
      rules: [rule(['get', 'list', 'watch', 'update'], ['configmaps'], { resourceNames: ['mine'] })],
    });
    await made(`${rbac}/namespaces/two/rolebindings`, {
      metadata: { name: 'one-map' },
      roleRef: ref('Role', 'one-map'),
      subjects: [subject('helper')],
    });
    const path = '/api/v1/namespaces/two/configmaps';
    expect((await as('helper', 'GET', `${path}/mine`)).code).toBe(404);
    expect((await as('helper', 'GET', `${path}/other`)).code).toBe(403);
    expect((await as('helper', 'GET', path)).code).toBe(403);
    expect((await as('helper', 'GET', `${path}?fieldSelector=metadata.name=mine`)).code).toBe(200);
  });

  test('of a role that is not there are told of', async () => {
    await made(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'lost' },
      roleRef: ref('ClusterRole', 'none-such'),
      subjects: [subject('chief')],
    });
    expect((await as('chief', 'GET', '/api/v1/pods')).body.message).toBe(
      'pods is forbidden: User "chief" cannot list resource "pods" in API group "" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "none-such" not found',
    );
  });
});

test('who is nobody, and who says he is somebody', async () => {
  const nobody = await as('', 'GET', '/api/v1/nodes');
  expect([nobody.code, nobody.body.message]).toEqual([
    403,
    'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
  ]);
  for (const path of ['/version', '/healthz']) expect((await as('', 'GET', path)).code).toBe(200);
  for (const path of ['/api', '/openapi/v3']) expect([path, (await as('', 'GET', path)).code]).toEqual([path, 403]);
  for (const path of ['/api', '/openapi/v3'])
    expect([path, (await as('helper', 'GET', path)).code]).toEqual([path, 200]);
  const liar = await as('wrong', 'GET', '/version');
  expect([liar.code, liar.body.reason, liar.body.message]).toEqual([401, 'Unauthorized', 'Unauthorized']);
});

describe('nobody gives away what he has not got', () => {
  beforeAll(async () => {
    await made(`${rbac}/clusterroles`, {
      metadata: { name: 'role-maker' },
      rules: [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings', 'clusterroles'],
          verbs: ['*'],
        },
        rule(['get'], ['pods']),
      ].map((each, i) => (i === 0 ? { ...each, verbs: ['create', 'update', 'patch', 'get', 'delete'] } : each)),
    });
    for (const user of ['chief', 'binder'])
      await made(`${rbac}/clusterrolebindings`, {
        metadata: { name: `role-maker-${user}` },
        roleRef: ref('ClusterRole', 'role-maker'),
        subjects: [subject(user)],
      });
  });
  const roles = `${rbac}/namespaces/one/roles`;
  const bindings = `${rbac}/namespaces/one/rolebindings`;
  const grants =
    'user "chief" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:';

  test('and what is missing of their roles is told', async () => {
    await made(`${rbac}/namespaces/one/rolebindings`, {
      metadata: { name: 'dangling' },
      roleRef: ref('ClusterRole', 'nowhere'),
      subjects: [subject('chief')],
    });
    const more = { metadata: { name: 'more' }, rules: [rule(['get'], ['secrets'])] };
    expect((await as('chief', 'POST', roles, more)).body.message).toMatch(
      /Resources:\["secrets"\], Verbs:\["get"\]\}; resolution errors: \[\[.*, clusterrole.rbac.authorization.k8s.io "nowhere" not found\]\]$/,
    );
    await api.call('DELETE', `${rbac}/namespaces/one/rolebindings/dangling`);
  });

  test('in roles', async () => {
    expect(
      (await as('chief', 'POST', roles, { metadata: { name: 'less' }, rules: [rule(['get'], ['pods'])] })).code,
    ).toBe(201);
    const more = { metadata: { name: 'more' }, rules: [rule(['get', 'list'], ['secrets', 'pods'])] };
    const refused = await as('chief', 'POST', roles, more);
    expect([refused.code, refused.body.message]).toEqual([
      403,
      [
        `roles.rbac.authorization.k8s.io "more" is forbidden: ${grants}`,
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}; resolution errors: [clusterrole.rbac.authorization.k8s.io "none-such" not found]',
      ].join('\n'),
    ]);
    await made(roles, more);
    const label = { metadata: { labels: { a: 'b' } } };
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect((await as('chief', 'PATCH', `${roles}/more`, label, merge)).code).toBe(200);
    expect((await as('chief', 'PATCH', `${roles}/less`, { rules: more.rules }, merge)).code).toBe(403);
    const sum = { metadata: { name: 'sum' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } };
    expect((await as('chief', 'POST', `${rbac}/clusterroles`, sum)).body.message).toContain(
      '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
    );
  });

  test('in bindings, unless he may bind the role', async () => {
    const binding = (name: string, role: string) => ({
      metadata: { name },
      roleRef: ref('ClusterRole', role),
      subjects: [subject('ann')],
    });
    const refused = await as('chief', 'POST', bindings, binding('too-much', 'view'));
    expect([refused.code, refused.body.message]).toEqual([
      403,
      expect.stringContaining(`"too-much" is forbidden: ${grants}`),
    ]);
    expect((await as('chief', 'POST', bindings, binding('enough', 'role-maker'))).code).toBe(201);
    const missing = await as('chief', 'POST', bindings, binding('nothing', 'none-such'));
    expect([missing.code, missing.body.message]).toEqual([
      404,
      'clusterroles.rbac.authorization.k8s.io "none-such" not found',
    ]);
    await made(`${rbac}/clusterroles`, {
      metadata: { name: 'may-bind-view' },
      rules: [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          verbs: ['bind'],
          resourceNames: ['view'],
        },
      ],
    });
    await made(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'may-bind-view' },
      roleRef: ref('ClusterRole', 'may-bind-view'),
      subjects: [subject('binder')],
    });
    expect((await as('binder', 'POST', bindings, binding('view-for-ann', 'view'))).code).toBe(201);
    expect((await as('binder', 'POST', bindings, binding('edit-for-ann', 'edit'))).code).toBe(403);
  });

  test('unless he may escalate', async () => {
    await made(`${rbac}/namespaces/two/roles`, {
      metadata: { name: 'escalate' },
      rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create', 'escalate'] }],
    });
    await made(`${rbac}/namespaces/two/rolebindings`, {
      metadata: { name: 'escalate' },
      roleRef: ref('Role', 'escalate'),
      subjects: [subject('helper')],
    });
    const all = { metadata: { name: 'all' }, rules: [rule(['*'], ['*'])] };
    expect((await as('helper', 'POST', `${rbac}/namespaces/two/roles`, all)).code).toBe(201);
  });

  test('a binding cannot change its role', async () => {
    const merge = { 'content-type': 'application/merge-patch+json' };
    const { code, body } = await api.call('PATCH', `${bindings}/enough`, { roleRef: { name: 'view' } }, merge);
    expect([code, body.message]).toEqual([
      422,
      expect.stringMatching(/roleRef: Invalid value: .*: cannot change roleRef$/),
    ]);
  });
});

describe('impersonation', () => {
  test('of a user, groups, a uid and extras: each must be allowed', async () => {
    await made(`${rbac}/clusterroles`, {
      metadata: { name: 'actor' },
      rules: [
        rule(['impersonate'], ['users'], { resourceNames: ['ann'] }),
        rule(['impersonate'], ['groups'], { resourceNames: ['devs'] }),
        { apiGroups: ['authentication.k8s.io'], resources: ['uids', 'userextras/scopes'], verbs: ['impersonate'] },
        { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
      ],
    });
    await made(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'actor' },
      roleRef: ref('ClusterRole', 'actor'),
      subjects: [subject('helper')],
    });
    const who = (headers: Record<string, string>) =>
      as('helper', 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, headers);
    const all = {
      'impersonate-user': 'ann',
      'impersonate-group': 'devs',
      'impersonate-uid': '42',
      'impersonate-extra-scopes': 'read',
    };
    expect((await who(all)).body.status.userInfo).toEqual({
      username: 'ann',
      uid: '42',
      groups: ['devs', 'system:authenticated'],
      extra: { scopes: ['read'] },
    });
    const refused = async (headers: Record<string, string>) => {
      const { code, body } = await who(headers);
      expect(code).toBe(403);
      return body.message;
    };
    expect(await refused({ ...all, 'impersonate-user': 'bob' })).toBe(
      'users "bob" is forbidden: User "helper" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    expect(await refused({ ...all, 'impersonate-group': 'system:masters' })).toBe(
      'groups "system:masters" is forbidden: User "helper" cannot impersonate resource "groups" in API group "" at the cluster scope',
    );
    expect(await refused({ ...all, 'impersonate-extra-other': 'x' })).toBe(
      'userextras.authentication.k8s.io "x" is forbidden: User "helper" cannot impersonate resource "userextras/other" in API group "authentication.k8s.io" at the cluster scope',
    );
    expect((await who({ 'impersonate-group': 'devs' })).code).toBe(400);
  });

  test('of a service account: by its own right, and with its groups', async () => {
    const headers = { 'impersonate-user': 'system:serviceaccount:one:robot' };
    const refused = await as('helper', 'GET', '/version', undefined, headers);
    expect(refused.body.message).toBe(
      'serviceaccounts "robot" is forbidden: User "helper" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "one"',
    );
    const review = await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, headers);
    expect(review.body.status.userInfo).toEqual({
      username: 'system:serviceaccount:one:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:one', 'system:authenticated'],
    });
  });
});

describe('reviews', () => {
  const group = '/apis/authorization.k8s.io/v1';
  const ask = (verb: string, resource: string, namespace: string) => ({
    resourceAttributes: { verb, resource, namespace, group: '' },
  });

  test('say whether, and why', async () => {
    const own = await as('ann', 'POST', `${group}/selfsubjectaccessreviews`, { spec: ask('list', 'pods', 'one') });
    expect([own.code, own.body.status]).toEqual([
      201,
      { allowed: true, reason: 'RBAC: allowed by RoleBinding "read/one" of ClusterRole "reader" to User "ann"' },
    ]);
    const other = { spec: { user: 'ann', ...ask('delete', 'pods', 'one') } };
    expect((await api.call('POST', `${group}/subjectaccessreviews`, other)).body.status).toEqual({ allowed: false });
    expect((await as('ann', 'POST', `${group}/subjectaccessreviews`, other)).code).toBe(403);
    const local = await api.call('POST', `${group}/namespaces/two/localsubjectaccessreviews`, other);
    expect([local.code, local.body.message]).toEqual([
      422,
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "one": must match metadata.namespace',
    ]);
    const groups = { spec: { groups: ['system:masters'], nonResourceAttributes: { path: '/x', verb: 'get' } } };
    expect((await api.call('POST', `${group}/subjectaccessreviews`, groups)).body.status.allowed).toBe(true);
  });

  test('list the rules that hold in a namespace', async () => {
    const { body } = await as('ann', 'POST', `${group}/selfsubjectrulesreviews`, { spec: { namespace: 'one' } });
    expect(body.status.incomplete).toBe(false);
    expect(body.status.resourceRules).toContainEqual({
      verbs: ['get', 'list'],
      apiGroups: [''],
      resources: ['pods', 'pods/log'],
    });
    expect(body.status.nonResourceRules).toContainEqual({
      verbs: ['get'],
      nonResourceURLs: expect.arrayContaining(['/healthz']),
    });
  });
});

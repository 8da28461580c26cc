import { beforeAll, describe, expect, test } from 'vitest';
import type { FlowSchema } from '../../api/generated/types.ts';
import { type Harness, startHarness } from '../testing/harness.ts';

const tokens = (
  [
    ['admin', 'kubernetes-admin', 'system:masters'],
    ['manager', 'system:kube-controller-manager'],
    ['scheduler', 'system:kube-scheduler'],
    ['node', 'system:node:node-1', 'system:nodes'],
    ['dns', 'system:serviceaccount:kube-system:dns', 'system:serviceaccounts'],
    ['robot', 'system:serviceaccount:default:robot', 'system:serviceaccounts'],
    ['ann', 'ann'],
  ] as const
).map(([token, user, ...groups]) => ({ token, user, groups: [...groups] }));
const api = '/apis/flowcontrol.apiserver.k8s.io/v1';

let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness({ tokens });
});

const as = (user: string) => ({ authorization: user === '' ? '' : `Bearer ${user}` });
const admin = (method: string, path: string, body?: object, headers = {}) =>
  cluster.call(method, path, body, { ...as('admin'), ...headers });

async function named(plural: string): Promise<Map<string, string>> {
  const { items } = (await admin('GET', `${api}/${plural}`)).body;
  return new Map(
    items.map(({ metadata }: { metadata: { uid: string; name: string } }) => [metadata.uid, metadata.name]),
  );
}

/** Names of the schema and the level of the answer to a request. */
async function flowOf(user: string, method: string, path: string, headers: Record<string, string> = {}) {
  const answer = await cluster.raw(method, path, { headers: { ...as(user), ...headers } });
  await answer.body?.cancel();
  const schema = answer.headers.get('x-kubernetes-pf-flowschema-uid');
  const level = answer.headers.get('x-kubernetes-pf-prioritylevel-uid');
  if (schema === null || level === null) return [schema, level];
  return [(await named('flowschemas')).get(schema), (await named('prioritylevelconfigurations')).get(level)];
}

const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

test.each([
  ['admin', 'GET', '/api/v1/pods', 'exempt', 'exempt'],
  ['admin', 'GET', '/api/v1/pods?watch=1&timeoutSeconds=1', 'exempt', 'exempt'],
  ['', 'GET', '/healthz', 'probes', 'exempt'],
  ['ann', 'GET', '/readyz/ping', 'probes', 'exempt'],
  ['manager', 'GET', `${leases}/x`, 'system-leader-election', 'leader-election'],
  ['manager', 'DELETE', `${leases}/x`, 'kube-controller-manager', 'workload-high'],
  ['manager', 'GET', '/api/v1/pods', 'kube-controller-manager', 'workload-high'],
  ['scheduler', 'GET', '/api/v1/pods', 'kube-scheduler', 'workload-high'],
  ['dns', 'GET', `${leases}/x`, 'system-leader-election', 'leader-election'],
  ['dns', 'GET', '/api/v1/services', 'kube-system-service-accounts', 'workload-high'],
  ['robot', 'GET', '/api/v1/services', 'service-accounts', 'workload-low'],
  ['node', 'GET', '/api/v1/nodes/node-1', 'system-node-high', 'node-high'],
  ['node', 'PATCH', '/api/v1/nodes/node-1/status', 'system-node-high', 'node-high'],
  ['node', 'GET', '/api/v1/nodes/node-1/proxy/x', null, null],
  ['node', 'GET', '/api/v1/pods', 'system-nodes', 'system'],
  ['ann', 'GET', '/api/v1/pods', 'global-default', 'global-default'],
  ['', 'GET', '/api/v1/pods', 'global-default', 'global-default'],
  ['', 'GET', '/nowhere', 'global-default', 'global-default'],
  ['nobody-knows', 'GET', '/api/v1/pods', null, null],
  ['admin', 'GET', '/api/v1/namespaces/default/pods/p/log', null, null],
])('%s: %s %s falls under %s', async (user, method, path, schema, level) => {
  expect(await flowOf(user, method, path)).toEqual([schema, level]);
});

test('whoever is impersonated counts', async () => {
  const headers = { 'impersonate-user': 'system:kube-scheduler' };
  expect(await flowOf('admin', 'GET', '/api/v1/pods', headers)).toEqual(['kube-scheduler', 'workload-high']);
});

const schemaOf = (name: string, matchingPrecedence: number, level: string, rule: object) => ({
  metadata: { name },
  spec: { matchingPrecedence, priorityLevelConfiguration: { name: level }, rules: [rule] },
});
const anyone = [{ kind: 'Group', group: { name: '*' } }];
const resources = (verbs: string[], group: string, names: string[], more: object) => ({
  verbs,
  apiGroups: [group],
  resources: names,
  ...more,
});

describe('schemas of one’s own', () => {
  test('the lowest precedence decides, among equals the name; a level that is not there is passed over', async () => {
    const rule = {
      subjects: [{ kind: 'User', user: { name: 'ann' } }],
      resourceRules: [resources(['*'], '*', ['*'], { clusterScope: true, namespaces: ['*'] })],
    };
    const make = async (name: string, precedence: number, level: string) =>
      expect((await admin('POST', `${api}/flowschemas`, schemaOf(name, precedence, level, rule))).code).toBe(201);
    await make('b', 600, 'system');
    expect(await flowOf('ann', 'GET', '/api/v1/pods')).toEqual(['b', 'system']);
    await make('a', 600, 'workload-low');
    expect(await flowOf('ann', 'GET', '/api/v1/pods')).toEqual(['a', 'workload-low']);
    await make('lost', 300, 'none-such');
    expect(await flowOf('ann', 'GET', '/api/v1/pods')).toEqual(['a', 'workload-low']);
    expect(await flowOf('ann', 'GET', '/version')).toEqual(['global-default', 'global-default']);
    for (const name of ['a', 'b', 'lost']) await admin('DELETE', `${api}/flowschemas/${name}`);
    expect(await flowOf('ann', 'GET', '/api/v1/pods')).toEqual(['global-default', 'global-default']);
  });

  test.each([
    [
      'a namespace',
      [resources(['list'], '', ['pods'], { namespaces: ['default'] })],
      '/api/v1/namespaces/default/pods',
      true,
    ],
    [
      'another namespace',
      [resources(['list'], '', ['pods'], { namespaces: ['default'] })],
      '/api/v1/namespaces/kube-system/pods',
      false,
    ],
    ['all namespaces', [resources(['list'], '', ['pods'], { namespaces: ['*'] })], '/api/v1/pods', false],
    ['the cluster', [resources(['list'], '', ['pods'], { clusterScope: true })], '/api/v1/pods', true],
    ['another verb', [resources(['get'], '', ['pods'], { clusterScope: true })], '/api/v1/pods', false],
    ['another group', [resources(['list'], 'apps', ['pods'], { clusterScope: true })], '/api/v1/pods', false],
    [
      'a subresource',
      [resources(['get'], '', ['pods/status'], { namespaces: ['*'] })],
      '/api/v1/namespaces/default/pods/p/status',
      true,
    ],
    [
      'the resource of a subresource',
      [resources(['get'], '', ['pods'], { namespaces: ['*'] })],
      '/api/v1/namespaces/default/pods/p/status',
      false,
    ],
  ])('%s', async (_what, resourceRules, path, mine) => {
    const name = 'mine';
    await admin('POST', `${api}/flowschemas`, schemaOf(name, 20, 'system', { subjects: anyone, resourceRules }));
    expect(await flowOf('ann', 'GET', path)).toEqual(mine ? ['mine', 'system'] : ['global-default', 'global-default']);
    await admin('DELETE', `${api}/flowschemas/${name}`);
  });
});

test('the objects of every cluster, with upstream’s figures', async () => {
  const schemas = (await admin('GET', `${api}/flowschemas`)).body.items as FlowSchema[];
  expect(
    schemas.map(({ metadata, spec }) => [
      metadata?.name,
      spec?.matchingPrecedence,
      spec?.priorityLevelConfiguration.name,
      spec?.distinguisherMethod?.type,
      metadata?.annotations?.['apf.kubernetes.io/autoupdate-spec'],
    ]),
  ).toEqual([
    ['catch-all', 10000, 'catch-all', 'ByUser', 'true'],
    ['exempt', 1, 'exempt', undefined, 'true'],
    ['global-default', 9900, 'global-default', 'ByUser', 'true'],
    ['kube-controller-manager', 800, 'workload-high', 'ByNamespace', 'true'],
    ['kube-scheduler', 800, 'workload-high', 'ByNamespace', 'true'],
    ['kube-system-service-accounts', 900, 'workload-high', 'ByNamespace', 'true'],
    ['probes', 2, 'exempt', undefined, 'true'],
    ['service-accounts', 9000, 'workload-low', 'ByUser', 'true'],
    ['system-leader-election', 100, 'leader-election', 'ByUser', 'true'],
    ['system-node-high', 400, 'node-high', 'ByUser', 'true'],
    ['system-nodes', 500, 'system', 'ByUser', 'true'],
  ]);
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const levels = await admin('GET', `${api}/prioritylevelconfigurations`, undefined, table);
  expect(levels.body.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 6))).toEqual([
    ['catch-all', 'Limited', 5, '<none>', '<none>', '<none>'],
    ['exempt', 'Exempt', '<none>', '<none>', '<none>', '<none>'],
    ['global-default', 'Limited', 20, 128, 6, 50],
    ['leader-election', 'Limited', 10, 16, 4, 50],
    ['node-high', 'Limited', 40, 64, 6, 50],
    ['system', 'Limited', 30, 64, 6, 50],
    ['workload-high', 'Limited', 40, 128, 6, 50],
    ['workload-low', 'Limited', 100, 128, 6, 50],
  ]);
});

describe('what the server keeps', () => {
  const dangling = async (name: string) => {
    const { body } = await admin('GET', `${api}/flowschemas/${name}`);
    const [condition] = body.status?.conditions ?? [];
    return condition && [condition.type, condition.status, condition.reason, condition.message];
  };

  test('a status says whether the level exists, from moment to moment', async () => {
    await cluster.simulation.run(1000);
    const start = 'This FlowSchema references the PriorityLevelConfiguration object named';
    expect(await dangling('probes')).toEqual(['Dangling', 'False', 'Found', `${start} "exempt" and it exists`]);
    await admin(
      'POST',
      `${api}/flowschemas`,
      schemaOf('early', 50, 'later', {
        subjects: anyone,
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/early'] }],
      }),
    );
    await cluster.simulation.run(1000);
    const missing = `${start} "later" but there is no such object`;
    expect(await dangling('early')).toEqual(['Dangling', 'True', 'NotFound', missing]);
    const later = {
      metadata: { name: 'later' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    };
    expect((await admin('POST', `${api}/prioritylevelconfigurations`, later)).code).toBe(201);
    await cluster.simulation.run(1000);
    expect(await dangling('early')).toEqual(['Dangling', 'False', 'Found', `${start} "later" and it exists`]);
  });

  test('a spec is the server’s unless it is said not to be', async () => {
    const change = async (path: string, autoupdate: string, spec: object) => {
      const patch = { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': autoupdate } }, spec };
      const type = { 'content-type': 'application/merge-patch+json' };
      expect((await admin('PATCH', `${api}/${path}`, patch, type)).code).toBe(200);
      await cluster.simulation.run(1000);
      return (await admin('GET', `${api}/${path}`)).body.spec;
    };
    const shares = { limited: { nominalConcurrencyShares: 31 } };
    expect((await change('prioritylevelconfigurations/system', 'true', shares)).limited.nominalConcurrencyShares).toBe(
      30,
    );
    expect((await change('prioritylevelconfigurations/system', 'false', shares)).limited.nominalConcurrencyShares).toBe(
      31,
    );
    expect((await change('flowschemas/probes', 'false', { matchingPrecedence: 3 })).matchingPrecedence).toBe(3);
  });

  test('what is deleted is applied still where it must be, and comes back', async () => {
    const before = (await admin('GET', `${api}/flowschemas/exempt`)).body.metadata.uid;
    for (const path of ['flowschemas/exempt', 'flowschemas/probes', 'prioritylevelconfigurations/workload-low'])
      expect((await admin('DELETE', `${api}/${path}`)).code).toBe(200);
    const meanwhile = await admin('GET', '/version');
    expect(meanwhile.headers.get('x-kubernetes-pf-flowschema-uid')).toBe('');
    await cluster.simulation.run(1000);
    const after = (await admin('GET', `${api}/flowschemas/exempt`)).body.metadata.uid;
    expect(after).not.toBe(before);
    expect((await admin('GET', '/version')).headers.get('x-kubernetes-pf-flowschema-uid')).toBe(after);
    expect((await admin('GET', `${api}/flowschemas/probes`)).code).toBe(200);
    expect((await admin('GET', `${api}/prioritylevelconfigurations/workload-low`)).code).toBe(200);
  });
});

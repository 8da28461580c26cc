import { expect, test } from 'vitest';
import type { ClusterRole, PolicyRule } from '../../api/generated/types.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';

const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const rule = (resource: string): PolicyRule => ({ apiGroups: ['example.com'], resources: [resource], verbs: ['get'] });

test('a role has the rules of all that its selectors choose, as they come, change and go', async () => {
  const cluster = await ControllerCluster.served({ controllers: ['clusterrole-aggregation-controller'], pods: false });
  const call = <T>(method: string, where: string, body?: object) =>
    cluster.do(cluster.client.request<T>(method, path + where, body ? { body } : {}));
  const make = (name: string, labels: Record<string, string>, rules: PolicyRule[], aggregationRule?: object) =>
    call<ClusterRole>('POST', '', { metadata: { name, labels }, rules, ...(aggregationRule && { aggregationRule }) });
  const read = (name: string) => call<ClusterRole>('GET', `/${name}`);
  await cluster.run(1000);
  const before = await read('admin');

  // The roles that every cluster has are aggregated already.
  expect(before.metadata?.resourceVersion).toBe((await read('admin')).metadata?.resourceVersion);
  expect(before.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(['kube-apiserver']);

  await make('things-view', { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }, [rule('things')]);
  await cluster.run(1000);
  for (const name of ['view', 'edit', 'admin']) expect((await read(name)).rules).toContainEqual(rule('things'));
  expect((await read('view')).metadata?.managedFields).toContainEqual(
    expect.objectContaining({ manager: 'clusterrole-aggregation-controller', operation: 'Apply' }),
  );

  await make('b', { mine: 'yes' }, [rule('b'), rule('shared')]);
  await make('a', { mine: 'yes' }, [rule('shared'), rule('a')]);
  await make('other', { mine: 'no' }, [rule('other')]);
  await make('sum', { mine: 'yes' }, [rule('own')], {
    clusterRoleSelectors: [
      { matchLabels: { mine: 'yes' } },
      { matchExpressions: [{ key: 'also', operator: 'Exists' }] },
    ],
  });
  await cluster.run(1000);
  expect((await read('sum')).rules).toEqual([rule('shared'), rule('a'), rule('b')]);

  await call('DELETE', '/a');
  await make('late', { also: '1' }, [rule('late')]);
  await cluster.run(1000);
  expect((await read('sum')).rules).toEqual([rule('b'), rule('shared'), rule('late')]);
  await call('DELETE', '/things-view');
  await cluster.run(1000);
  for (const name of ['view', 'edit', 'admin']) expect((await read(name)).rules).not.toContainEqual(rule('things'));
  expect(cluster.errors).toEqual([]);
});

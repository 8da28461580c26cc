// Controllers together, over the real API server: what one does is seen by the next.

import { describe, expect, test } from 'vitest';
import type { Deployment, Node, Service } from '../api/generated/types.ts';
import {
  configMaps,
  type Draft,
  deployments,
  endpointSlices,
  endpoints,
  leases,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} from '../client/index.ts';
import { rfc3339, rfc3339Micro } from '../env/clock.ts';
import { ControllerCluster, type ControllerClusterOptions } from './testing/controller-cluster.ts';

const web = (namespace = 'default'): Draft<Deployment> => ({
  metadata: { name: 'web', namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { name: '', labels: { app: 'web' } },
      spec: {
        containers: [{ name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort: 8080 }] }],
        terminationGracePeriodSeconds: 1,
      },
    },
  },
});

const service: Draft<Service> = {
  metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
};

const node = (name: string): Draft<Node> => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': `zone-${name}` } },
  spec: {},
});

async function start(options: ControllerClusterOptions = {}) {
  const cluster = await ControllerCluster.served(options);
  for (const name of ['node-1', 'node-2']) await cluster.do(cluster.client.create(nodes, node(name)));
  return cluster;
}

/** A kubelet's signs of life. */
async function heartbeat(cluster: ControllerCluster, name: string): Promise<void> {
  const now = cluster.simulation.now();
  const key = { namespace: 'kube-node-lease', name };
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: rfc3339Micro(now) };
  const lease = await cluster.do(cluster.client.get(leases, key).catch(() => undefined));
  await cluster.do(
    lease ? cluster.client.update(leases, { ...lease, spec }) : cluster.client.create(leases, { metadata: key, spec }),
  );
  const current = await cluster.get(nodes, name);
  const ready = current.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return;
  const at = { lastHeartbeatTime: rfc3339(now), lastTransitionTime: rfc3339(now) };
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', ...at },
  ];
  await cluster.do(cluster.client.updateStatus(nodes, { ...current, status: { ...current.status, conditions } }));
}

const ready = (cluster: ControllerCluster, count: number) =>
  cluster.until(async () => {
    const all = await cluster.list(pods);
    const up = all.filter((pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));
    return all.length === count && up.length === count;
  });

describe('the controllers together', () => {
  test('a Deployment and its Service get pods, ReplicaSet, slices and Endpoints; deleting the Deployment takes its own away', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(deployments, web()));
    await cluster.do(cluster.client.create(services, service));
    expect(await ready(cluster, 2)).toBe(true);
    await cluster.run(3000);
    const [slice, ...others] = (await cluster.list(endpointSlices, 'default')).filter(
      ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web',
    );
    expect(others).toEqual([]);
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      metadata: {
        labels: { team: 'a', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
      },
    });
    expect(slice?.endpoints?.map(({ conditions, nodeName, zone }) => ({ conditions, nodeName, zone }))).toEqual(
      expect.arrayContaining([
        { conditions: { ready: true, serving: true, terminating: false }, nodeName: 'node-1', zone: 'zone-node-1' },
        { conditions: { ready: true, serving: true, terminating: false }, nodeName: 'node-2', zone: 'zone-node-2' },
      ]),
    );
    const legacy = await cluster.get(endpoints, 'web');
    expect(legacy.subsets?.[0]?.addresses).toHaveLength(2);
    expect(legacy.subsets?.[0]?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);

    await cluster.do(cluster.client.delete(deployments, { namespace: 'default', name: 'web' }));
    const empty = await cluster.until(async () => (await cluster.list(pods)).length === 0);
    expect(empty).toBe(true);
    expect(await cluster.list(replicaSets)).toEqual([]);
    await cluster.run(3000);
    const [left] = await cluster
      .list(endpointSlices, 'default')
      .then((all) => all.filter((s) => s.metadata.name.startsWith('web-')));
    expect(left?.endpoints ?? []).toEqual([]);
    await cluster.do(cluster.client.delete(services, { namespace: 'default', name: 'web' }));
    await cluster.run(10_000);
    expect((await cluster.list(endpointSlices, 'default')).filter((s) => s.metadata.name.startsWith('web-'))).toEqual(
      [],
    );
    expect(cluster.errors).toEqual([]);
  });

  test('foreground deletion waits for the pods; orphan leaves them', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(deployments, web()));
    await ready(cluster, 2);
    const key = { namespace: 'default', name: 'web' };
    await cluster.do(cluster.client.delete(deployments, key, { propagationPolicy: 'Orphan' }));
    const gone = await cluster.until(async () => (await cluster.list(deployments)).length === 0);
    expect(gone).toBe(true);
    const [replicaSet] = await cluster.list(replicaSets);
    expect(replicaSet?.metadata.ownerReferences ?? []).toEqual([]);
    expect(await cluster.list(pods)).toHaveLength(2);

    const { name } = replicaSet!.metadata;
    await cluster.do(
      cluster.client.delete(replicaSets, { namespace: 'default', name }, { propagationPolicy: 'Foreground' }),
    );
    let ownerFirst = false;
    const done = await cluster.until(async () => {
      const [owners, dependents] = [await cluster.list(replicaSets), await cluster.list(pods)];
      ownerFirst ||= owners.length === 0 && dependents.length > 0;
      return owners.length === 0 && dependents.length === 0;
    });
    expect(done).toBe(true);
    expect(ownerFirst).toBe(false);
  });

  test('a namespace gets its service account and CA, and is emptied when it is deleted', async () => {
    const cluster = await start({ rootCa: 'PEM' });
    await cluster.do(cluster.client.create(namespaces, { metadata: { name: 'team' }, spec: {} }));
    await cluster.run(2000);
    expect((await cluster.get(serviceAccounts, 'default', 'team')).metadata.name).toBe('default');
    expect((await cluster.get(configMaps, 'kube-root-ca.crt', 'team')).data).toEqual({ 'ca.crt': 'PEM' });
    await cluster.do(cluster.client.create(deployments, web('team')));
    expect(await ready(cluster, 2)).toBe(true);
    await cluster.do(cluster.client.delete(namespaces, { name: 'team' }));
    await cluster.run(1000);
    expect((await cluster.get(namespaces, 'team')).status?.phase).toBe('Terminating');
    const gone = await cluster.until(
      async () => !(await cluster.list(namespaces)).some((n) => n.metadata.name === 'team'),
    );
    expect(gone).toBe(true);
    expect(await cluster.list(pods)).toEqual([]);
    expect(await cluster.list(configMaps, 'team')).toEqual([]);
  });

  test('pods of a node that falls silent are replaced on the other after their toleration time', async () => {
    const cluster = await start();
    for (const name of ['node-1', 'node-2']) await heartbeat(cluster, name);
    const tolerated = web();
    tolerated.spec!.template.spec!.tolerations = ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }));
    await cluster.do(cluster.client.create(deployments, tolerated));
    await ready(cluster, 2);
    expect((await cluster.get(nodes, 'node-2')).spec).toMatchObject({ podCIDR: '10.244.2.0/24' });

    const beat = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        await heartbeat(cluster, 'node-1');
        await cluster.run(10_000);
      }
    };
    await beat(30_000);
    expect((await cluster.get(nodes, 'node-2')).spec?.taints ?? []).toEqual([]);
    await beat(40_000);
    const silent = await cluster.get(nodes, 'node-2');
    expect(silent.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    expect(silent.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`).sort()).toEqual([
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ]);
    const on = async (name: string) => (await cluster.list(pods)).filter((pod) => pod.spec.nodeName === name);
    expect((await on('node-2'))[0]?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    await beat(240_000);
    expect((await on('node-2'))[0]?.metadata.deletionTimestamp).toBeUndefined();
    const victim = (await on('node-2'))[0]!.metadata.name;
    await beat(60_000);
    expect((await cluster.list(pods)).map((pod) => pod.metadata.name)).not.toContain(victim);

    await heartbeat(cluster, 'node-2');
    await cluster.run(10_000);
    expect((await cluster.get(nodes, 'node-2')).spec?.taints ?? []).toEqual([]);
    expect((await cluster.get(nodes, 'node-1')).spec?.taints ?? []).toEqual([]);
  });

  test('pods of a node that was deleted are collected', async () => {
    const cluster = await start();
    await cluster.run(2000); // the service account must be there first
    await cluster.do(
      cluster.client.create(pods, {
        metadata: { name: 'lone', namespace: 'default' },
        spec: { nodeName: 'node-2', containers: [{ name: 'main', image: 'x' }] },
      }),
    );
    await cluster.run(5000);
    await cluster.do(cluster.client.delete(nodes, { name: 'node-2' }));
    await cluster.run(40_000);
    expect(await cluster.list(pods)).toHaveLength(1);
    await cluster.run(40_000);
    expect(await cluster.list(pods)).toEqual([]);
  });
});

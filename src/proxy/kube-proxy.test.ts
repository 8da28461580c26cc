import { expect, test } from 'vitest';
import { endpointSlices, services } from '../client/resources.ts';
import { TestCluster } from '../client/testing/test-cluster.ts';
import { createHollowNode } from '../cri/hollow/index.ts';
import type { StampedRecord } from '../env/traces.ts';
import { startKubeProxy } from './index.ts';
import { BoundedFrequencyRunner } from './runner.ts';

async function start() {
  const records: StampedRecord[] = [];
  const cluster = new TestCluster({ onTrace: (record) => records.push(record) });
  const { client } = cluster.process('user');
  const env = cluster.simulation.env('node-1');
  const hollow = createHollowNode(env);
  const scripts: string[] = [];
  let failure: Error | undefined;
  const os = {
    ...hollow.os,
    applyNftables: async (script: string) => {
      if (failure) throw failure;
      scripts.push(script);
    },
  };
  const proxy = await startKubeProxy(env, {
    server: cluster.server,
    token: 't',
    nodeName: 'node-1',
    nodeIp: '172.18.0.2',
    clusterCidr: '10.244.0.0/16',
    os: os as typeof hollow.os,
  });
  return {
    cluster,
    client,
    scripts,
    records,
    proxy,
    fail: (error: Error | undefined) => {
      failure = error;
    },
  };
}

const webService = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.5', ports: [{ port: 80 }] },
};
const webSlice = {
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: ['10.244.1.2'] }],
};

test('rules follow services and slices, with their revisions as causes', async () => {
  const { cluster, client, scripts, records, proxy } = await start();
  await cluster.simulation.run(3000);
  expect(scripts).toHaveLength(1);
  const service = await cluster.simulation.finish(client.create(services, webService));
  await cluster.simulation.run(1500);
  expect(scripts).toHaveLength(2);
  expect(scripts[1]).toContain('10.96.0.5 . tcp . 80 comment "default/web" : goto reject-chain');
  await cluster.simulation.finish(client.create(endpointSlices, webSlice));
  await cluster.simulation.run(1500);
  expect(scripts[2]).toContain('dnat to 10.244.1.2:8080');
  const synced = records.filter((record) => record.gate === 'sync proxy');
  expect(synced[1]?.causes).toMatchObject([{ resourceVersion: service.metadata.resourceVersion }]);

  // a change that changes no rule programs nothing
  await cluster.simulation.finish(
    client.patch(services, service.metadata, 'application/merge-patch+json', { metadata: { labels: { a: 'b' } } }),
  );
  await cluster.simulation.run(5000);
  expect(scripts).toHaveLength(3);
  const health = await cluster.simulation.finish(
    cluster.process('prober').env.network.fetch('http://node-1:10256/healthz'),
  );
  expect(health.status).toBe(200);
  await cluster.simulation.finish(proxy.stop());
});

test('a burst of changes is programmed at most once a second', async () => {
  const { cluster, client, scripts } = await start();
  await cluster.simulation.run(3000);
  for (let i = 0; i < 20; i++)
    await cluster.simulation.finish(
      client.create(services, {
        ...webService,
        metadata: { name: `web-${i}`, namespace: 'default' },
        spec: { ...webService.spec, clusterIP: `10.96.0.${i + 10}` },
      }),
    );
  await cluster.simulation.run(3000);
  expect(scripts.length).toBeLessThanOrEqual(4);
  expect(scripts.at(-1)).toContain('10.96.0.29');
});

test('a failure is tried again and keeps its causes', async () => {
  const { cluster, client, scripts, fail } = await start();
  await cluster.simulation.run(3000);
  fail(new Error('Error: syntax error'));
  await cluster.simulation.finish(client.create(services, webService));
  await cluster.simulation.run(2000);
  expect(scripts).toHaveLength(1);
  fail(undefined);
  await cluster.simulation.run(6000);
  expect(scripts).toHaveLength(2);
});

test('the runner never overlaps and runs once more for what came meanwhile', async () => {
  const { simulation } = new TestCluster();
  const { clock } = simulation.env('runner');
  const times: number[] = [];
  const start = clock.now();
  const runner = new BoundedFrequencyRunner({
    clock,
    minIntervalMs: 1000,
    retryMs: 5000,
    run: () =>
      new Promise((resolve) => {
        times.push(clock.now() - start);
        clock.after(300, resolve);
      }),
  });
  runner.request();
  await simulation.run(100);
  runner.request();
  runner.request();
  await simulation.run(5000);
  expect(times).toEqual([0, 1000]);
});

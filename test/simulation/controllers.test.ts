// The controllers in the simulated host, over the real API server: two controller-managers of which one leads, killed and replaced in the middle of their work,
// with API servers that restart and stale caches. Whatever happens, the end is that of an undisturbed run.

import { describe, expect, test, vi } from 'vitest';
import type { Deployment, Pod } from '../../src/api/generated/types.ts';
import {
  type Draft,
  deployments,
  endpointSlices,
  leases,
  pods,
  replicaSets,
  services,
} from '../../src/client/index.ts';
import { ControllerCluster } from '../../src/controllers/testing/controller-cluster.ts';
import { randomInt } from '../../src/env/random.ts';

const seeds = Number(process.env['SIMULATION_SEEDS'] ?? 4);
// Virtual time costs real time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const web: Draft<Deployment> = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { name: '', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 80 }] }] },
    },
  },
};

async function start(seed: number): Promise<ControllerCluster> {
  const cluster = await ControllerCluster.served({
    seed,
    leaderElect: true,
    controllers: [
      'deployment-controller',
      'replicaset-controller',
      'endpointslice-controller',
      'garbage-collector-controller',
      // Pods are admitted only where there is a service account.
      'serviceaccount-controller',
    ],
  });
  cluster.startManager('kube-controller-manager-2');
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  await cluster.do(cluster.client.create(services, { metadata: { name: 'web', namespace: 'default' }, spec }));
  await cluster.do(cluster.client.create(deployments, web));
  return cluster;
}

const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');

/** What does not depend on the order in which things happened. */
async function outcome(cluster: ControllerCluster) {
  const all = await cluster.list(pods, 'default');
  const sets = await cluster.list(replicaSets, 'default');
  const slices = (await cluster.list(endpointSlices, 'default')).filter(
    ({ metadata }) => metadata.generateName === 'web-',
  );
  return {
    pods: all.map((pod) => `${pod.spec.containers[0]?.image} ${isReady(pod) ? 'ready' : 'not ready'}`).sort(),
    replicaSets: sets.map((set) => `${set.spec?.template?.spec?.containers[0]?.image} ${set.spec?.replicas}`).sort(),
    slices: slices.length,
    endpoints: slices.flatMap(({ endpoints = [] }) => endpoints).filter(({ conditions }) => conditions?.ready).length,
  };
}

const wanted = {
  pods: Array.from({ length: 5 }, () => 'web:2 ready'),
  replicaSets: ['web:1 0', 'web:2 5'],
  slices: 1,
  endpoints: 5,
};

/** A user who does not give up: scales to 5 and changes the image, reading again after each failure. */
async function roll(cluster: ControllerCluster): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await cluster.change(deployments, 'web', (object) => {
        object.spec.replicas = 5;
        object.spec.template.spec!.containers[0]!.image = 'web:2';
      });
      return;
    } catch {
      await cluster.run(500);
    }
  }
  throw new Error('the change was never accepted');
}

async function settles(cluster: ControllerCluster): Promise<void> {
  const text = JSON.stringify(wanted);
  await cluster.until(async () => JSON.stringify(await outcome(cluster).catch(() => undefined)) === text, 300_000);
  expect(await outcome(cluster), `seed ${cluster.simulation.seed}`).toEqual(wanted);
}

describe('controllers under faults', () => {
  test('undisturbed, the rollout ends as wanted', async () => {
    const cluster = await start(1);
    await cluster.run(10_000);
    await roll(cluster);
    await settles(cluster);
    expect(cluster.errors).toEqual([]);
  });

  test.each(Array.from({ length: seeds }, (_, i) => i + 1))(
    'seed %i: managers killed in mid-reconcile, an API server that restarts',
    async (seed) => {
      const cluster = await start(seed);
      const { simulation } = cluster;
      const managers = ['kube-controller-manager-1', 'kube-controller-manager-2'];
      // Some time into the first or the second rollout.
      await cluster.run(randomInt(simulation.random, 6000));
      for (let round = 0; round < 5; round++) {
        const victim = managers[randomInt(simulation.random, 2)]!;
        if (simulation.isAlive(victim)) simulation.kill(victim);
        else cluster.startManager(victim);
        if (round === 1) await roll(cluster);
        if (round === 2) {
          simulation.kill('kube-apiserver-1');
          await cluster.run(randomInt(simulation.random, 3000));
          await cluster.startApiServer();
        }
        // Often just a few messages further, so that the kill falls between two writes of one reconcile.
        await cluster.run(
          randomInt(simulation.random, 2) === 0
            ? randomInt(simulation.random, 40)
            : randomInt(simulation.random, 20_000),
        );
      }
      for (const manager of managers) if (!simulation.isAlive(manager)) cluster.startManager(manager);
      await settles(cluster);
      // Nothing is undone or repeated afterwards.
      const names = (await cluster.list(pods)).map(({ metadata }) => metadata.name).sort();
      await cluster.run(120_000);
      expect((await cluster.list(pods)).map(({ metadata }) => metadata.name).sort()).toEqual(names);
    },
  );

  test('the standby takes over when the leader dies, and no earlier than the lease allows', async () => {
    const cluster = await start(7);
    await cluster.run(10_000);
    const key = { namespace: 'kube-system', name: 'kube-controller-manager' };
    const holder = async () => (await cluster.do(cluster.client.get(leases, key))).spec.holderIdentity ?? '';
    const leader = (await holder()).split('_')[0]!;
    cluster.simulation.kill(leader);
    await cluster.run(10_000);
    expect((await holder()).startsWith(leader)).toBe(true);
    await cluster.run(15_000);
    expect((await holder()).startsWith(leader)).toBe(false);
    await roll(cluster);
    await settles(cluster);
  });
});

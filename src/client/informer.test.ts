import { describe, expect, test } from 'vitest';
import type { Pod } from '../api/generated/types.ts';
import { pods } from './resources.ts';
import { TestCluster, type TestProcess } from './testing/test-cluster.ts';

const pod = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, namespace: 'default', labels },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
});

function watchPods({ informers }: TestProcess, signal: AbortSignal) {
  const informer = informers.of(pods);
  const seen: string[] = [];
  informer.addHandler({
    onAdd: (object) => seen.push(`add ${object.metadata.name}`),
    onUpdate: (_, object) => seen.push(`update ${object.metadata.name}`),
    onDelete: (object) => seen.push(`delete ${object.metadata.name}`),
  });
  informers.start(signal);
  return { informer, seen };
}

async function setup() {
  const cluster = new TestCluster();
  const user = cluster.process('user');
  const controller = cluster.process('controller');
  const stop = new AbortController();
  await cluster.simulation.finish(user.client.create(pods, pod('a')));
  const watching = watchPods(controller, stop.signal);
  await cluster.simulation.finish(controller.informers.waitForCacheSync(stop.signal));
  return { cluster, simulation: cluster.simulation, user, controller, stop, ...watching };
}

describe('a shared informer', () => {
  test('lists, then follows additions, changes and deletions', async () => {
    const { simulation, user, informer, seen } = await setup();
    expect(informer.hasSynced()).toBe(true);
    const b = await simulation.finish(user.client.create(pods, pod('b')));
    await simulation.finish(user.client.update(pods, { ...b, metadata: { ...b.metadata, labels: { x: '1' } } }));
    await simulation.finish(user.client.delete(pods, { namespace: 'default', name: 'a' }));
    await simulation.run(1000);
    expect(seen).toEqual(['add a', 'add b', 'update b', 'delete a']);
    expect(informer.lister.list().map((p) => p.metadata.name)).toEqual(['b']);
    expect(informer.lister.get('default', 'b')?.kind).toBe('Pod');
  });

  test('catches up after 410: nothing missed, nothing told twice', async () => {
    const { cluster, simulation, user, seen } = await setup();
    simulation.kill('kube-apiserver');
    await simulation.run(5000);
    const revived = simulation.env('kube-apiserver');
    revived.network.serve('kube-apiserver:6443', cluster.api.handle);
    await simulation.finish(user.client.create(pods, pod('c')));
    await simulation.finish(user.client.delete(pods, { namespace: 'default', name: 'a' }));
    cluster.api.compact();
    await simulation.run(120_000);
    expect(seen).toEqual(['add a', 'add c', 'delete a']);
  });

  test('resumes a broken watch from the last revision', async () => {
    const { cluster, simulation, user, seen } = await setup();
    let lists = 0;
    cluster.api.intercept = (request) => {
      if (request.method === 'GET' && !request.url.includes('watch=true')) lists++;
      return undefined;
    };
    simulation.kill('kube-apiserver');
    await simulation.run(3000);
    simulation.env('kube-apiserver').network.serve('kube-apiserver:6443', cluster.api.handle);
    await simulation.finish(user.client.create(pods, pod('late')));
    await simulation.run(60_000);
    expect(seen).toEqual(['add a', 'add late']);
    expect(lists).toBe(0);
  });

  test('an object deleted and made again in one gap is told as two', async () => {
    const { cluster, simulation, user, seen } = await setup();
    simulation.kill('kube-apiserver');
    await simulation.run(1000);
    simulation.env('kube-apiserver').network.serve('kube-apiserver:6443', cluster.api.handle);
    await simulation.finish(user.client.delete(pods, { namespace: 'default', name: 'a' }));
    await simulation.finish(user.client.create(pods, pod('a')));
    cluster.api.compact();
    await simulation.run(120_000);
    expect(seen).toEqual(['add a', 'delete a', 'add a']);
  });

  test('a handler added late hears of what is there; resync tells it again', async () => {
    const { simulation, informer } = await setup();
    const seen: string[] = [];
    informer.addHandler(
      { onAdd: (object) => seen.push(`add ${object.metadata.name}`), onUpdate: () => seen.push('resync') },
      { resyncPeriodMs: 30_000 },
    );
    expect(seen).toEqual(['add a']);
    await simulation.run(60_000);
    expect(seen).toEqual(['add a', 'resync', 'resync']);
  });

  test('there is one informer per resource', async () => {
    const { controller } = await setup();
    expect(controller.informers.of(pods)).toBe(controller.informers.of(pods));
    expect(controller.informers.of(pods, { namespace: 'x' })).not.toBe(controller.informers.of(pods));
  });

  test('cached objects cannot be changed by accident', async () => {
    const { informer } = await setup();
    const cached = informer.lister.get('default', 'a') as Pod;
    expect(() => {
      cached.spec.nodeName = 'node-1';
    }).toThrow(TypeError);
  });

  test('indices follow every change', async () => {
    const { simulation, user, informer } = await setup();
    informer.addIndex('app', (object) => [object.metadata.labels?.['app'] ?? 'none']);
    expect(informer.lister.byIndex('app', 'none')).toHaveLength(1);
    const web = await simulation.finish(user.client.create(pods, pod('w', { app: 'web' })));
    await simulation.run(100);
    expect(informer.lister.byIndex('app', 'web').map((p) => p.metadata.name)).toEqual(['w']);
    web.metadata.labels = { app: 'db' };
    await simulation.finish(user.client.update(pods, web));
    await simulation.run(100);
    expect(informer.lister.byIndex('app', 'web')).toEqual([]);
    expect(informer.lister.byIndex('app', 'db')).toHaveLength(1);
    expect(() => informer.lister.byIndex('nope', '')).toThrow(RangeError);
  });
});

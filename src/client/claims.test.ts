import { describe, expect, test } from 'vitest';
import { claimObjects } from './controller-ref-manager.ts';
import { Expectations } from './expectations.ts';
import { newControllerRef } from './owner-references.ts';
import { pods, replicaSets } from './resources.ts';
import { TestCluster } from './testing/test-cluster.ts';

async function setup() {
  const cluster = new TestCluster();
  const { client } = cluster.process('manager');
  const finish = <T>(promise: Promise<T>) => cluster.simulation.finish(promise);
  const template = { spec: { containers: [{ name: 'main' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
  const owner = await finish(client.create(replicaSets, { metadata: { name: 'web', namespace: 'default' }, spec }));
  const pod = (name: string, app: string, owned = false) =>
    finish(
      client.create(pods, {
        metadata: {
          name,
          namespace: 'default',
          labels: { app },
          ...(owned ? { ownerReferences: [newControllerRef(owner, replicaSets)] } : {}),
        },
        spec: template.spec,
      }),
    );
  const options = {
    client,
    owner,
    ownerResource: replicaSets,
    dependentResource: pods,
    matches: (p: { metadata: { labels?: Record<string, string> } }) => p.metadata.labels?.['app'] === 'web',
  };
  return { cluster, client, finish, owner, pod, options };
}

describe('claims', () => {
  test('adopt matching orphans, keep ours, release what no longer matches, leave the rest', async () => {
    const { client, finish, pod, options, owner } = await setup();
    const candidates = [
      await pod('orphan', 'web'),
      await pod('ours', 'web', true),
      await pod('stray', 'db', true),
      await pod('foreign', 'db'),
    ];
    const claimed = await finish(claimObjects(options, candidates));
    expect(claimed.map((p) => p.metadata.name)).toEqual(['orphan', 'ours']);
    const orphan = await finish(client.get(pods, { namespace: 'default', name: 'orphan' }));
    expect(orphan.metadata.ownerReferences).toEqual([newControllerRef(owner, replicaSets)]);
    const stray = await finish(client.get(pods, { namespace: 'default', name: 'stray' }));
    expect(stray.metadata.ownerReferences).toBeUndefined();
  });

  test('an owner replaced by a namesake adopts nothing', async () => {
    const { client, finish, pod, options } = await setup();
    const orphan = await pod('orphan', 'web');
    const { metadata, spec } = options.owner;
    await finish(client.delete(replicaSets, metadata));
    await finish(client.create(replicaSets, { metadata: { name: 'web', namespace: 'default' }, spec }));
    await expect(finish(claimObjects(options, [orphan]))).rejects.toThrow('original ReplicaSet default/web is gone');
  });

  test('a stale cache cannot adopt what changed meanwhile', async () => {
    const { client, finish, pod, options } = await setup();
    const orphan = await pod('orphan', 'web');
    await finish(client.update(pods, { ...orphan, metadata: { ...orphan.metadata, labels: { app: 'db' } } }));
    await expect(finish(claimObjects(options, [orphan]))).rejects.toMatchObject({ reason: 'Conflict' });
  });
});

describe('expectations', () => {
  test('hold the controller until seen, or for 5 minutes', async () => {
    const { cluster } = await setup();
    const expectations = new Expectations(cluster.simulation.env('x').clock);
    expect(expectations.satisfied('k')).toBe(true);
    expectations.expectCreations('k', 2);
    expectations.creationObserved('k');
    expect(expectations.satisfied('k')).toBe(false);
    expectations.creationObserved('k');
    expectations.creationObserved('k');
    expect(expectations.satisfied('k')).toBe(true);
    expectations.expectDeletions('k', ['a', 'b']);
    expectations.deletionObserved('k', 'a');
    expectations.deletionObserved('k', 'a');
    expect(expectations.satisfied('k')).toBe(false);
    await cluster.simulation.run(300_001);
    expect(expectations.satisfied('k')).toBe(true);
  });
});

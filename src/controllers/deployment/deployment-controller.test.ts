import { describe, expect, test } from 'vitest';
import type { Deployment, DeploymentSpec, Pod } from '../../api/generated/types.ts';
import { type Draft, deployments, events, pods, replicaSets } from '../../client/index.ts';
import { ControllerCluster, type ControllerClusterOptions } from '../testing/controller-cluster.ts';

const deployment = (spec: Partial<DeploymentSpec> = {}, image = 'web:1'): Draft<Deployment> => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    template: {
      metadata: { name: '', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image }] },
    },
    ...spec,
  },
});

async function start(spec: Partial<DeploymentSpec> = {}, options: ControllerClusterOptions = {}) {
  const cluster = new ControllerCluster({
    controllers: ['deployment-controller', 'replicaset-controller'],
    ...options,
  });
  await cluster.do(cluster.client.create(deployments, deployment(spec)));
  return cluster;
}

const condition = (of: Deployment, type: string) => of.status?.conditions?.find((each) => each.type === type);
const image = (pod: Pod) => pod.spec.containers[0]?.image;
const setImage = (tag: string) => (object: Deployment) => {
  object.spec.template.spec!.containers[0]!.image = tag;
};
const settled = async (cluster: ControllerCluster) =>
  cluster.until(async () => {
    const { metadata, spec, status } = await cluster.get(deployments, 'web');
    const wanted = spec.replicas ?? 1;
    return (
      status?.observedGeneration === metadata.generation &&
      (status?.availableReplicas ?? 0) === wanted &&
      (status?.updatedReplicas ?? 0) === wanted &&
      (status?.replicas ?? 0) === wanted
    );
  });

describe('a Deployment', () => {
  test('becomes available, with upstream wording', async () => {
    const cluster = await start();
    await cluster.run(400);
    expect(condition(await cluster.get(deployments, 'web'), 'Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
      message: 'Deployment does not have minimum availability.',
    });
    expect(await settled(cluster)).toBe(true);
    await cluster.run(2000);
    const web = await cluster.get(deployments, 'web');
    const [replicaSet] = await cluster.list(replicaSets);
    const { name } = replicaSet!.metadata;
    expect(web.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(web.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 });
    expect(condition(web, 'Available')).toMatchObject({
      status: 'True',
      reason: 'MinimumReplicasAvailable',
      message: 'Deployment has minimum availability.',
    });
    expect(condition(web, 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${name}" has successfully progressed.`,
    });
    expect(name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(replicaSet!.metadata.labels?.['pod-template-hash']).toBe(name.slice(4));
    const messages = (await cluster.list(events)).map((event) => `${event.reason} ${event.message}`);
    expect(messages).toContain(`ScalingReplicaSet Scaled up replica set ${name} from 0 to 3`);
    expect(cluster.errors).toEqual([]);
  });

  test('once settled nothing is written any more', async () => {
    const cluster = await start();
    await settled(cluster);
    await cluster.run(30_000);
    const before = cluster.api.writes.length;
    await cluster.run(600_000);
    expect(cluster.api.writes.slice(before)).toEqual([]);
  });

  test('rolls an update out within maxSurge and maxUnavailable', async () => {
    const cluster = await start({
      replicas: 4,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    });
    await settled(cluster);
    await cluster.change(deployments, 'web', setImage('web:2'));
    let most = 0;
    let fewest = 4;
    const done = await cluster.until(async () => {
      const all = (await cluster.list(pods)).filter((pod) => !pod.metadata.deletionTimestamp);
      most = Math.max(most, all.length);
      fewest = Math.min(
        fewest,
        all.filter((pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')).length,
      );
      return all.length === 4 && all.every((pod) => image(pod) === 'web:2') && settled(cluster);
    });
    expect(done).toBe(true);
    expect(most).toBe(5);
    expect(fewest).toBe(3);
    const sets = await cluster.list(replicaSets);
    expect(sets.map((set) => set.metadata.annotations?.['deployment.kubernetes.io/revision']).sort()).toEqual([
      '1',
      '2',
    ]);
  });

  test('a rollback finds the old ReplicaSet and gives it a new revision', async () => {
    const cluster = await start();
    await settled(cluster);
    const [first] = await cluster.list(replicaSets);
    await cluster.change(deployments, 'web', setImage('web:2'));
    await settled(cluster);
    await cluster.change(deployments, 'web', setImage('web:1'));
    await settled(cluster);
    await cluster.run(2000);
    const sets = await cluster.list(replicaSets);
    expect(sets).toHaveLength(2);
    const current = sets.find((set) => set.metadata.uid === first!.metadata.uid)!;
    expect(current.spec?.replicas).toBe(3);
    expect(current.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    const web = await cluster.get(deployments, 'web');
    expect(web.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  });

  test('Recreate takes all old pods away before the first new one', async () => {
    const cluster = await start({ strategy: { type: 'Recreate' } });
    await settled(cluster);
    await cluster.change(deployments, 'web', setImage('web:2'));
    let mixed = false;
    const done = await cluster.until(async () => {
      const images = new Set((await cluster.list(pods)).map(image));
      mixed ||= images.size > 1;
      return images.has('web:2') && images.size === 1 && (await settled(cluster));
    });
    expect(done).toBe(true);
    expect(mixed).toBe(false);
  });

  test('a rollout that does not move times out, and says so', async () => {
    const cluster = await start(
      { progressDeadlineSeconds: 60 },
      { pods: { healthy: (pod) => image(pod) !== 'broken' } },
    );
    await settled(cluster);
    await cluster.change(deployments, 'web', setImage('broken'));
    await cluster.run(50_000);
    expect(condition(await cluster.get(deployments, 'web'), 'Progressing')?.reason).toBe('ReplicaSetUpdated');
    await cluster.run(20_000);
    const web = await cluster.get(deployments, 'web');
    expect(condition(web, 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    expect(condition(web, 'Progressing')?.message).toMatch(/^ReplicaSet "web-\w+" has timed out progressing.$/);
    expect(condition(web, 'Available')?.status).toBe('True');
  });

  test('scaled in the middle of a rollout, it grows in proportion', async () => {
    const cluster = await start(
      { replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } },
      { pods: { healthy: (pod) => image(pod) !== 'broken' } },
    );
    await settled(cluster);
    await cluster.change(deployments, 'web', setImage('broken'));
    await cluster.run(20_000);
    const sizes = async () => (await cluster.list(replicaSets)).map((set) => set.spec?.replicas).sort();
    expect(await sizes()).toEqual([5, 8]);
    await cluster.change(deployments, 'web', (object) => {
      object.spec.replicas = 15;
    });
    await cluster.run(20_000);
    // The example of the Kubernetes documentation: 15 + 3 pods, shared 11 : 7.
    expect(await sizes()).toEqual([11, 7]);
  });

  test('paused, it is scaled but not rolled out, until resumed', async () => {
    const cluster = await start();
    await settled(cluster);
    await cluster.change(deployments, 'web', (object) => {
      object.spec.paused = true;
      setImage('web:2')(object);
    });
    await cluster.run(5000);
    expect(condition(await cluster.get(deployments, 'web'), 'Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    });
    await cluster.change(deployments, 'web', (object) => {
      object.spec.replicas = 5;
    });
    await cluster.run(10_000);
    expect((await cluster.list(pods)).map(image)).toEqual(Array.from({ length: 5 }, () => 'web:1'));
    await cluster.change(deployments, 'web', (object) => {
      object.spec.paused = false;
    });
    await cluster.run(500);
    expect(await settled(cluster)).toBe(true);
    expect(new Set((await cluster.list(pods)).map(image))).toEqual(new Set(['web:2']));
  });

  test('keeps only revisionHistoryLimit old ReplicaSets', async () => {
    const cluster = await start({ revisionHistoryLimit: 1, replicas: 1 });
    for (const tag of ['web:2', 'web:3', 'web:4']) {
      await settled(cluster);
      await cluster.change(deployments, 'web', setImage(tag));
      await cluster.run(500);
    }
    await settled(cluster);
    await cluster.run(10_000);
    const revisions = (await cluster.list(replicaSets)).map(
      (set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    );
    expect(revisions.sort()).toEqual(['3', '4']);
  });

  test('a ReplicaSet of the same name that is not its own is stepped around', async () => {
    const cluster = await start();
    await settled(cluster);
    const [own] = await cluster.list(replicaSets);
    const other = new ControllerCluster({ controllers: ['deployment-controller', 'replicaset-controller'] });
    const { name } = own!.metadata;
    const labels = { app: 'other' };
    const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'main', image: 'x' }] } };
    await other.do(
      other.client.create(replicaSets, {
        metadata: { name, namespace: 'default' },
        spec: { replicas: 0, selector: { matchLabels: labels }, template },
      }),
    );
    await other.do(other.client.create(deployments, deployment()));
    expect(await settled(other)).toBe(true);
    const web = await other.get(deployments, 'web');
    expect(web.status?.collisionCount).toBe(1);
  });
});

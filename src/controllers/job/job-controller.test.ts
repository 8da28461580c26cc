import { describe, expect, test } from 'vitest';
import type { Job, JobSpec, Pod } from '../../api/generated/types.ts';
import { jobs, pods } from '../../client/index.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';
import { formatIndexes, indexOf, parseIndexes } from './job-pods.ts';

async function start(spec: Partial<JobSpec>) {
  const cluster = new ControllerCluster({
    controllers: ['job-controller', 'ttl-after-finished-controller'],
    pods: false,
  });
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work' }] } };
  await cluster.do(
    cluster.client.create(jobs, { metadata: { name: 'work', namespace: 'default' }, spec: { template, ...spec } }),
  );
  await cluster.run(500);
  return cluster;
}

/** Ends pods that have not ended yet. */
async function end(cluster: ControllerCluster, phase: 'Succeeded' | 'Failed', of = (_: Pod) => true) {
  for (const pod of await cluster.list(pods)) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || !of(pod)) continue;
    const finishedAt = new Date(cluster.simulation.now()).toISOString();
    const exitCode = phase === 'Failed' ? 3 : 0;
    const containerStatuses = [
      {
        name: 'main',
        image: 'work',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, finishedAt } },
      },
    ];
    await cluster.do(cluster.client.updateStatus(pods, { ...pod, status: { phase, containerStatuses } }));
  }
  await cluster.run(500);
}

const job = (cluster: ControllerCluster) => cluster.get(jobs, 'work');
const condition = (of: Job, type: string) => of.status?.conditions?.find((each) => each.type === type);

describe('a Job', () => {
  test('runs to completion with limited parallelism, counting each pod once', async () => {
    const cluster = await start({ completions: 5, parallelism: 2 });
    expect(await cluster.list(pods)).toHaveLength(2);
    for (let round = 0; round < 3; round++) await end(cluster, 'Succeeded');
    const done = await job(cluster);
    expect(done.status).toMatchObject({ succeeded: 5, failed: 0, active: 0, uncountedTerminatedPods: {} });
    expect(condition(done, 'Complete')).toMatchObject({ status: 'True', reason: 'CompletionsReached' });
    expect(done.status?.completionTime).toBeDefined();
    const all = await cluster.list(pods);
    expect(all).toHaveLength(5);
    expect(all.flatMap((pod) => pod.metadata.finalizers ?? [])).toEqual([]);
    expect(cluster.errors).toEqual([]);
  });

  test('waits longer after each failure and gives up after backoffLimit', async () => {
    const cluster = await start({ backoffLimit: 2 });
    await end(cluster, 'Failed');
    await cluster.run(8000);
    expect(await cluster.list(pods)).toHaveLength(1);
    await cluster.run(3000);
    expect(await cluster.list(pods)).toHaveLength(2);
    await end(cluster, 'Failed');
    await cluster.run(18_000);
    expect(await cluster.list(pods)).toHaveLength(2);
    await cluster.run(3000);
    await end(cluster, 'Failed');
    expect((await job(cluster)).status).toMatchObject({ failed: 3 });
    expect(condition(await job(cluster), 'Failed')).toMatchObject({
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    });
  });

  test('Indexed: each index once, its pod knows it, a failed one is tried again', async () => {
    const cluster = await start({ completions: 3, parallelism: 3, completionMode: 'Indexed' });
    const first = await cluster.list(pods);
    expect(first.map(indexOf).sort()).toEqual([0, 1, 2]);
    expect(first.find((pod) => indexOf(pod) === 1)?.spec).toMatchObject({ hostname: 'work-1' });
    await end(cluster, 'Failed', (pod) => indexOf(pod) === 1);
    await end(cluster, 'Succeeded');
    expect((await job(cluster)).status).toMatchObject({ completedIndexes: '0,2', succeeded: 2, failed: 1 });
    await cluster.run(11_000);
    await end(cluster, 'Succeeded');
    expect((await job(cluster)).status?.completedIndexes).toBe('0-2');
    expect(condition(await job(cluster), 'Complete')?.status).toBe('True');
  });

  test('stops at activeDeadlineSeconds', async () => {
    const cluster = await start({ activeDeadlineSeconds: 30 });
    await cluster.run(31_000);
    expect(await cluster.list(pods).then((all) => all.filter((pod) => !pod.metadata.deletionTimestamp))).toEqual([]);
    expect(condition(await job(cluster), 'FailureTarget')).toMatchObject({ reason: 'DeadlineExceeded' });
  });

  test('suspended, it has no pods; resumed, it goes on', async () => {
    const cluster = await start({ suspend: true });
    expect(await cluster.list(pods)).toEqual([]);
    expect(condition(await job(cluster), 'Suspended')).toMatchObject({ status: 'True', reason: 'JobSuspended' });
    await cluster.change(jobs, 'work', (object) => {
      object.spec!.suspend = false;
    });
    await cluster.run(500);
    expect(await cluster.list(pods)).toHaveLength(1);
    expect(condition(await job(cluster), 'Suspended')).toMatchObject({ status: 'False', reason: 'JobResumed' });
  });

  test('a pod failure policy ends it at once for an exit code that cannot be helped', async () => {
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }];
    const cluster = await start({ podFailurePolicy: { rules } });
    await end(cluster, 'Failed');
    await cluster.run(1000);
    const failed = condition(await job(cluster), 'Failed');
    expect(failed?.reason).toBe('PodFailurePolicy');
    expect(failed?.message).toMatch(
      /^Container main for pod default\/work-\w+ failed with exit code 3 matching FailJob rule at index 0$/,
    );
  });

  test('is deleted ttlSecondsAfterFinished after its end', async () => {
    const cluster = await start({ ttlSecondsAfterFinished: 60 });
    await end(cluster, 'Succeeded');
    await cluster.run(55_000);
    expect((await job(cluster)).metadata.deletionTimestamp).toBeUndefined();
    await cluster.run(10_000);
    expect((await job(cluster)).metadata.deletionTimestamp).toBeDefined();
  });
});

test('indexes are written as ranges and read back', () => {
  expect(formatIndexes([7, 1, 2, 3, 9, 10])).toBe('1-3,7,9-10');
  expect([...parseIndexes('1-3,7,x,9-10')]).toEqual([1, 2, 3, 7, 9, 10]);
  expect(formatIndexes(parseIndexes(undefined))).toBe('');
});

// Init containers, sidecars and probes on a hollow node against the real API server, in virtual time.

import { describe, expect, test } from 'vitest';
import { pods } from '../client/resources.ts';
import { boundPod } from './testing/node-world.ts';
import { condition, containersOf, running, sharedWorld, status } from './testing/shared-node.ts';

describe('init containers and sidecars', () => {
  test('run in order before the others', async () => {
    const { world } = await sharedWorld();
    const init = (name: string) => ({ name, image: 'busybox', command: ['sleep', '2'] });
    await world.create(pods, boundPod('app-17', { image: 'nginx' }, { initContainers: [init('one'), init('two')] }));
    const first = await world.until('app-17', (p) => status(p, 'one')?.state?.running !== undefined);
    expect(first.status?.phase).toBe('Pending');
    expect(status(first)?.state?.waiting?.reason).toBe('PodInitializing');
    expect(condition(first, 'Initialized')).toMatchObject({
      status: 'False',
      message: 'containers with incomplete status: [one two]',
    });
    const done = await world.until('app-17', running);
    expect(status(done, 'one')?.state?.terminated?.exitCode).toBe(0);
    expect(Date.parse(status(done, 'two')?.state?.terminated?.startedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(status(done, 'one')?.state?.terminated?.finishedAt ?? ''),
    );
    expect(condition(done, 'Initialized')?.status).toBe('True');
  });

  test('that fail keep the pod from starting, and end it when it may not restart', async () => {
    const { world } = await sharedWorld();
    const initContainers = [{ name: 'one', image: 'busybox', command: ['false'] }];
    await world.create(pods, boundPod('again-18', { image: 'nginx' }, { initContainers }));
    const pod = await world.until('again-18', (p) => status(p, 'one')?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(pod.status?.phase).toBe('Pending');
    await world.create(pods, boundPod('never-18', { image: 'nginx' }, { initContainers, restartPolicy: 'Never' }));
    const failed = await world.until('never-18', (p) => p.status?.phase === 'Failed');
    expect(status(failed)?.state?.waiting?.reason).toBe('PodInitializing');
  });

  test('a sidecar runs beside the others and is restarted for itself', async () => {
    const { world, node } = await sharedWorld();
    const initContainers = [
      { name: 'side', image: 'nginx', restartPolicy: 'Always' },
      { name: 'setup', image: 'busybox', command: ['true'] },
    ];
    await world.create(
      pods,
      boundPod('app-19', { command: ['sleep', '60'] }, { initContainers, restartPolicy: 'Never' }),
    );
    const pod = await world.until('app-19', running);
    expect(status(pod, 'side')).toMatchObject({ ready: true, started: true, state: { running: {} } });
    const side = (await containersOf(node, 'app-19')).find((c) => c.metadata.name === 'side');
    await node.hollow.runtime.stopContainer(side?.id ?? '', 0);
    await world.until(
      'app-19',
      (p) => status(p, 'side')?.restartCount === 1 && status(p, 'side')?.state?.running !== undefined,
    );
    expect(status(await world.pod('app-19'))?.restartCount).toBe(0);
    const ended = await world.until('app-19', (p) => p.status?.phase === 'Succeeded');
    expect(status(ended, 'side')?.state?.terminated).toBeDefined();
  });
});

describe('probes', () => {
  const exec = (...command: string[]) => ({ exec: { command }, periodSeconds: 2, failureThreshold: 2 });

  test('a failing readiness probe keeps the pod unready and running', async () => {
    const { world } = await sharedWorld();
    await world.create(pods, boundPod('app-20', { image: 'nginx', readinessProbe: exec('false') }));
    await world.until('app-20', running);
    await world.simulation.run(10_000);
    const pod = await world.pod('app-20');
    expect(status(pod)).toMatchObject({ ready: false, started: true, restartCount: 0 });
    expect(condition(pod, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
    expect((await world.events('app-20')).some((event) => event.startsWith('Unhealthy Readiness probe failed:'))).toBe(
      true,
    );
  });

  test('a readiness probe that succeeds makes it ready', async () => {
    const { world } = await sharedWorld();
    await world.create(
      pods,
      boundPod('app-21', {
        image: 'nginx',
        readinessProbe: { httpGet: { path: '/', port: 80 }, initialDelaySeconds: 3 },
      }),
    );
    const begun = await world.until('app-21', running);
    expect(status(begun)?.ready).toBe(false);
    const pod = await world.until('app-21', (p) => condition(p, 'Ready')?.status === 'True');
    const delay =
      Date.parse(condition(pod, 'Ready')?.lastTransitionTime ?? '') -
      Date.parse(status(pod)?.state?.running?.startedAt ?? '');
    expect(delay).toBeGreaterThanOrEqual(3000);
    expect(
      world.records.some((record) => record.gate === 'probe' && record.will === 'readiness probe of main: success'),
    ).toBe(true);
  });

  test('a failing liveness probe restarts the container', async () => {
    const { world } = await sharedWorld();
    await world.create(pods, boundPod('app-22', { image: 'nginx', livenessProbe: exec('false') }));
    const pod = await world.until('app-22', (p) => (status(p)?.restartCount ?? 0) > 0);
    expect(status(pod)?.lastState?.terminated).toBeDefined();
    expect(await world.events('app-22')).toContain('Killing Container main failed liveness probe, will be restarted');
  });

  test('a startup probe holds the others back', async () => {
    const { world } = await sharedWorld();
    const startupProbe = { exec: { command: ['true'] }, initialDelaySeconds: 5, periodSeconds: 1 };
    await world.create(pods, boundPod('app-23', { image: 'nginx', startupProbe, livenessProbe: { ...exec('true') } }));
    const begun = await world.until('app-23', running);
    expect(status(begun)).toMatchObject({ started: false, ready: false });
    expect(status(await world.until('app-23', (p) => status(p)?.ready === true))).toMatchObject({
      started: true,
      restartCount: 0,
    });
  });
});

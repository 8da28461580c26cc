// How pods end: gracefully, after the endpoints' head start, late, hurried, or by force; in virtual time.

import { describe, expect, test } from 'vitest';
import { pods } from '../client/resources.ts';
import { boundPod, NodeWorld } from './testing/node-world.ts';
import { condition, containersOf, running, sharedWorld, status } from './testing/shared-node.ts';

describe('how a pod ends', () => {
  test('is stopped: its containers end, the object goes, nothing is left', async () => {
    const { world, node } = await sharedWorld();
    await world.create(pods, boundPod('web-4', { image: 'nginx' }));
    await world.until('web-4', running);
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'web-4' }));
    await world.simulation.run(3000);
    await expect(world.pod('web-4')).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await containersOf(node, 'web-4')).toEqual([]);
    expect((await node.hollow.runtime.listPodSandboxes()).map((sandbox) => sandbox.metadata.name)).not.toContain(
      'web-4',
    );
    expect(await world.events('web-4')).toContain('Killing Stopping container main');
  });

  test('is signalled after the head start of the endpoints, unless it has no time to give', async () => {
    const world = await NodeWorld.start();
    const node = await world.node('node-1', { kubelet: { endpointsHeadStartSeconds: 3 } });
    await world.create(pods, boundPod('served', { image: 'nginx' }));
    await world.create(pods, boundPod('hasty', { image: 'nginx' }, { terminationGracePeriodSeconds: 4 }));
    for (const name of ['served', 'hasty']) {
      await world.until(name, running);
      await world.call(world.client.delete(pods, { namespace: 'default', name }));
    }
    await world.simulation.run(2000);
    expect((await containersOf(node, 'served')).map(({ state }) => state)).toEqual(['running']);
    expect(await containersOf(node, 'hasty')).toEqual([]);
    await world.simulation.run(3000);
    expect(await containersOf(node, 'served')).toEqual([]);
  });

  test('that ignores SIGTERM keeps its grace period', async () => {
    const { world } = await sharedWorld();
    await world.create(
      pods,
      boundPod(
        'stubborn',
        { command: ['sh', '-c', "trap '' TERM; sleep 10000"] },
        { terminationGracePeriodSeconds: 20 },
      ),
    );
    await world.until('stubborn', running);
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'stubborn' }));
    await world.simulation.run(15_000);
    expect((await world.pod('stubborn')).metadata.deletionTimestamp).toBeDefined();
    await world.simulation.run(10_000);
    await expect(world.pod('stubborn')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('deleted again with less grace stops sooner', async () => {
    const { world } = await sharedWorld();
    await world.create(
      pods,
      boundPod(
        'patient',
        { command: ['sh', '-c', "trap '' TERM; sleep 10000"] },
        { terminationGracePeriodSeconds: 600 },
      ),
    );
    await world.until('patient', running);
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'patient' }));
    await world.simulation.run(5000);
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'patient' }, { gracePeriodSeconds: 1 }));
    await world.simulation.run(5000);
    await expect(world.pod('patient')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('deleted with force is gone at once, its containers soon', async () => {
    const { world, node } = await sharedWorld();
    await world.create(pods, boundPod('web-6', { image: 'nginx' }));
    await world.until('web-6', running);
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'web-6' }, { gracePeriodSeconds: 0 }));
    await expect(world.pod('web-6')).rejects.toMatchObject({ reason: 'NotFound' });
    await world.simulation.run(5000);
    expect(await containersOf(node, 'web-6')).toEqual([]);
  });

  test.each([
    ['Never', 'exit 0', 'Succeeded', 'Completed'],
    ['Never', 'exit 3', 'Failed', 'Error'],
    ['OnFailure', 'exit 0', 'Succeeded', 'Completed'],
  ])('with restartPolicy %s that does "%s" is %s', async (restartPolicy, script, phase, reason) => {
    const name = `once-${restartPolicy.toLowerCase()}-${script.slice(5)}`;
    const { world } = await sharedWorld();
    await world.create(pods, boundPod(name, { command: ['sh', '-c', script] }, { restartPolicy }));
    const pod = await world.until(name, (p) => p.status?.phase === phase);
    expect(status(pod)).toMatchObject({
      ready: false,
      state: { terminated: { reason, exitCode: Number(script.slice(5)) } },
    });
    expect(condition(pod, 'Ready')).toMatchObject({
      status: 'False',
      reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed',
    });
    await world.call(world.client.delete(pods, { namespace: 'default', name }));
    await world.simulation.run(3000);
    await expect(world.pod(name)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

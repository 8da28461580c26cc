import { describe, expect, test } from 'vitest';
import type { CoreV1Event } from '../api/generated/types.ts';
import { newEventRecorder } from './event-recorder.ts';
import { events } from './resources.ts';
import { TestCluster } from './testing/test-cluster.ts';

const web = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web', namespace: 'default', uid: 'u1' } };

async function setup() {
  const cluster = new TestCluster();
  const { env, client } = cluster.process('manager');
  const recorder = newEventRecorder(env, client, { component: 'replicaset-controller' });
  const list = async (): Promise<CoreV1Event[]> => {
    await cluster.simulation.finish(recorder.flush());
    return (await cluster.simulation.finish(client.list(events))).items;
  };
  return { cluster, recorder, list };
}

describe('an event recorder', () => {
  test('writes what happened, to what, from whom', async () => {
    const { recorder, list } = await setup();
    recorder.event(web, 'Normal', 'SuccessfulCreate', 'Created pod: web-x');
    expect(await list()).toMatchObject([
      {
        involvedObject: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', namespace: 'default', uid: 'u1' },
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: 'Created pod: web-x',
        source: { component: 'replicaset-controller' },
        count: 1,
      },
    ]);
  });

  test('counts repeats on one Event', async () => {
    const { cluster, recorder, list } = await setup();
    for (let i = 0; i < 4; i++) {
      recorder.event(web, 'Warning', 'FailedCreate', 'no quota');
      await cluster.simulation.run(10_000);
    }
    const [event, ...others] = await list();
    expect(others).toEqual([]);
    expect(event?.count).toBe(4);
    expect(Date.parse(event!.lastTimestamp!) - Date.parse(event!.firstTimestamp!)).toBe(30_000);
  });

  test('combines many similar ones and drops spam', async () => {
    const { recorder, list } = await setup();
    for (let i = 0; i < 60; i++) recorder.event(web, 'Warning', 'FailedCreate', `attempt ${i}`);
    const all = await list();
    expect(all).toHaveLength(10);
    const combined = all.find((event) => event.message?.startsWith('(combined from similar events): '));
    // 25 at once pass the spam filter: 9 single ones, and 16 in the combined one
    expect(combined?.count).toBe(16);
  });

  test('writes Events about cluster-scoped objects to default, and again after the old one is gone', async () => {
    const { cluster, recorder, list } = await setup();
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', uid: 'n1' } };
    recorder.event(node, 'Normal', 'NodeReady', 'ready');
    const [first] = await list();
    expect(first?.metadata.namespace).toBe('default');
    const { client } = cluster.process('user');
    await cluster.simulation.finish(client.delete(events, first!.metadata));
    recorder.event(node, 'Normal', 'NodeReady', 'ready');
    expect(await list()).toHaveLength(1);
  });

  test('an API server that is away does not hurt the caller', async () => {
    const { cluster, recorder, list } = await setup();
    cluster.simulation.kill('kube-apiserver');
    recorder.event(web, 'Normal', 'SuccessfulCreate', 'lost');
    await cluster.simulation.run(60_000);
    cluster.simulation.env('kube-apiserver').network.serve('kube-apiserver:6443', cluster.api.handle);
    recorder.event(web, 'Normal', 'SuccessfulCreate', 'kept');
    expect((await list()).map((event) => event.message)).toEqual(['kept']);
  });
});

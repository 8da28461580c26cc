import { describe, expect, test } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/types.ts';
import { type Draft, nodes, persistentVolumeClaims, persistentVolumes, pods } from '../../client/index.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';

const controllers = [
  'serviceaccount-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
];
const start = (list = controllers) => ControllerCluster.served({ controllers: list, pods: false });

const claim: Draft<PersistentVolumeClaim> = {
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const volume: Draft<PersistentVolume> = {
  metadata: { name: 'disk' },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' } },
};
const user = (nodeName?: string): Draft<Pod> => ({
  metadata: { name: 'user', namespace: 'default' },
  spec: {
    ...(nodeName && { nodeName }),
    containers: [{ name: 'c', image: 'x' }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
  },
});
const at = { name: 'data', namespace: 'default' };
const left = async (cluster: ControllerCluster) => (await cluster.list(persistentVolumeClaims)).length;

describe('a claim', () => {
  test('is protected from the start, and goes when nothing uses it', async () => {
    const cluster = await start();
    const made = await cluster.do(cluster.client.create(persistentVolumeClaims, claim));
    expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    await cluster.do(cluster.client.delete(persistentVolumeClaims, at));
    await cluster.run(2000);
    expect(await left(cluster)).toBe(0);
    expect(cluster.errors).toEqual([]);
  });

  test('stays, being deleted, while a pod on a node uses it, even one that has ended', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(nodes, { metadata: { name: 'n' }, spec: {} }));
    await cluster.do(cluster.client.create(persistentVolumeClaims, claim));
    await cluster.run(1000);
    const pod = await cluster.do(cluster.client.create(pods, user('n')));
    await cluster.do(cluster.client.delete(persistentVolumeClaims, at));
    await cluster.run(5000);
    const held = await cluster.get(persistentVolumeClaims, 'data');
    expect(held.metadata.deletionTimestamp).toBeDefined();
    await cluster.do(cluster.client.updateStatus(pods, { ...pod, status: { phase: 'Succeeded' } }));
    await cluster.run(5000);
    expect(await left(cluster)).toBe(1);
    await cluster.do(cluster.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 }));
    await cluster.run(2000);
    expect(await left(cluster)).toBe(0);
    expect(cluster.errors).toEqual([]);
  });

  test('is not held by a pod that has no node', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(persistentVolumeClaims, claim));
    await cluster.run(1000);
    await cluster.do(cluster.client.create(pods, user()));
    await cluster.do(cluster.client.delete(persistentVolumeClaims, at));
    await cluster.run(2000);
    expect(await left(cluster)).toBe(0);
  });

  test('from which the finalizer was taken gets it back', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(persistentVolumeClaims, claim));
    await cluster.change(persistentVolumeClaims, 'data', ({ metadata }) => {
      metadata.finalizers = [];
    });
    await cluster.run(2000);
    const { metadata } = await cluster.get(persistentVolumeClaims, 'data');
    expect(metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  });
});

describe('a volume', () => {
  test('stays, being deleted, while it is bound', async () => {
    const cluster = await start();
    const made = await cluster.do(cluster.client.create(persistentVolumes, volume));
    expect(made.metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
    await cluster.do(cluster.client.updateStatus(persistentVolumes, { ...made, status: { phase: 'Bound' } }));
    await cluster.do(cluster.client.delete(persistentVolumes, { name: 'disk' }));
    await cluster.run(2000);
    const held = await cluster.get(persistentVolumes, 'disk');
    expect(held.metadata.deletionTimestamp).toBeDefined();
    await cluster.do(cluster.client.updateStatus(persistentVolumes, { ...held, status: { phase: 'Released' } }));
    await cluster.run(2000);
    expect(await cluster.list(persistentVolumes)).toEqual([]);
    expect(cluster.errors).toEqual([]);
  });
});

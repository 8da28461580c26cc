// The small plugins: what they fill in, and what they refuse.

import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

async function made(path: string, object: object) {
  const { code, body } = await api.call('POST', path, object);
  expect([code, code === 201 ? '' : body.message]).toEqual([201, '']);
  return body;
}
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
let count = 0;
const run = async (spec: object = {}, metadata: object = {}) =>
  (await made(pods, pod(`p${++count}`, spec, metadata))).spec;
const refusal = async (path: string, object: object) => {
  const { code, body } = await api.call('POST', path, object);
  expect(code).toBe(403);
  return body.message.replace(/^.*? is forbidden: /, '');
};

describe('DefaultTolerationSeconds', () => {
  const tolerations = (keys: string[]) =>
    keys.map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }));
  test('five minutes for what the pod does not speak of', async () => {
    expect((await run()).tolerations).toEqual(tolerations(['not-ready', 'unreachable']));
    const own = {
      key: 'node.kubernetes.io/unreachable',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 5,
    };
    expect((await run({ tolerations: [own] })).tolerations).toEqual([own, ...tolerations(['not-ready'])]);
    const all = { operator: 'Exists' };
    expect((await run({ tolerations: [all] })).tolerations).toEqual([all]);
  });
});

describe('Priority', () => {
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  test('a class gives a number and a policy, and nobody else does', async () => {
    await made(classes, { metadata: { name: 'calm' }, value: 50, preemptionPolicy: 'Never' });
    expect(await run({ priorityClassName: 'calm' })).toMatchObject({ priority: 50, preemptionPolicy: 'Never' });
    expect(await run({ priorityClassName: 'system-node-critical' })).toMatchObject({ priority: 2000001000 });
    expect(await run()).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    expect(await refusal(pods, pod('x', { priorityClassName: 'none' }))).toBe(
      'no PriorityClass with name none was found',
    );
    expect(await refusal(pods, pod('x', { priorityClassName: 'calm', priority: 51 }))).toBe(
      'the integer value of priority (51) must not be provided in pod spec; priority admission controller computed 50 from the given PriorityClass name',
    );
    expect(await refusal(pods, pod('x', { priorityClassName: 'calm', preemptionPolicy: 'PreemptLowerPriority' }))).toBe(
      'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    );
  });

  test('there is one default at most', async () => {
    await made(classes, { metadata: { name: 'usual' }, value: 7, globalDefault: true });
    expect(await run()).toMatchObject({ priorityClassName: 'usual', priority: 7 });
    expect(await refusal(classes, { metadata: { name: 'usual-too' }, value: 8, globalDefault: true })).toBe(
      'PriorityClass usual is already marked as default. Only one default can exist',
    );
    expect((await api.call('PATCH', `${classes}/usual`, { description: 'd' }, merge)).code).toBe(200);
    expect((await api.call('PATCH', `${classes}/calm`, { globalDefault: true }, merge)).code).toBe(403);
    await api.call('DELETE', `${classes}/usual`);
  });
});

test('TaintNodesByCondition: a node is not ready before it says so', async () => {
  const node = async (name: string, spec: object) =>
    (await made('/api/v1/nodes', { metadata: { name }, spec })).spec.taints;
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  expect(await node('new', {})).toEqual([taint]);
  expect(await node('tainted', { taints: [taint] })).toEqual([taint]);
});

describe('defaults of classes', () => {
  const isDefault = (kind: string) => ({ annotations: { [`${kind}.kubernetes.io/is-default-class`]: 'true' } });
  test('a claim that names none has the newest default one', async () => {
    const classes = '/apis/storage.k8s.io/v1/storageclasses';
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
    const claim = async (spec: object) =>
      (
        await made(claims, {
          metadata: { name: `c${++count}` },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
        })
      ).spec.storageClassName;
    expect(await claim({})).toBe(undefined);
    await made(classes, { metadata: { name: 'old', ...isDefault('storageclass') }, provisioner: 'p' });
    expect(await claim({})).toBe('old');
    await api.simulation.run(2000);
    await made(classes, { metadata: { name: 'new', ...isDefault('storageclass') }, provisioner: 'p' });
    expect(await claim({})).toBe('new');
    // Of those of one second the first by name.
    for (const name of ['b', 'a', 'c'])
      await made(classes, { metadata: { name, ...isDefault('storageclass') }, provisioner: 'p' });
    await api.simulation.run(2000);
    for (const name of ['z', 'x', 'y'])
      await made(classes, { metadata: { name, ...isDefault('storageclass') }, provisioner: 'p' });
    expect(await claim({})).toBe('x');
    expect(await claim({ storageClassName: '' })).toBe('');
    expect(await claim({ storageClassName: 'other' })).toBe('other');
  });

  test('an ingress too', async () => {
    const ingresses = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
    const ingress = async (more: object = {}, annotations: object = {}) =>
      (
        await made(ingresses, {
          metadata: { name: `i${++count}`, annotations },
          spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, ...more },
        })
      ).spec.ingressClassName;
    expect(await ingress()).toBe(undefined);
    await made('/apis/networking.k8s.io/v1/ingressclasses', {
      metadata: { name: 'nginx', ...isDefault('ingressclass') },
      spec: { controller: 'example.com/c' },
    });
    expect(await ingress()).toBe('nginx');
    expect(await ingress({ ingressClassName: 'own' })).toBe('own');
    expect(await ingress({}, { 'kubernetes.io/ingress.class': 'old' })).toBe(undefined);
  });
});

test('PersistentVolumeClaimResize: a bound claim grows where its class lets it', async () => {
  await made('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'elastic' },
    provisioner: 'p',
    allowVolumeExpansion: true,
  });
  await made('/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 'rigid' }, provisioner: 'p' });
  const grow = async (storageClassName: string) => {
    const path = '/api/v1/namespaces/default/persistentvolumeclaims';
    const name = `grow-${++count}`;
    const requests = { storage: '1Gi' };
    await made(path, {
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests }, storageClassName, volumeName: 'v' },
    });
    const status = { phase: 'Bound', capacity: requests };
    await api.call('PATCH', `${path}/${name}/status`, { status }, merge);
    const { code, body } = await api.call(
      'PATCH',
      `${path}/${name}`,
      { spec: { resources: { requests: { storage: '2Gi' } } } },
      merge,
    );
    return [code, body.message?.replace(/^.*? is forbidden: /, '')];
  };
  expect(await grow('elastic')).toEqual([200, undefined]);
  const why =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  for (const name of ['rigid', 'none', '']) expect([name, await grow(name)]).toEqual([name, [403, why]]);
});

test('RuntimeClass: overhead, where it runs, and that it is there', async () => {
  await made('/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'vm' },
    handler: 'kata',
    overhead: { podFixed: { memory: '64Mi' } },
    scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
  });
  expect(await run({ runtimeClassName: 'vm', nodeSelector: { disk: 'ssd' } })).toMatchObject({
    overhead: { memory: '64Mi' },
    nodeSelector: { disk: 'ssd', kata: 'yes' },
    tolerations: expect.arrayContaining([{ key: 'vm', operator: 'Exists' }]),
  });
  expect(await refusal(pods, pod('x', { runtimeClassName: 'gone' }))).toBe(
    'pod rejected: RuntimeClass "gone" not found',
  );
  expect(await refusal(pods, pod('x', { overhead: { memory: '1Mi' } }))).toBe(
    'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  );
  expect(await refusal(pods, pod('x', { runtimeClassName: 'vm', nodeSelector: { kata: 'no' } }))).toBe(
    'conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no',
  );
});

test('ServiceAccount: a pod has one, its token and its secrets for images', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  const usual = await run();
  expect(usual).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
  const [volume] = usual.volumes;
  expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
  expect(usual.containers[0].volumeMounts).toEqual([
    { name: volume.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  ]);
  await made(accounts, {
    metadata: { name: 'quiet' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'reg' }],
  });
  const quiet = await run({ serviceAccountName: 'quiet' });
  expect([quiet.volumes, quiet.imagePullSecrets]).toEqual([undefined, [{ name: 'reg' }]]);
  expect((await run({ serviceAccountName: 'quiet', automountServiceAccountToken: true })).volumes.length).toBe(1);
  expect(await refusal(pods, pod('x', { serviceAccountName: 'none' }))).toBe(
    'error looking up service account default/none: serviceaccount "none" not found',
  );
});

test('NamespaceLifecycle: nothing new where all is going, and some namespaces stay', async () => {
  const none = await api.call('POST', '/api/v1/namespaces/none/configmaps', { metadata: { name: 'x' } });
  expect([none.code, none.body.message]).toEqual([404, 'namespaces "none" not found']);
  await made('/api/v1/namespaces', { metadata: { name: 'going' } });
  await api.call('DELETE', '/api/v1/namespaces/going');
  const going = await api.call('POST', '/api/v1/namespaces/going/configmaps', { metadata: { name: 'x' } });
  expect([going.code, going.body.message, going.body.details.causes]).toEqual([
    403,
    'configmaps "x" is forbidden: unable to create new content in namespace going because it is being terminated',
    [{ reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' }],
  ]);
  for (const name of ['default', 'kube-system', 'kube-public']) {
    const { code, body } = await api.call('DELETE', `/api/v1/namespaces/${name}`);
    expect([code, body.message]).toEqual([403, `namespaces "${name}" is forbidden: this namespace may not be deleted`]);
  }
});

test('PodTopologyLabels: a pod knows the zone and region of its node', async () => {
  const place = { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' };
  await made('/api/v1/nodes', {
    metadata: { name: 'placed', labels: { ...place, disk: 'ssd', 'topology.kubernetes.io/rack': '7' } },
  });
  await made(pods, pod('bound', {}, { labels: { app: 'a' } }));
  const binding = { metadata: { name: 'bound' }, target: { kind: 'Node', name: 'placed' } };
  expect((await api.call('POST', `${pods}/bound/binding`, binding)).code).toBe(201);
  expect((await api.call('GET', `${pods}/bound`)).body.metadata.labels).toEqual({ app: 'a', ...place });
  expect((await made(pods, pod('direct', { nodeName: 'placed' }))).metadata.labels).toEqual(place);
  expect((await made(pods, pod('lost', { nodeName: 'nowhere' }))).metadata.labels).toBe(undefined);
});

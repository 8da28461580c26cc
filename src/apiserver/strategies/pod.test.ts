// What the server itself writes into pods and leaves out of them.

import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };
const container = { name: 'c', image: 'i' };
const alpha = 'container.apparmor.security.beta.kubernetes.io/c';

let cluster: Harness;
let count = 0;
beforeAll(async () => {
  cluster = await startHarness();
});

async function made(name: string, spec: object, metadata: object = {}, path = pods) {
  const sent = { metadata: { name, ...metadata }, spec };
  const { code, body, headers } = await cluster.call('POST', path, sent);
  expect([code, body.message]).toEqual([201, undefined]);
  return { ...body, warning: headers.get('warning') };
}

const statusPatch = async (name: string, change: object) => {
  const { code, body } = await cluster.call('PATCH', `${pods}/${name}/status`, change, merge);
  expect([code, body.message]).toEqual([200, undefined]);
  return body;
};

test('values of its labels become part of its selectors', async () => {
  const selector = { matchLabels: { a: '1' } };
  const term = {
    topologyKey: 'zone',
    labelSelector: selector,
    matchLabelKeys: ['a2', 'none'],
    mismatchLabelKeys: ['b'],
  };
  const soft = { weight: 1, podAffinityTerm: { topologyKey: 'zone', matchLabelKeys: [], labelSelector: selector } };
  const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
  const { spec } = await made(
    'merged',
    {
      containers: [container],
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [soft] },
      },
      topologySpreadConstraints: [{ ...spread, labelSelector: selector, matchLabelKeys: ['b'] }],
    },
    { labels: { a: '1', a2: '2', b: '3' } },
  );
  const [required] = spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  expect(required.labelSelector).toEqual({
    ...selector,
    matchExpressions: [
      { key: 'a2', operator: 'In', values: ['2'] },
      { key: 'b', operator: 'NotIn', values: ['3'] },
    ],
  });
  const [preferred] = spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  expect(preferred.podAffinityTerm.labelSelector).toEqual(selector);
  expect(spec.topologySpreadConstraints[0].labelSelector).toEqual({
    ...selector,
    matchExpressions: [{ key: 'b', operator: 'In', values: ['3'] }],
  });
});

test.each<[string, object, object | undefined, boolean]>([
  ['unconfined', {}, { type: 'Unconfined' }, true],
  ['runtime/default', {}, { type: 'RuntimeDefault' }, true],
  ['localhost/mine', {}, { type: 'Localhost', localhostProfile: 'mine' }, true],
  // The pod says so already.
  ['unconfined', { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, undefined, false],
  // AppArmor is Linux's.
  ['unconfined', { os: { name: 'windows' } }, undefined, false],
])('the AppArmor annotation %s with %j becomes %j', async (annotation, more, profile, warned) => {
  const spec = { containers: [container], ...more };
  const pod = await made(`armor-${++count}`, spec, { annotations: { [alpha]: annotation } });
  expect(pod.spec.containers[0].securityContext?.appArmorProfile).toEqual(profile);
  const text = `metadata.annotations[${alpha}]: deprecated since v1.30; use the \\"appArmorProfile\\" field instead`;
  expect((pod.warning ?? '').includes(text)).toBe(warned);
});

// Features that are off by default.
const withAlpha = {
  containers: [{ ...container, lifecycle: { stopSignal: 'SIGUSR1' } }],
  os: { name: 'linux' },
  schedulingGroup: { podGroupName: 'g' },
  volumes: [
    {
      name: 'v',
      projected: {
        sources: [
          { serviceAccountToken: { path: 't' } },
          { clusterTrustBundle: { path: 'b', name: 'x' }, configMap: { name: 'm' } },
        ],
      },
    },
  ],
};

test.each([
  ['pods', pods, (spec: object) => spec],
  [
    'deployments',
    '/apis/apps/v1/namespaces/default/deployments',
    (spec: object) => ({
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec },
    }),
  ],
] as const)('%s lose what belongs to features that are off', async (kind, path, wrap) => {
  const { spec } = await made('alpha', wrap(withAlpha), {}, path);
  const inner = kind === 'pods' ? spec : spec.template.spec;
  expect(inner.containers[0].lifecycle).toBeUndefined();
  expect(inner.schedulingGroup).toBeUndefined();
  const volume = inner.volumes.find(({ name }: { name: string }) => name === 'v');
  expect(volume.projected.sources.map((source: object) => Object.keys(source))).toEqual([
    ['serviceAccountToken'],
    ['configMap'],
  ]);
});

test('gated pods say so from the start', async () => {
  const { status } = await made('gated', { containers: [container], schedulingGates: [{ name: 'a/b' }] });
  expect(status).toMatchObject({
    phase: 'Pending',
    qosClass: 'BestEffort',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
  });
});

test('a status keeps what its writer did not know', async () => {
  await made('known', { containers: [container] });
  const condition = { type: 'Ready', status: 'False', observedGeneration: 1 };
  await statusPatch('known', { status: { observedGeneration: 1, conditions: [condition] } });
  const { observedGeneration: _, ...older } = condition;
  const change = { qosClass: null, observedGeneration: null, conditions: [{ ...older, status: 'True' }] };
  const { status } = await statusPatch('known', { status: change });
  expect(status).toMatchObject({
    qosClass: 'BestEffort',
    observedGeneration: 1,
    conditions: [{ ...condition, status: 'True' }],
  });
});

test('a status leaves owners alone', async () => {
  await made('owned', { containers: [container] });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }];
  const { metadata } = await statusPatch('owned', { metadata: { ownerReferences }, status: { reason: 'r' } });
  expect(metadata.ownerReferences).toBeUndefined();
});

test('binding says where, and that the nomination is over', async () => {
  await made('bound', { containers: [container] });
  await statusPatch('bound', { status: { nominatedNodeName: 'other' } });
  const bind = (name: string, target: object) =>
    cluster.call('POST', `${pods}/bound/binding`, { metadata: { name }, target });
  const wrong = await bind('else', { name: 'n' });
  expect([wrong.code, wrong.body.message]).toEqual([400, 'name in URL does not match name in Binding object']);
  const refused = await bind('bound', { kind: 'Pod' });
  expect(refused.body.details.causes.map(({ message }: { message: string }) => message)).toEqual([
    'Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'Required value',
  ]);
  expect((await bind('bound', { kind: 'Node', name: 'n' })).code).toBe(201);
  const { body } = await cluster.call('GET', `${pods}/bound`);
  expect([body.spec.nodeName, body.status.nominatedNodeName]).toEqual(['n', undefined]);
});

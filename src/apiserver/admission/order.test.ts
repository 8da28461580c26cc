import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { Core } from '../server/core.ts';
import { type Harness, startHarness } from '../testing/harness.ts';
import { jsonPatch } from '../testing/json-patch-answer.ts';
import { builtInPlugins } from './plugins/index.ts';

// AllOrderedPlugins, less those that are off by default (but NodeRestriction, which every installer turns on) and those of features that are off or not there.
const upstream = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
];
const onlyValidate = [
  'PodSecurity',
  'PersistentVolumeClaimResize',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
];
const both = ['LimitRanger', 'ServiceAccount', 'Priority', 'RuntimeClass'];

test("the plugins stand in upstream's order and do what upstream's do", () => {
  const plugins = builtInPlugins({} as Catalog, {} as RbacAuthorizer, () => ({}) as Core)
    // In the registry upstream, which asks it before the validating ones.
    .filter(({ name }) => name !== 'RBACEscalationCheck');
  expect(plugins.map(({ name }) => name)).toEqual(upstream);
  const validating = plugins.filter(({ validate }) => validate).map(({ name }) => name);
  expect(validating).toEqual(upstream.filter((name) => onlyValidate.includes(name) || both.includes(name)));
  const mutating = plugins.filter(({ mutate }) => mutate).map(({ name }) => name);
  expect(mutating).toEqual(upstream.filter((name) => !onlyValidate.includes(name)));
});

interface Container {
  name: string;
  resources: { requests?: Record<string, string> };
  volumeMounts?: { name: string }[];
}
interface Seen {
  by: string;
  pod: {
    metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
    spec: { containers: Container[]; volumes?: { name: string }[]; serviceAccountName?: string };
  };
}

let api: Harness;
let seen: Seen[] = [];
let answers: Record<string, (pod: Seen['pod']) => object> = {};
const drops: (() => Promise<unknown>)[] = [];
const group = '/apis/admissionregistration.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';
const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];

beforeAll(async () => {
  api = await startHarness({
    async fetch(text, init) {
      const by = new URL(text).hostname;
      const { request } = JSON.parse(String(init.body));
      seen.push({ by, pod: request.object });
      const response = { uid: request.uid, allowed: true, ...answers[by]?.(request.object) };
      return Response.json({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
    },
  });
  await made('/api/v1/namespaces/default/limitranges', {
    metadata: { name: 'limits' },
    spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '100m' }, max: { cpu: '1' } }] },
  });
  drops.length = 0;
});
beforeEach(() => {
  seen = [];
  answers = {};
});
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

async function made(path: string, object: { metadata: { name: string }; [field: string]: unknown }): Promise<void> {
  const { code, body } = await api.call('POST', path, object);
  expect([code, body.message]).toEqual([201, undefined]);
  drops.push(() => api.call('DELETE', `${path}/${object.metadata.name}`));
}
const hooks = (kind: 'Mutating' | 'Validating', name: string, ...webhooks: [host: string, more?: object][]) =>
  made(`${group}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name },
    webhooks: webhooks.map(([host, more]) => ({
      name: `${host}.example.com`,
      clientConfig: { url: `https://${host}/` },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      rules,
      ...more,
    })),
  });
const constraints = { resourceRules: rules };
async function mutatingPolicy(name: string, expression: string, more: object = {}): Promise<void> {
  const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression } }];
  await made(`${group}/mutatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: constraints, reinvocationPolicy: 'Never', mutations, ...more },
  });
  await made(`${group}/mutatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name } });
}
const label = (name: string) =>
  `[JSONPatch{op: "add", path: "/metadata/labels/${name}", value: string(size(object.metadata.labels))}]`;
const pod = (name: string, spec: object = {}) => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const calls = () => seen.map(({ by }) => by);

describe('one request', () => {
  test('passes plugins, mutating policies, mutating webhooks, then all of them that validate, the quota last', async () => {
    await mutatingPolicy('label', label('bypolicy'));
    await hooks('Mutating', 'b-later', ['second']);
    await hooks('Mutating', 'a-first', ['first']);
    await hooks('Validating', 'judge', ['judge']);
    await made(`${group}/validatingadmissionpolicies`, {
      metadata: { name: 'no-bad' },
      spec: { matchConstraints: constraints, validations: [{ expression: '!("bad" in object.metadata.labels)' }] },
    });
    await made(`${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'no-bad' },
      spec: { policyName: 'no-bad', validationActions: ['Deny'] },
    });
    await made('/api/v1/namespaces/default/resourcequotas', {
      metadata: { name: 'none' },
      spec: { hard: { pods: '0' } },
    });
    await api.call(
      'PATCH',
      '/api/v1/namespaces/default/resourcequotas/none/status',
      { status: { hard: { pods: '0' }, used: { pods: '0' } } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    answers['second'] = () => jsonPatch({ op: 'add', path: '/metadata/labels/bywebhook', value: 'x' });
    // All refuse: what is said is the word of the first.
    answers['judge'] = () => ({ allowed: false });
    const refused = async (name: string, labels: object = {}) => {
      seen = [];
      const { body } = await api.call('POST', pods, {
        ...pod(name),
        metadata: { name, labels: { app: name, ...labels } },
      });
      return body.message as string;
    };
    expect(await refused('one', { bad: '' })).toContain(
      "ValidatingAdmissionPolicy 'no-bad' with binding 'no-bad' denied",
    );
    expect(calls()).toEqual(['first', 'second']);
    expect(await refused('two')).toBe('admission webhook "judge.example.com" denied the request without explanation');
    expect(calls()).toEqual(['first', 'second', 'judge']);
    const [first, second, judge] = seen.map((each) => each.pod) as [Seen['pod'], Seen['pod'], Seen['pod']];
    // What the plugins and policies make is there for the webhooks, and what one webhook makes for the next and for those that judge.
    expect(first.spec.serviceAccountName).toBe('default');
    expect(first.spec.containers[0]?.resources.requests).toEqual({ cpu: '100m' });
    expect(first.metadata.labels).toEqual({ app: 'two', bypolicy: '1' });
    expect(second.metadata.labels).toEqual({ app: 'two', bypolicy: '1' });
    expect(judge.metadata.labels).toEqual({ app: 'two', bypolicy: '1', bywebhook: 'x' });
    answers['judge'] = () => ({ allowed: true });
    expect(await refused('three')).toContain('exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0');
    expect(calls()).toEqual(['first', 'second', 'judge']);
  });

  test('is refused by validation proper before it comes before those that judge', async () => {
    await hooks('Validating', 'judge', ['judge']);
    const { body } = await api.call('POST', pods, pod('Bad_Name'));
    expect([body.reason, calls()]).toEqual(['Invalid', []]);
  });
});

describe('a second round', () => {
  const sidecar = (existing: Seen['pod']) =>
    existing.spec.containers.some(({ name }) => name === 'sidecar')
      ? {}
      : jsonPatch({ op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: 'i' } });

  test('lets the plugins fill in what a webhook has added; containers share one token', async () => {
    await hooks('Mutating', 'inject', ['inject']);
    answers['inject'] = sidecar;
    const { body } = await api.call('POST', pods, pod('injected'));
    const { containers, volumes } = body.spec as Seen['pod']['spec'];
    expect(calls()).toEqual(['inject']);
    expect(containers.map(({ resources }) => resources.requests)).toEqual([{ cpu: '100m' }, { cpu: '100m' }]);
    const name = volumes?.[0]?.name;
    expect(name).toMatch(/^kube-api-access-/);
    expect([volumes?.length, containers.map(({ volumeMounts }) => volumeMounts?.[0]?.name)]).toEqual([1, [name, name]]);
  });

  test('calls a webhook again that asked for it, when a plugin has filled in what a policy added after it was called', async () => {
    // The policy is asked before the webhook; what the plugins make of its container is new to the webhook.
    await mutatingPolicy(
      'inject',
      'has(object.metadata.labels.injected) ? [] : [JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "sidecar", image: "i"}}, JSONPatch{op: "add", path: "/metadata/labels/injected", value: "1"}]',
    );
    await hooks('Mutating', 'watch', ['again', { reinvocationPolicy: 'IfNeeded' }], ['once']);
    const { code } = await api.call('POST', pods, pod('filled'));
    expect([code, calls()]).toEqual([201, ['again', 'once', 'again']]);
    const requests = (at: number) => seen[at]?.pod.spec.containers.map(({ resources }) => resources.requests);
    expect(requests(0)).toEqual([{ cpu: '100m' }, undefined]);
    expect(requests(2)).toEqual([{ cpu: '100m' }, { cpu: '100m' }]);
  });

  test('is not there when nothing has changed; a webhook does not make itself due', async () => {
    const again = { reinvocationPolicy: 'IfNeeded' };
    await hooks('Mutating', 'watch', ['again', again]);
    await api.call('POST', pods, pod('quiet'));
    expect(calls()).toEqual(['again']);
    seen = [];
    answers['again'] = () => jsonPatch({ op: 'add', path: '/metadata/labels/x', value: 'y' });
    await api.call('POST', pods, pod('self'));
    expect(calls()).toEqual(['again']);
  });

  test('applies policies again that ask for it, and never a third time', async () => {
    await mutatingPolicy('count', label('ifneeded'), { reinvocationPolicy: 'IfNeeded' });
    await mutatingPolicy('once', label('never'));
    const { body } = await api.call('POST', pods, pod('counted'));
    // One label in the first round, three in the second.
    expect(body.metadata.labels).toEqual({ app: 'counted', ifneeded: '3', never: '2' });
  });

  test('does not let a webhook smuggle in what a plugin would refuse', async () => {
    await hooks('Mutating', 'smuggle', ['smuggle']);
    answers['smuggle'] = () =>
      jsonPatch({ op: 'add', path: '/spec/containers/0/resources', value: { limits: { cpu: '2' } } });
    const { body } = await api.call('POST', pods, pod('greedy'));
    expect(body.message).toContain('maximum cpu usage per Container is 1');
    answers['smuggle'] = () => jsonPatch({ op: 'replace', path: '/spec/serviceAccountName', value: 'nobody' });
    expect((await api.call('POST', pods, pod('nameless'))).body.message).toBe(
      'pods "nameless" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    );
    answers['smuggle'] = () => jsonPatch({ op: 'add', path: '/spec/overhead', value: { cpu: '1' } });
    expect((await api.call('POST', pods, pod('heavy'))).body.message).toBe(
      'pods "heavy" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  });
});

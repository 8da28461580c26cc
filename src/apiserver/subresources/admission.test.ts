import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';
import { jsonPatch } from '../testing/json-patch-answer.ts';

interface AdmissionRequest {
  operation: string;
  kind: { group: string; version: string; kind: string };
  resource: { resource: string };
  subResource?: string;
  name: string;
  dryRun: boolean;
  options: unknown;
  object: { metadata?: { name: string }; [field: string]: unknown } | null;
  oldObject: { [field: string]: unknown } | null;
}

let api: Harness;
let seen: { host: string; request: AdmissionRequest }[] = [];
let answers: Record<string, (request: AdmissionRequest) => object> = {};
const admission = '/apis/admissionregistration.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

const rules = (operation: string, ...resources: string[]) => [
  { apiGroups: ['*'], apiVersions: ['*'], operations: [operation], resources },
];

async function webhook(kind: 'Validating' | 'Mutating', host: string, of: object[], more: object = {}) {
  const { code, body } = await api.call('POST', `${admission}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name: host },
    webhooks: [
      {
        name: `${host}.example.com`,
        clientConfig: { url: `https://${host}/` },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        rules: of,
        ...more,
      },
    ],
  });
  expect([code, body.message]).toEqual([201, undefined]);
}

async function deny(name: string, of: object[], expression: string) {
  await api.call('POST', `${admission}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: of }, validations: [{ expression, message: `${name}!` }] },
  });
  await api.call('POST', `${admission}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
}

const pod = (name: string, spec: object = {}) => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});

beforeAll(async () => {
  api = await startHarness({
    async fetch(text, init) {
      const { hostname } = new URL(text);
      const { request } = JSON.parse(String(init.body)) as { request: AdmissionRequest & { uid: string } };
      seen.push({ host: hostname, request });
      const response = { uid: request.uid, allowed: true, ...answers[hostname]?.(request) };
      return Response.json({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
    },
  });
  for (const name of ['p', 'q']) await api.call('POST', pods, pod(name, { nodeName: 'node-1' }));
  await api.call('POST', pods, pod('free'));
});
beforeEach(() => {
  seen = [];
  answers = {};
});

describe('CONNECT', () => {
  test('is shown to webhooks with its options, whoever and whatever it is for', async () => {
    await webhook('Validating', 'connects', rules('CONNECT', '*/*'));
    await api.call('POST', `${pods}/gone/exec?command=ls&command=-l&stdout=true&container=c`);
    await api.call('GET', `${pods}/gone/attach?stdin=1&tty=true`);
    await api.call('POST', `${pods}/gone/portforward?ports=80`);
    await api.call('PUT', `${pods}/gone:8080/proxy/a/b/?x=1`, 'text');
    await api.call('GET', '/api/v1/namespaces/default/services/https:s:web/proxy');
    await api.call('DELETE', '/api/v1/nodes/gone/proxy/');
    await api.call('GET', `${pods}/gone/log`);
    const shown = seen.map(({ request }) => [
      `${request.operation} ${request.resource.resource}/${request.subResource} ${request.name}`,
      request.object,
      [request.oldObject, request.options, request.dryRun],
    ]);
    const options = (kind: string, more: object = {}) => ({ kind, apiVersion: 'v1', ...more });
    expect(shown).toEqual(
      [
        ['CONNECT pods/exec gone', options('PodExecOptions', { stdout: true, container: 'c', command: ['ls', '-l'] })],
        ['CONNECT pods/attach gone', options('PodAttachOptions', { stdin: true, tty: true })],
        ['CONNECT pods/portforward gone', options('PodPortForwardOptions', { ports: [80] })],
        ['CONNECT pods/proxy gone:8080', options('PodProxyOptions', { path: '/a/b/' })],
        ['CONNECT services/proxy https:s:web', options('ServiceProxyOptions')],
        ['CONNECT nodes/proxy gone', options('NodeProxyOptions', { path: '/' })],
      ].map((row) => [...row, [null, null, false]]),
    );
    expect(seen[0]?.request.kind).toEqual({ group: '', version: 'v1', kind: 'PodExecOptions' });
    await api.call('DELETE', `${admission}/validatingwebhookconfigurations/connects`);
  });

  test('can be refused by policies, before anything is known of the pod, and by webhooks', async () => {
    await deny('no-shell', rules('CONNECT', 'pods/exec'), "!('sh' in object.command)");
    const refused = await api.call('POST', `${pods}/gone/exec?command=sh`);
    expect([refused.code, refused.body.message]).toEqual([
      422,
      `pods "gone" is forbidden: ValidatingAdmissionPolicy 'no-shell' with binding 'no-shell' denied request: no-shell!`,
    ]);
    expect((await api.call('POST', `${pods}/gone/exec?command=ls`)).code).toBe(404);
    await webhook('Validating', 'judge', rules('CONNECT', 'pods/attach'));
    answers['judge'] = () => ({ allowed: false, status: { message: 'not today' } });
    const attach = await api.call('GET', `${pods}/p/attach`);
    expect(attach.body.message).toBe('admission webhook "judge.example.com" denied the request: not today');
    await api.call('DELETE', `${admission}/validatingwebhookconfigurations/judge`);
  });

  test('has no labels that an objectSelector could select', async () => {
    await webhook('Validating', 'picky', rules('CONNECT', 'pods/exec'), {
      objectSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    });
    await api.call('POST', `${pods}/gone/exec?command=ls`);
    expect(seen).toEqual([]);
    await api.call('DELETE', `${admission}/validatingwebhookconfigurations/picky`);
  });

  test('goes on with the options as mutating webhooks leave them', async () => {
    await webhook('Mutating', 'changer', rules('CONNECT', 'pods/exec'));
    answers['changer'] = () => jsonPatch({ op: 'add', path: '/container', value: 'other' });
    const { body } = await api.call('POST', `${pods}/p/exec?command=ls`);
    expect(body.message).toBe('container other is not valid for pod p');
    await api.call('DELETE', `${admission}/mutatingwebhookconfigurations/changer`);
  });
});

describe('what is sent to subresources', () => {
  test('a Binding is created, seen, changed and refused', async () => {
    await webhook('Mutating', 'binder', rules('CREATE', 'pods/binding', 'bindings'));
    answers['binder'] = () => jsonPatch({ op: 'replace', path: '/target/name', value: 'node-9' });
    await deny('reserved', rules('CREATE', 'pods/binding', 'bindings'), "object.target.name != 'node-7'");
    const bind = (path: string, name: string, query = '') =>
      api.call('POST', `${path}${query}`, { metadata: { name }, target: { kind: 'Node', name: 'node-1' } });
    expect((await bind(`${pods}/free/binding`, 'free', '?dryRun=All')).code).toBe(201);
    expect(seen[0]?.request).toMatchObject({
      operation: 'CREATE',
      kind: { kind: 'Binding' },
      subResource: 'binding',
      name: 'free',
      dryRun: true,
      object: { metadata: { name: 'free', namespace: 'default' }, target: { name: 'node-1' } },
    });
    answers['binder'] = () => jsonPatch({ op: 'replace', path: '/target/name', value: 'node-7' });
    expect((await bind('/api/v1/namespaces/default/bindings', 'free')).body.message).toContain('reserved!');
    answers['binder'] = () => jsonPatch({ op: 'replace', path: '/target/name', value: 'node-9' });
    expect((await bind('/api/v1/namespaces/default/bindings', 'free')).code).toBe(201);
    expect((await api.call('GET', `${pods}/free`)).body.spec.nodeName).toBe('node-9');
    await api.call('DELETE', `${admission}/mutatingwebhookconfigurations/binder`);
  });

  test('an Eviction is created; that the pod goes is no DELETE of its own', async () => {
    await webhook('Validating', 'evictions', [...rules('CREATE', 'pods/eviction'), ...rules('DELETE', 'pods')]);
    await deny('stay', rules('CREATE', 'pods/eviction'), "request.name != 'p'");
    const evict = (name: string) =>
      api.call('POST', `${pods}/${name}/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name },
        deleteOptions: { gracePeriodSeconds: 0 },
      });
    expect((await evict('p')).body.message).toContain('stay!');
    expect((await evict('q')).code).toBe(201);
    expect((await api.call('GET', `${pods}/q`)).code).toBe(404);
    expect(seen.map(({ request }) => [request.kind, request.name, request.object?.['deleteOptions']])).toEqual([
      [{ group: 'policy', version: 'v1', kind: 'Eviction' }, 'q', { gracePeriodSeconds: 0 }],
    ]);
    await api.call('DELETE', `${admission}/validatingwebhookconfigurations/evictions`);
  });

  test('a Scale is updated from one to another, as a Scale', async () => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    await api.call('POST', deployments, {
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    });
    await deny('growth', rules('UPDATE', 'deployments/scale'), 'object.spec.replicas <= oldObject.spec.replicas + 1');
    await webhook('Mutating', 'scaler', rules('UPDATE', 'deployments/scale'));
    const scale = (replicas: number) => api.call('PATCH', `${deployments}/web/scale`, { spec: { replicas } }, merge);
    expect((await scale(4)).body.message).toContain('growth!');
    expect(seen[0]?.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      operation: 'UPDATE',
      object: { kind: 'Scale', spec: { replicas: 4 } },
      oldObject: { kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=web' } },
    });
    answers['scaler'] = () => jsonPatch({ op: 'replace', path: '/spec/replicas', value: 3 });
    expect((await scale(9)).body.spec).toEqual({ replicas: 3 });
    answers['scaler'] = () => jsonPatch({ op: 'replace', path: '/spec/replicas', value: 'many' });
    expect((await scale(3)).code).toBe(500);
    const put = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'web' }, spec: { replicas: 9 } };
    answers['scaler'] = () => ({});
    expect((await api.call('PUT', `${deployments}/web/scale`, put)).body.message).toContain('growth!');
    expect((await api.call('GET', `${deployments}/web`)).body.spec.replicas).toBe(3);
    await api.call('DELETE', `${admission}/mutatingwebhookconfigurations/scaler`);
  });

  test('a TokenRequest is created: for an account of a namespace that is there, and as long as policies allow', async () => {
    await deny('brief', rules('CREATE', 'serviceaccounts/token'), 'object.spec.expirationSeconds <= 3600');
    const token = (namespace: string, expirationSeconds: number) =>
      api.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`, {
        spec: { audiences: [], expirationSeconds },
      });
    expect((await token('default', 3600)).code).toBe(201);
    expect((await token('default', 3601)).body.message).toContain('brief!');
    expect((await token('nowhere', 3600)).body.message).toBe('namespaces "nowhere" not found');
  });
});

test('reviews are created: webhooks may refuse to answer them, policies may not', async () => {
  const reviews = rules('CREATE', 'selfsubjectrulesreviews', 'subjectaccessreviews', 'tokenreviews');
  const ask = (group: string, kind: string, spec: object) => {
    const body = { kind, apiVersion: `${group}.k8s.io/v1`, spec };
    return api.call('POST', `/apis/${group}.k8s.io/v1/${kind.toLowerCase()}s`, body);
  };
  await deny('no-reviews', reviews, 'false');
  expect((await ask('authorization', 'SelfSubjectRulesReview', { namespace: 'default' })).code).toBe(201);
  await webhook('Validating', 'silent', reviews);
  answers['silent'] = () => ({ allowed: false });
  for (const [group, kind, spec] of [
    ['authorization', 'SelfSubjectRulesReview', { namespace: 'default' }],
    ['authorization', 'SubjectAccessReview', { user: 'a', nonResourceAttributes: { verb: 'get', path: '/' } }],
    ['authentication', 'TokenReview', { token: 'x' }],
  ] as const)
    expect((await ask(group, kind, spec)).body.message).toContain('denied the request without explanation');
  expect(seen.map(({ request }) => [request.operation, request.kind.kind])).toEqual([
    ['CREATE', 'SelfSubjectRulesReview'],
    ['CREATE', 'SubjectAccessReview'],
    ['CREATE', 'TokenReview'],
  ]);
  await api.call('DELETE', `${admission}/validatingwebhookconfigurations/silent`);
});

test('mutating policies change Scales and options as they change objects', async () => {
  const mutate = async (name: string, of: object[], mutation: object) => {
    const spec = { matchConstraints: { resourceRules: of }, mutations: [mutation], reinvocationPolicy: 'Never' };
    const policy = await api.call('POST', `${admission}/mutatingadmissionpolicies`, { metadata: { name }, spec });
    expect([policy.code, policy.body.message]).toEqual([201, undefined]);
    await api.call('POST', `${admission}/mutatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name },
    });
  };
  await mutate('ceiling', rules('UPDATE', 'replicationcontrollers/scale'), {
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 1}}' },
  });
  await mutate('elsewhere', rules('CONNECT', 'pods/attach'), {
    patchType: 'JSONPatch',
    jsonPatch: { expression: '[JSONPatch{op: "add", path: "/container", value: "elsewhere"}]' },
  });
  const controllers = '/api/v1/namespaces/default/replicationcontrollers';
  const labels = { app: 'rc' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
  await api.call('POST', controllers, { metadata: { name: 'rc' }, spec: { replicas: 0, selector: labels, template } });
  const scaled = await api.call('PATCH', `${controllers}/rc/scale`, { spec: { replicas: 8 } }, merge);
  expect(scaled.body).toMatchObject({ kind: 'Scale', metadata: { name: 'rc' }, spec: { replicas: 1 } });
  const attached = await api.call('GET', `${pods}/p/attach`);
  expect(attached.body.message).toBe('container elsewhere is not valid for pod p');
});

describe('a node', () => {
  const as = (node: string) => ({ 'impersonate-user': `system:node:${node}`, 'impersonate-group': 'system:nodes' });
  const evict = (node: string) =>
    api.call(
      'POST',
      `${pods}/mine/eviction`,
      { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'mine' } },
      as(node),
    );
  const token = async (boundObjectRef: object | undefined) => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const spec = { audiences: [], expirationSeconds: 3600, ...(boundObjectRef && { boundObjectRef }) };
    const { code, body } = await api.call('POST', path, { spec }, as('node-1'));
    return code === 201 ? 'issued' : body.message.replace('serviceaccounts "default" is forbidden: ', '');
  };

  test('evicts its own pods, and asks for tokens for them only', async () => {
    const mine = (await api.call('POST', pods, pod('mine', { nodeName: 'node-1' }))).body.metadata;
    const other = (await api.call('POST', pods, pod('other', { nodeName: 'node-2' }))).body.metadata;
    const to = ({ name, uid }: { name: string; uid: string }) => ({ apiVersion: 'v1', kind: 'Pod', name, uid });
    expect(await token(undefined)).toBe('node requested token not bound to a pod');
    expect(await token({ ...to(mine), uid: undefined })).toBe('node requested token with a pod binding without a uid');
    expect(await token({ ...to(mine), uid: 'x' })).toContain(
      'the UID in the bound object reference (x) does not match',
    );
    expect(await token(to(other))).toBe('node requested token bound to a pod scheduled on a different node');
    expect(await token(to(mine))).toBe('issued');
    expect((await evict('node-2')).body.message).toBe(
      'pods "mine" is forbidden: node node-2 can only evict pods with spec.nodeName set to itself',
    );
    expect((await evict('node-1')).code).toBe(201);
  });
});

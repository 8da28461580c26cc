import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../../testing/harness.ts';
import { jsonPatch } from '../../testing/json-patch-answer.ts';

interface Review {
  request: {
    uid: string;
    operation: string;
    dryRun: boolean;
    object: { metadata: { name: string } };
    [field: string]: unknown;
  };
}
type Answer = (review: Review, url: URL) => object | Promise<object>;

let api: Harness;
let answers: Record<string, Answer> = {};
let seen: { url: URL; review: Review }[] = [];
const group = '/apis/admissionregistration.k8s.io/v1';
const configmaps = '/api/v1/namespaces/default/configmaps';
const configmap = (name: string, data: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

beforeAll(async () => {
  api = await startHarness({
    async fetch(text, init) {
      const url = new URL(text);
      const review = JSON.parse(String(init.body)) as Review;
      seen.push({ url, review });
      const answer = answers[url.hostname];
      if (!answer) throw new TypeError('dial tcp: lookup failed');
      const response = await answer(review, url);
      return Response.json({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: review.request.uid, ...response },
      });
    },
  });
});
beforeEach(() => {
  answers = {};
  seen = [];
});

const webhook = (host: string, more: object = {}) => ({
  name: `${host}.example.com`,
  clientConfig: { url: `https://${host}/hook` },
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  ...more,
});

async function configure(kind: 'Validating' | 'Mutating', ...webhooks: object[]): Promise<() => Promise<unknown>> {
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  const { code, body } = await api.call('POST', `${group}/${plural}`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: 'test' },
    webhooks,
  });
  expect([code, body.message]).toEqual([201, undefined]);
  return () => api.call('DELETE', `${group}/${plural}/test`);
}

test.each([
  [{ code: 'ECONNREFUSED', address: '127.0.0.1', port: 1 }, 'dial tcp 127.0.0.1:1: connect: connection refused'],
  [{ code: 'ECONNREFUSED', address: '::1', port: 1 }, 'dial tcp [::1]:1: connect: connection refused'],
  [{ code: 'ENOTFOUND', hostname: 'mute' }, 'dial tcp: lookup mute: no such host'],
  [{ code: 'UND_ERR_SOCKET' }, 'EOF'],
])('why a webhook could not be called: %j', async (cause, why) => {
  answers['mute'] = () => {
    throw new TypeError('fetch failed', { cause });
  };
  const drop = await configure('Validating', webhook('mute'));
  const { code, body } = await api.call('POST', configmaps, configmap('unheard'));
  expect([code, body.message]).toEqual([
    500,
    `Internal error occurred: failed calling webhook "mute.example.com": failed to call webhook: Post "https://mute/hook?timeout=10s": ${why}`,
  ]);
  await drop();
});

test('a webhook without rules is never called', async () => {
  const drops = [
    await configure('Validating', webhook('judge', { rules: undefined })),
    await configure('Mutating', webhook('maker', { rules: [] })),
  ];
  expect((await api.call('POST', configmaps, configmap('unseen'))).code).toBe(201);
  expect(seen).toEqual([]);
  for (const drop of drops) await drop();
});

describe('validating webhooks', () => {
  test('allow, warn and refuse', async () => {
    const drop = await configure('Validating', webhook('judge'));
    answers['judge'] = ({ request }) =>
      request.object.metadata.name === 'bad'
        ? { allowed: false, status: { message: 'no bad names', code: 403, reason: 'Forbidden' } }
        : { allowed: true, warnings: ['hmm'] };
    const good = await api.call('POST', configmaps, configmap('good'));
    expect([good.code, good.headers.get('warning')]).toEqual([201, '299 - "hmm"']);
    const bad = await api.call('POST', configmaps, configmap('bad'));
    expect([bad.code, bad.body.message, bad.body.reason]).toEqual([
      403,
      'admission webhook "judge.example.com" denied the request: no bad names',
      'Forbidden',
    ]);
    expect(seen[0]?.url.href).toBe('https://judge/hook?timeout=10s');
    expect(seen[0]?.review).toMatchObject({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
        name: 'good',
        namespace: 'default',
        operation: 'CREATE',
        userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      },
    });
    answers['judge'] = () => ({ allowed: false });
    const silent = await api.call('POST', configmaps, configmap('silent'));
    expect([silent.code, silent.body.message]).toEqual([
      400,
      'admission webhook "judge.example.com" denied the request without explanation',
    ]);
    await drop();
  });

  test('that cannot be reached fail closed or open', async () => {
    let drop = await configure('Validating', webhook('nowhere'));
    const closed = await api.call('POST', configmaps, configmap('c1'));
    expect([closed.code, closed.body.message]).toEqual([
      500,
      'Internal error occurred: failed calling webhook "nowhere.example.com": failed to call webhook: Post "https://nowhere/hook?timeout=10s": dial tcp: lookup failed',
    ]);
    await drop();
    drop = await configure('Validating', webhook('nowhere', { failurePolicy: 'Ignore' }));
    expect((await api.call('POST', configmaps, configmap('c1'))).code).toBe(201);
    await drop();
  });

  test('that are slow time out', async () => {
    const drop = await configure('Validating', webhook('slow', { timeoutSeconds: 2 }));
    answers['slow'] = () => new Promise(() => {});
    const answer = api.call('POST', configmaps, configmap('late'));
    await api.simulation.run(3000);
    expect((await answer).body.message).toContain(
      'failed calling webhook "slow.example.com": failed to call webhook: Post "https://slow/hook?timeout=2s": context deadline exceeded',
    );
    await drop();
  });

  test('must answer what they were asked', async () => {
    const drop = await configure('Validating', webhook('odd'));
    answers['odd'] = () => ({ uid: 'other', allowed: true });
    expect((await api.call('POST', configmaps, configmap('o'))).body.message).toContain(
      'received invalid webhook response: expected response.uid=',
    );
    await drop();
  });

  test('are asked only when their conditions hold, and not in a dry run with side effects', async () => {
    const drop = await configure(
      'Validating',
      webhook('picky', { matchConditions: [{ name: 'marked', expression: "object.metadata.name.startsWith('m')" }] }),
    );
    answers['picky'] = () => ({ allowed: false });
    expect((await api.call('POST', configmaps, configmap('plain'))).code).toBe(201);
    expect((await api.call('POST', configmaps, configmap('marked'))).code).toBe(400);
    expect(seen).toHaveLength(1);
    const dry = await api.call('POST', `${configmaps}?dryRun=All`, configmap('marked2'));
    expect([dry.code, seen[1]?.review.request.dryRun]).toEqual([400, true]);
    await drop();
  });
});

describe('mutating webhooks', () => {
  test('change the object by JSON patches, and are called again if they ask for it', async () => {
    const drop = await configure('Mutating', webhook('first', { reinvocationPolicy: 'IfNeeded' }), webhook('second'));
    let calls = 0;
    answers['first'] = ({ request }) => {
      calls++;
      const { data } = request.object as unknown as { data: Record<string, string> };
      return jsonPatch({ op: 'add', path: '/data/saw', value: Object.keys(data).sort().join(',') });
    };
    answers['second'] = () => jsonPatch({ op: 'add', path: '/data/second', value: 'yes' });
    const { body } = await api.call('POST', configmaps, configmap('mut', { a: '1' }));
    expect(body.data).toEqual({ a: '1', second: 'yes', saw: 'a,saw,second' });
    expect(calls).toBe(2);
    await drop();
  });

  test('may not send nonsense', async () => {
    const drop = await configure('Mutating', webhook('mad'));
    answers['mad'] = () => ({ allowed: true, patch: btoa('nope'), patchType: 'JSONPatch' });
    expect((await api.call('POST', configmaps, configmap('n'))).body.message).toContain(
      'received undecodable patch in webhook response',
    );
    answers['mad'] = () => ({ allowed: true, patch: btoa('[]') });
    expect((await api.call('POST', configmaps, configmap('n'))).body.message).toContain(
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    );
    await drop();
  });
});

test('a service that has no endpoints is an error of the call', async () => {
  const drop = await configure(
    'Validating',
    webhook('svc', { clientConfig: { service: { name: 'hook', namespace: 'default', path: '/x' } } }),
  );
  expect((await api.call('POST', configmaps, configmap('sv'))).body.message).toBe(
    'Internal error occurred: failed calling webhook "svc.example.com": failed to call webhook: Post "https://hook.default.svc:443/x?timeout=10s": service "hook" not found',
  );
  await drop();
});

test('configurations are checked', async () => {
  const { body } = await api.call('POST', `${group}/validatingwebhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'bad' },
    webhooks: [
      webhook('x', {
        name: 'short',
        clientConfig: { url: 'http://plain/' },
        sideEffects: 'Some',
        timeoutSeconds: 60,
        admissionReviewVersions: ['v2'],
        matchConditions: [{ name: 'a', expression: 'nope' }],
      }),
    ],
  });
  for (const part of [
    'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    'webhooks[0].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds',
    `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    "webhooks[0].matchConditions[0].expression: Invalid value: \"nope\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')",
    'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
  ])
    expect(body.message).toContain(part);
});

describe('a Service with a caBundle', () => {
  const endpoints = {
    metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.1.2'], nodeName: 'node-1', conditions: { ready: true } }],
    ports: [{ name: '', port: 9443, protocol: 'TCP' }],
  };
  const client = { service: { name: 'hook', namespace: 'default' }, caBundle: btoa('THE CA') };

  async function refusal(config: Parameters<typeof startHarness>[0]): Promise<string> {
    api = await startHarness(config);
    api.simulation.env('node-1').network.serve('node-1:10250', async () => new Response(new ReadableStream()));
    const spec = { selector: { app: 'hook' }, ports: [{ port: 443, targetPort: 9443 }] };
    await api.call('POST', '/api/v1/namespaces/default/services', { metadata: { name: 'hook' }, spec });
    await api.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', endpoints);
    await configure('Validating', webhook('svc', { clientConfig: client }));
    return (await api.simulation.finish(api.call('POST', configmaps, configmap('a')))).body.message;
  }

  test('is spoken to over TLS: its own name, its own CA', async () => {
    const trusts: object[] = [];
    const message = await refusal({
      secure: async (_connection, trust) => {
        trusts.push(trust);
        throw new Error('tls: failed to verify certificate: x509: certificate signed by unknown authority');
      },
    });
    expect(trusts).toEqual([{ serverName: 'hook.default.svc', ca: 'THE CA' }]);
    expect(message).toBe(
      'Internal error occurred: failed calling webhook "svc.example.com": failed to call webhook: Post "https://hook.default.svc:443/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    );
  });

  test('is an error where there is no TLS', async () => {
    expect(await refusal({})).toContain('there is no TLS here, so that the caBundle cannot be heeded');
  });
});

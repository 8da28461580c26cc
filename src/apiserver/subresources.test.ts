// Subresources that write a part of the object: resize, ephemeralcontainers, approval, status of signing requests, finalize.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.server.stop());

const merge = { 'content-type': 'application/merge-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string, resources = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources }] },
});

describe('resize', () => {
  test('changes resources and nothing else', async () => {
    const { call } = harness;
    await call('POST', pods, pod('r', { requests: { cpu: '100m', memory: '1Mi' } }));
    const { code, body } = await call(
      'PATCH',
      `${pods}/r/resize`,
      {
        metadata: { labels: { not: 'this' } },
        spec: { containers: [{ name: 'c', image: 'other', resources: { requests: { cpu: '200m' } } }] },
      },
      strategic,
    );
    expect(code).toBe(200);
    expect(body.spec.containers[0]).toMatchObject({
      image: 'i',
      resources: { requests: { cpu: '200m', memory: '1Mi' } },
    });
    expect(body.metadata.labels).toBeUndefined();
    expect(body.metadata.generation).toBe(2);
  });

  test('refuses another class of service, other resources, and the loss of a request', async () => {
    const { call } = harness;
    await call('POST', pods, pod('q', { requests: { cpu: '100m', memory: '1Mi' } }));
    const resize = async (resources: object) => {
      const { code, body } = await call(
        'PATCH',
        `${pods}/q/resize`,
        [{ op: 'replace', path: '/spec/containers/0/resources', value: resources }],
        { 'content-type': 'application/json-patch+json' },
      );
      expect(code, JSON.stringify(body)).toBe(422);
      return body.message as string;
    };
    const same = { cpu: '100m', memory: '1Mi' };
    expect(await resize({ requests: same, limits: same })).toContain(
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    );
    expect(await resize({ requests: { cpu: '100m' } })).toContain('resource requests cannot be removed');
    expect(await resize({ requests: { ...same, 'ephemeral-storage': '1Gi' } })).toContain(
      'only cpu and memory resources are mutable',
    );
  });

  test('is the only way to change them', async () => {
    const { call } = harness;
    await call('POST', pods, pod('m', { requests: { cpu: '100m' } }));
    const { code } = await call(
      'PATCH',
      `${pods}/m`,
      { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } },
      strategic,
    );
    expect(code).toBe(422);
  });
});

describe('ephemeral containers', () => {
  test('are added, never changed or removed, and bring nothing else along', async () => {
    const { call } = harness;
    await call('POST', pods, pod('e'));
    const add = (name: string, image: string) =>
      call(
        'PATCH',
        `${pods}/e/ephemeralcontainers`,
        { metadata: { labels: { not: 'this' } }, spec: { ephemeralContainers: [{ name, image }] } },
        strategic,
      );
    const first = await add('debug', 'busybox');
    expect(first.code).toBe(200);
    expect(first.body.spec.ephemeralContainers).toHaveLength(1);
    expect(first.body.metadata.labels).toBeUndefined();
    const changed = await add('debug', 'other');
    expect(changed.code).toBe(422);
    expect(changed.body.message).toContain('existing ephemeral containers "debug" may not be changed');
    const removed = await call('PATCH', `${pods}/e/ephemeralcontainers`, { spec: { ephemeralContainers: [] } }, merge);
    expect(removed.body.message).toContain('existing ephemeral containers "debug" may not be removed');
    expect((await add('debug2', 'busybox')).body.spec.ephemeralContainers).toHaveLength(2);
    const twin = await add('c', 'busybox');
    expect(twin.code).toBe(422);
  });
});

describe('signing requests', () => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const pem = (label: string, body: string) => btoa(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
  const request = pem('CERTIFICATE REQUEST', 'MAA=');
  const certificate = pem('CERTIFICATE', 'MAA=');
  const spec = { request, signerName: 'example.com/signer', usages: ['client auth'] };

  test('are approved through approval, signed through status', async () => {
    const { call } = harness;
    const made = await call('POST', path, { metadata: { name: 'a' }, spec: { ...spec, username: 'mallory' } });
    expect(made.code).toBe(201);
    expect(made.body.spec.username).toBe('kubernetes-admin');
    const condition = { type: 'Approved', status: 'True', reason: 'Because', message: 'I may' };
    const why = async (sub: string, status: object) => {
      const { body } = await call('PATCH', `${path}/a/${sub}`, { status }, merge);
      return body.message.replace(/^.*? is invalid: /, '');
    };
    const conditions = [condition];
    expect(await why('status', { conditions })).toBe(
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    );
    expect(
      await why('approval', {
        conditions: [
          { type: '', status: 'True' },
          { ...condition, status: 'False' },
        ],
      }),
    ).toBe(
      '[status.conditions[0].type: Required value, status.conditions[1].status: Unsupported value: "False": supported values: "True"]',
    );
    const approved = await call('PATCH', `${path}/a/approval`, { status: { conditions, certificate } }, merge);
    expect(approved.body.status.certificate).toBeUndefined();
    expect(approved.body.status.conditions[0]).toMatchObject({ ...condition, lastUpdateTime: expect.any(String) });
    const both = await call(
      'PATCH',
      `${path}/a/approval`,
      { status: { conditions: [condition, { type: 'Denied', status: 'True' }] } },
      merge,
    );
    expect(both.body.message).toContain(
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    );
    expect(await why('approval', { conditions: [] })).toBe(
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    );
    expect(await why('status', { certificate: 'QUFB' })).toBe(
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    );
    expect(await why('status', { certificate: pem('X', 'MAA=') })).toBe(
      'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "X"',
    );
    const signed = await call('PATCH', `${path}/a/status`, { status: { certificate } }, merge);
    expect(signed.body.status).toMatchObject({ certificate, conditions });
    expect(await why('status', { certificate: pem('CERTIFICATE', 'MAE=') })).toBe(
      'status.certificate: Forbidden: updates may not modify existing certificate content',
    );
  });

  test('are decided on and signed by those who may do so for their signer', async () => {
    const { call } = harness;
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const apiGroups = ['certificates.k8s.io'];
    const writes = ['approval', 'status'].map((sub) => `certificatesigningrequests/${sub}`);
    const rules = [
      { apiGroups, resources: writes, verbs: ['patch'] },
      { apiGroups, resources: ['signers'], verbs: ['approve'], resourceNames: ['example.com/*'] },
    ];
    await call('POST', `${rbac}/clusterroles`, { metadata: { name: 'decide' }, rules });
    await call('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'decide' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'decide' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
    });
    const as = { ...merge, 'impersonate-user': 'ann' };
    await call('POST', path, { metadata: { name: 'mine' }, spec });
    await call('POST', path, { metadata: { name: 'theirs' }, spec: { ...spec, signerName: 'example.org/signer' } });
    const approval = { status: { conditions: [{ type: 'Approved', status: 'True' }] } };
    expect((await call('PATCH', `${path}/mine/approval`, approval, as)).code).toBe(200);
    const refused = await call('PATCH', `${path}/theirs/approval`, approval, as);
    expect([refused.code, refused.body.message]).toEqual([
      403,
      'certificatesigningrequests.certificates.k8s.io "theirs" is forbidden: user not permitted to approve requests with signerName "example.org/signer"',
    ]);
    const signed = await call('PATCH', `${path}/mine/status`, { status: { certificate } }, as);
    expect(signed.body.message).toContain('user not permitted to sign requests with signerName "example.com/signer"');
  });

  test('for clients may not ask for masters', async () => {
    // CN=jane with O=developers, and CN=eve with O=developers and O=system:masters
    const jane =
      'MIHfMIGGAgEAMCQxEzARBgNVBAoMCmRldmVsb3BlcnMxDTALBgNVBAMMBGphbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARQUgsIlEP6V3JxV8sl80WC5mPssJt/iuUG2S2kntxBGPQ12b85laPUHsg1b/yztsfg1aNhnrZGyL2ICimE14n4oAAwCgYIKoZIzj0EAwIDSAAwRQIhAOgTra3OWNPEtOPPMGzOSXqENxwc0P9Hq3Kby9Gy0k5kAiAiy4SUzMqNvbtnfmch7q6OVlYSnHfOss7VG1By+mCWIA==';
    const eve =
      'MIH2MIGeAgEAMDwxEzARBgNVBAoMCmRldmVsb3BlcnMxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQwwCgYDVQQDDANldmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARuiS1JIc6cVB+ZHFZLy47pR/5QB6cNRyWGtTrKUV+kquEt0ZSqN1Ej7JEr4IQmcSB2P1upWJ8rM+39eOov6IjtoAAwCgYIKoZIzj0EAwIDRwAwRAIgB8SPnMUf6tjEBacpxpPFwqTj7Hz+/wfHM1Ztss8Tkn8CIDUlCuAD7yG4Y2D5JJw9IXdoyTaxKLNaxTy73Lf7y80K';
    const ask = async (name: string, body: string, signerName = 'kubernetes.io/kube-apiserver-client') => {
      const answer = await harness.call('POST', path, {
        metadata: { name },
        spec: { ...spec, signerName, request: pem('CERTIFICATE REQUEST', body) },
      });
      return answer.code === 201 ? 'made' : answer.body.message;
    };
    const start = (name: string) => `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: `;
    expect(await ask('jane', jane)).toBe('made');
    expect(await ask('eve', eve)).toBe(
      `${start('eve')}use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed`,
    );
    expect(await ask('eve', eve, 'example.com/signer')).toBe('made');
    const wrong = [
      ['AAAA', "asn1: structure error: tags don't match (16 vs {class:0 tag:0 length:0 isCompound:false})"],
      ['MIIB', 'asn1: syntax error: data truncated'],
      [jane.slice(0, 80), 'asn1: syntax error: data truncated'],
      ['!', 'PEM block type must be CERTIFICATE REQUEST'],
    ] as const;
    for (const [broken, why] of wrong) expect(await ask('broken', broken)).toContain(`": ${why}`);
    expect(await ask('broken', 'MAA=')).toContain(`${start('broken')}failed to parse CSR: `);
  });

  test.each<[object, string]>([
    [
      { request: btoa('nonsense') },
      `spec.request: Invalid value: "${btoa('nonsense')}": PEM block type must be CERTIFICATE REQUEST`,
    ],
    [
      { request: pem('CERTIFICATE REQUEST', 'MAAA') },
      `spec.request: Invalid value: "${pem('CERTIFICATE REQUEST', 'MAAA')}": asn1: syntax error: trailing data`,
    ],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value: "client auth"'],
    [
      { usages: ['fun'] },
      expect.stringContaining(
        'spec.usages[0]: Unsupported value: "fun": supported values: "any", "cert sign", "client auth"',
      ),
    ],
    [
      { signerName: 'x' },
      `spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    ],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
    [
      { expirationSeconds: 599 },
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ])('must be requests: %j', async (more, message) => {
    const { code, body } = await harness.call('POST', path, { metadata: { name: 'b' }, spec: { ...spec, ...more } });
    expect(code).toBe(422);
    expect(body.message.replace(/^.*? is invalid: /, '')).toEqual(message);
  });
});

test('an eviction asks the budget', async () => {
  const { call } = harness;
  await call('POST', pods, { ...pod('guarded'), metadata: { name: 'guarded', labels: { app: 'guarded' } } });
  await call(
    'PATCH',
    `${pods}/guarded/status`,
    { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
    merge,
  );
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await call('POST', budgets, {
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } },
  });
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 0,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
  };
  await call('PATCH', `${budgets}/b/status`, { status }, merge);
  const evict = (apiVersion = 'policy/v1') =>
    call('POST', `${pods}/guarded/eviction`, {
      apiVersion,
      kind: 'Eviction',
      metadata: { name: 'guarded' },
    });
  const refused = await evict();
  expect(refused.code).toBe(429);
  expect(refused.body.message).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
  await call('PATCH', `${budgets}/b/status`, { status: { ...status, disruptionsAllowed: 1 } }, merge);
  expect((await evict('policy/v1alpha1')).body.message).toBe(
    'Eviction in version "v1alpha1" cannot be handled as a Eviction: no kind "Eviction" is registered for version "policy/v1alpha1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  );
  // kubectl before 1.22 sends this version
  expect((await evict('policy/v1beta1')).code).toBe(201);
  const { body } = await call('GET', `${budgets}/b`);
  expect(body.status.disruptionsAllowed).toBe(0);
  expect((await call('GET', `${pods}/guarded`)).code).toBe(404);
});

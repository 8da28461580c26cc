// What writes are answered that are wrong in themselves, or come at the wrong time: code, reason and words as upstream's.

import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const map = (name: string, more: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
});
const type = (name: string) => ({ 'content-type': `application/${name}` });
const merge = type('merge-patch+json');
const strategic = type('strategic-merge-patch+json');
const jsonPatch = type('json-patch+json');
const apply = type('apply-patch+yaml');

let api: Harness;
let uid: string;
beforeAll(async () => {
  api = await startHarness();
  uid = (await api.call('POST', maps, map('a', { data: { k: 'v' } }))).body.metadata.uid;
  await api.call('POST', maps, map('leaving', {}, { finalizers: ['a.io/b'] }));
  await api.call('DELETE', `${maps}/leaving`);
});

const precondition = (there: string) =>
  `StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${there}`;

describe('refusals', () => {
  type Row = [
    string,
    string,
    string,
    unknown,
    Record<string, string>,
    number,
    string | undefined,
    string | (() => string),
  ];
  test.each<Row>([
    [
      'nothing',
      'POST',
      maps,
      '',
      {},
      400,
      'BadRequest',
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
    ],
    [
      'no JSON',
      'POST',
      maps,
      'garbage',
      {},
      400,
      'BadRequest',
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'g' looking for beginning of value (67617262616765)",
    ],
    [
      'half of a long text',
      'POST',
      maps,
      `{"kind":"${'x'.repeat(30)}`,
      {},
      400,
      'BadRequest',
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"kind":"${'x'.repeat(21)} ...)`,
    ],
    [
      'a create with a revision',
      'POST',
      maps,
      map('b', {}, { resourceVersion: '1' }),
      {},
      400,
      'BadRequest',
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'a name that is leaving',
      'POST',
      maps,
      map('leaving'),
      {},
      409,
      'AlreadyExists',
      'object is being deleted: configmaps "leaving" already exists',
    ],
    [
      'a create at a name',
      'POST',
      `${maps}/a`,
      map('a'),
      {},
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    ],
    [
      'an update without a name',
      'PUT',
      `${maps}/a`,
      { apiVersion: 'v1', kind: 'ConfigMap' },
      {},
      400,
      'BadRequest',
      'the name of the object (a based on URL) was undeterminable: name must be provided',
    ],
    [
      'an update of another name',
      'PUT',
      `${maps}/a`,
      map('b'),
      {},
      400,
      'BadRequest',
      'the name of the object (b) does not match the name on the URL (a)',
    ],
    [
      'an update in another namespace',
      'PUT',
      `${maps}/a`,
      map('a', {}, { namespace: 'b' }),
      {},
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'an update of another object',
      'PUT',
      `${maps}/a`,
      map('a', {}, { uid: 'other' }),
      {},
      409,
      'Conflict',
      () => `Operation cannot be fulfilled on configmaps "a": ${precondition(uid)}`,
    ],
    [
      'an update at no revision',
      'PUT',
      `${maps}/a`,
      map('a', {}, { resourceVersion: 'x' }),
      {},
      400,
      'BadRequest',
      'strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      'a patch of the uid',
      'PATCH',
      `${maps}/a`,
      { metadata: { uid: 'other' } },
      merge,
      422,
      'Invalid',
      'ConfigMap "a" is invalid: metadata.uid: Invalid value: "other": field is immutable',
    ],
    [
      'a patch of the namespace',
      'PATCH',
      `${maps}/a`,
      { metadata: { namespace: 'b' } },
      merge,
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a list as a merge patch',
      'PATCH',
      `${maps}/a`,
      '[]',
      merge,
      400,
      'BadRequest',
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      'half a strategic merge patch',
      'PATCH',
      `${maps}/a`,
      '{',
      strategic,
      400,
      'BadRequest',
      'unexpected end of JSON input',
    ],
    [
      'a field that is not there',
      'PATCH',
      `${maps}/a?fieldValidation=Strict`,
      { foo: { b: 1, a: [2] } },
      strategic,
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[foo:map[a:[2] b:1]]": strict decoding error: unknown field "foo"',
    ],
    [
      'a value of the wrong type',
      'PATCH',
      `${maps}/a`,
      { data: { k: 1 } },
      strategic,
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[data:map[k:1]]": cannot convert int64 to string',
    ],
    [
      'another',
      'PATCH',
      `${maps}/a`,
      { immutable: 'x' },
      strategic,
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[immutable:x]": unrecognized type: bool',
    ],
    [
      'a map of the wrong type',
      'PATCH',
      `${maps}/a`,
      { data: 'x' },
      strategic,
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[data:x]": cannot restore map from string',
    ],
    [
      'an object as a JSON patch',
      'PATCH',
      `${maps}/a`,
      '{}',
      jsonPatch,
      400,
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'a JSON patch without op',
      'PATCH',
      `${maps}/a`,
      '[{"path":"/x"}]',
      jsonPatch,
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
    ],
    [
      'an op that is no text',
      'PATCH',
      `${maps}/a`,
      '[{"op":1}]',
      jsonPatch,
      400,
      'BadRequest',
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
    [
      'an apply that does not fit',
      'PATCH',
      `${deployments}/d?fieldManager=m`,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd', namespace: 'default' },
        spec: { replicas: '1', foo: 1 },
      },
      apply,
      400,
      'BadRequest',
      'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.foo: field not declared in schema',
    ],
    [
      'an apply of another kind',
      'PATCH',
      `${maps}/a?fieldManager=m`,
      { ...map('a'), kind: 'Secret' },
      apply,
      400,
      'BadRequest',
      'invalid object type: /v1, Kind=Secret',
    ],
    [
      'an apply of a list',
      'PATCH',
      `${maps}/a?fieldManager=m`,
      '- a',
      apply,
      400,
      'BadRequest',
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      'an apply without a name',
      'PATCH',
      `${maps}/new?fieldManager=m`,
      { apiVersion: 'v1', kind: 'ConfigMap' },
      apply,
      400,
      'BadRequest',
      'the name of the object (new based on URL) was undeterminable: name must be provided',
    ],
    [
      'an apply to what is gone',
      'PATCH',
      `${maps}/new?fieldManager=m`,
      map('new', {}, { uid: 'u' }),
      apply,
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "new": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
    [
      'a key twice in an apply',
      'PATCH',
      `${maps}/new?fieldManager=m&fieldValidation=Strict`,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata:\n  a: "1"\n  a: "2"',
      apply,
      400,
      'BadRequest',
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
    ],
    [
      'options',
      'POST',
      `${maps}?dryRun=No&fieldValidation=X&fieldManager=a%01`,
      map('b'),
      {},
      422,
      'Invalid',
      'CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Invalid value: "a\\u0001": invalid character U+0001 (at position 1), dryRun: Unsupported value: ["No"]: supported values: "All", fieldValidation: Unsupported value: "X": supported values: "", "Ignore", "Strict", "Warn"]',
    ],
    [
      'a long manager',
      'POST',
      `${maps}?fieldManager=${'x'.repeat(129)}`,
      map('b'),
      {},
      422,
      'Invalid',
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    ],
    [
      'a timeout that is none',
      'GET',
      `${maps}?timeout=abc`,
      undefined,
      {},
      400,
      'BadRequest',
      'invalid timeout specified in the request URL - time: invalid duration "abc"',
    ],
    [
      'a timeout without a unit',
      'GET',
      `${maps}?timeout=5`,
      undefined,
      {},
      400,
      'BadRequest',
      'invalid timeout specified in the request URL - time: missing unit in duration "5"',
    ],
    [
      'an object that the store does not take',
      'POST',
      maps,
      map(
        'big',
        { data: { a: 'x'.repeat(1024 * 1000) } },
        {
          annotations: { a: 'y'.repeat(260_000) },
          labels: {},
          finalizers: Array.from({ length: 5000 }, (_, i) => `a.io/${'z'.repeat(57)}${i}`),
        },
      ),
      {},
      500,
      undefined,
      'etcdserver: request is too large',
    ],
    [
      'a get for export',
      'GET',
      `${maps}/a?export=true`,
      undefined,
      {},
      400,
      'BadRequest',
      'the export parameter, deprecated since v1.14, is no longer supported',
    ],
  ])('%s', async (_, method, path, body, headers, code, reason, message) => {
    const answer = await api.call(method, path, body as object, headers);
    expect([answer.code, answer.body.reason, answer.body.message]).toEqual([
      code,
      reason,
      typeof message === 'string' ? message : message(),
    ]);
  });
});

test('an update of a kind that must name its revision', async () => {
  const definition = (version?: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'as.a.io', ...(version && { resourceVersion: version }) },
    spec: {
      group: 'a.io',
      scope: 'Namespaced',
      names: { plural: 'as', kind: 'A' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition());
  await expect.poll(async () => (await api.call('GET', '/apis/a.io/v1/namespaces/default/as')).code).toBe(200);
  const custom = (kind: string) => ({ apiVersion: 'a.io/v1', kind, metadata: { name: 'x' } });
  expect((await api.call('POST', '/apis/a.io/v1/namespaces/default/as', custom('A'))).code).toBe(201);
  const { body } = await api.call('PUT', '/apis/a.io/v1/namespaces/default/as/x', custom('A'));
  expect(body.message).toBe(
    'as.a.io "x" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
  );
  expect((await api.call('POST', '/apis/a.io/v1/namespaces/default/as', custom('B'))).body.message).toBe(
    'A.a.io "x" is invalid: kind: Invalid value: "B": must be A',
  );
});

test('what strict decoding says of patches are warnings, each its own', async () => {
  const warned = async (body: unknown, headers: Record<string, string>) =>
    (await api.call('PATCH', `${maps}/a?fieldManager=w`, body as object, headers)).headers.get('warning');
  expect(await warned([{ op: 'add', path: '/data/q', value: '1', foo: 1 }], jsonPatch)).toBe(
    '299 - "json patch unknown field \\"[0].foo\\""',
  );
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  z: "1"\n  z: "2"\n  x: "1"\n  x: "2"';
  expect(await warned(yaml, apply)).toBe(
    '299 - "line 6: key \\"z\\" already set in map", 299 - "line 8: key \\"x\\" already set in map"',
  );
});

test('a null is no merge patch of anything, and a strategic one of nothing', async () => {
  expect((await api.call('PATCH', `${maps}/a`, 'null', strategic)).code).toBe(200);
  expect((await api.call('PATCH', `${maps}/a`, 'null', jsonPatch)).code).toBe(200);
  expect((await api.call('PATCH', `${maps}/a`, 'null', merge)).body.message).toContain('was undeterminable');
});

test('an apply needs no name where there is one', async () => {
  const { code, body } = await api.call(
    'PATCH',
    `${maps}/a?fieldManager=n`,
    { apiVersion: 'v1', kind: 'ConfigMap', data: { n: '1' } },
    apply,
  );
  expect([code, body.metadata.name, body.data.n]).toEqual([200, 'a', '1']);
});

test('an apply to the status takes no notice of the rest, whoever owns that', async () => {
  const selector = { matchLabels: { a: 'b' } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const own = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 's' },
    spec: { replicas: 1, selector, template },
  };
  await api.call('PATCH', `${deployments}/s?fieldManager=m`, own, apply);
  const whole = { ...own, spec: { replicas: 9 }, status: { replicas: 5 } };
  const { code, body } = await api.call('PATCH', `${deployments}/s/status?fieldManager=s`, whole, apply);
  expect([code, body.spec.replicas, body.status.replicas]).toEqual([200, 1, 5]);
  expect(body.metadata.managedFields[1]).toMatchObject({
    manager: 's',
    subresource: 'status',
    fieldsV1: { 'f:status': { 'f:replicas': {} } },
  });
});

test('owners that are there twice', async () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  const { body, headers } = await api.call('POST', maps, map('owned', {}, { ownerReferences: [owner, owner] }));
  expect(body.metadata.ownerReferences).toEqual([owner]);
  expect(headers.get('warning')).toContain(
    '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u',
  );
});

test('a dry run makes no revision', async () => {
  const { body } = await api.call('POST', `${maps}?dryRun=All`, map('dry'));
  expect(body.metadata.uid).toBeDefined();
  expect(body.metadata.resourceVersion).toBeUndefined();
});

test('who may not create may not create by update or apply', async () => {
  const rules = [
    { apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'], verbs: ['update', 'patch'] },
  ];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await api.call('POST', `${rbac}/clusterroles`, { metadata: { name: 'writer' }, rules });
  await api.call('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name: 'writer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'w' }],
  });
  const as = { 'impersonate-user': 'w' };
  const { body } = await api.call('PATCH', `${maps}/made?fieldManager=m`, map('made'), { ...apply, ...as });
  expect([body.code, body.message]).toEqual([
    403,
    'configmaps "made" is forbidden: User "w" cannot create resource "configmaps" in API group "" in the namespace "default"',
  ]);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  expect((await api.call('PUT', `${leases}/l`, { metadata: { name: 'l' } }, as)).code).toBe(403);
  expect((await api.call('PUT', `${leases}/l`, { metadata: { name: 'l' } })).code).toBe(201);
  expect((await api.call('PATCH', `${maps}/a?fieldManager=m`, map('a'), { ...apply, ...as })).code).toBe(200);
});

test("what admission adds is nobody's", async () => {
  const pods = '/api/v1/namespaces/default/pods';
  const { body } = await api.call('POST', `${pods}?fieldManager=m`, {
    metadata: { generateName: 'p-' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  expect(body.spec.tolerations).toHaveLength(2);
  const [owner] = body.metadata.managedFields;
  expect(owner).toMatchObject({ manager: 'm', operation: 'Update' });
  expect(Object.keys(owner.fieldsV1['f:spec'])).not.toContain('f:tolerations');
  expect(Object.keys(owner.fieldsV1['f:spec'])).toContain('f:dnsPolicy');
});

test('what is there from the start has an owner', async () => {
  const { body } = await api.call('GET', '/api/v1/namespaces/kube-system');
  expect(body.metadata.managedFields).toMatchObject([{ manager: 'kube-apiserver', operation: 'Update' }]);
});

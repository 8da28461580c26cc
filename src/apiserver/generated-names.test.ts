import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

/** While this is true all lots are the same, and so are all generated names. */
let loaded = false;
const taken = 'a-bbbbb';

const maps = '/api/v1/namespaces/default/configmaps';
let api: Harness;
beforeAll(async () => {
  api = await startHarness({}, (given) => ({ next: () => (loaded ? 0 : given.next()) }));
  await api.call('POST', maps, { metadata: { name: taken } });
});
afterEach(() => {
  loaded = false;
});
const generate = (more: object = {}) => api.call('POST', maps, { metadata: { generateName: 'a-', ...more } });

test('a name that is taken is not the last that is tried', async () => {
  loaded = true;
  const { client } = api.etcd;
  const txn = client.txn.bind(client);
  let refused = 0;
  client.txn = async (...args) => {
    const answer = await txn(...args);
    if (!answer.succeeded && ++refused === 3) loaded = false;
    return answer;
  };
  const { code, body } = await generate();
  client.txn = txn;
  expect([code, refused]).toEqual([201, 3]);
  expect(body.metadata.name).toMatch(/^a-[a-z0-9]{5}$/);
  expect(body.metadata.name).not.toBe(taken);
});

test('eight that are taken are enough', async () => {
  loaded = true;
  const { body } = await generate();
  expect(body).toMatchObject({
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "a-bbbbb" already exists, the server was not able to generate a unique name for the object',
    details: { retryAfterSeconds: 1 },
  });
});

test('a name that the client gave is tried once', async () => {
  expect((await generate({ name: taken })).code).toBe(409);
});

test('mutating admission sees neither the name nor the uid', async () => {
  const group = '/apis/admissionregistration.k8s.io/v1';
  const expression =
    "Object{metadata: Object.metadata{labels: {'uid': string(has(object.metadata.uid)), 'named': string(has(object.metadata.name) && object.metadata.name != '')}}}";
  await api.call('POST', `${group}/mutatingadmissionpolicies`, {
    metadata: { name: 'look' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    },
  });
  await api.call('POST', `${group}/mutatingadmissionpolicybindings`, {
    metadata: { name: 'look' },
    spec: { policyName: 'look' },
  });
  const { metadata } = (await generate()).body;
  expect(metadata.labels).toEqual({ uid: 'false', named: 'false' });
  // What it adds is nobody's.
  expect(metadata.managedFields[0].fieldsV1).toEqual({ 'f:metadata': { 'f:generateName': {} } });
});

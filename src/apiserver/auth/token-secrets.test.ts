import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const core = '/api/v1/namespaces/default';
const caBundle = 'the certificate of the authority';

let api: Harness;
beforeAll(async () => {
  api = await startHarness({ caBundle });
  await api.call('POST', `${core}/serviceaccounts`, { metadata: { name: 'build-robot' } });
});

const secretOf = (name: string, account: string) => ({
  metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
  type: 'kubernetes.io/service-account-token',
});
const read = (name: string) => api.call('GET', `${core}/secrets/${name}`);
/** Creates the Secret and waits for what the server makes of it. */
async function settled(name: string, account: string) {
  expect((await api.call('POST', `${core}/secrets`, secretOf(name, account))).code).toBe(201);
  for (let i = 0; i < 50; i++) {
    await api.simulation.run(100);
    const { code, body } = await read(name);
    if (code === 404 || body.data?.token) return { code, body };
  }
  throw new Error('nothing happened');
}
const whoIs = async (token: string) =>
  (await api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } })).body.status;

test('a Secret for an account gets its token, the namespace and the authority', async () => {
  const { body } = await settled('build-robot-secret', 'build-robot');
  expect(atob(body.data['ca.crt'])).toBe(caBundle);
  expect(atob(body.data.namespace)).toBe('default');
  const { uid } = (await api.call('GET', `${core}/serviceaccounts/build-robot`)).body.metadata;
  expect(body.metadata.annotations['kubernetes.io/service-account.uid']).toBe(uid);
  const token = atob(body.data.token);
  expect(await whoIs(token)).toEqual({
    authenticated: true,
    audiences: ['https://kubernetes.default.svc.cluster.local'],
    user: {
      username: 'system:serviceaccount:default:build-robot',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    },
  });
});

test('what is taken out of it comes back, and the token in it stays', async () => {
  const { body } = await settled('kept', 'build-robot');
  const patch = { data: { 'ca.crt': null } };
  await api.call('PATCH', `${core}/secrets/kept`, patch, { 'content-type': 'application/merge-patch+json' });
  for (let i = 0; i < 50 && !(await read('kept')).body.data['ca.crt']; i++) await api.simulation.run(100);
  expect((await read('kept')).body.data).toEqual(body.data);
});

test('a token is worth nothing when its Secret holds another one or is gone', async () => {
  const token = atob((await settled('short-lived', 'build-robot')).body.data.token);
  expect((await whoIs(token)).authenticated).toBe(true);
  await api.call('DELETE', `${core}/secrets/short-lived`);
  expect((await whoIs(token)).authenticated).toBeUndefined();
  expect((await whoIs(`${token.slice(0, -4)}AAAA`)).authenticated).toBeUndefined();
});

test('a Secret of an account that is not there goes, and so do those of one that is deleted', async () => {
  expect((await settled('orphan', 'nobody')).code).toBe(404);
  await api.call('POST', `${core}/serviceaccounts`, { metadata: { name: 'leaver' } });
  const token = atob((await settled('of-leaver', 'leaver')).body.data.token);
  await api.call('DELETE', `${core}/serviceaccounts/leaver`);
  expect((await whoIs(token)).authenticated).toBeUndefined();
  for (let i = 0; i < 50 && (await read('of-leaver')).code !== 404; i++) await api.simulation.run(100);
  expect((await read('of-leaver')).code).toBe(404);
});

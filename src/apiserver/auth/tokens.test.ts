import { beforeAll, expect, test } from 'vitest';
import { bytesOfBase64Url } from '../../env/base64.ts';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

const account = '/api/v1/namespaces/default/serviceaccounts/default';
const issuer = 'https://kubernetes.default.svc.cluster.local';

async function issue(spec: object = {}): Promise<string> {
  const { code, body } = await api.call('POST', `${account}/token`, { spec });
  expect([code, body.message]).toEqual([201, undefined]);
  return body.status.token;
}
const part = (token: string, index: number) =>
  JSON.parse(new TextDecoder().decode(bytesOfBase64Url(token.split('.')[index] as string)));
const useOf = async (token: string) =>
  (await api.call('GET', '/version', undefined, { authorization: `Bearer ${token}` })).code;
const review = async (token: string, audiences?: string[]) =>
  (await api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } })).body.status;

test('a token can be verified by whoever reads the keys of the server', async () => {
  const token = await issue({ expirationSeconds: 1200 });
  const { body: configuration, headers } = await api.call('GET', '/.well-known/openid-configuration');
  expect(headers.get('content-type')).toBe('application/json');
  expect(configuration).toEqual({
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  const jwks = await api.raw('GET', '/openid/v1/jwks');
  expect(jwks.headers.get('content-type')).toBe('application/jwk-set+json');
  const { keys } = (await jwks.json()) as { keys: (JsonWebKey & { kid: string })[] };
  const { kid, alg } = part(token, 0);
  const jwk = keys.find((key) => key.kid === kid) as JsonWebKey;
  expect([alg, jwk.alg, jwk.use, jwk.d]).toEqual(['ES256', 'ES256', 'sig', undefined]);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']);
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const text = new TextEncoder().encode(`${head}.${claims}`);
  expect(await crypto.subtle.verify(algorithm, key, bytesOfBase64Url(signature), text)).toBe(true);
  const { uid } = (await api.call('GET', account)).body.metadata;
  const { iat, ...rest } = part(token, 1);
  expect(rest).toEqual({
    aud: [issuer],
    exp: iat + 1200,
    iss: issuer,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default', uid } },
    nbf: iat,
    sub: 'system:serviceaccount:default:default',
  });
});

test('it stands for its account until it expires', async () => {
  const token = await issue({ expirationSeconds: 600 });
  expect(await useOf(token)).toBe(200);
  expect(await review(token)).toEqual({
    authenticated: true,
    user: {
      username: 'system:serviceaccount:default:default',
      uid: expect.any(String),
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${part(token, 1).jti}`] },
    },
    audiences: [issuer],
  });
  await api.simulation.run(599_000);
  expect(await useOf(token)).toBe(200);
  await api.simulation.run(2000);
  expect(await useOf(token)).toBe(401);
  expect(await review(token)).toMatchObject({ error: expect.stringContaining('invalid bearer token') });
});

test('it is for its audiences', async () => {
  const token = await issue({ audiences: ['vault', 'other'] });
  expect(await useOf(token)).toBe(401);
  expect((await review(token)).authenticated).toBe(undefined);
  expect((await review(token, ['vault', 'nobody'])).audiences).toEqual(['vault']);
  expect(await review('admin-token')).toMatchObject({ authenticated: true, audiences: [issuer] });
  expect((await review('admin-token', ['vault'])).authenticated).toBe(undefined);
});

test('it is bound to what it was issued for', async () => {
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const pod = (await api.call('POST', pods, { metadata: { name: 'p' }, spec })).body;
  const reference = { kind: 'Pod', apiVersion: 'v1', name: 'p' };
  const token = await issue({ boundObjectRef: reference });
  expect(part(token, 1)['kubernetes.io'].pod).toEqual({ name: 'p', uid: pod.metadata.uid });
  expect((await review(token)).user.extra).toMatchObject({
    'authentication.kubernetes.io/pod-name': ['p'],
    'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
  });
  await api.call('DELETE', `${pods}/p`);
  await api.call('POST', pods, { metadata: { name: 'p' }, spec });
  expect(await useOf(token)).toBe(401);
  const wrong = await api.call('POST', `${account}/token`, {
    spec: { boundObjectRef: { ...reference, uid: 'other' } },
  });
  expect([wrong.code, wrong.body.reason]).toEqual([409, 'Conflict']);
  const missing = await api.call('POST', `${account}/token`, { spec: { boundObjectRef: { ...reference, name: 'x' } } });
  expect([missing.code, missing.body.message]).toEqual([404, 'pods "x" not found']);
});

test('it goes with its account, and another of the same name does not bring it back', async () => {
  const path = '/api/v1/namespaces/default/serviceaccounts';
  await api.call('POST', path, { metadata: { name: 'short' } });
  const { token } = (await api.call('POST', `${path}/short/token`, {})).body.status;
  expect(await useOf(token)).toBe(200);
  await api.call('DELETE', `${path}/short`);
  expect(await useOf(token)).toBe(401);
  await api.call('POST', path, { metadata: { name: 'short' } });
  expect(await useOf(token)).toBe(401);
});

test('what has been tampered with is worth nothing', async () => {
  const token = await issue();
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const forged = btoa(JSON.stringify({ ...part(token, 1), sub: 'system:serviceaccount:kube-system:admin' }));
  const none = btoa(JSON.stringify({ alg: 'none' })).replaceAll('=', '');
  for (const bad of [
    `${head}.${forged.replaceAll('=', '')}.${signature}`,
    `${none}.${claims}.`,
    `${head}.${claims}.${signature}x`,
    'a.b.c',
  ])
    expect([bad, await useOf(bad)]).toEqual([bad, 401]);
});

test.each([
  [{ expirationSeconds: 599 }, 'may not specify a duration less than 10 minutes'],
  [{ expirationSeconds: 2 ** 33 }, 'may not specify a duration larger than 2^32 seconds'],
])('%j is refused', async (spec, why) => {
  const { code, body } = await api.call('POST', `${account}/token`, { spec });
  expect([code, body.message]).toEqual([
    422,
    expect.stringContaining(`spec.expirationSeconds: Invalid value: ${spec.expirationSeconds}: ${why}`),
  ]);
});

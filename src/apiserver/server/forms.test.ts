import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Harness, startHarness } from '../testing/harness.ts';
import { decodeProtobuf } from './protobuf.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const missing = '/api/v1/namespaces/default/configmaps/none';
let api: Harness;

beforeAll(async () => {
  api = await startHarness();
});

const get = (path: string, headers: Record<string, string>, method = 'GET') => api.raw(method, path, { headers });

describe('errors', () => {
  test('come in protobuf to who reads that', async () => {
    const response = await get(missing, { accept: `${protobuf},application/json` });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, protobuf]);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(decodeProtobuf(bytes, () => 'Status')).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      code: 404,
      message: 'configmaps "none" not found',
      details: { name: 'none', kind: 'configmaps' },
    });
  });

  test('come in YAML', async () => {
    const response = await get(missing, { accept: 'application/yaml' });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/yaml']);
    expect(parse(await response.text())).toMatchObject({ kind: 'Status', reason: 'NotFound', code: 404 });
  });

  test('of who may not ask are in their encoding, too', async () => {
    const headers = { accept: 'application/yaml', authorization: 'Bearer wrong' };
    const refused = await get(missing, headers);
    expect([refused.status, parse(await refused.text()).reason]).toEqual([401, 'Unauthorized']);
    const forbidden = await get(missing, { accept: 'application/yaml', 'impersonate-user': 'eve' });
    expect([forbidden.status, parse(await forbidden.text()).reason]).toEqual([403, 'Forbidden']);
  });

  test.each([
    ['as a Table and as JSON', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'],
    ['only in what there is not', 'text/html'],
    ['only as a Table', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
  ])('are JSON for answers wanted %s', async (_, accept) => {
    const response = await get(missing, { accept });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect((await response.json()).kind).toBe('Status');
  });
});

describe('what Accept asks for', () => {
  const one = '/api/v1/namespaces/default';
  const collection = '/api/v1/configmaps';
  const meta = 'g=meta.k8s.io';
  const none =
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';
  test.each([
    ['text/yaml', one, none],
    [`application/json;as=Table;v=v1;g=apps`, one, none],
    ['application/json;as=Table;v=v1', one, none],
    ['application/json;v=v1', one, none],
    ['application/json;stream=other', one, none],
    ['application/json;sv=v2', one, none],
    [
      `application/json;as=PartialObjectMetadataList;v=v1;${meta}`,
      one,
      'you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)',
    ],
    [
      `application/json;as=PartialObjectMetadata;v=v1;${meta}`,
      '/apis/rbac.authorization.k8s.io/v1/clusterroles',
      'you requested PartialObjectMetadata, but the requested object is a list (*rbac.ClusterRoleList)',
    ],
    [
      'application/yaml',
      `${collection}?watch=true`,
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    ],
  ])('%s of %s: %s', async (accept, path, message) => {
    const response = await get(path, { accept });
    const { code, reason, message: said } = parse(await response.text());
    expect([response.status, code, reason, said]).toEqual([406, 406, 'NotAcceptable', message]);
  });

  test.each([
    ['*/*,application/yaml', 'application/yaml'],
    ['application/*,application/yaml;q=0.5', 'application/json'],
    ['application/json;q=0.5,application/yaml', 'application/yaml'],
    ['text/html,*/*;q=0.8', 'application/json'],
    [`application/json;as=Table;v=v1;${meta}`, 'application/json'],
    ['application/json;charset=utf-8;stream=watch;sv=v1', 'application/json'],
  ])('%s is answered in %s', async (accept, type) => {
    const response = await get(one, { accept });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  });

  test('YAML is as Go writes it', async () => {
    const text = await (await get(one, { accept: 'application/yaml' })).text();
    expect(text).toMatch(/^ {2}creationTimestamp: "2026-.*Z"$/m);
    expect(text).toMatch(/^ {2}finalizers:\n {2}- kubernetes$/m);
  });
});

describe('JSON in lines', () => {
  const path = '/api/v1/namespaces/default';
  const lines = async (at: string, agent?: string) =>
    (await (await get(at, agent === undefined ? {} : { 'user-agent': agent })).text()).split('\n').length > 5;

  test('is for people: as they say, or by the program they use', async () => {
    expect(await lines(path)).toBe(false);
    expect(await lines(path, 'kubectl/v1.34.1 (linux/amd64)')).toBe(false);
    for (const agent of ['curl/7.88.1', 'Wget/1.21.3', 'Mozilla/5.0 (X11; Linux x86_64)'])
      expect(await lines(path, agent)).toBe(true);
    expect(await lines(`${path}?pretty=true`)).toBe(true);
    expect(await lines(`${path}?pretty=false`, 'curl/7.88.1')).toBe(false);
    expect(await lines(`${path}?pretty=`, 'curl/7.88.1')).toBe(true);
    expect(await lines(`${missing}?pretty=1`)).toBe(true);
    const asked = { accept: 'application/json;pretty=1' };
    expect((await (await get(path, asked)).text()).split('\n').length).toBeGreaterThan(5);
  });

  test('is what those get who can read no answer', async () => {
    const refused = await get(missing, { accept: 'text/html' });
    expect((await refused.text()).split('\n').length).toBeGreaterThan(5);
  });

  test('is how the version and the list of paths always come', async () => {
    expect(await lines('/version')).toBe(true);
    expect(await lines('/')).toBe(true);
  });
});

test('the audit id is the one that the client gave, or a random UUID', async () => {
  const id = async (headers: Record<string, string>) => (await get('/version', headers)).headers.get('audit-id');
  expect(await id({ 'audit-id': 'my-own' })).toBe('my-own');
  expect(await id({ 'audit-id': 'x'.repeat(100) })).toBe('x'.repeat(100));
  const own = [await id({}), await id({ 'audit-id': '' })];
  for (const each of own) expect(each).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(own[0]).not.toBe(own[1]);
});

describe('requests that are wrong', () => {
  test('objects are not made in all namespaces at once', async () => {
    for (const method of ['POST', 'DELETE']) expect((await get('/api/v1/pods', {}, method)).status).toBe(405);
    expect((await get('/api/v1/pods/x', {}, 'DELETE')).status).toBe(404);
  });

  test('what has no name is refused as such', async () => {
    for (const [path, kind] of [
      ['/api/v1/namespaces/default/configmaps', 'ConfigMap'],
      ['/api/v1/namespaces/default/services', 'Service'],
      ['/api/v1/namespaces', 'Namespace'],
    ] as const) {
      const { code, body } = await api.call('POST', path, { metadata: {}, spec: { ports: [{ port: 80 }] } });
      expect([code, body.message]).toEqual([
        422,
        `${kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
      ]);
    }
  });

  test('a collection is not replaced or patched, nor is there more of it than GET gives', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    for (const method of ['PUT', 'PATCH', 'HEAD', 'OPTIONS'])
      for (const query of ['', '?fieldSelector=metadata.name=kube-root-ca.crt'])
        expect([method, (await get(path + query, {}, method)).status]).toEqual([method, 405]);
  });

  const token = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  test.each([
    ['a!', ': illegal base64 data at input byte 1'],
    ['abcde', ': illegal base64 data at input byte 4'],
    ['abc', ": invalid character 'i' looking for beginning of value"],
    [token({ v: 'v2' }), ': server does not recognize this encoded version v2'],
    [token({ v: 'meta.k8s.io/v1', rv: 1, start: 'a/../b' }), ': a/../b'],
    [token({ v: 'meta.k8s.io/v1', rv: 1, start: './a' }), ': ./a'],
    [token({ v: 'meta.k8s.io/v1', rv: 1, start: 'a//b' }), ': a//b'],
    [token({ v: 'meta.k8s.io/v1', start: 'a' }), ': incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
    [token({ v: 'meta.k8s.io/v1', rv: 1 }), ': encoded start key empty (version meta.k8s.io/v1)'],
    [token({ v: 'meta.k8s.io/v1', rv: 1, start: '../x' }), ': ../x'],
  ])('a list continued from %s', async (text, why) => {
    const { code, body } = await api.call('GET', `/api/v1/pods?limit=1&continue=${encodeURIComponent(text)}`);
    expect([code, body.message]).toEqual([400, `invalid continue token: continue key is not valid${why}`]);
  });

  test('an apply in another version, or in none', async () => {
    const apply = (body: object) =>
      api.call('PATCH', `${missing}?fieldManager=me`, body, { 'content-type': 'application/apply-patch+yaml' });
    expect((await apply({})).body).toMatchObject({ code: 400, message: 'invalid object type: /, Kind=' });
    expect((await apply({ apiVersion: 'v2', kind: 'ConfigMap' })).body.message).toBe(
      'invalid object type: /v2, Kind=ConfigMap',
    );
  });
});

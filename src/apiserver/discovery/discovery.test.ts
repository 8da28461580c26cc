import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
const get = (path: string, headers: Record<string, string> = {}) => api.raw('GET', path, { headers });

test('OpenAPI v3: documents by their hashes', async () => {
  const index = await get('/openapi/v3');
  const { paths } = (await index.json()) as { paths: Record<string, { serverRelativeURL: string }> };
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/flowcontrol.apiserver.k8s.io/v1']),
  );
  const { serverRelativeURL: url } = paths['apis/apps/v1'] as { serverRelativeURL: string };
  const hash = /\?hash=([0-9A-F]+)$/.exec(url)?.[1];
  const named = await get(url);
  expect([named.status, named.headers.get('etag'), named.headers.get('cache-control')]).toEqual([
    200,
    `"${hash}"`,
    'public, immutable',
  ]);
  const document = await named.json();
  expect(document.openapi).toMatch(/^3\.0/);
  expect(document.components.schemas['io.k8s.api.apps.v1.Deployment']['x-kubernetes-group-version-kind']).toEqual([
    { group: 'apps', kind: 'Deployment', version: 'v1' },
  ]);
  expect(Object.keys(document.paths)).toContain('/apis/apps/v1/namespaces/{namespace}/deployments/{name}');

  const plain = await get('/openapi/v3/apis/apps/v1');
  expect([plain.status, plain.headers.get('etag')]).toEqual([200, `"${hash}"`]);
  const stale = await get('/openapi/v3/apis/apps/v1?hash=OLD');
  expect([stale.status, stale.headers.get('location')]).toEqual([301, url]);
  expect((await get('/openapi/v3/apis/apps/v1', { 'if-none-match': `"${hash}"` })).status).toBe(304);
  expect((await get('/openapi/v3', { 'if-none-match': index.headers.get('etag') ?? '' })).status).toBe(304);
  expect((await get('/openapi/v3/apis/none/v1')).status).toBe(404);
});

test.each(['/openapi/v2', '/openapi/v3/api/v1'])('%s comes compressed to who reads that', async (path) => {
  const plain = await get(path);
  const packed = await get(path, { 'accept-encoding': 'gzip' });
  expect([packed.headers.get('content-encoding'), packed.headers.get('content-length')]).toEqual(['gzip', null]);
  expect([packed.headers.get('etag'), packed.headers.get('vary')]).toEqual([
    plain.headers.get('etag'),
    'Accept-Encoding, Accept',
  ]);
  const unpacked = packed.body?.pipeThrough(new DecompressionStream('gzip')) as ReadableStream<Uint8Array<ArrayBuffer>>;
  expect(await new Response(unpacked).text()).toBe(await plain.text());
});

test('aggregated discovery has an ETag, and changes with what is served', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const first = await get('/apis', { accept });
  expect([first.status, first.headers.get('content-type')]).toEqual([200, accept]);
  const etag = first.headers.get('etag') ?? '';
  expect((await get('/apis', { accept, 'if-none-match': etag })).status).toBe(304);
  await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'lamps.example.com' },
    spec: {
      group: 'example.com',
      names: { kind: 'Lamp', plural: 'lamps', shortNames: ['l'], categories: ['all'] },
      scope: 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
          subresources: { status: {} },
        },
      ],
    },
  });
  await api.simulation.run(1000);
  const second = await get('/apis', { accept, 'if-none-match': etag });
  expect(second.status).toBe(200);
  const { items } = await second.json();
  const group = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === 'example.com');
  expect(group.versions).toEqual([
    {
      version: 'v1',
      freshness: 'Current',
      resources: [
        expect.objectContaining({
          resource: 'lamps',
          responseKind: { group: 'example.com', version: 'v1', kind: 'Lamp' },
          scope: 'Cluster',
          singularResource: 'lamp',
          shortNames: ['l'],
          categories: ['all'],
          subresources: [expect.objectContaining({ subresource: 'status', verbs: ['get', 'patch', 'update'] })],
        }),
      ],
    },
  ]);
});

test('the version', async () => {
  const { body } = await api.call('GET', '/version');
  expect(body).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.0', platform: 'linux/amd64' });
});

test('aggregated discovery is of version v2; who wants another gets the legacy form, or none', async () => {
  const form = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const get = (accept: string) => api.call('GET', '/apis', undefined, { accept });
  const { body } = await get(form('v2'));
  expect([body.apiVersion, body.items[0].metadata]).toEqual([
    'apidiscovery.k8s.io/v2',
    { name: 'apiregistration.k8s.io' },
  ]);
  expect((await get(`${form('v2beta1')},application/json`)).body.kind).toBe('APIGroupList');
  expect((await get(form('v2beta1'))).code).toBe(406);
});

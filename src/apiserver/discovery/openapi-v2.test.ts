import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

/** The fields of a message: by number, each occurrence. */
function fields(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const out = new Map<number, Uint8Array[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    if (wire === 0) varint();
    const list = out.get(tag >> 3) ?? [];
    list.push(bytes.subarray(at, at + length));
    out.set(tag >> 3, list);
    at += length;
  }
  return out;
}
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const inner = (bytes: Uint8Array, ...path: number[]): Uint8Array =>
  path.reduce((at, number) => fields(at).get(number)?.[0] ?? new Uint8Array(), bytes);

test('one Swagger document for all groups, with an ETag', async () => {
  const { code, body, headers } = await api.call('GET', '/openapi/v2');
  expect(code).toBe(200);
  expect(body.swagger).toBe('2.0');
  const deployment = body.definitions['io.k8s.api.apps.v1.Deployment'];
  expect(deployment['x-kubernetes-group-version-kind']).toEqual([{ group: 'apps', kind: 'Deployment', version: 'v1' }]);
  expect(deployment.properties.spec.$ref).toBe('#/definitions/io.k8s.api.apps.v1.DeploymentSpec');
  const types = [...JSON.stringify(body).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name as string);
  expect(types.filter((name) => !Object.hasOwn(body.definitions, name))).toEqual([]);
  const { patch } = body.paths['/api/v1/namespaces/{namespace}/pods/{name}'];
  expect(patch.parameters.map(({ name, type }: { name: string; type: string }) => `${name} ${type}`)).toContain(
    'dryRun string',
  );
  expect(patch['x-kubernetes-action']).toBe('patch');
  const list = body.paths['/api/v1/pods'];
  expect(list.get.produces).toContain('application/json;stream=watch');
  expect(list.get.responses['200'].schema).toEqual({ $ref: '#/definitions/io.k8s.api.core.v1.PodList' });
  const shared = [...JSON.stringify(body.paths).matchAll(/"#\/parameters\/([^"]+)"/g)].map(
    ([, name]) => name as string,
  );
  expect(shared.length).toBeGreaterThan(1000);
  expect([...new Set(shared)].sort()).toEqual(Object.keys(body.parameters));
  const named = (item: { $ref: string }[]) => item.map(({ $ref }) => body.parameters[$ref.split('/')[2] as string]);
  expect(named(list.parameters).map(({ name }) => name)).toEqual([
    'allowWatchBookmarks',
    'continue',
    'fieldSelector',
    'labelSelector',
    'limit',
    'pretty',
    'resourceVersion',
    'resourceVersionMatch',
    'sendInitialEvents',
    'timeoutSeconds',
    'watch',
  ]);
  const { post } = body.paths['/api/v1/namespaces/{namespace}/pods'];
  expect(named(post.parameters)[0]).toEqual({
    in: 'body',
    name: 'body',
    required: true,
    schema: { $ref: '#/definitions/io.k8s.api.core.v1.Pod' },
  });
  const etag = headers.get('etag') as string;
  const again = await api.call('GET', '/openapi/v2', undefined, { 'if-none-match': etag });
  expect([again.code, again.body]).toEqual([304, '']);
});

test('in protobuf for older clients', async () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const response = await api.raw('GET', '/openapi/v2', { headers: { accept } });
  expect(response.headers.get('content-type')).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(text(inner(bytes, 1))).toBe('2.0');
  const { body } = await api.call('GET', '/openapi/v2');
  const definitions = fields(inner(bytes, 9)).get(1) ?? [];
  expect(definitions.map((each) => text(inner(each, 1)))).toEqual(Object.keys(body.definitions));
  const pod = definitions.find((each) => text(inner(each, 1)) === 'io.k8s.api.core.v1.Pod') as Uint8Array;
  const schema = inner(pod, 2);
  expect(text(inner(schema, 22, 1))).toBe('object');
  expect(text(inner(schema, 31, 1))).toBe('x-kubernetes-group-version-kind');
  expect(JSON.parse(text(inner(schema, 31, 2, 2)))).toEqual([{ group: '', kind: 'Pod', version: 'v1' }]);
  const properties = fields(inner(schema, 25)).get(1) ?? [];
  expect(properties.map((each) => text(inner(each, 1)))).toContain('spec');
  const paths = fields(inner(bytes, 8)).get(2) ?? [];
  expect(paths).toHaveLength(Object.keys(body.paths).length);
  const path = (name: string) => inner(paths.find((each) => text(inner(each, 1)) === name) as Uint8Array, 2);
  const exec = path('/api/v1/namespaces/{namespace}/pods/{name}/exec');
  expect(text(inner(exec, 4, 5))).toBe('connectCoreV1PostNamespacedPodExec');
  const references = fields(exec)
    .get(9)
    ?.map((each) => text(inner(each, 2, 1)).split('/')[2]);
  expect(references).toContain('command');
  const parameters = fields(inner(bytes, 10)).get(1) ?? [];
  expect(parameters.map((each) => text(inner(each, 1)))).toEqual(Object.keys(body.parameters));
  const command = parameters.find((each) => text(inner(each, 1)) === 'command') as Uint8Array;
  expect(text(inner(command, 2, 2, 3, 4))).toBe('command');
  // Inline, where older kubectl looks for it.
  const patch = fields(inner(path('/api/v1/namespaces/{namespace}/pods/{name}'), 8)).get(8) ?? [];
  expect(patch.map((each) => text(inner(each, 1, 2, 3, 4)))).toContain('dryRun');
});

test('nothing else is acceptable', async () => {
  expect((await api.raw('GET', '/openapi/v2', { headers: { accept: 'text/html' } })).status).toBe(406);
});

test('custom resources come and go', async () => {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await api.call('POST', crds, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'pears.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'pears', kind: 'Pear' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { n: { type: 'integer', nullable: true } } } },
            },
          },
        },
      ],
    },
  });
  let pear: { properties: { spec: { properties: { n: object } } } } | undefined;
  for (let i = 0; i < 100 && !pear; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if ((await api.call('GET', '/apis/example.com/v1')).code === 200)
      pear = (await api.call('GET', '/openapi/v2')).body.definitions['com.example.v1.Pear'];
  }
  expect(pear?.properties.spec.properties.n).toEqual({});
  const { paths } = (await api.call('GET', '/openapi/v3/apis/example.com/v1')).body;
  expect(Object.keys(paths)).toEqual([
    '/apis/example.com/v1/namespaces/{namespace}/pears',
    '/apis/example.com/v1/namespaces/{namespace}/pears/{name}',
    '/apis/example.com/v1/pears',
  ]);
  expect(paths['/apis/example.com/v1/namespaces/{namespace}/pears'].delete.operationId).toBe(
    'deleteExampleComV1CollectionNamespacedPear',
  );
});

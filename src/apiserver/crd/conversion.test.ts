import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

// Hosts are stored as v1 { spec: { host, port } } and also served as v2 { spec: { address: "host:port" } }.
interface Thing {
  apiVersion: string;
  metadata: { name: string; labels?: Record<string, unknown>; annotations?: unknown; [field: string]: unknown };
  spec: { host?: string; port?: number; address?: string; extra?: string };
  [field: string]: unknown;
}
interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string; desiredAPIVersion: string; objects: Thing[] };
}

let api: Harness;
let calls: { url: URL; review: Review }[] = [];
let answer: (review: Review) => unknown;
const group = 'net.example.com';
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const at = (version: string, rest = '') => `/apis/${group}/${version}/namespaces/default/hosts${rest}`;
const mergePatch = { 'content-type': 'application/merge-patch+json' };

function convert(thing: Thing, apiVersion: string): Thing {
  if (apiVersion.endsWith('/v2')) {
    const { host, port, ...rest } = thing.spec;
    return { ...thing, apiVersion, spec: { ...rest, address: `${host}:${port}`, extra: 'unknown to the schema' } };
  }
  const { address = '', ...rest } = thing.spec;
  const [host = '', port = '0'] = address.split(':');
  return { ...thing, apiVersion, spec: { ...rest, host, port: Number(port) } };
}

const respond = ({ apiVersion, request }: Review, more: object = {}) => ({
  apiVersion,
  kind: 'ConversionReview',
  response: {
    uid: request.uid,
    result: { status: 'Success' },
    convertedObjects: request.objects.map((thing) => convert(thing, request.desiredAPIVersion)),
    ...more,
  },
});

const string = { type: 'string' };
const schema = (properties: object) => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
});
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `hosts.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'hosts', kind: 'Host' },
    conversion: {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://converter/convert' } },
    },
    versions: [
      {
        name: 'v2',
        served: true,
        storage: false,
        schema: schema({ address: { ...string, pattern: '^[a-z]+:[0-9]+$' }, mode: { ...string, default: 'fast' } }),
        additionalPrinterColumns: [{ name: 'Address', type: 'string', jsonPath: '.spec.address' }],
        selectableFields: [{ jsonPath: '.spec.address' }],
      },
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: schema({ host: string, port: { type: 'integer' }, mode: string }),
      },
    ],
  },
};
const host = (name: string, address: string) => ({
  apiVersion: `${group}/v2`,
  kind: 'Host',
  metadata: { name },
  spec: { address },
});

beforeAll(async () => {
  api = await startHarness({
    async fetch(text, init) {
      const review = JSON.parse(String(init.body)) as Review;
      calls.push({ url: new URL(text), review });
      return Response.json(answer(review));
    },
  });
  expect((await api.call('POST', crds, definition)).code).toBe(201);
  for (let i = 0; i < 200 && (await api.call('GET', at('v2'))).code !== 200; i++)
    await new Promise((resolve) => setTimeout(resolve, 5));
});
beforeEach(() => {
  calls = [];
  answer = respond;
});

describe('a conversion webhook', () => {
  test('turns what is written into the stored version and back; metadata stays', async () => {
    const made = await api.call('POST', at('v2'), host('a', 'alpha:80'));
    expect([made.code, made.body.spec]).toEqual([201, { address: 'alpha:80', mode: 'fast' }]);
    expect(calls).toHaveLength(1);
    const { url, review } = calls[0]!;
    expect(url.href).toBe('https://converter/convert?timeout=30s');
    expect(review).toMatchObject({
      kind: 'ConversionReview',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: { desiredAPIVersion: `${group}/v1`, objects: [{ spec: { address: 'alpha:80' } }] },
    });
    expect(review.request.objects[0]?.metadata['resourceVersion']).toBeUndefined();
    const stored = (await api.call('GET', at('v1', '/a'))).body;
    expect(stored).toMatchObject({ apiVersion: `${group}/v1`, spec: { host: 'alpha', port: 80, mode: 'fast' } });
    const read = (await api.call('GET', at('v2', '/a'))).body;
    expect(read).toEqual(made.body);
    expect(stored.metadata.uid).toBe(read.metadata.uid);
  });

  test('is asked for updates and patches at either version, which are checked by the version they are made at', async () => {
    await api.call('POST', at('v1'), { ...host('b', ''), apiVersion: `${group}/v1`, spec: { host: 'beta', port: 1 } });
    const wrong = await api.call('PATCH', at('v2', '/b'), { spec: { address: 'nonsense' } }, mergePatch);
    expect(wrong.code).toBe(422);
    expect(wrong.body.message).toContain('spec.address');
    const patched = await api.call('PATCH', at('v2', '/b'), { spec: { address: 'gamma:2' } }, mergePatch);
    expect([patched.code, patched.body.spec.address]).toEqual([200, 'gamma:2']);
    expect((await api.call('GET', at('v1', '/b'))).body.spec).toMatchObject({ host: 'gamma', port: 2 });
    const put = { ...patched.body, spec: { address: 'delta:3' } };
    expect((await api.call('PUT', at('v2', '/b'), put)).body.spec.address).toBe('delta:3');
    expect((await api.call('PUT', at('v2', '/b'), put)).code).toBe(409);
    const deleted = await api.call('DELETE', at('v2', '/b'));
    expect([deleted.code, (await api.call('GET', at('v1', '/b'))).code]).toEqual([200, 404]);
  });

  test('is asked once for all objects of a list; pages, selectors and tables see its version', async () => {
    for (const name of ['l1', 'l2', 'l3'])
      await api.call('POST', at('v1'), {
        apiVersion: `${group}/v1`,
        kind: 'Host',
        metadata: { name, labels: { list: 'yes' } },
        spec: { host: name.replace(/\d/, ''), port: Number(name.slice(1)) },
      });
    calls = [];
    const list = (await api.call('GET', at('v2', '?labelSelector=list%3Dyes'))).body;
    expect(list.items.map(({ spec }: Thing) => spec.address)).toEqual(['l:1', 'l:2', 'l:3']);
    expect(calls.map(({ review }) => review.request.objects.length)).toEqual([expect.any(Number)]);
    await api.call('GET', at('v2'));
    expect(calls).toHaveLength(1);
    const selected = (await api.call('GET', at('v2', '?fieldSelector=spec.address%3Dl:2'))).body;
    expect(selected.items.map(({ metadata }: Thing) => metadata.name)).toEqual(['l2']);
    const page = (await api.call('GET', at('v2', '?labelSelector=list%3Dyes&limit=2'))).body;
    const rest = (
      await api.call('GET', at('v2', `?labelSelector=list%3Dyes&limit=2&continue=${page.metadata.continue}`))
    ).body;
    expect([page.items.length, rest.items[0].spec.address]).toEqual([2, 'l:3']);
    const table = await api.call('GET', at('v2', '/l1'), undefined, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    });
    expect(table.body.rows[0].cells).toEqual(['l1', 'l:1']);
  });

  test('is asked for the events of a watch, which stay in their order', async () => {
    await api.call('POST', at('v2'), host('w1', 'first:1'));
    const selector = `fieldSelector=metadata.name%3Dw1`;
    const controller = new AbortController();
    const response = await api.raw('GET', at('v2', `?watch=true&${selector}`), { signal: controller.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const port of [2, 3, 4]) await api.call('PATCH', at('v1', '/w1'), { spec: { port } }, mergePatch);
    await api.call('DELETE', at('v1', '/w1'));
    let text = '';
    while (text.split('\n').length < 6) text += (await reader.read()).value ?? '';
    controller.abort();
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: Thing });
    expect(events.map(({ type, object }) => `${type} ${object.spec.address}`)).toEqual([
      'ADDED first:1',
      'MODIFIED first:2',
      'MODIFIED first:3',
      'MODIFIED first:4',
      'DELETED first:4',
    ]);
  });

  test('is asked what a write means to owners of fields in another version', async () => {
    const apply = (version: string, manager: string, spec: object, query = '') =>
      api.call(
        'PATCH',
        at(version, `/owned?fieldManager=${manager}${query}`),
        { apiVersion: `${group}/${version}`, kind: 'Host', metadata: { name: 'owned' }, spec },
        { 'content-type': 'application/apply-patch+yaml' },
      );
    const owners = ({ body }: Awaited<ReturnType<typeof apply>>) =>
      body.metadata.managedFields.map(
        (entry: { manager: string; apiVersion: string; fieldsV1: { 'f:spec': object } }) =>
          [entry.manager, entry.apiVersion.split('/')[1], ...Object.keys(entry.fieldsV1['f:spec'])].join(' '),
      );
    await apply('v2', 'one', { address: 'alpha:80', mode: 'slow' });
    // the same in other words is no conflict
    const agreed = await apply('v1', 'two', { host: 'alpha', port: 80 });
    expect([agreed.code, owners(agreed)]).toEqual([200, ['one v2 f:address f:mode', 'two v1 f:host f:port']]);
    const refused = await apply('v1', 'two', { host: 'beta', port: 80 });
    expect([refused.code, refused.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "one": .spec.address',
    ]);
    const forced = await apply('v1', 'two', { host: 'beta', port: 80 }, '&force=true');
    expect(owners(forced)).toEqual(['one v2 f:mode', 'two v1 f:host f:port']);
    const patch = await api.call(
      'PATCH',
      at('v2', '/owned?fieldManager=three'),
      { spec: { address: 'beta:81' } },
      mergePatch,
    );
    expect(owners(patch)).toEqual(['one v2 f:mode', 'two v1 f:host', 'three v2 f:address']);
    // who goes on in another version takes away what it no longer names
    const moved = await apply('v1', 'one', { host: 'beta' });
    expect(moved.body.spec).toEqual({ host: 'beta', port: 81 });
    expect(owners(moved)).toEqual(['one v1 f:host', 'two v1 f:host', 'three v2 f:address']);
  });

  test('may change labels and annotations, and no other metadata', async () => {
    answer = (review) => {
      const made = respond(review);
      for (const { metadata } of made.response.convertedObjects) {
        metadata.labels = { from: 'webhook' };
        metadata['generation'] = 99;
        metadata['finalizers'] = ['never'];
      }
      return made;
    };
    const { body } = await api.call('POST', at('v2'), host('m', 'mu:1'));
    expect(body.metadata.labels).toBeUndefined();
    const stored = (await api.call('GET', at('v1', '/m'))).body.metadata;
    expect([stored.labels, stored.generation, stored.finalizers]).toEqual([{ from: 'webhook' }, 1, undefined]);
  });

  const start = 'conversion webhook for net.example.com/v2, Kind=Host ';
  const change = (edit: (thing: Thing) => unknown) => (review: Review) => {
    const made = respond(review);
    return { ...made, response: { ...made.response, convertedObjects: made.response.convertedObjects.map(edit) } };
  };
  test.each<[string, (review: Review) => unknown]>([
    [
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got v1, Kind=Pod',
      () => ({ apiVersion: 'v1', kind: 'Pod' }),
    ],
    ['failed: no response provided', (review) => ({ ...respond(review), response: undefined })],
    ['failed: too hard', (review) => respond(review, { result: { status: 'Failed', message: 'too hard' } })],
    ["failed: response.result.status was '', not 'Success'", (review) => respond(review, { result: {} })],
    ['returned 0 objects, expected 1', (review) => respond(review, { convertedObjects: [] })],
    [
      'returned invalid object at index 0: invalid groupVersion (expected net.example.com/v1, received net.example.com/v3)',
      change((thing) => ({ ...thing, apiVersion: `${group}/v3` })),
    ],
    [
      'returned invalid object at index 0: invalid kind (expected Host, received Ghost)',
      change((thing) => ({ ...thing, kind: 'Ghost' })),
    ],
    [
      'returned invalid object: must have the same name: x != y',
      change((thing) => ({ ...thing, metadata: { ...thing.metadata, name: 'y' } })),
    ],
    [
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
      change((thing) => ({ ...thing, metadata: { ...thing.metadata, labels: { a: 1 } } })),
    ],
    [
      'returned invalid metadata: invalid metadata.annotations of type []interface {} in converted object',
      change((thing) => ({ ...thing, metadata: { ...thing.metadata, annotations: [] } })),
    ],
  ])('that answers badly fails the request: %s', async (why, bad) => {
    answer = bad;
    const { code, body } = await api.call('POST', at('v2'), host('x', 'xi:1'));
    expect([code, body.message]).toEqual([500, start + why]);
    answer = respond;
    expect((await api.call('GET', at('v1', '/x'))).code).toBe(404);
  });

  test('that cannot be asked fails reads and watches at the other version only, until it can', async () => {
    await api.call('POST', at('v1'), {
      ...host('u', ''),
      apiVersion: `${group}/v1`,
      spec: { host: 'upsilon', port: 7 },
    });
    answer = () => {
      throw new TypeError('connection refused');
    };
    const { code, body } = await api.call('GET', at('v2', '/u'));
    expect([code, body.message]).toEqual([
      500,
      'conversion webhook for net.example.com/v1, Kind=Host failed: Post "https://converter/convert?timeout=30s": connection refused',
    ]);
    expect((await api.call('GET', at('v1', '/u'))).code).toBe(200);
    expect((await api.call('GET', at('v2'))).code).toBe(500);
    const watch = await api.call('GET', at('v2', '?watch=true'));
    expect(watch.body).toMatchObject({ type: 'ERROR', object: { code: 500, status: 'Failure' } });
    answer = respond;
    expect((await api.call('GET', at('v2', '/u'))).body.spec.address).toBe('upsilon:7');
  });

  test('serves admission at the version that a webhook or policy matches', async () => {
    const admission = '/apis/admissionregistration.k8s.io/v1';
    const rules = { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: ['hosts'] };
    await api.call('POST', `${admission}/validatingadmissionpolicies`, {
      metadata: { name: 'ports' },
      spec: {
        matchConstraints: { resourceRules: [rules] },
        validations: [{ expression: 'object.spec.port < 1024', message: 'privileged ports only' }],
      },
    });
    await api.call('POST', `${admission}/validatingadmissionpolicybindings`, {
      metadata: { name: 'ports' },
      spec: { policyName: 'ports', validationActions: ['Deny'] },
    });
    const refused = await api.call('POST', at('v2'), host('p', 'pi:8080'));
    expect(refused.body.message).toContain('privileged ports only');
    expect((await api.call('POST', at('v2'), host('p', 'pi:80'))).code).toBe(201);
    await api.call('DELETE', `${admission}/validatingadmissionpolicybindings/ports`);
  });

  test('moves objects to a new storage version when they are written unchanged; watches under the old definition end', async () => {
    await api.call('POST', at('v1'), { ...host('s', ''), apiVersion: `${group}/v1`, spec: { host: 'sigma', port: 9 } });
    const watch = await api.raw('GET', at('v1', '?watch=true&resourceVersion=0'));
    const ended = watch.text();
    const { body } = await api.call('GET', `${crds}/hosts.${group}`);
    for (const version of body.spec.versions) version.storage = version.name === 'v2';
    expect((await api.call('PUT', `${crds}/hosts.${group}`, body)).code).toBe(200);
    const storedAs = async () =>
      JSON.parse((await api.etcd.client.range({ key: `/registry/${group}/hosts/default/s` })).kvs[0]!.value).apiVersion;
    const served = () => api.call('GET', at('v1', '/s'));
    expect(await storedAs()).toBe(`${group}/v1`);
    for (let i = 0; i < 200; i++) {
      const now = (await served()).body;
      await api.call('PUT', at('v1', '/s'), now);
      if ((await storedAs()) === `${group}/v2`) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await storedAs()).toBe(`${group}/v2`);
    expect((await served()).body.spec).toMatchObject({ host: 'sigma', port: 9 });
    expect(await ended).toContain('"sigma"');
  });
});

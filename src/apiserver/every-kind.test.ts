// Every built-in kind does all that its discovery promises: what is asked of one is asked of all.

import { beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../env/env.ts';
import { type Harness, startHarness } from './testing/harness.ts';
import type { TableCase } from './testing/tables/case.ts';
import { cluster } from './testing/tables/cluster.ts';
import { network } from './testing/tables/network.ts';
import { storageKinds } from './testing/tables/storage.ts';
import { workloads } from './testing/tables/workloads.ts';

let api: Harness;
/** What was refused, if it was. */
const refusal = (body: { kind: string; message: string }) => (body.kind === 'Status' ? body.message : undefined);
beforeAll(async () => {
  api = await startHarness();
});

interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    labels?: Record<string, string>;
    finalizers?: string[];
    managedFields?: { manager: string; operation: string }[];
  };
}
interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
}

const kinds = new Map<string, TableCase>();
for (const each of [...workloads, ...network, ...cluster, ...storageKinds]) {
  const id = each.path.replace('/namespaces/default/', '/');
  if (!kinds.has(id)) kinds.set(id, each);
}
const table: [string, string, object, object | undefined][] = [...kinds].map(([id, { path, object, status }]) => [
  id,
  path,
  object,
  status,
]);
const protobuf = 'application/vnd.kubernetes.protobuf';

// Kinds whose metadata.generation counts the changes of what is wanted.
const counted = new Set(
  [
    'Pod PodTemplate ReplicationController ReplicaSet Deployment StatefulSet DaemonSet Job CronJob PodDisruptionBudget',
    'EndpointSlice Ingress IngressClass NetworkPolicy PriorityClass CustomResourceDefinition FlowSchema PriorityLevelConfiguration',
    'ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy MutatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding MutatingAdmissionPolicyBinding DeviceClass ResourceSlice',
  ].flatMap((line) => line.split(' ')),
);

describe.each(table)('%s', (id, path, object, status) => {
  const { name } = (object as KubeObject).metadata;
  const one = `${path}/${name}`;
  let made: KubeObject;
  let before: string;

  const patched = async (type: string, patch: Json, query = '') => {
    const { code, body } = await api.call('PATCH', one + query, patch as object, { 'content-type': type });
    expect([code, refusal(body)]).toEqual([200, undefined]);
    return body as KubeObject;
  };

  test('is created: first in a dry run, then once', async () => {
    before = (await api.call('GET', path)).body.metadata.resourceVersion;
    const dry = await api.call('POST', `${path}?dryRun=All`, object);
    expect([dry.code, refusal(dry.body)]).toEqual([201, undefined]);
    expect((await api.call('GET', one)).code).toBe(404);
    const unknown = await api.call('POST', `${path}?fieldValidation=Strict`, { ...object, nothingLikeIt: 1 });
    expect([unknown.code, unknown.body.message]).toEqual([
      400,
      expect.stringMatching(/strict decoding error: unknown field "nothingLikeIt"$/),
    ]);
    const { code, body } = await api.call('POST', path, object);
    expect([code, refusal(body)]).toEqual([201, undefined]);
    // Controllers that are part of the server may have their say.
    await api.simulation.run(10);
    made = (await api.call('GET', one)).body;
    expect(made).toMatchObject({
      metadata: {
        name,
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        creationTimestamp: expect.stringMatching(/Z$/),
      },
    });
    expect(body.metadata.generation).toBe(counted.has(made.kind) ? 1 : undefined);
    const again = await api.call('POST', path, object);
    // A Service asks for its address before it is known that its name is taken.
    expect([again.code, again.body.reason]).toEqual(
      made.kind === 'Service' ? [422, 'Invalid'] : [409, 'AlreadyExists'],
    );
  });

  test('is read in every form', async () => {
    const read = (accept: string) => api.call('GET', one, undefined, { accept });
    expect((await read('application/json')).body).toEqual(made);
    const yaml = await read('application/yaml');
    expect([yaml.headers.get('content-type'), yaml.body]).toEqual([
      'application/yaml',
      expect.stringContaining(`kind: ${made.kind}\n`),
    ]);
    const partial = await read('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
    expect(partial.body).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: made.metadata,
    });
    expect((await read('text/html')).code).toBe(406);
    // What is read in protobuf can be sent back: a PUT of it changes nothing.
    const response = await api.raw('GET', one, { headers: { accept: protobuf } });
    expect(response.headers.get('content-type')).toBe(protobuf);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([...bytes.slice(0, 4)]).toEqual([0x6b, 0x38, 0x73, 0]);
    const put = await api.raw('PUT', one, { body: bytes, headers: { 'content-type': protobuf } });
    const answer = await put.json();
    expect([put.status, refusal(answer)]).toEqual([200, undefined]);
    expect(answer).toEqual(made);
  });

  test('is listed and watched', async () => {
    const { body } = await api.call('GET', `${path}?fieldSelector=metadata.name=${name}`);
    expect([body.kind, body.apiVersion, body.items.length]).toEqual([`${made.kind}List`, made.apiVersion, 1]);
    const { kind: _kind, apiVersion: _apiVersion, ...item } = made;
    expect(body.items[0]).toEqual(item);
    const watch = await api.raw(
      'GET',
      `${id}?watch=1&resourceVersion=${before}&fieldSelector=metadata.name=${name}&timeoutSeconds=1`,
    );
    const text = watch.text();
    await api.simulation.run(1100);
    const events = (await text)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ type: 'ADDED', object: { metadata: { uid: made.metadata.uid } } });
    expect(events.at(-1).object).toEqual(made);
  });

  test('is replaced, if it is the one that was read', async () => {
    const changed = { ...made, metadata: { ...made.metadata, labels: { ...made.metadata.labels, put: 'yes' } } };
    const put = await api.call('PUT', one, changed);
    expect([put.code, refusal(put.body), put.body.metadata.labels.put]).toEqual([200, undefined, 'yes']);
    const stale = await api.call('PUT', one, changed);
    expect([stale.code, stale.body.reason]).toEqual([409, 'Conflict']);
    const other = await api.call('PUT', one, {
      ...changed,
      metadata: { ...changed.metadata, resourceVersion: put.body.metadata.resourceVersion, uid: 'other' },
    });
    expect([other.code, other.body.reason]).toEqual([409, 'Conflict']);
  });

  test('is patched in four ways', async () => {
    const json = [{ op: 'add', path: '/metadata/labels/json', value: '1' }];
    expect((await patched('application/json-patch+json', json)).metadata.labels).toMatchObject({
      put: 'yes',
      json: '1',
    });
    const merge = { metadata: { labels: { json: null, merge: '2' } } };
    expect((await patched('application/merge-patch+json', merge)).metadata.labels).toEqual(
      expect.not.objectContaining({ json: '1' }),
    );
    const strategic = { metadata: { labels: { strategic: '3' } } };
    expect((await patched('application/strategic-merge-patch+json', strategic)).metadata.labels).toMatchObject({
      merge: '2',
      strategic: '3',
    });
    const { apiVersion, kind } = made;
    const applied = await patched(
      'application/apply-patch+yaml',
      { apiVersion, kind, metadata: { name, labels: { applied: '4' } } },
      '?fieldManager=tester',
    );
    expect(applied.metadata.labels).toMatchObject({ strategic: '3', applied: '4' });
    expect(applied.metadata.managedFields).toContainEqual(
      expect.objectContaining({ manager: 'tester', operation: 'Apply' }),
    );
    const unknown = await api.call('PATCH', one, {}, { 'content-type': 'application/x-patch' });
    expect([unknown.code, unknown.body.reason]).toEqual([415, 'UnsupportedMediaType']);
  });

  test.runIf(status)('has a status of its own', async () => {
    const through = (where: string, patch: object) =>
      api.call('PATCH', one + where, patch, { 'content-type': 'application/merge-patch+json' });
    const here = await through('', { status });
    expect([here.code, refusal(here.body)]).toEqual([200, undefined]);
    const kept = here.body.status;
    const { code, body } = await through('/status', { status, metadata: { labels: { status: 'too' } } });
    expect([code, refusal(body)]).toEqual([200, undefined]);
    expect(body.status).toMatchObject(status as object);
    expect(body.status).not.toEqual(kept);
    expect((await api.call('GET', `${one}/status`)).body).toEqual(body);
    const put = await api.call('PUT', `${one}/status`, body);
    expect([put.code, put.body]).toEqual([200, body]);
  });

  test('is deleted, alone and with its like', async () => {
    const dry = await api.call('DELETE', `${one}?dryRun=All&gracePeriodSeconds=0`);
    expect([dry.code, (await api.call('GET', one)).code]).toEqual([200, 200]);
    // These are given a finalizer, with which they stay for a while.
    if (!/^(Namespace|ReplicationController|Job)$/.test(made.kind) && !made.metadata.finalizers)
      expect(dry.body.kind).toBe(await documentedAnswer(path, made.kind));
    const wrong = await api.call('DELETE', one, { preconditions: { uid: 'other' } });
    expect([wrong.code, wrong.body.reason]).toEqual([409, 'Conflict']);
    await patched('application/merge-patch+json', { metadata: { labels: { mine: 'all' } } });
    const collection = await api.call('DELETE', `${path}?labelSelector=mine=all&gracePeriodSeconds=0`);
    expect(collection.code).toBe(made.kind === 'Namespace' ? 405 : 200);
    if (made.kind === 'Namespace') expect((await api.call('DELETE', one)).code).toBe(200);
    await patched('application/merge-patch+json', { metadata: { finalizers: null } }).catch(() => undefined);
    const left = (await api.call('GET', one)).body as KubeObject;
    // A namespace stays until what is in it has gone, a definition until its server has cleared up.
    if (made.kind !== 'Namespace' && made.kind !== 'CustomResourceDefinition') expect(left.kind).toBe('Status');
  });
});

/** The kind with which a DELETE of one object answers by the OpenAPI document: its own, or Status. */
async function documentedAnswer(path: string, kind: string): Promise<string> {
  const [root = ''] = /^\/api\/v1|^\/apis\/[^/]+\/[^/]+/.exec(path) ?? [];
  const { body } = await api.call('GET', `/openapi/v3${root}`);
  const item = body.paths[`${path.replace('/namespaces/default/', '/namespaces/{namespace}/')}/{name}`];
  const { $ref } = item.delete.responses['200'].content['application/json'].schema as { $ref: string };
  return $ref.endsWith('.Status') ? 'Status' : kind;
}

test('discovery promises nothing else', async () => {
  const groups = ['/api/v1', ...new Set(table.map(([id]) => id.split('/').slice(0, -1).join('/')))];
  const verbs = new Set(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
  for (const path of new Set(groups)) {
    const { resources } = (await api.call('GET', path)).body as { resources: DiscoveredResource[] };
    for (const { name, verbs: promised } of resources.filter((each) => !each.name.includes('/'))) {
      if (!kinds.has(`${path}/${name}`)) continue;
      expect([name, new Set(promised)]).toEqual([
        name,
        name === 'namespaces' ? new Set([...verbs].filter((v) => v !== 'deletecollection')) : verbs,
      ]);
    }
  }
});

import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const base = '/api/v1/namespaces/default/configmaps';

/** Reads `count` events of a watch, then lets it go. */
async function events(path: string, count: number) {
  const response = await api.raw('GET', path);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (text.split('\n').length <= count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('create, read, update, delete', () => {
  test('an object is created, read, replaced and deleted', async () => {
    const created = await api.call('POST', base, configMap('one', { a: '1' }));
    expect(created.code).toBe(201);
    expect(created.body.metadata).toMatchObject({ name: 'one', namespace: 'default' });
    expect(created.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    const read = await api.call('GET', `${base}/one`);
    expect(read.body).toEqual(created.body);
    const changed = await api.call('PUT', `${base}/one`, { ...read.body, data: { a: '2' } });
    expect(changed.code).toBe(200);
    expect(Number(changed.body.metadata.resourceVersion)).toBeGreaterThan(Number(read.body.metadata.resourceVersion));
    const stale = await api.call('PUT', `${base}/one`, { ...read.body, data: { a: '3' } });
    expect(stale.code).toBe(409);
    expect(stale.body.message).toBe(
      'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
    );
    const gone = await api.call('DELETE', `${base}/one`);
    expect(gone.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'one', kind: 'configmaps' },
    });
    const missing = await api.call('GET', `${base}/one`);
    expect(missing.body).toMatchObject({ code: 404, reason: 'NotFound', message: 'configmaps "one" not found' });
  });

  test('a write that changes nothing makes no revision', async () => {
    const { body } = await api.call('POST', base, configMap('same', { a: '1' }));
    const again = await api.call('PUT', `${base}/same`, body);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('the same name twice is AlreadyExists', async () => {
    await api.call('POST', base, configMap('twice'));
    const { code, body } = await api.call('POST', base, configMap('twice'));
    expect(code).toBe(409);
    expect(body).toMatchObject({ reason: 'AlreadyExists', message: 'configmaps "twice" already exists' });
  });

  test('generateName appends five characters', async () => {
    const { body } = await api.call('POST', base, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'gen-' },
    });
    expect(body.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  test('a dry run writes nothing', async () => {
    const { code } = await api.call('POST', `${base}?dryRun=All`, configMap('dry'));
    expect(code).toBe(201);
    expect((await api.call('GET', `${base}/dry`)).code).toBe(404);
  });

  test('finalizers hold a deleted object until they are gone', async () => {
    await api.call('POST', base, {
      ...configMap('held'),
      metadata: { name: 'held', finalizers: ['example.com/wait'] },
    });
    const marked = await api.call('DELETE', `${base}/held`);
    expect(marked.body.metadata.deletionTimestamp).toBeDefined();
    const released = await api.call(
      'PATCH',
      `${base}/held`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(released.code).toBe(200);
    expect((await api.call('GET', `${base}/held`)).code).toBe(404);
  });
});

describe('lists and watches', () => {
  test('pages of a list show one revision, even when objects come and go between them', async () => {
    const ns = '/api/v1/namespaces/kube-public/configmaps';
    for (const name of ['a', 'b', 'c', 'd']) await api.call('POST', ns, configMap(name));
    const first = await api.call('GET', `${ns}?limit=2`);
    expect(first.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['a', 'b']);
    expect(first.body.metadata.remainingItemCount).toBe(2);
    await api.call('DELETE', `${ns}/c`);
    await api.call('POST', ns, configMap('e'));
    const second = await api.call('GET', `${ns}?limit=2&continue=${first.body.metadata.continue}`);
    expect(second.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c', 'd']);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(second.body.metadata.continue).toBeUndefined();
  });

  test('a watch resumes after a resourceVersion without loss', async () => {
    const { body } = await api.call('POST', base, configMap('watched'));
    const from = body.metadata.resourceVersion;
    await api.call('PUT', `${base}/watched`, { ...body, data: { x: 'y' } });
    await api.call('DELETE', `${base}/watched`);
    const seen = await events(`${base}?watch=true&resourceVersion=${from}`, 2);
    expect(seen.map(({ type }) => type)).toEqual(['MODIFIED', 'DELETED']);
  });

  test('a streaming list ends with an annotated bookmark', async () => {
    const seen = await events(
      '/api/v1/namespaces?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
      5,
    );
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED', 'ADDED', 'BOOKMARK']);
    expect(seen[4].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('an object that enters and leaves a selection is ADDED and DELETED', async () => {
    const from = (await api.call('GET', base)).body.metadata.resourceVersion;
    const { body } = await api.call('POST', base, configMap('chosen'));
    const labelled = await api.call('PUT', `${base}/chosen`, {
      ...body,
      metadata: { ...body.metadata, labels: { pick: 'me' } },
    });
    await api.call('PUT', `${base}/chosen`, { ...labelled.body, metadata: { ...labelled.body.metadata, labels: {} } });
    const seen = await events(`${base}?watch=true&resourceVersion=${from}&labelSelector=pick%3Dme`, 2);
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    expect(seen[1].object.metadata.labels).toEqual({ pick: 'me' });
  });

  test('a field selector on a field that is not offered is refused', async () => {
    const { code, body } = await api.call('GET', `${base}?fieldSelector=spec.foo%3Dbar`);
    expect(code).toBe(400);
    expect(body.message).toContain('"spec.foo" is not a known field selector');
  });
});

describe('pods', () => {
  const pods = '/api/v1/namespaces/default/pods';
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'busybox' }], terminationGracePeriodSeconds: 30 },
  });

  test('binding assigns a node once', async () => {
    await api.call('POST', pods, pod('bound'));
    const target = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'bound' },
      target: { kind: 'Node', name: 'node-1' },
    };
    expect((await api.call('POST', `${pods}/bound/binding`, target)).code).toBe(201);
    const { body } = await api.call('GET', `${pods}/bound`);
    expect(body.spec.nodeName).toBe('node-1');
    expect(body.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    const again = await api.call('POST', `${pods}/bound/binding`, target);
    expect(again.code).toBe(409);
    expect(again.body.message).toContain('pod bound is already assigned to node "node-1"');
  });

  test('a bound pod is deleted in two steps, an unbound one at once', async () => {
    const { body } = await api.call('DELETE', `${pods}/bound`);
    expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    const final = await api.call('DELETE', `${pods}/bound?gracePeriodSeconds=0`);
    expect(final.code).toBe(200);
    expect((await api.call('GET', `${pods}/bound`)).code).toBe(404);
    await api.call('POST', pods, pod('loose'));
    await api.call('DELETE', `${pods}/loose`);
    expect((await api.call('GET', `${pods}/loose`)).code).toBe(404);
  });

  test('status and spec keep out of each other', async () => {
    const { body } = await api.call('POST', pods, pod('split'));
    const changed = { ...body, spec: { ...body.spec, nodeName: 'x' }, status: { ...body.status, phase: 'Running' } };
    const status = await api.call('PUT', `${pods}/split/status`, changed);
    expect(status.body.status.phase).toBe('Running');
    expect(status.body.spec.nodeName).toBeUndefined();
  });
});

test('scale reads and writes replicas', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  await api.call('POST', deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  });
  const scale = await api.call('GET', `${deployments}/web/scale`);
  expect(scale.body).toMatchObject({
    kind: 'Scale',
    spec: { replicas: 2 },
    status: { replicas: 0, selector: 'app=web' },
  });
  const patched = await api.call(
    'PATCH',
    `${deployments}/web/scale`,
    { spec: { replicas: 5 } },
    { 'content-type': 'application/merge-patch+json' },
  );
  expect(patched.body.spec.replicas).toBe(5);
  const { body } = await api.call('GET', `${deployments}/web`);
  expect(body.spec.replicas).toBe(5);
  expect(body.metadata.generation).toBe(2);
});

test('owners of fields in one version of a built-in kind lose what is changed in another', async () => {
  const { call } = await startHarness();
  const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const made = await call('POST', `${path('v1')}?fieldManager=old`, {
    metadata: { name: 'owned' },
    spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
  });
  expect(made.body.metadata.managedFields[0].fieldsV1['f:spec']).toHaveProperty('f:targetCPUUtilizationPercentage');
  const target = { type: 'Utilization', averageUtilization: 70 };
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  const changed = await call(
    'PATCH',
    `${path('v2')}/owned?fieldManager=new`,
    { spec: { metrics } },
    { 'content-type': 'application/merge-patch+json' },
  );
  const fields = Object.fromEntries(
    changed.body.metadata.managedFields.map((entry: { manager: string; apiVersion: string; fieldsV1: object }) => [
      `${entry.manager} ${entry.apiVersion}`,
      Object.keys((entry.fieldsV1 as { 'f:spec': object })['f:spec']),
    ]),
  );
  expect(fields).toEqual({
    'old autoscaling/v1': ['f:maxReplicas', 'f:minReplicas', 'f:scaleTargetRef'],
    'new autoscaling/v2': ['f:metrics'],
  });
});

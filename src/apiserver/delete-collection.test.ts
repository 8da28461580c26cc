import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

let count = 0;
/** A namespace with config maps of these names; labels: the name's first letter. */
async function space(...names: string[]): Promise<string> {
  const namespace = `space-${++count}`;
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await api.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  for (const name of names) await api.call('POST', path, { metadata: { name, labels: { letter: name.slice(0, 1) } } });
  return path;
}
type Item = { metadata: { name: string; finalizers?: string[]; deletionGracePeriodSeconds?: number; uid: string } };
const names = (body: { items: Item[] }) => body.items.map(({ metadata }) => metadata.name);
const left = async (path: string) => names((await api.call('GET', path)).body);

test('selectors choose, and the answer is the list as it was', async () => {
  const path = await space('a1', 'a2', 'b1', 'c1');
  const before = (await api.call('GET', path)).body;
  const byLabel = await api.call('DELETE', `${path}?labelSelector=letter in (a,b)&fieldSelector=metadata.name!=a2`);
  expect([byLabel.code, byLabel.body.kind, names(byLabel.body)]).toEqual([200, 'ConfigMapList', ['a1', 'b1']]);
  expect(byLabel.body.metadata).toEqual({ resourceVersion: before.metadata.resourceVersion });
  expect(byLabel.body.items[0]).toEqual(before.items[0]);
  expect(await left(path)).toEqual(['a2', 'c1']);
  expect(names((await api.call('DELETE', `${path}?fieldSelector=metadata.name=none`)).body)).toEqual([]);
  expect(names((await api.call('DELETE', path)).body)).toEqual(['a2', 'c1']);
  expect(await left(path)).toEqual([]);
});

test('a limit deletes one page and gives the token for the rest', async () => {
  const path = await space('a1', 'a2', 'a3', 'a4', 'a5');
  const first = await api.call('DELETE', `${path}?limit=2`);
  expect([names(first.body), first.body.metadata.remainingItemCount]).toEqual([['a1', 'a2'], 3]);
  expect(await left(path)).toEqual(['a3', 'a4', 'a5']);
  const second = await api.call('DELETE', `${path}?limit=2&continue=${first.body.metadata.continue}`);
  expect(names(second.body)).toEqual(['a3', 'a4']);
  expect(await left(path)).toEqual(['a5']);
});

test('a resourceVersion says which list is meant; what has gone since is passed over, what has come stays', async () => {
  const path = await space('a1', 'a2');
  const { resourceVersion } = (await api.call('GET', path)).body.metadata;
  await api.call('DELETE', `${path}/a1`);
  await api.call('POST', path, { metadata: { name: 'a3' } });
  const answer = await api.call('DELETE', `${path}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`, {});
  expect([answer.code, names(answer.body)]).toEqual([200, ['a1', 'a2']]);
  expect(await left(path)).toEqual(['a3']);
});

test('without a body a resourceVersion is a precondition too', async () => {
  const path = await space('a1', 'a2');
  const [a1] = (await api.call('GET', path)).body.items;
  const refused = await api.call('DELETE', `${path}?resourceVersion=0`);
  expect([refused.code, refused.body.reason, refused.body.message]).toEqual([
    409,
    'Conflict',
    `Operation cannot be fulfilled on ConfigMap "a1": the ResourceVersion in the precondition (0) does not match the ResourceVersion in record (${a1.metadata.resourceVersion}). The object might have been modified`,
  ]);
  expect(await left(path)).toEqual(['a1', 'a2']);
});

test('preconditions hold for each object; the first that fails ends it', async () => {
  const path = await space('a1', 'a2', 'a3');
  const [a1, a2] = (await api.call('GET', path)).body.items as Item[];
  const body = { preconditions: { uid: a1?.metadata.uid } };
  const refused = await api.call('DELETE', path, body);
  expect([refused.code, refused.body.message]).toEqual([
    409,
    `Operation cannot be fulfilled on ConfigMap "a2": the UID in the precondition (${a1?.metadata.uid}) does not match the UID in record (${a2?.metadata.uid}). The object might have been deleted and then recreated`,
  ]);
  expect(refused.body.details).toEqual({ name: 'a2', kind: 'ConfigMap' });
  expect(await left(path)).toEqual(['a2', 'a3']);
  const byQuery = await api.call('DELETE', `${path}?fieldSelector=metadata.name=a2&uid=${a2?.metadata.uid}`);
  expect([byQuery.code, await left(path)]).toEqual([200, ['a3']]);
});

test.each([
  ['Orphan', ['orphan']],
  ['Foreground', ['foregroundDeletion']],
])('propagationPolicy %s, in the query and in the body', async (propagationPolicy, finalizers) => {
  const path = await space('a1', 'b1');
  const byQuery = await api.call('DELETE', `${path}?labelSelector=letter=a&propagationPolicy=${propagationPolicy}`);
  const byBody = await api.call('DELETE', `${path}?labelSelector=letter=b`, {
    kind: 'DeleteOptions',
    propagationPolicy,
  });
  expect([byQuery.code, byBody.code]).toEqual([200, 200]);
  expect(byQuery.body.items[0].metadata.deletionTimestamp).toBe(undefined);
  const { items } = (await api.call('GET', path)).body as { items: Item[] };
  expect(items.map(({ metadata }) => metadata.finalizers)).toEqual([finalizers, finalizers]);
});

test('grace, in the query and in the body', async () => {
  const path = (await space()).replace('configmaps', 'pods');
  const grace = async (query: string, body?: object) => {
    const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] };
    await api.call('POST', path, { metadata: { name: 'p' }, spec });
    const { code } = await api.call('DELETE', path + query, body);
    expect(code).toBe(200);
    const [pod] = (await api.call('GET', path)).body.items as Item[];
    await api.call('DELETE', `${path}/p?gracePeriodSeconds=0`);
    return pod?.metadata.deletionGracePeriodSeconds;
  };
  expect(await grace('')).toBe(30);
  expect(await grace('?gracePeriodSeconds=7')).toBe(7);
  expect(await grace('', { gracePeriodSeconds: 8 })).toBe(8);
  expect(await grace('?gracePeriodSeconds=-5')).toBe(1);
  expect(await grace('?gracePeriodSeconds=0')).toBe(undefined);
});

test('a dry run deletes nothing; a body makes the query of no account', async () => {
  const path = await space('a1');
  expect(names((await api.call('DELETE', `${path}?dryRun=All`)).body)).toEqual(['a1']);
  expect(names((await api.call('DELETE', path, { dryRun: ['All'] })).body)).toEqual(['a1']);
  expect(await left(path)).toEqual(['a1']);
  await api.call('DELETE', `${path}?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' });
  expect(await left(path)).toEqual([]);
});

test('options in YAML; the answer as a table or as metadata', async () => {
  const path = await space('a1');
  const dry = (headers: Record<string, string>) =>
    api.call('DELETE', path, 'kind: DeleteOptions\ndryRun: [All]\n', {
      'content-type': 'application/yaml',
      ...headers,
    });
  const table = await dry({ accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  expect([table.body.kind, table.body.rows[0].cells[0]]).toEqual(['Table', 'a1']);
  expect(table.headers.get('content-type')).toBe('application/json');
  const partial = await dry({ accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' });
  expect([partial.body.kind, names(partial.body)]).toEqual(['PartialObjectMetadataList', ['a1']]);
});

test.each<[string, string, object | undefined, number, string]>([
  ['a bad selector', '?labelSelector=a%3D%3D%3D', undefined, 400, 'unable to parse requirement'],
  [
    'a field that cannot be selected by',
    '?fieldSelector=data.x=1',
    undefined,
    400,
    '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  ['a bad number', '?gracePeriodSeconds=soon', undefined, 400, 'strconv.ParseInt: parsing "soon": invalid syntax'],
  ['an empty number', '?limit=', undefined, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
  [
    'a huge number',
    '?gracePeriodSeconds=9223372036854775808',
    undefined,
    400,
    'strconv.ParseInt: parsing "9223372036854775808": value out of range',
  ],
  [
    'an unknown policy',
    '?propagationPolicy=None',
    undefined,
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "None": supported values: "Foreground", "Background", "Orphan", "nil"',
  ],
  [
    'two policies',
    '?orphanDependents&propagationPolicy=Orphan',
    undefined,
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  ],
  [
    'an unknown dry run',
    '?dryRun=Some',
    undefined,
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  ],
  [
    'a match without a version',
    '?resourceVersionMatch=Exact',
    undefined,
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  ],
  ['a body of another kind', '', { kind: 'Pod' }, 400, 'must be of type DeleteOptions'],
  ['a field of another type', '', { gracePeriodSeconds: 'soon' }, 400, 'gracePeriodSeconds'],
])('%s is refused, and nothing is deleted', async (_what, query, body, code, message) => {
  const path = await space('a1');
  const answer = await api.call('DELETE', path + query, body);
  expect([answer.code, answer.body.kind]).toEqual([code, 'Status']);
  expect(answer.body.message).toContain(message);
  expect(await left(path)).toEqual(['a1']);
});

test('what has no collection to delete', async () => {
  for (const path of ['/api/v1/configmaps', '/api/v1/namespaces', '/api/v1/componentstatuses'])
    expect([path, (await api.call('DELETE', path)).code]).toEqual([path, 405]);
  const path = await space('a1');
  const type = await api.call('DELETE', path, 'x', { 'content-type': 'application/x-unknown' });
  expect([type.code, type.body.reason]).toEqual([415, 'UnsupportedMediaType']);
});

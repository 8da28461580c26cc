// The server-side tables of every built-in kind, as upstream's printers make them, and how a client asks for them.

import { beforeAll, expect, test } from 'vitest';
import { resources } from '../api/resources.ts';
import { type Harness, startHarness } from './testing/harness.ts';
import type { TableCase } from './testing/tables/case.ts';
import { cluster } from './testing/tables/cluster.ts';
import { network } from './testing/tables/network.ts';
import { storageKinds } from './testing/tables/storage.ts';
import { workloads } from './testing/tables/workloads.ts';

const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const cases = [...workloads, ...network, ...cluster, ...storageKinds];
const nameOf = ({ object }: TableCase) => (object as { metadata: { name: string } }).metadata.name;

let api: Harness;
const uids = new Map<TableCase, string>();

beforeAll(async () => {
  api = await startHarness();
  for (const each of cases) {
    const made = await api.call('POST', each.path, each.object);
    if (made.code !== 201) throw new Error(`${each.path}: ${JSON.stringify(made.body)}`);
    uids.set(each, made.body.metadata.uid);
    if (!each.status) continue;
    const { status } = each;
    const written = await api.call(
      'PATCH',
      `${each.path}/${nameOf(each)}/status`,
      { status },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    if (written.code !== 200) throw new Error(`${each.path}/status: ${JSON.stringify(written.body)}`);
  }
  await api.simulation.run(300_000);
});

interface Column {
  name: string;
  type: string;
  format: string;
  priority: number;
}
const columnText = ({ name, type, format, priority }: Column) =>
  `${name} ${type}${format ? `(${format})` : ''}${priority ? '*' : ''}`;

test.each(cases.map((each) => [`${each.path}/${nameOf(each)}`, each] as const))('%s', async (_path, each) => {
  const answer = await api.call('GET', `${each.path}/${nameOf(each)}`, undefined, accept);
  expect(answer.body.columnDefinitions.map(columnText)).toEqual(each.columns.split('|'));
  for (const column of answer.body.columnDefinitions) expect(column.description).not.toBe('');
  const [row] = answer.body.rows;
  expect(row.cells).toEqual(
    each.cells.map((cell) => (typeof cell === 'string' ? cell.replace('=UID', `=${uids.get(each)}`) : cell)),
  );
  expect(row.conditions).toEqual(each.conditions);
  expect(row.object).toMatchObject({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name: nameOf(each) },
  });
  expect(answer.body.metadata).toEqual({ resourceVersion: row.object.metadata.resourceVersion });
});

test('no kind that can be listed is left out', () => {
  const told = new Set(cases.map(({ path }) => path.replace('/namespaces/default/', '/')));
  const missing = resources
    .filter(({ verbs }) => verbs.includes('list'))
    .map(({ group, version, plural }) => (group ? `/apis/${group}/${version}/${plural}` : `/api/${version}/${plural}`))
    .filter((path) => !told.has(path));
  expect(missing).toEqual(['/api/v1/componentstatuses']);
});

const configMaps = '/api/v1/namespaces/default/configmaps';

test('includeObject says how much of each object goes along', async () => {
  const rowOf = async (query: string) =>
    (await api.call('GET', `${configMaps}/cm${query}`, undefined, accept)).body.rows[0].object;
  for (const query of ['', '?includeObject=', '?includeObject=Metadata'])
    expect(await rowOf(query)).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'cm' } });
  expect(await rowOf('?includeObject=None')).toBe(null);
  expect(await rowOf('?includeObject=Object')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
  const wrong = await api.call('GET', `${configMaps}?includeObject=All`, undefined, accept);
  expect([wrong.code, wrong.body.message]).toEqual([
    400,
    `Unable to convert to Table as requested: includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty`,
  ]);
  // Who wants no table may say what they like.
  expect((await api.call('GET', `${configMaps}?includeObject=All`)).code).toBe(200);
});

test('a list in pages is a table in pages', async () => {
  const page = await api.call('GET', '/api/v1/namespaces/default/pods?limit=2', undefined, accept);
  expect(page.body.rows.map(({ cells }: { cells: string[] }) => cells[0])).toEqual(['failed', 'running']);
  expect(page.body.metadata).toMatchObject({ continue: expect.stringMatching(/./), remainingItemCount: 1 });
  const rest = await api.call(
    'GET',
    `/api/v1/namespaces/default/pods?limit=2&continue=${page.body.metadata.continue}`,
    undefined,
    accept,
  );
  expect(rest.body.rows.map(({ cells }: { cells: string[] }) => cells[0])).toEqual(['succeeded']);
  expect(rest.body.metadata).toEqual({ resourceVersion: page.body.metadata.resourceVersion });
});

test('flow schemas stand in the order in which they are matched', async () => {
  const { body } = await api.call('GET', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', undefined, accept);
  const rows: [string, number][] = body.rows.map(({ cells }: { cells: [string, string, number] }) => [
    cells[0],
    cells[2],
  ]);
  expect(rows.map(([, precedence]) => precedence)).toEqual(
    rows.map(([, precedence]) => precedence).sort((a, b) => a - b),
  );
  expect(rows[0]).toEqual(['exempt', 1]);
  expect(rows.at(-1)).toEqual(['catch-all', 10000]);
});

/** The lines of a watch until it is cut by its own timeout, after `during`. */
async function watched(path: string, during: () => Promise<unknown>) {
  const response = await api.raw('GET', path, { headers: accept });
  const text = response.text();
  await during();
  await api.simulation.run(3000);
  return (await text)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('only the first event of a watch tells the columns', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps';
  const object = (name: string) => ({ metadata: { name } });
  const begun = (await api.call('POST', path, object('w1'))).body.metadata.resourceVersion;
  await api.call('POST', path, object('w2'));
  const query = 'watch=1&timeoutSeconds=2&allowWatchBookmarks=true';
  // What was there, what was missed, and what comes while one watches; alone and beside one who has seen the columns.
  const [initial, resumed] = await Promise.all(
    [`?${query}`, `?${query}&resourceVersion=${begun}`].map((each) =>
      watched(path + each, async () => {
        if (each.endsWith('=true')) return;
        await api.call('POST', path, object('w3'));
        await api.call('DELETE', `${path}/w1`);
      }),
    ),
  );
  const told = (events: { type: string; object: { columnDefinitions: unknown; rows: { cells: unknown[] }[] } }[]) =>
    events.map(({ type, object: { columnDefinitions, rows } }) => [
      type,
      rows[0]?.cells[0],
      columnDefinitions === null ? null : (columnDefinitions as { name: string }[]).map(({ name }) => name).join(),
    ]);
  expect(told(initial as never)).toEqual([
    ['ADDED', 'w1', 'Name,Data,Age'],
    ['ADDED', 'w2', null],
    ['BOOKMARK', undefined, null],
    ['ADDED', 'w3', null],
    ['DELETED', 'w1', null],
    ['BOOKMARK', undefined, null],
  ]);
  expect(told(resumed as never)).toEqual([
    ['ADDED', 'w2', 'Name,Data,Age'],
    ['ADDED', 'w3', null],
    ['DELETED', 'w1', null],
    ['BOOKMARK', undefined, null],
  ]);
});

test('watchers who join at different times share what they are sent but the columns', async () => {
  const path = '/api/v1/namespaces/kube-public/configmaps';
  const { resourceVersion } = (await api.call('GET', path)).body.metadata;
  const query = `?watch=1&timeoutSeconds=2&resourceVersion=${resourceVersion}&includeObject=None`;
  let late: ReturnType<typeof watched> | undefined;
  const early = await watched(path + query, async () => {
    await api.call('POST', path, { metadata: { name: 'x1' } });
    const now = (await api.call('GET', path)).body.metadata.resourceVersion;
    late = watched(path + query.replace(resourceVersion, now), async () => undefined);
    await Promise.resolve();
    await api.call('POST', path, { metadata: { name: 'x2' } });
  });
  const columns = ({ object }: { object: { columnDefinitions: unknown[] | null; rows: object[] } }) => [
    object.columnDefinitions?.length ?? null,
    object.rows,
  ];
  expect(early.map(columns)).toEqual([
    [3, [{ cells: ['x1', 0, '0s'], object: null }]],
    [null, [{ cells: ['x2', 0, '0s'], object: null }]],
  ]);
  expect((await late)?.map(columns)).toEqual([[3, [{ cells: ['x2', 0, '0s'], object: null }]]]);
});

test('columns of a custom resource', async () => {
  const column = (name: string, type: string, jsonPath = `.spec.${name}`, more: object = {}) => ({
    name,
    type,
    jsonPath,
    ...more,
  });
  await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'rows.tables.example' },
    spec: {
      group: 'tables.example',
      names: { kind: 'Row', plural: 'rows' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          additionalPrinterColumns: [
            column('text', 'string'),
            column('number', 'integer', '.spec.number', { priority: 1, format: 'int32', description: 'How many.' }),
            column('part', 'number'),
            column('flag', 'boolean'),
            column('when', 'date'),
          ],
        },
      ],
    },
  });
  await api.simulation.run(1000);
  const path = '/apis/tables.example/v1/namespaces/default/rows';
  const row = async (name: string, spec: object) => {
    const object = { apiVersion: 'tables.example/v1', kind: 'Row', metadata: { name }, spec };
    const { code, body } = await api.call('POST', path, object, accept);
    expect([code, body.kind]).toEqual([201, 'Table']);
    expect(body.columnDefinitions.map(columnText)).toEqual([
      'Name string(name)',
      'text string',
      'number integer(int32)*',
      'part number',
      'flag boolean',
      'when date',
    ]);
    expect(body.columnDefinitions.slice(0, 3).map(({ description }: { description: string }) => description)).toEqual([
      expect.stringMatching(/^Name must be unique within a namespace/),
      'Custom resource definition column (in JSONPath format): .spec.text',
      'How many.',
    ]);
    return body.rows[0].cells;
  };
  const soon = new Date(api.simulation.now() - 45_000).toISOString();
  expect(await row('full', { text: { a: [1] }, number: 3.7, part: 1.5, flag: true, when: soon })).toEqual([
    'full',
    '{"a":[1]}',
    3,
    1.5,
    true,
    '45s',
  ]);
  expect(await row('none', {})).toEqual(['none', null, null, null, null, null]);
  expect(await row('other', { text: 5, number: '3', part: 'x', flag: 'yes', when: 'soon' })).toEqual([
    'other',
    '5',
    null,
    null,
    null,
    '<invalid>',
  ]);
});

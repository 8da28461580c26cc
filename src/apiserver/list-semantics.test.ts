// What resourceVersion means on lists and watches, and what several servers over one store owe each other.

import { beforeAll, describe, expect, test } from 'vitest';
import { createApiServer } from './index.ts';
import { type Answer, type Harness, startHarness } from './testing/harness.ts';

const path = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };
let api: Harness;
let before: string;
let now: string;

beforeAll(async () => {
  api = await startHarness();
  for (const name of ['a', 'b']) await api.call('POST', path, { metadata: { name } });
  before = (await api.call('GET', path)).body.metadata.resourceVersion;
  await api.call('PATCH', `${path}/a`, { data: { k: 'v' } }, merge);
  await api.call('POST', path, { metadata: { name: 'c' } });
  now = (await api.call('GET', path)).body.metadata.resourceVersion;
});

const names = ({ body }: Answer) =>
  body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).join('');

describe('a list', () => {
  test.each([
    ['', 'abc', undefined],
    ['?resourceVersion=', 'abc', undefined],
    ['?resourceVersion=0', 'abc', undefined],
    ['?resourceVersion=BEFORE', 'abc', undefined],
    ['?resourceVersion=BEFORE&resourceVersionMatch=NotOlderThan', 'abc', undefined],
    ['?resourceVersion=BEFORE&resourceVersionMatch=Exact', 'ab', 'BEFORE'],
    ['?resourceVersion=NOW&resourceVersionMatch=Exact', 'abc', 'NOW'],
    ['?resourceVersion=BEFORE&limit=5', 'ab', 'BEFORE'],
    ['?resourceVersion=0&limit=5', 'abc', undefined],
  ])('%s', async (query, expected, at) => {
    const fill = (text: string) => text.replace('BEFORE', before).replace('NOW', now);
    const answer = await api.call('GET', path + fill(query));
    expect([answer.code, names(answer)]).toEqual([200, expected]);
    const { resourceVersion } = answer.body.metadata;
    if (at) expect(resourceVersion).toBe(fill(at));
    else expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(now));
  });

  test('of a revision that is yet to come is waited for, then refused', async () => {
    const future = String(Number(now) + 1000);
    const { code, body } = await api.simulation.finish(api.call('GET', `${path}?resourceVersion=${future}`));
    expect([code, body.reason, body.message]).toEqual([
      504,
      'Timeout',
      expect.stringMatching(new RegExp(`^Timeout: Too large resource version: ${future}, current: \\d+$`)),
    ]);
    expect(body.details).toMatchObject({ causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 });
  });

  test.each([
    ['?resourceVersionMatch=Exact', 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [
      '?resourceVersion=0&resourceVersionMatch=Exact',
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      '?resourceVersion=5&resourceVersionMatch=Near',
      'Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""',
    ],
    ['?sendInitialEvents=true', 'sendInitialEvents is forbidden for list'],
  ])('%s is refused', async (query, why) => {
    const { code, body } = await api.call('GET', path + query);
    expect([code, body.reason, body.message]).toEqual([422, 'Invalid', expect.stringContaining(why)]);
  });
});

/** Events of a watch that ends by its own time-out. */
async function watched(query: string, during: () => Promise<unknown> = async () => {}) {
  const response = await api.raw('GET', `${path}?watch=1&${query}`);
  const text = response.text();
  await during();
  await api.simulation.run(70_000);
  return (await text)
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
const told = (events: { type: string; object: { metadata: { name?: string } } }[]) =>
  events.map(({ type, object }) => (object.metadata.name ? `${type} ${object.metadata.name}` : type));

describe('a watch', () => {
  test('begins with what is there, or after a revision, or at most that old', async () => {
    expect(told(await watched('timeoutSeconds=1'))).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
    expect(told(await watched('timeoutSeconds=1&resourceVersion=0'))).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
    expect(told(await watched(`timeoutSeconds=1&resourceVersion=${before}`))).toEqual(['MODIFIED a', 'ADDED c']);
    expect(told(await watched(`timeoutSeconds=1&resourceVersion=${now}`))).toEqual([]);
  });

  test('has bookmarks where it asks for them: every minute, and at its end', async () => {
    const events = await watched(`resourceVersion=${now}&allowWatchBookmarks=true&timeoutSeconds=65`, () =>
      api.call('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { a: 'b' } } }, merge),
    );
    expect(told(events)).toEqual(['BOOKMARK', 'BOOKMARK']);
    for (const { object } of events) {
      expect(object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
      // What else has happened in the meantime need not be looked at again.
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(Number(now));
    }
  });

  test.each([['sendInitialEvents=true&resourceVersionMatch=NotOlderThan'], [''], ['resourceVersion=0']])(
    'that begins with a list (%s) says when that is over',
    async (query) => {
      const events = await watched(`${query}&allowWatchBookmarks=true&timeoutSeconds=1`);
      expect(told(events).slice(0, 4)).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'BOOKMARK']);
      const { creationTimestamp, annotations } = events[3].object.metadata;
      expect([creationTimestamp, annotations]).toEqual([undefined, { 'k8s.io/initial-events-end': 'true' }]);
    },
  );

  test.each([
    ['sendInitialEvents=true', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    [
      'resourceVersion=1&resourceVersionMatch=Exact',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'continue=abc&resourceVersionMatch=NotOlderThan&sendInitialEvents=true',
      'resourceVersionMatch is forbidden when continue is provided',
    ],
  ])('%s is refused', async (query, why) => {
    const { code, body } = await api.call('GET', `${path}?watch=1&${query}`);
    expect([code, body.reason, body.message]).toEqual([422, 'Invalid', expect.stringContaining(why)]);
  });

  test('is asked for by its old path too', async () => {
    const response = await api.raw('GET', '/api/v1/watch/namespaces/default/configmaps/b?timeoutSeconds=1');
    const text = response.text();
    await api.simulation.run(2000);
    expect(told([JSON.parse((await text).trim())])).toEqual(['ADDED b']);
  });
});

test('a watch of one name does not select another', async () => {
  const watch = '/api/v1/watch/namespaces/default/configmaps/b?fieldSelector=';
  for (const selector of ['metadata.name%3Da', 'metadata.namespace%3Ddefault'])
    expect((await api.call('GET', watch + selector)).body).toMatchObject({
      code: 400,
      message: "fieldSelector metadata.name doesn't match requested name",
    });
});

describe('a resourceVersion that is none', () => {
  const wrong = (text: string, why = 'invalid syntax') =>
    `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": ${why}`;
  test.each([
    [`${path}?resourceVersion=abc`, `invalid resource version: ${wrong('abc')}`],
    [`${path}?resourceVersion=-3&resourceVersionMatch=Exact`, `invalid resource version: ${wrong('-3')}`],
    [
      `${path}?resourceVersion=18446744073709551616`,
      `invalid resource version: ${wrong('18446744073709551616', 'value out of range')}`,
    ],
    [`${path}?watch=1&resourceVersion=1.5`, wrong('1.5')],
    [`${path}/b?resourceVersion=now`, wrong('now')],
  ])('%s is refused', async (url, why) => {
    const { code, body } = await api.call('GET', url);
    expect([code, body.reason, body.message]).toEqual([400, 'BadRequest', why]);
  });

  test('one object is read at a resourceVersion or later, and not from the future', async () => {
    const { body } = await api.call('GET', `${path}/b`);
    const { resourceVersion } = body.metadata;
    expect((await api.call('GET', `${path}/b?resourceVersion=0`)).body).toEqual(body);
    expect((await api.call('GET', `${path}/b?resourceVersion=${resourceVersion}`)).body).toEqual(body);
    const later = api.call('GET', `${path}/b?resourceVersion=${Number(resourceVersion) + 1000}`);
    await api.simulation.run(4000);
    expect(await later).toMatchObject({ code: 504, body: { reason: 'Timeout' } });
  });
});

test('each of several servers sees at once what was written through another', async () => {
  const env = api.simulation.env('kube-apiserver-2');
  const tokens = [
    { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
    { token: 'ann', user: 'ann', groups: [] },
  ];
  const starting = createApiServer(env, { host: 'kube-apiserver-2:6443', etcd: api.etcd.client, tokens });
  const second = await api.simulation.finish(starting);
  const ask = async (method: string, where: string, body?: object, token = 'admin-token') => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = new Request(`http://kube-apiserver:6443${where}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const response = await second.handle(request);
    return { code: response.status, body: await response.json() };
  };
  for (let i = 0; i < 20; i++) {
    await api.call('POST', path, { metadata: { name: `first-${i}` } });
    expect((await ask('GET', `${path}/first-${i}`)).code).toBe(200);
    await ask('POST', path, { metadata: { name: `second-${i}` } });
    const list = await api.call('GET', `${path}?fieldSelector=metadata.name=second-${i}`);
    expect(list.body.items.length).toBe(1);
    await ask('DELETE', `${path}/second-${i}`);
    expect((await api.call('GET', `${path}/second-${i}`)).code).toBe(404);
  }
  // One of two writers on what both have read loses, whichever server it asks.
  const [read, readToo] = [(await api.call('GET', `${path}/first-0`)).body, (await ask('GET', `${path}/first-0`)).body];
  expect(read).toEqual(readToo);
  const codes = await Promise.all([
    api.call('PUT', `${path}/first-0`, { ...read, data: { by: 'first' } }),
    ask('PUT', `${path}/first-0`, { ...read, data: { by: 'second' } }),
  ]);
  expect(codes.map(({ code }) => code).sort()).toEqual([200, 409]);
  await second.stop();
});

import { beforeAll, expect, test, vi } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

const hooks = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
].map((name) => `[+]poststarthook/${name} ok`);
const start = ['[+]ping ok', '[+]log ok', '[+]etcd ok'];

test.each([
  ['healthz', [...start, ...hooks]],
  ['livez', [...start, ...hooks]],
  ['readyz', [...start, '[+]etcd-readiness ok', '[+]informer-sync ok', ...hooks, '[+]shutdown ok']],
])('/%s', async (name, lines) => {
  const brief = await api.call('GET', `/${name}`);
  expect([brief.code, brief.body]).toEqual([200, 'ok']);
  expect(Object.fromEntries(brief.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache, private',
    'content-length': '2',
  });
  for (const query of ['?verbose', '?verbose=', '?verbose=false']) {
    const verbose = await api.call('GET', `/${name}${query}`);
    expect([verbose.code, verbose.body]).toEqual([200, [...lines, `${name} check passed`, ''].join('\n')]);
  }
});

test('checks can be left out; those there are not are named', async () => {
  const { code, body } = await api.call('GET', '/livez?verbose&exclude=etcd&exclude=zeta&exclude=log&exclude=alpha');
  expect([code, body]).toEqual([
    200,
    [
      '[+]ping ok',
      '[+]log excluded: ok',
      '[+]etcd excluded: ok',
      ...hooks,
      'warn: some health checks cannot be excluded: no matches for "alpha","zeta"',
      'livez check passed',
      '',
    ].join('\n'),
  ]);
  expect((await api.call('GET', '/livez?exclude=none')).body).toBe('ok');
});

test('one check by its path', async () => {
  for (const path of ['/readyz/ping', '/readyz/shutdown', '/livez/poststarthook/rbac/bootstrap-roles', '/healthz/etcd'])
    expect([path, await api.call('GET', path)]).toMatchObject([path, { code: 200, body: 'ok' }]);
  for (const path of ['/readyz/none', '/livez/shutdown', '/livez/etcd-readiness', '/healthz/', '/readyz/constructor']) {
    const { code, body, headers } = await api.call('GET', path);
    expect([path, code, body, headers.get('content-type')]).toEqual([
      path,
      404,
      '404 page not found\n',
      'text/plain; charset=utf-8',
    ]);
  }
});

test('anyone may ask whether it is well, and only those who watch over it what exactly ails it', async () => {
  const nobody = { authorization: '' };
  expect((await api.call('GET', '/readyz?verbose', undefined, nobody)).code).toBe(200);
  const refused = await api.call('GET', '/readyz/etcd', undefined, nobody);
  expect([refused.code, refused.body.message]).toEqual([
    403,
    'forbidden: User "system:anonymous" cannot get path "/readyz/etcd"',
  ]);
});

test('the checks are among the paths of the server', async () => {
  const { body } = await api.call('GET', '/');
  expect(body.paths).toEqual(expect.arrayContaining(['/healthz', '/livez/ping', '/readyz/shutdown', '/apis/apps/v1']));
});

test.each([
  ['does not answer', () => new Promise<never>(() => undefined), 'context deadline exceeded'],
  ['refuses', () => Promise.reject(new Error('no leader')), 'no leader'],
])('a store that %s', async (_what, answer, why) => {
  const other = await startHarness();
  vi.spyOn(other.etcd.client, 'range').mockImplementation(answer);
  const asked = (path: string) => other.simulation.finish(other.call('GET', path));
  const all = await asked('/readyz');
  expect(all.code).toBe(500);
  expect(all.body.split('\n').filter((line: string) => !line.startsWith('[+]'))).toEqual([
    '[-]etcd failed: reason withheld',
    '[-]etcd-readiness failed: reason withheld',
    'readyz check failed',
    '',
  ]);
  expect(all.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect((await asked('/livez?exclude=etcd')).body).toBe('ok');
  const one = await asked('/livez/etcd');
  expect([one.code, one.body]).toEqual([500, `internal server error: error getting data from etcd: ${why}\n`]);
});

test('a server that stops is alive and not ready', async () => {
  const other = await startHarness();
  await other.server.stop();
  expect((await other.call('GET', '/livez')).code).toBe(200);
  const { code, body } = await other.call('GET', '/readyz');
  expect([code, body.includes('[-]shutdown failed: reason withheld\nreadyz check failed\n')]).toEqual([500, true]);
  const one = await other.call('GET', '/readyz/shutdown');
  expect([one.code, one.body]).toEqual([500, 'internal server error: process is shutting down\n']);
});

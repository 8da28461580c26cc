import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../../testing/harness.ts';

let api: Harness;
const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
const pod = (name: string, resources: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', resources }], ...spec },
});

async function namespace(name: string): Promise<void> {
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await api.call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
}
const put = (name: string, plural: string, kind: string, spec: object) =>
  api.call('POST', `/api/v1/namespaces/${name}/${plural}`, {
    apiVersion: 'v1',
    kind,
    metadata: { name: kind.toLowerCase() },
    spec,
  });

beforeAll(async () => {
  api = await startHarness();
});

describe('LimitRanger', () => {
  test('fills in what containers do not say, and notes it', async () => {
    await namespace('limited');
    await put('limited', 'limitranges', 'LimitRange', {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m' },
          defaultRequest: { cpu: '200m' },
          max: { cpu: '1' },
          min: { cpu: '100m' },
        },
      ],
    });
    const { body } = await api.call('POST', pods('limited'), pod('p'));
    expect(body.spec.containers[0].resources).toEqual({ limits: { cpu: '500m' }, requests: { cpu: '200m' } });
    expect(body.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    });
  });

  test('refuses what is out of bounds', async () => {
    const { code, body } = await api.call(
      'POST',
      pods('limited'),
      pod('q', { limits: { cpu: '2' }, requests: { cpu: '50m' } }),
    );
    expect([code, body.message]).toEqual([
      403,
      'pods "q" is forbidden: [minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 1, but limit is 2]',
    ]);
  });
});

test('LimitRanger says one thing of each bound, and of a claim only what it requests', async () => {
  await namespace('bounds');
  await put('bounds', 'limitranges', 'LimitRange', {
    limits: [
      { type: 'Container', min: { memory: '10Mi' }, maxLimitRequestRatio: { cpu: '4' } },
      { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
    ],
  });
  const message = async (...call: [string, object]) => (await api.call('POST', ...call)).body.message;
  const small = { limits: { memory: '5Mi' }, requests: { cpu: '1', memory: '5Mi' } };
  expect(await message(pods('bounds'), pod('p', small))).toBe(
    'pods "p" is forbidden: [minimum memory usage per Container is 10Mi, but request is 5Mi, cpu max limit to request ratio per Container is 4, but no limit is specified or limit is 0]',
  );
  const claim = (storage: string) =>
    message('/api/v1/namespaces/bounds/persistentvolumeclaims', {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    });
  expect(await claim('500Mi')).toBe(
    'persistentvolumeclaims "c" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi',
  );
  expect(await claim('5Gi')).toBe(
    'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 5Gi',
  );
});

describe('LimitRanger of whole pods', () => {
  const cpu = (amount: string) => ({ requests: { cpu: amount }, limits: { cpu: amount } });
  test('counts init containers and sidecars, and looks at resizes too', async () => {
    await namespace('whole');
    await put('whole', 'limitranges', 'LimitRange', { limits: [{ type: 'Pod', max: { cpu: '1' } }] });
    const init = { initContainers: [{ name: 'i', image: 'x', resources: cpu('1100m') }] };
    const big = await api.call('POST', pods('whole'), pod('big', cpu('1m'), init));
    expect(big.body.message).toBe('pods "big" is forbidden: maximum cpu usage per Pod is 1, but limit is 1100m');
    const sidecar = { initContainers: [{ name: 's', image: 'x', restartPolicy: 'Always', resources: cpu('600m') }] };
    const both = await api.call('POST', pods('whole'), pod('both', cpu('600m'), sidecar));
    expect(both.body.message).toContain('maximum cpu usage per Pod is 1, but limit is 1200m');
    expect((await api.call('POST', pods('whole'), pod('fits', cpu('400m'), sidecar))).code).toBe(201);
    const resize = (amount: string) =>
      api.call(
        'PATCH',
        `${pods('whole')}/fits/resize`,
        { spec: { containers: [{ name: 'c', resources: cpu(amount) }] } },
        { 'content-type': 'application/strategic-merge-patch+json' },
      );
    const refused = await resize('500m');
    expect([refused.code, refused.body.message]).toEqual([
      403,
      'pods "fits" is forbidden: maximum cpu usage per Pod is 1, but limit is 1100m',
    ]);
    expect((await resize('300m')).code).toBe(200);
  });
});

describe('ResourceQuota', () => {
  /** A quota with the status that the quota controller would give it in an empty namespace. */
  async function quota(name: string, spec: { hard: Record<string, string>; scopes?: string[] }): Promise<void> {
    await put(name, 'resourcequotas', 'ResourceQuota', spec);
    const used = Object.fromEntries(Object.keys(spec.hard).map((key) => [key, '0']));
    await setStatus(name, { hard: spec.hard, used });
  }
  const path = (name: string) => `/api/v1/namespaces/${name}/resourcequotas/resourcequota`;
  const setStatus = (name: string, status: object) =>
    api.call('PATCH', `${path(name)}/status`, { status }, { 'content-type': 'application/merge-patch+json' });
  const configMap = (namespace: string, name: string, query = '') =>
    api.call('POST', `/api/v1/namespaces/${namespace}/configmaps${query}`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
    });
  const used = async (name: string) => (await api.call('GET', path(name))).body.status?.used;

  test('wants compute resources to be said where they are limited', async () => {
    await namespace('counted');
    await quota('counted', {
      hard: { 'requests.cpu': '1', 'limits.memory': '1Gi', pods: '2' },
    });
    const silent = await api.call('POST', pods('counted'), pod('p'));
    expect([silent.code, silent.body.message]).toEqual([
      403,
      'pods "p" is forbidden: failed quota: resourcequota: must specify limits.memory for: c; requests.cpu for: c',
    ]);
    const fits = { requests: { cpu: '600m', memory: '1Mi' }, limits: { memory: '100Mi' } };
    expect((await api.call('POST', pods('counted'), pod('p', fits))).code).toBe(201);
    const over = await api.call('POST', pods('counted'), pod('q', fits));
    expect(over.body.message).toBe(
      'pods "q" is forbidden: exceeded quota: resourcequota, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
  });

  test('is not overrun by writers at the same time', async () => {
    await namespace('crowded');
    await quota('crowded', { hard: { 'count/configmaps': '3' } });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        api.call('POST', '/api/v1/namespaces/crowded/configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `c${i}` },
        }),
      ),
    );
    expect(answers.filter(({ code }) => code === 201)).toHaveLength(3);
    expect(answers.filter(({ code }) => code === 403)).toHaveLength(7);
  });

  test('counts only what its scopes select', async () => {
    await namespace('scoped');
    await quota('scoped', { hard: { pods: '1' }, scopes: ['BestEffort'] });
    expect((await api.call('POST', pods('scoped'), pod('a'))).code).toBe(201);
    expect((await api.call('POST', pods('scoped'), pod('b'))).code).toBe(403);
    expect((await api.call('POST', pods('scoped'), pod('b', { requests: { cpu: '1m' } }))).code).toBe(201);
  });

  test('limits nothing before its status says what it limits, and everything while its usage is not known', async () => {
    await namespace('fresh');
    await put('fresh', 'resourcequotas', 'ResourceQuota', { hard: { configmaps: '0' } });
    expect((await configMap('fresh', 'a')).code).toBe(201);
    expect(await used('fresh')).toBeUndefined();
    await setStatus('fresh', { hard: { configmaps: '0', secrets: '1' }, used: { secrets: '0' } });
    const { code, body } = await configMap('fresh', 'b');
    expect([code, body.message]).toEqual([
      403,
      'configmaps "b" is forbidden: status unknown for quota: resourcequota, resources: configmaps',
    ]);
  });

  test('charges no quota when another refuses, and nothing for a dry run', async () => {
    await namespace('two');
    await quota('two', { hard: { configmaps: '5' } });
    await api.call('POST', '/api/v1/namespaces/two/resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'tight' },
      spec: { hard: { 'count/configmaps': '0' } },
    });
    await api.call(
      'PATCH',
      '/api/v1/namespaces/two/resourcequotas/tight/status',
      { status: { hard: { 'count/configmaps': '0' }, used: { 'count/configmaps': '0' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await configMap('two', 'a')).body.message).toContain(
      'exceeded quota: tight, requested: count/configmaps=1',
    );
    expect(await used('two')).toEqual({ configmaps: '0' });
    await api.call('DELETE', '/api/v1/namespaces/two/resourcequotas/tight');
    expect((await configMap('two', 'a', '?dryRun=All')).code).toBe(201);
    expect(await used('two')).toEqual({ configmaps: '0' });
  });

  test('charges a resize for what it adds', async () => {
    await namespace('resized');
    await quota('resized', { hard: { 'requests.cpu': '1' } });
    await api.call('POST', pods('resized'), pod('p', { requests: { cpu: '500m' } }));
    const resize = (cpu: string) =>
      api.call(
        'PATCH',
        `${pods('resized')}/p/resize`,
        { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] } },
        { 'content-type': 'application/strategic-merge-patch+json' },
      );
    expect((await resize('1200m')).body.message).toBe(
      'pods "p" is forbidden: exceeded quota: resourcequota, requested: requests.cpu=700m, used: requests.cpu=500m, limited: requests.cpu=1',
    );
    expect((await resize('900m')).code).toBe(200);
    expect(await used('resized')).toEqual({ 'requests.cpu': '900m' });
  });

  test('charges a Service that changes its type for what that adds', async () => {
    await namespace('served');
    await quota('served', { hard: { 'services.nodeports': '1', services: '2' } });
    const services = '/api/v1/namespaces/served/services';
    const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec });
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    const made = await api.call('POST', services, service({ ports: ports.slice(0, 1) }));
    expect(await used('served')).toEqual({ services: '1', 'services.nodeports': '0' });
    const opened = { ...made.body, spec: { ...made.body.spec, type: 'NodePort' } };
    expect((await api.call('PUT', `${services}/s`, opened)).code).toBe(200);
    expect(await used('served')).toEqual({ services: '1', 'services.nodeports': '1' });
    const more = await api.call(
      'PATCH',
      `${services}/s`,
      { spec: { ports } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(more.body.message).toBe(
      'services "s" is forbidden: exceeded quota: resourcequota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    );
  });
});

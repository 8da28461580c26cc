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

describe('ResourceQuota', () => {
  test('wants compute resources to be said where they are limited', async () => {
    await namespace('counted');
    await put('counted', 'resourcequotas', 'ResourceQuota', {
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
    await put('crowded', 'resourcequotas', 'ResourceQuota', { hard: { 'count/configmaps': '3' } });
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
    await put('scoped', 'resourcequotas', 'ResourceQuota', { hard: { pods: '1' }, scopes: ['BestEffort'] });
    expect((await api.call('POST', pods('scoped'), pod('a'))).code).toBe(201);
    expect((await api.call('POST', pods('scoped'), pod('b'))).code).toBe(403);
    expect((await api.call('POST', pods('scoped'), pod('b', { requests: { cpu: '1m' } }))).code).toBe(201);
  });
});

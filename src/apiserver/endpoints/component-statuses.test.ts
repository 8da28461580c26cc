import { beforeAll, expect, test } from 'vitest';
import { connectionError } from '../../env/http-link.ts';
import { type Harness, startHarness } from '../testing/harness.ts';

const path = '/api/v1/componentstatuses';
const nobody = async (url: string) => {
  throw connectionError(url);
};
const answer = (status: number, body: string) => async () => new Response(body, { status });

let api: Harness;
beforeAll(async () => {
  api = await startHarness({
    components: [
      { name: 'scheduler', url: 'http://kube-scheduler-1:10259/healthz', fetch: answer(200, 'ok') },
      { name: 'controller-manager', url: 'http://kube-controller-manager-1:10257/healthz', fetch: nobody },
      { name: 'etcd-0', url: 'http://etcd-1:2379/health', fetch: answer(200, '{"health":"true"}') },
      { name: 'etcd-1', url: 'http://etcd-2:2379/health', fetch: answer(503, '{"health":"false"}') },
    ],
  });
});

const healthy = (status: string, message: string) => [{ type: 'Healthy', status, message }];
const refused =
  'Get "http://kube-controller-manager-1:10257/healthz": dial tcp kube-controller-manager-1:10257: connect: connection refused';

test('each component is asked, and a list has them all', async () => {
  const { code, body } = await api.call('GET', path);
  expect(code).toBe(200);
  expect(body).toEqual({
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: {},
    items: [
      { metadata: { name: 'controller-manager' }, conditions: healthy('False', refused) },
      { metadata: { name: 'etcd-0' }, conditions: healthy('True', 'ok') },
      { metadata: { name: 'etcd-1' }, conditions: healthy('False', '{"health":"false"}') },
      { metadata: { name: 'scheduler' }, conditions: healthy('True', 'ok') },
    ],
  });
});

test('one is asked by its name', async () => {
  expect((await api.call('GET', `${path}/scheduler`)).body).toEqual({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name: 'scheduler' },
    conditions: healthy('True', 'ok'),
  });
  const { code, body } = await api.call('GET', `${path}/nobody`);
  expect([code, body.message]).toEqual([404, 'componentstatuses "nobody" not found']);
});

test('as a table, with a selector, and never written', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { body } = await api.call('GET', `${path}?fieldSelector=metadata.name%3Detcd-0`, undefined, { accept });
  expect(body.rows.map(({ cells }: { cells: string[] }) => cells)).toEqual([['etcd-0', 'Healthy', 'ok', '']]);
  expect((await api.call('DELETE', `${path}/etcd-0`)).code).toBe(405);
});

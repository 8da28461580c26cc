import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const group = '/apis/resource.k8s.io/v1';
let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
});

test('what was said of devices goes with them, and the status endpoint leaves metadata alone', async () => {
  const claims = `${group}/namespaces/default/resourceclaims`;
  const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu' } }];
  expect((await cluster.call('POST', claims, { metadata: { name: 'c' }, spec: { devices: { requests } } })).code).toBe(
    201,
  );
  const device = { driver: 'd.example', pool: 'p', device: 'gpu-0' };
  const status = async (change: object) =>
    (await cluster.call('PATCH', `${claims}/c/status`, { metadata: { labels: { a: '1' } }, status: change }, merge))
      .body;
  const allocation = { devices: { results: [{ ...device, request: 'r' }] } };
  const given = await status({ allocation, devices: [device] });
  expect(given.status).toEqual({ allocation, devices: [device] });
  expect(given.metadata.labels).toBeUndefined();
  const taken = await status({ allocation: null });
  expect([taken.message, taken.status]).toEqual([undefined, {}]);
});

test('taints of devices say since when', async () => {
  const { code, body } = await cluster.call('POST', `${group}/resourceslices`, {
    metadata: { name: 's' },
    spec: {
      driver: 'd.example',
      nodeName: 'n',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'd', taints: [{ key: 'k', effect: 'NoSchedule' }] }],
    },
  });
  expect([code, body.message]).toEqual([201, undefined]);
  expect(body.spec.devices[0].taints[0].timeAdded).toMatch(/^\d{4}-.*Z$/);
});

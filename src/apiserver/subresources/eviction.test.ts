import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const pods = '/api/v1/namespaces/default/pods';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const violated = "Cannot evict pod as it would violate the pod's disruption budget.";
let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
});

/** A running pod with a label of its own, and budgets for it. */
async function guarded(name: string, ready: boolean, ...specs: object[]): Promise<void> {
  const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] };
  const made = await cluster.call('POST', pods, { metadata: { name, labels: { app: name } }, spec });
  expect(made.code).toBe(201);
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  await cluster.call('PATCH', `${pods}/${name}/status`, { status: { phase: 'Running', conditions } }, merge);
  const selector = { matchLabels: { app: name } };
  for (const [i, more] of specs.entries())
    await cluster.call('POST', budgets, { metadata: { name: `${name}-${i}` }, spec: { selector, ...more } });
}
const healthy = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed: 0 };
const allow = (name: string, status: object) =>
  cluster.call('PATCH', `${budgets}/${name}-0/status`, { status: { ...healthy, ...status } }, merge);
const evict = async (name: string, more: object = {}, query = '') => {
  const { code, body } = await cluster.call('POST', `${pods}/${name}/eviction${query}`, {
    metadata: { name },
    ...more,
  });
  return { code, message: body.message, causes: body.details?.causes, body };
};
const cause = (message: string) => [{ reason: 'DisruptionBudget', message }];

test('names the pod', async () => {
  const refused = await evict('x', { metadata: {} });
  expect([refused.code, refused.message]).toEqual([400, 'name in URL does not match name in Eviction object']);
});

test('waits for the budget to be looked at, then for what it allows', async () => {
  await guarded('a', true, { minAvailable: 1 });
  const early = await evict('a');
  expect([early.code, early.message]).toEqual([429, violated]);
  expect(early.causes).toEqual(cause('The disruption budget a-0 is still being processed by the server.'));
  expect(early.body.details.retryAfterSeconds).toBe(10);
  await allow('a', {});
  const refused = await evict('a');
  expect(refused.causes).toEqual(cause('The disruption budget a-0 needs 1 healthy pods and has 1 currently'));
  await allow('a', { disruptionsAllowed: 1 });
  expect((await evict('a', {}, '?dryRun=All')).code).toBe(201);
  expect((await evict('a')).code).toBe(201);
  const { status } = (await cluster.call('GET', `${budgets}/a-0`)).body;
  expect(status).toMatchObject({
    disruptionsAllowed: 0,
    disruptedPods: { a: expect.any(String) },
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', observedGeneration: 1 }],
  });
  const pod = (await cluster.call('GET', `${pods}/a`)).body;
  expect(pod.status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    }),
  );
  expect(pod.metadata.deletionTimestamp).toBeDefined();
});

test('a dry run is refused as well', async () => {
  await guarded('dry', true, { minAvailable: 1 });
  await allow('dry', {});
  expect((await evict('dry', {}, '?dryRun=All')).code).toBe(429);
});

test('what is not ready may go while the others are enough, or when the budget always lets it', async () => {
  await guarded('b', false, { minAvailable: 1 });
  await allow('b', { currentHealthy: 0 });
  expect((await evict('b')).code).toBe(429);
  await allow('b', {});
  expect((await evict('b')).code).toBe(201);
  await guarded('c', false, { minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  await allow('c', { currentHealthy: 0 });
  expect((await evict('c')).code).toBe(201);
});

test('two budgets are one too many', async () => {
  await guarded('d', true, { minAvailable: 1 }, { maxUnavailable: 1 });
  const { body } = await evict('d');
  expect(body).toMatchObject({
    status: 'Failure',
    code: 500,
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  });
});

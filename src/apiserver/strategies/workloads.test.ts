import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
});

const apps = '/apis/apps/v1/namespaces/default';
const batch = '/apis/batch/v1/namespaces/default';
const labels = { app: 'x' };
const template = (spec: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const make = async (path: string, name: string, spec: object, metadata: object = {}) => {
  const { code, body, headers } = await cluster.call('POST', path, { metadata: { name, ...metadata }, spec });
  expect([code, body.message]).toEqual([201, undefined]);
  return { ...body, warning: headers.get('warning') ?? '' };
};
const patch = async (path: string, change: object) => (await cluster.call('PATCH', path, change, merge)).body;

test('a change of its annotations is a new generation of a Deployment, one of its labels is not', async () => {
  const spec = { selector: { matchLabels: labels }, template: template() };
  await make(`${apps}/deployments`, 'd', spec);
  const at = `${apps}/deployments/d`;
  expect((await patch(at, { metadata: { annotations: { a: '1' } } })).metadata.generation).toBe(2);
  expect((await patch(at, { metadata: { labels: { a: '1' } } })).metadata.generation).toBe(2);
  const status = await patch(`${at}/status`, { metadata: { annotations: { b: '1' }, labels: { b: '1' } } });
  expect(status.metadata).toMatchObject({ generation: 2, labels: { a: '1' }, annotations: { a: '1', b: '1' } });
  expect(status.metadata.labels.b).toBeUndefined();
});

test('a DaemonSet counts the changes of its template', async () => {
  const key = 'deprecated.daemonset.template.generation';
  const spec = { selector: { matchLabels: labels }, template: template() };
  const made = await make(`${apps}/daemonsets`, 'd', spec);
  expect(made.metadata.annotations).toEqual({ [key]: '1' });
  const at = `${apps}/daemonsets/d`;
  const count = async (change: object) => (await patch(at, change)).metadata.annotations[key];
  expect(await count({ spec: { minReadySeconds: 3 }, metadata: { annotations: { [key]: '7' } } })).toBe('1');
  expect(await count({ spec: { template: { metadata: { labels: { more: 'x' } } } } })).toBe('2');
  expect(await count({ metadata: { annotations: null } })).toBe('2');
});

test('labels that a Job brings along are not replaced, and must fit', async () => {
  const spec = { template: { ...template({ restartPolicy: 'Never' }), metadata: { labels: { 'job-name': 'mine' } } } };
  const { code, body } = await cluster.call('POST', `${batch}/jobs`, { metadata: { name: 'j' }, spec });
  expect([code, body.message]).toEqual([
    422,
    expect.stringContaining('spec.template.metadata.labels[job-name]: Invalid value: '),
  ]);
  const made = await make(`${batch}/jobs`, 'j', { template: template({ restartPolicy: 'Never' }) });
  expect(made.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': made.metadata.uid } });
  expect(made.spec.template.metadata.labels).toMatchObject({ app: 'x', 'job-name': 'j' });
});

test('what is accepted and yet unwise', async () => {
  const job = { template: template({ restartPolicy: 'Never' }) };
  const many = { ...job, completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 };
  const { warning } = await make(`${batch}/jobs`, 'many', many);
  expect(warning).toContain('spec: In Indexed Jobs with a number of completions higher than 10^5');
  const cron = await make(`${batch}/cronjobs`, 'many', { schedule: '@daily', jobTemplate: { spec: many } });
  expect(cron.warning).toContain('spec.jobTemplate.spec: In Indexed Jobs');
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1500m' } } },
  };
  const set = await make(`${apps}/statefulsets`, 's', {
    selector: { matchLabels: labels },
    serviceName: 's',
    template: template(),
    revisionHistoryLimit: -1,
    volumeClaimTemplates: [claim],
  });
  expect(set.warning).toContain(
    'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value \\"1500m\\" is invalid, must be an integer',
  );
  expect(set.warning).toContain('spec.revisionHistoryLimit: a negative value retains all historical revisions');
});

test('leases are not coordinated', async () => {
  const spec = { holderIdentity: 'me', strategy: 'OldestEmulationVersion', preferredHolder: 'you' };
  const made = await make('/apis/coordination.k8s.io/v1/namespaces/default/leases', 'l', spec);
  expect(made.spec).toEqual({ holderIdentity: 'me' });
});

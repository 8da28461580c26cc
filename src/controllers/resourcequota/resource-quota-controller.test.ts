import { describe, expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../../api/generated/types.ts';
import { configMaps, type Draft, namespaces, pods, resourceQuotas, services } from '../../client/index.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';

const start = () =>
  ControllerCluster.served({
    controllers: ['resourcequota-controller', 'serviceaccount-controller'],
    pods: false,
  });

async function limit(cluster: ControllerCluster, hard: Record<string, string>, spec: object = {}) {
  const draft: Draft<ResourceQuota> = { metadata: { name: 'q', namespace: 'default' }, spec: { hard, ...spec } };
  await cluster.do(cluster.client.create(resourceQuotas, draft));
  await cluster.run(2000);
}

const status = async (cluster: ControllerCluster) => (await cluster.get(resourceQuotas, 'q')).status;
const configMap = (cluster: ControllerCluster, name: string) =>
  cluster.do(cluster.client.create(configMaps, { metadata: { name, namespace: 'default' } }));
const pod = (name: string, cpu: string, spec: object = {}): Draft<Pod> => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }], ...spec },
});
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error) => (error as Error).message,
  );

describe('the quota controller', () => {
  test('fills in the status of a new quota with what is there already', async () => {
    const cluster = await start();
    await configMap(cluster, 'before');
    await limit(cluster, { configmaps: '100', pods: '50', 'count/services': '7', 'hats.example.com/x': '1' });
    expect(await status(cluster)).toEqual({
      hard: { configmaps: '100', pods: '50', 'count/services': '7', 'hats.example.com/x': '1' },
      used: { configmaps: '1', pods: '0', 'count/services': '1' },
    });
    expect(cluster.errors).toEqual([]);
  });

  test('gives back at once what is deleted and what has ended', async () => {
    const cluster = await start();
    await limit(cluster, { 'requests.cpu': '1', 'count/pods': '5', configmaps: '2' });
    await configMap(cluster, 'a');
    await configMap(cluster, 'b');
    expect(await refusal(configMap(cluster, 'c'))).toBe(
      'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
    );
    await cluster.do(cluster.client.delete(configMaps, { name: 'a', namespace: 'default' }));
    const one = await cluster.do(cluster.client.create(pods, pod('one', '600m')));
    expect(await refusal(cluster.do(cluster.client.create(pods, pod('two', '600m'))))).toContain('requests.cpu=600m');
    await cluster.do(cluster.client.updateStatus(pods, { ...one, status: { phase: 'Succeeded' } }));
    await cluster.run(500);
    expect((await status(cluster))?.used).toEqual({ 'requests.cpu': '0', 'count/pods': '1', configmaps: '1' });
    expect(await refusal(cluster.do(cluster.client.create(pods, pod('two', '600m'))))).toBe('accepted');
  });

  test('follows changes of limits and of a Service, and sets right at the resync what was charged in vain', async () => {
    const cluster = await start();
    const ports = [{ port: 80 }];
    await cluster.do(
      cluster.client.create(services, {
        metadata: { name: 's', namespace: 'default' },
        spec: { type: 'NodePort', ports },
      }),
    );
    await limit(cluster, { 'services.nodeports': '3' });
    expect((await status(cluster))?.used).toEqual({ 'services.nodeports': '1' });
    await cluster.change(services, 's', (service) => {
      service.spec.type = 'ClusterIP';
      delete service.spec.ports?.[0]?.nodePort;
    });
    await cluster.change(resourceQuotas, 'q', (quota) => {
      quota.spec = { hard: { 'services.nodeports': '2', secrets: '9' } };
    });
    await cluster.run(1000);
    const corrected = {
      hard: { 'services.nodeports': '2', secrets: '9' },
      used: { 'services.nodeports': '0', secrets: '0' },
    };
    expect(await status(cluster)).toEqual(corrected);
    const charged = await cluster.get(resourceQuotas, 'q');
    charged.status = { ...charged.status, used: { 'services.nodeports': '2', secrets: '9' } };
    await cluster.do(cluster.client.updateStatus(resourceQuotas, charged));
    await cluster.run(310_000);
    expect(await status(cluster)).toEqual(corrected);
  });

  test('counts only what the scopes select, in its own namespace', async () => {
    const cluster = await start();
    await cluster.do(cluster.client.create(namespaces, { metadata: { name: 'other' }, spec: {} }));
    await cluster.run(500);
    await cluster.do(
      cluster.client.create(pods, { ...pod('far', '1'), metadata: { name: 'far', namespace: 'other' } }),
    );
    await cluster.do(cluster.client.create(pods, pod('endless', '1')));
    await cluster.do(cluster.client.create(pods, pod('brief', '250m', { activeDeadlineSeconds: 60 })));
    await limit(cluster, { pods: '4', 'requests.cpu': '2' }, { scopes: ['Terminating'] });
    expect((await status(cluster))?.used).toEqual({ pods: '1', 'requests.cpu': '250m' });
    await cluster.change(pods, 'endless', (object) => {
      object.spec.activeDeadlineSeconds = 30;
    });
    await cluster.run(1000);
    expect((await status(cluster))?.used).toEqual({ pods: '2', 'requests.cpu': '1250m' });
  });

  test('counts custom resources once the server serves them', async () => {
    const cluster = await start();
    await limit(cluster, { 'count/widgets.example.com': '1' });
    expect(await status(cluster)).toEqual({ hard: { 'count/widgets.example.com': '1' } });
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await cluster.do(cluster.client.request('POST', definitions, { body: definition }));
    await cluster.run(1000);
    const widget = (name: string) =>
      cluster.do(
        cluster.client.request('POST', '/apis/example.com/v1/namespaces/default/widgets', {
          body: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } },
        }),
      );
    expect(await refusal(widget('early'))).toBe(
      'widgets.example.com "early" is forbidden: status unknown for quota: q, resources: count/widgets.example.com',
    );
    await cluster.run(61_000);
    expect((await status(cluster))?.used).toEqual({ 'count/widgets.example.com': '0' });
    expect(await refusal(widget('one'))).toBe('accepted');
    expect(await refusal(widget('two'))).toContain('exceeded quota: q');
  });
});

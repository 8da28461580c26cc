// The official JavaScript client (@kubernetes/client-node) against a control plane over HTTPS: typed calls in each API group, every kind of patch, exec and
// port-forward over WebSockets, logs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import * as k8s from '@kubernetes/client-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually, useOfficialClient } from './client-node.ts';
import { openListeningPods } from './listening-pods.ts';

const container = { name: 'main', image: 'busybox', command: ['sh', '-c', 'echo hello; sleep 3600'] };
const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers: [container] } };

const client = useOfficialClient();
const { api, config } = client;

describe('typed calls in each group', () => {
  const namespace = 'default';
  const metadata = { name: 'x' };

  test('core', async () => {
    const core = api(k8s.CoreV1Api);
    const made = await core.createNamespacedConfigMap({ namespace, body: { metadata, data: { a: 'b' } } });
    expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);
    made.data = { a: 'c' };
    const replaced = await core.replaceNamespacedConfigMap({ name: 'x', namespace, body: made });
    expect(replaced.data).toEqual({ a: 'c' });
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=x' });
    expect(list.items.map((item) => item.metadata?.name)).toEqual(['x']);
    await core.deleteNamespacedConfigMap({ name: 'x', namespace });
    await expect(core.readNamespacedConfigMap({ name: 'x', namespace })).rejects.toMatchObject({ code: 404 });
    await expect(
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'Not Valid' } } }),
    ).rejects.toMatchObject({ code: 422 });
  });

  test('apps, batch, autoscaling, policy', async () => {
    const apps = api(k8s.AppsV1Api);
    const made = await apps.createNamespacedDeployment({
      namespace,
      body: { metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    });
    expect(made.spec?.strategy?.rollingUpdate?.maxSurge).toBe('25%');
    // The deployment's controller writes its status meanwhile: conflicts are to be expected, and tried again.
    const scaled = await eventually(async () => {
      const scale = await apps.readNamespacedDeploymentScale({ name: 'x', namespace });
      scale.spec = { replicas: 2 };
      return apps.replaceNamespacedDeploymentScale({ name: 'x', namespace, body: scale }).catch((error) => {
        expect(error.code).toBe(409);
        return undefined;
      });
    });
    expect(scaled.spec?.replicas).toBe(2);
    await eventually(
      async () => (await apps.readNamespacedDeploymentStatus({ name: 'x', namespace })).status?.readyReplicas === 2,
    );
    const job = await api(k8s.BatchV1Api).createNamespacedJob({
      namespace,
      body: { metadata, spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
    });
    expect(job.spec?.completions).toBe(1);
    const scaler = await api(k8s.AutoscalingV2Api).createNamespacedHorizontalPodAutoscaler({
      namespace,
      body: {
        metadata,
        spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } },
      },
    });
    expect(scaler.spec?.minReplicas).toBe(1);
    const budget = await api(k8s.PolicyV1Api).createNamespacedPodDisruptionBudget({
      namespace,
      body: { metadata, spec: { minAvailable: '50%', selector: { matchLabels: labels } } },
    });
    expect(budget.spec?.minAvailable).toBe('50%');
    await api(k8s.AutoscalingV2Api).deleteNamespacedHorizontalPodAutoscaler({ name: 'x', namespace });
    await api(k8s.PolicyV1Api).deleteNamespacedPodDisruptionBudget({ name: 'x', namespace });
    await api(k8s.BatchV1Api).deleteNamespacedJob({ name: 'x', namespace, propagationPolicy: 'Background' });
    await apps.deleteNamespacedDeployment({ name: 'x', namespace });
  });

  test('networking, discovery, storage, scheduling, node, coordination', async () => {
    await api(k8s.NetworkingV1Api).createNamespacedIngress({
      namespace,
      body: { metadata, spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } } },
    });
    await api(k8s.NetworkingV1Api).createNamespacedNetworkPolicy({
      namespace,
      body: { metadata, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
    });
    await api(k8s.DiscoveryV1Api).createNamespacedEndpointSlice({
      namespace,
      body: { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }] },
    });
    await api(k8s.StorageV1Api).createStorageClass({ body: { metadata, provisioner: 'example.com/x' } });
    await api(k8s.SchedulingV1Api).createPriorityClass({ body: { metadata, value: 7 } });
    await api(k8s.NodeV1Api).createRuntimeClass({ body: { metadata, handler: 'x' } });
    const lease = await api(k8s.CoordinationV1Api).createNamespacedLease({
      namespace,
      body: { metadata, spec: { holderIdentity: 'me', renewTime: new k8s.V1MicroTime() } },
    });
    expect(lease.spec?.holderIdentity).toBe('me');
    for (const gone of [
      api(k8s.NetworkingV1Api).deleteNamespacedIngress({ name: 'x', namespace }),
      api(k8s.NetworkingV1Api).deleteNamespacedNetworkPolicy({ name: 'x', namespace }),
      api(k8s.DiscoveryV1Api).deleteNamespacedEndpointSlice({ name: 'x', namespace }),
      api(k8s.StorageV1Api).deleteStorageClass({ name: 'x' }),
      api(k8s.SchedulingV1Api).deletePriorityClass({ name: 'x' }),
      api(k8s.NodeV1Api).deleteRuntimeClass({ name: 'x' }),
      api(k8s.CoordinationV1Api).deleteNamespacedLease({ name: 'x', namespace }),
    ])
      await gone;
  });

  test('rbac, authorization, authentication, certificates', async () => {
    const rbac = api(k8s.RbacAuthorizationV1Api);
    await rbac.createNamespacedRole({
      namespace,
      body: { metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    });
    await rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
      },
    });
    const ask = (verb: string) =>
      api(k8s.AuthorizationV1Api).createSubjectAccessReview({
        body: { spec: { user: 'jane', resourceAttributes: { namespace, verb, resource: 'pods' } } },
      });
    await eventually(async () => (await ask('get')).status?.allowed);
    expect((await ask('delete')).status?.allowed).toBe(false);
    const who = await api(k8s.AuthenticationV1Api).createSelfSubjectReview({ body: {} });
    expect(who.status?.userInfo?.username).toBe('kubernetes-admin');
    const token = await api(k8s.CoreV1Api).createNamespacedServiceAccountToken({
      name: 'default',
      namespace,
      body: { spec: { audiences: [] } },
    });
    expect(token.status?.token.split('.')).toHaveLength(3);
  });

  test('admissionregistration, apiextensions, apiregistration, events, flowcontrol', async () => {
    await api(k8s.AdmissionregistrationV1Api).createValidatingWebhookConfiguration({
      body: { metadata, webhooks: [] },
    });
    await api(k8s.AdmissionregistrationV1Api).deleteValidatingWebhookConfiguration({ name: 'x' });
    await api(k8s.ApiextensionsV1Api).createCustomResourceDefinition({
      body: {
        metadata: { name: 'boats.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { kind: 'Boat', plural: 'boats' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
            },
          ],
        },
      },
    });
    const boats = { group: 'example.com', version: 'v1', plural: 'boats', namespace };
    const boat = await eventually(() =>
      api(k8s.CustomObjectsApi)
        .createNamespacedCustomObject({
          ...boats,
          body: { apiVersion: 'example.com/v1', kind: 'Boat', metadata },
        })
        .catch(() => undefined),
    );
    expect(boat).toMatchObject({ kind: 'Boat' });
    await api(k8s.ApiextensionsV1Api).deleteCustomResourceDefinition({ name: 'boats.example.com' });
    const services = await api(k8s.ApiregistrationV1Api).listAPIService();
    expect(services.kind).toBe('APIServiceList');
    const schemas = await api(k8s.FlowcontrolApiserverV1Api).listFlowSchema();
    expect(schemas.items.map((item) => item.metadata?.name)).toContain('exempt');
    const events = await api(k8s.EventsV1Api).listEventForAllNamespaces();
    expect(events.kind).toBe('EventList');
    const { gitVersion } = await api(k8s.VersionApi).getCode();
    expect(gitVersion).toMatch(/^v1\.36/);
  });
});

describe('patches', () => {
  const namespace = 'default';
  const name = 'patched';
  const options = (type: string) => k8s.setHeaderOptions('Content-Type', type);

  test('of all four types', async () => {
    const core = api(k8s.CoreV1Api);
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { a: '1' } } });
    const patch = (body: object, type: string, more = {}) =>
      core.patchNamespacedConfigMap({ name, namespace, body, ...more }, options(type));
    await patch([{ op: 'add', path: '/data/b', value: '2' }], k8s.PatchStrategy.JsonPatch);
    await patch({ data: { c: '3' } }, k8s.PatchStrategy.MergePatch);
    await patch({ data: { d: '4', a: null } }, k8s.PatchStrategy.StrategicMergePatch);
    const applied = await patch(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { e: '5' } },
      k8s.PatchStrategy.ServerSideApply,
      { fieldManager: 'me' },
    );
    expect(applied.data).toEqual({ b: '2', c: '3', d: '4', e: '5' });
    expect(applied.metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).toContain(
      'me Apply',
    );
    await expect(
      patch(
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { e: '6' } },
        k8s.PatchStrategy.ServerSideApply,
        { fieldManager: 'other' },
      ),
    ).rejects.toMatchObject({ code: 409 });
  });
});

describe('streams', () => {
  const namespace = 'default';

  beforeAll(async () => {
    const core = api(k8s.CoreV1Api);
    await eventually(() => core.readNamespacedServiceAccount({ name: 'default', namespace }).catch(() => undefined));
    await core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'talker' }, spec: { containers: [container] } },
    });
    await eventually(
      async () => (await core.readNamespacedPodStatus({ name: 'talker', namespace })).status?.phase === 'Running',
    );
  }, 30_000);

  test('logs', async () => {
    const out = new PassThrough();
    let text = '';
    out.on('data', (chunk) => {
      text += String(chunk);
    });
    await new k8s.Log(config).log(namespace, 'talker', 'main', out, { follow: false });
    await eventually(async () => text.includes('hello'));
  });

  test('exec answers with the status of the command', async () => {
    let output = '';
    const sink = new Writable({
      write(chunk, _encoding, done) {
        output += String(chunk);
        done();
      },
    });
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      new k8s.Exec(config)
        .exec(namespace, 'talker', 'main', ['sh', '-c', 'echo hi'], sink, sink, null, false, resolve)
        .then((socket) => socket.on('error', reject), reject);
    });
    // A hollow node runs nothing: it says so, as a runtime whose container cannot be entered does.
    if (status.status === 'Success') expect(output).toContain('hi');
    else expect(status.message).toBeTruthy();
  });

  test('port-forward, of a pod that listens and of one that does not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-client-node-'));
    const door = await openListeningPods(client.cluster, folder);
    const forward = async (file: string | undefined, port: number) => {
      const own = new k8s.KubeConfig();
      if (file) own.loadFromFile(file);
      else own.loadFromString(client.cluster.kubeconfig);
      const streams = { output: new PassThrough(), error: new PassThrough(), input: new PassThrough() };
      const said = { output: '', error: '' };
      for (const name of ['output', 'error'] as const)
        streams[name].on('data', (chunk) => {
          said[name] += String(chunk);
        });
      await new k8s.PortForward(own).portForward(
        namespace,
        'talker',
        [port],
        streams.output,
        streams.error,
        streams.input,
      );
      streams.input.write('hello');
      return said;
    };
    try {
      const listening = await forward(join(folder, 'listening'), 80);
      await eventually(async () => listening.output === 'HELLO');
      expect(listening.error).toBe('');
      const silent = await forward(undefined, 81);
      await eventually(async () => silent.error.includes('error forwarding port 81 to pod talker'));
      expect(silent.output).toBe('');
    } finally {
      await door.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

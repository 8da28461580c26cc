// The official JavaScript client (@kubernetes/client-node) against a control plane over HTTPS: typed calls in each API group, every kind of patch, informers
// that outlive their connections and expired revisions, leader election, exec and port-forward over WebSockets, logs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import * as k8s from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServeOptions } from '../../src/bridge/cluster-options.ts';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { openListeningPods } from './listening-pods.ts';
import { plainCluster } from './plain-cluster.ts';

const plain: ServeOptions = { ...plainCluster, compactionInterval: 0 };
let cluster: Headless;
const config = new k8s.KubeConfig();
const container = { name: 'main', image: 'busybox', command: ['sh', '-c', 'echo hello; sleep 3600'] };
const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers: [container] } };

beforeAll(async () => {
  cluster = await startHeadless(plain);
  config.loadFromString(cluster.kubeconfig);
}, 60_000);

afterAll(() => cluster?.stop());

const api = <T extends k8s.ApiType>(type: k8s.ApiConstructor<T>): T => config.makeApiClient(type);
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(50);
  }
  throw new Error('it did not come about');
}

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

describe('an informer', () => {
  test('survives disconnections', async () => {
    const namespace = 'default';
    const core = api(k8s.CoreV1Api);
    const selector = 'kept=yes';
    const informer = k8s.makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: selector }),
      selector,
    );
    const seen: string[] = [];
    informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`));
    informer.on('update', (object) => seen.push(`update ${object.metadata?.name}`));
    informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`));
    let broken = 0;
    informer.on('error', () => {
      broken++;
      setTimeout(() => void informer.start(), 50);
    });
    await informer.start();
    const create = (name: string) =>
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { kept: 'yes' } } } });
    await create('one');
    await eventually(async () => seen.includes('add one'));
    // Every connection to the server breaks.
    cluster.disconnect();
    await eventually(async () => broken > 0);
    await create('two');
    await eventually(async () => seen.includes('add two'));
    await core.deleteNamespacedConfigMap({ name: 'one', namespace });
    await eventually(async () => seen.includes('delete one'));
    expect(informer.list().map((object) => object.metadata?.name)).toEqual(['two']);
    await informer.stop();
  }, 30_000);
});

describe('an informer over a server that starts anew', () => {
  test('is told that its revision is gone (410), lists again, and tells what it missed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-client-node-'));
    const options = { ...plain, hollowNodes: 0, controllers: false, dataDir: folder, etcdMembers: 1 };
    let server = await startHeadless(options);
    try {
      const own = new k8s.KubeConfig();
      own.loadFromString(server.kubeconfig);
      const core = own.makeApiClient(k8s.CoreV1Api);
      const namespace = 'default';
      const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
      for (const name of ['stays', 'goes']) await create(name);
      let lists = 0;
      const informer = k8s.makeInformer(own, `/api/v1/namespaces/${namespace}/configmaps`, () => {
        lists++;
        return core.listNamespacedConfigMap({ namespace });
      });
      const seen: string[] = [];
      for (const verb of ['add', 'update', 'delete'] as const)
        informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`));
      let broken = 0;
      informer.on('error', () => broken++);
      await informer.start();
      expect(lists).toBe(1);
      // What it watched from is no longer the newest when the server ends.
      await create('last');
      await eventually(async () => seen.includes('add last'));
      await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'unseen' } } });
      await server.stop();
      server = await startHeadless({ ...options, port: server.port });
      await core.deleteNamespacedConfigMap({ name: 'goes', namespace });
      await create('new');
      await eventually(async () => broken > 0 || lists > 1);
      seen.length = 0;
      if (lists === 1) await informer.start();
      await eventually(async () => seen.includes('add new') && seen.includes('delete goes'));
      expect(lists).toBe(2);
      expect(informer.list().map((object) => object.metadata?.name)).toEqual(
        expect.arrayContaining(['last', 'new', 'stays']),
      );
      await create('later');
      await eventually(async () => seen.includes('add later'));
      expect(lists).toBe(2);
      await informer.stop();
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

// As client-go's leader election does it (tools/leaderelection, resourcelock/leaselock.go).
describe('leader election over a Lease', () => {
  const namespace = 'kube-system';
  const name = 'captain';
  const leaseDurationSeconds = 15;
  const leases = () => api(k8s.CoordinationV1Api);
  const codeOf = (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 200,
      (error: { code: number }) => error.code,
    );

  /** This version of the client hands times with microseconds out as it reads them: as text. */
  const at = (time: unknown): number => Date.parse(String(time));

  /** The lease as a candidate would write it over the one it saw. */
  function claim(identity: string, now: number, seen?: k8s.V1Lease): k8s.V1Lease {
    const { holderIdentity, leaseTransitions = 0, acquireTime } = seen?.spec ?? {};
    const same = holderIdentity === identity;
    return {
      metadata: seen?.metadata ?? { name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds,
        renewTime: new k8s.V1MicroTime(now),
        acquireTime: new k8s.V1MicroTime(same ? at(acquireTime) : now),
        leaseTransitions: same || !seen ? leaseTransitions : leaseTransitions + 1,
      },
    };
  }
  const replace = (body: k8s.V1Lease) => leases().replaceNamespacedLease({ name, namespace, body });
  const read = () => leases().readNamespacedLease({ name, namespace });

  test('of many who come first one wins; of many who follow a dead leader one wins; the dead one cannot come back unseen', async () => {
    const crew = ['ann', 'bob', 'cid', 'dee'];
    const now = Date.now();
    const first = await Promise.all(
      crew.map((who) => codeOf(leases().createNamespacedLease({ namespace, body: claim(who, now) }))),
    );
    expect([...first].sort()).toEqual([200, 409, 409, 409]);
    const leader = crew[first.indexOf(200)] as string;
    const held = await read();
    expect(held.spec).toMatchObject({ holderIdentity: leader, leaseTransitions: 0, leaseDurationSeconds });
    expect(at(held.spec?.renewTime)).toBe(now);

    // The leader renews; who had seen the lease before that cannot take it.
    const renewed = await replace(claim(leader, now + 1000, held));
    expect(at(renewed.spec?.acquireTime)).toBe(now);
    const others = crew.filter((who) => who !== leader);
    await expect(replace(claim(others[0] as string, now + 2000, held))).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining(
        'Operation cannot be fulfilled on leases.coordination.k8s.io \\"captain\\": the object has been modified; please apply your changes to the latest version and try again',
      ),
    });

    // It falls silent: all others see the same old lease.
    const late = now + 60_000;
    const second = await Promise.all(others.map((who) => codeOf(replace(claim(who, late, renewed)))));
    expect([...second].sort()).toEqual([200, 409, 409]);
    const heir = others[second.indexOf(200)] as string;
    expect((await read()).spec).toMatchObject({ holderIdentity: heir, leaseTransitions: 1 });
    expect(await codeOf(replace(claim(leader, late + 1000, renewed)))).toBe(409);

    // It lets go, as at the end of a program that releases on cancel, and the next takes over at once.
    const current = await read();
    const released = claim('', late + 1500, current);
    const free = await replace(released);
    expect((await replace(claim(leader, late + 2000, free))).spec).toMatchObject({
      holderIdentity: leader,
      leaseTransitions: 3,
    });
  });

  test('leases that make no sense are refused', async () => {
    const refused = (spec: k8s.V1LeaseSpec) =>
      codeOf(leases().createNamespacedLease({ namespace, body: { metadata: { name: 'odd' }, spec } }));
    expect(await refused({ leaseDurationSeconds: 0 })).toBe(422);
    expect(await refused({ leaseTransitions: -1 })).toBe(422);
  });

  test('a watch on the lease tells who leads', async () => {
    const holders: string[] = [];
    const watch = new k8s.Watch(config);
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const request = await watch.watch(
      path,
      { fieldSelector: `metadata.name=${name}` },
      (_type, lease: k8s.V1Lease) => holders.push(lease.spec?.holderIdentity ?? ''),
      () => {},
    );
    const seen = await read();
    await replace(claim('eve', Date.now(), seen));
    await eventually(async () => holders.at(-1) === 'eve');
    request.abort();
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
    const door = await openListeningPods(cluster, folder);
    const forward = async (file: string | undefined, port: number) => {
      const own = new k8s.KubeConfig();
      if (file) own.loadFromFile(file);
      else own.loadFromString(cluster.kubeconfig);
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

// Webhooks at a Service: a Deployment's pods on a hollow node whose network leads to a real HTTP server of this process. The API server finds them through the
// Service and its EndpointSlices, as they come and go, and reaches them from their node.

import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { startControllerManager } from '../../src/controllers/index.ts';
import { createHollowNode } from '../../src/cri/hollow/index.ts';
import type { Env, Running } from '../../src/env/env.ts';
import { LocalNetwork } from '../../src/env/node/local-network.ts';
import { createNodeEnv } from '../../src/env/node/node-env.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { startStandaloneEtcd } from '../../src/etcd/testing/standalone.ts';
import { startKubelet } from '../../src/kubelet/index.ts';
import { startScheduler } from '../../src/scheduler/index.ts';

const clock = new ScaledClock();
const running: Running[] = [];
const server = 'http://kube-apiserver:6443';
const clusterCidr = '10.244.0.0/16';
let api: ApiServer;
let web: Server;
/** "address:port" that the node connected to, and "path" that the pods were asked for. */
const dialled: string[] = [];
const asked: string[] = [];

interface Thing {
  apiVersion: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
}
interface Review {
  apiVersion: string;
  kind: string;
  request: {
    uid: string;
    operation?: string;
    object?: { metadata: { name: string } };
    desiredAPIVersion?: string;
    objects?: Thing[];
  };
}

/** What the program in the pods answers at its three paths. */
function answer(path: string, { apiVersion, kind, request }: Review): object {
  const { uid, object, objects = [], desiredAPIVersion } = request;
  if (path === '/convert') {
    const convertedObjects = objects.map((thing) => ({
      ...thing,
      apiVersion: desiredAPIVersion,
      spec: desiredAPIVersion?.endsWith('/v2') ? { length: thing.spec['size'] } : { size: thing.spec['length'] },
    }));
    return { apiVersion, kind, response: { uid, result: { status: 'Success' }, convertedObjects } };
  }
  if (path === '/mutate') {
    const patch = [{ op: 'add', path: '/data', value: { seen: 'by a pod' } }];
    return {
      apiVersion,
      kind,
      response: { uid, allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) },
    };
  }
  const allowed = !object?.metadata.name.startsWith('bad');
  return {
    apiVersion,
    kind,
    response: { uid, allowed, status: { message: 'a pod says no' }, warnings: ['a pod looked'] },
  };
}

beforeAll(async () => {
  web = createServer((message, out) => {
    let text = '';
    message.on('data', (chunk) => {
      text += String(chunk);
    });
    message.on('end', () => {
      asked.push(`${message.headers.host}${message.url}`);
      const { pathname } = new URL(message.url ?? '/', 'http://pod');
      out.setHeader('content-type', 'application/json').end(JSON.stringify(answer(pathname, JSON.parse(text))));
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));

  const network = new LocalNetwork();
  const disks = createMemoryDisks();
  const known = new Map<string, Env>();
  const envOf = (name: string): Env => {
    const env = known.get(name) ?? createNodeEnv(name, { network, clock, disk: disks.open(name) });
    known.set(name, env);
    return env;
  };
  const { client: etcd } = startStandaloneEtcd(envOf('etcd-1'));
  const user = (name: string, ...groups: string[]) => ({ token: name, user: name, groups });
  api = await startApiServer(envOf('kube-apiserver-1'), {
    host: 'kube-apiserver-1:6443',
    etcd,
    tokens: [
      user('admin', 'system:masters'),
      user('system:kube-controller-manager'),
      user('system:kube-scheduler'),
      user('system:node:node-1', 'system:nodes'),
    ],
  });
  running.push(api);
  const client = (token: string) => ({ server, token });
  running.push(
    await startControllerManager(envOf('kube-controller-manager-1'), {
      ...client('system:kube-controller-manager'),
      clusterCidr,
    }),
    await startScheduler(envOf('kube-scheduler-1'), client('system:kube-scheduler')),
  );
  const { runtime, os } = createHollowNode(envOf('node-1'));
  os.dial = async (host, port) => {
    dialled.push(`${host}:${port}`);
    const socket = connect((web.address() as AddressInfo).port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return Duplex.toWeb(socket) as Awaited<ReturnType<typeof os.dial>>;
  };
  running.push(
    await startKubelet(envOf('node-1'), {
      ...client('system:node:node-1'),
      nodeName: 'node-1',
      nodeIp: '172.18.0.2',
      clusterCidr,
      runtime,
      os,
    }),
  );
}, 60_000);

afterAll(async () => {
  for (const component of running.reverse()) await component.stop();
  clock.close();
  web.close();
  web.closeAllConnections();
});

async function call(method: string, path: string, body?: object, type = 'application/json') {
  const response = await api.handle(
    new Request(`${server}${path}`, {
      method,
      headers: { authorization: 'Bearer admin', 'content-type': type },
      ...(body && { body: JSON.stringify(body) }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  const answered: { code: number; body: any } = { code: response.status, body: await response.json() };
  return { ...answered, warning: response.headers.get('warning') };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come about');
}

const group = '/apis/admissionregistration.k8s.io/v1';
const configmaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const merge = 'application/merge-patch+json';
const service = (path: string) => ({ service: { namespace: 'default', name: 'hook', path, port: 8443 } });
const create = (name: string) => call('POST', configmaps, { metadata: { name } });

const webhook = (name: string, path: string) => ({
  name: `${name}.example.com`,
  clientConfig: service(path),
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
});

async function scale(replicas: number): Promise<void> {
  await call('PATCH', `${deployments}/hook`, { spec: { replicas } }, merge);
  await until(async () => {
    const { body } = await call('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
    const slices = body.items.filter(
      (slice: { metadata: { labels: Record<string, string> } }) =>
        slice.metadata.labels['kubernetes.io/service-name'] === 'hook',
    );
    const ready = slices
      .flatMap((slice: { endpoints?: { conditions: { ready: boolean } }[] }) => slice.endpoints ?? [])
      .filter(({ conditions }: { conditions: { ready: boolean } }) => conditions.ready);
    return slices.length > 0 && ready.length === replicas;
  });
}

test('a Service of running pods', { timeout: 60_000 }, async () => {
  const labels = { app: 'hook' };
  const container = { name: 'main', image: 'hook', ports: [{ name: 'hooks', containerPort: 9443 }] };
  const made = await call('POST', deployments, {
    metadata: { name: 'hook' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
  expect(made.code).toBe(201);
  const exposed = await call('POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'hook' },
    spec: { selector: labels, ports: [{ port: 8443, targetPort: 'hooks' }] },
  });
  expect(exposed.code).toBe(201);
  await scale(2);
});

test('mutates and validates', { timeout: 60_000 }, async () => {
  await call('POST', `${group}/mutatingwebhookconfigurations`, {
    metadata: { name: 'm' },
    webhooks: [webhook('mutating', '/mutate')],
  });
  await call('POST', `${group}/validatingwebhookconfigurations`, {
    metadata: { name: 'v' },
    webhooks: [webhook('validating', '/validate')],
  });
  let turn = 0;
  await until(async () => (await create(`probe-${turn++}`)).body.data?.seen !== undefined);
  asked.length = 0;
  dialled.length = 0;
  const good = await create('good');
  expect(good.body.data).toEqual({ seen: 'by a pod' });
  expect(good.warning).toBe('299 - "a pod looked"');
  const bad = await create('bad');
  expect(bad).toMatchObject({
    code: 400,
    body: { message: 'admission webhook "validating.example.com" denied the request: a pod says no' },
  });
  expect(new Set(asked)).toEqual(
    new Set(['hook.default.svc/mutate?timeout=10s', 'hook.default.svc/validate?timeout=10s']),
  );
  // addresses of pods and the port that the Service's name stands for
  const { body } = await call('GET', '/api/v1/namespaces/default/pods?labelSelector=app=hook');
  const addresses = body.items.map((pod: { status: { podIP: string } }) => `${pod.status.podIP}:9443`);
  expect(addresses).toHaveLength(2);
  expect(dialled).toHaveLength(4);
  for (const address of dialled) expect(addresses).toContain(address);
});

test('follows the pods: none, then others', { timeout: 60_000 }, async () => {
  await scale(0);
  const refused = await create('nobody-home');
  expect(refused).toMatchObject({
    code: 500,
    body: {
      message:
        'Internal error occurred: failed calling webhook "mutating.example.com": failed to call webhook: Post "https://hook.default.svc:8443/mutate?timeout=10s": no endpoints available for service "hook"',
    },
  });
  await scale(1);
  expect((await create('home-again')).body.data).toEqual({ seen: 'by a pod' });
  await call(
    'PATCH',
    '/api/v1/namespaces/default/services/hook',
    { spec: { ports: [{ port: 9999, targetPort: 9443 }] } },
    merge,
  );
  expect((await create('other-port')).body.message).toContain('no service port 8443 found for service "hook"');
  await call(
    'PATCH',
    '/api/v1/namespaces/default/services/hook',
    { spec: { ports: [{ port: 8443, targetPort: 'hooks' }] } },
    merge,
  );
  await until(async () => (await create('port-again')).code === 201);
});

test('converts objects of a custom resource', { timeout: 60_000 }, async () => {
  const version = (name: string, field: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { [field]: { type: 'integer' } } } },
      },
    },
  });
  const crd = await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'ropes.sea.example.com' },
    spec: {
      group: 'sea.example.com',
      scope: 'Namespaced',
      names: { plural: 'ropes', kind: 'Rope' },
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: service('/convert') },
      },
      versions: [version('v1', 'size', true), version('v2', 'length', false)],
    },
  });
  expect(crd.code).toBe(201);
  const ropes = (name: string) => `/apis/sea.example.com/${name}/namespaces/default/ropes`;
  const rope = { apiVersion: 'sea.example.com/v1', kind: 'Rope', metadata: { name: 'long' }, spec: { size: 7 } };
  await until(async () => (await call('POST', ropes('v1'), rope)).code === 201);
  expect((await call('GET', `${ropes('v2')}/long`)).body.spec).toEqual({ length: 7 });
  expect(asked.at(-1)).toBe('hook.default.svc/convert?timeout=30s');
});

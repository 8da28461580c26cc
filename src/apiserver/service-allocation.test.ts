// Cluster IPs and node ports of Services made through two API servers at once: nobody shares, and what is freed can be had again.

import { expect, test } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import { startStandaloneEtcd } from '../etcd/testing/standalone.ts';
import { type ApiServer, createApiServer } from './index.ts';

const token = 'secret';

async function twoServers(config = {}) {
  const simulation = new Simulation({ seed: 7 });
  const store = startStandaloneEtcd(simulation.env('etcd-1'));
  const servers: ApiServer[] = [];
  for (const name of ['kube-apiserver-1', 'kube-apiserver-2'])
    servers.push(
      await createApiServer(simulation.env(name), {
        host: `${name}:6443`,
        etcd: store.client,
        tokens: [{ token, user: 'admin', groups: ['system:masters'] }],
        ...config,
      }),
    );
  const call = async (server: number, method: string, path: string, body?: object) => {
    const response = await (servers[server % 2] as ApiServer).handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return { code: response.status, body: (await response.json()) as any };
  };
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  return { call, stop, simulation };
}

const services = '/api/v1/namespaces/default/services';
const service = (name: string, spec = {}) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

test('two servers that allocate at the same moment never give out the same', async () => {
  // 14 addresses, of which the API's own Service has one; 8 ports.
  const { call, stop } = await twoServers({ serviceCidr: '10.96.0.0/28', nodePortRange: [30000, 30007] });
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      call(i, 'POST', services, service(`s${i}`, { type: i < 10 ? 'NodePort' : 'ClusterIP' })),
    ),
  );
  const good = made.filter(({ code }) => code === 201).map(({ body }) => body.spec);
  const addresses = good.map(({ clusterIP }) => clusterIP);
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.length).toBeGreaterThanOrEqual(10);
  const ports = good
    .flatMap((spec) => spec.ports.map(({ nodePort }: { nodePort?: number }) => nodePort))
    .filter(Boolean);
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.length).toBeLessThanOrEqual(8);
  for (const { code, body } of made) if (code !== 201) expect(body.message).toContain('range is full');
  await stop();
});

test('an explicit address has one owner; it shows as an IPAddress; deleting frees it', async () => {
  const { call, stop } = await twoServers();
  const spec = { clusterIP: '10.96.0.77' };
  const both = await Promise.all([0, 1].map((i) => call(i, 'POST', services, service(`s${i}`, spec))));
  expect(both.map(({ code }) => code).sort()).toEqual([201, 422]);
  const winner = both.findIndex(({ code }) => code === 201);
  expect(both[1 - winner]?.body.message).toContain('provided IP is already allocated');
  const address = await call(0, 'GET', '/apis/networking.k8s.io/v1/ipaddresses/10.96.0.77');
  expect(address.body.spec.parentRef).toEqual({
    group: '',
    resource: 'services',
    namespace: 'default',
    name: `s${winner}`,
  });
  await call(0, 'DELETE', `${services}/s${winner}`);
  for (let i = 0; ; i++) {
    const { code } = await call(1, 'POST', services, service('again', spec));
    if (code === 201) break;
    expect(i).toBeLessThan(50);
  }
  const dry = await call(0, 'POST', `${services}?dryRun=All`, service('dry', { clusterIP: '10.96.0.78' }));
  expect(dry.code).toBe(201);
  expect((await call(0, 'GET', '/apis/networking.k8s.io/v1/ipaddresses/10.96.0.78')).code).toBe(404);
  await stop();
});

test('what a dead server took and never used is had again in time', async () => {
  const { call, stop, simulation } = await twoServers();
  await call(0, 'POST', '/apis/networking.k8s.io/v1/ipaddresses', {
    metadata: { name: '10.96.0.99', labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
    spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'never-made' } },
  });
  const spec = { clusterIP: '10.96.0.99' };
  expect((await call(0, 'POST', services, service('s', spec))).code).toBe(422);
  await simulation.run(61_000);
  expect((await call(1, 'POST', services, service('s', spec))).code).toBe(201);
  await stop();
});

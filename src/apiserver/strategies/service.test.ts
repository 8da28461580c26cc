// What the server makes of Services: families, addresses, node ports, and what a change of type leaves of them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../api/generated/types.ts';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness({ nodePortRange: [30_000, 30_099] });
});
afterAll(() => api.server.stop());

const services = '/api/v1/namespaces/default/services';
let count = 0;
const body = (spec: object, name = `s${++count}`) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
const selector = { app: 'a' };

async function make(spec: object): Promise<{ name: string; spec: ServiceSpec; message: string }> {
  const { code, body: made } = await api.call('POST', services, body(spec));
  const message = code === 201 ? '' : `${code} ${made.message.replace(/^.* is invalid: /, '')}`;
  return { name: made.metadata?.name, spec: made.spec, message };
}

/** Replaces the spec, as a client that leaves out what it does not know. */
async function put(name: string, spec: object) {
  const { code, body: made } = await api.call('PUT', `${services}/${name}`, body(spec, name));
  return { code, spec: made.spec as ServiceSpec, message: made.message as string | undefined };
}

async function patch(name: string, spec: object) {
  const { code, body: made } = await api.call(
    'PATCH',
    `${services}/${name}`,
    { spec },
    { 'content-type': 'application/merge-patch+json' },
  );
  return { code, spec: made.spec as ServiceSpec, message: made.message as string | undefined };
}

describe('families on a cluster of IPv4', () => {
  const one = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };
  test.each<[string, object, object]>([
    ['nothing said', { selector }, one],
    ['both preferred', { selector, ipFamilyPolicy: 'PreferDualStack' }, { ...one, ipFamilyPolicy: 'PreferDualStack' }],
    ['headless', { selector, clusterIP: 'None' }, { ...one, clusterIPs: ['None'] }],
    [
      'headless, endpoints made by hand',
      { clusterIP: 'None' },
      { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
    ],
    [
      'headless, endpoints of IPv6 made by hand',
      { clusterIP: 'None', ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' },
      { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' },
    ],
  ])('%s', async (_, spec, expected) => expect((await make(spec)).spec).toMatchObject(expected));

  test.each<[string, object, string]>([
    [
      'both required',
      { selector, ipFamilyPolicy: 'RequireDualStack' },
      '422 spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      'IPv6',
      { selector, ipFamilies: ['IPv6'] },
      '422 spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [
      'two families of one stack',
      { selector, ipFamilies: ['IPv4', 'IPv6'] },
      `422 spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
    ],
    [
      'an address of IPv6',
      { selector, clusterIP: 'fd00::1' },
      '422 spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
    ],
    [
      'an address elsewhere',
      { selector, clusterIP: '10.1.0.1' },
      '422 spec.clusterIPs: Invalid value: ["10.1.0.1"]: failed to allocate IP 10.1.0.1: the provided network does not match the current range',
    ],
  ])('%s', async (_, spec, message) => expect((await make(spec)).message).toBe(message));
});

describe('node ports', () => {
  test('one for the protocols of a port', async () => {
    const protocols = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
    const { spec } = await make({ type: 'NodePort', ports: protocols });
    const [tcp, udp] = (spec.ports ?? []).map(({ nodePort }) => nodePort);
    expect(tcp).toBeGreaterThanOrEqual(30_000);
    expect(udp).toBe(tcp);
    const { message } = await make({ type: 'NodePort', ports: [{ port: 1, protocol: 'SCTP', nodePort: tcp }] });
    expect(message).toBe(`422 spec.ports[0].nodePort: Invalid value: ${tcp}: provided port is already allocated`);
  });
  test('within the range', async () => {
    expect((await make({ type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] })).message).toBe(
      '422 spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30099',
    );
  });
  test('not for a load balancer that wants none', async () => {
    const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false };
    expect((await make(spec)).spec.ports?.[0]).not.toHaveProperty('nodePort');
    const asked = await make({ ...spec, ports: [{ port: 80, nodePort: 30_002 }] });
    expect(asked.spec.ports?.[0]).toHaveProperty('nodePort', 30_002);
  });
  test('a health port for a load balancer that keeps to the node', async () => {
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const { name, spec } = await make(local);
    expect(spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect((await put(name, local)).spec.healthCheckNodePort).toBe(spec.healthCheckNodePort);
    const taken = await make({ ...local, healthCheckNodePort: spec.healthCheckNodePort });
    expect(taken.message).toBe(
      `500 Internal error occurred: failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: provided port is already allocated`,
    );
    expect((await patch(name, { externalTrafficPolicy: 'Cluster' })).spec).not.toHaveProperty('healthCheckNodePort');
    for (let i = 0; ; i++) {
      const again = await make({ ...local, healthCheckNodePort: spec.healthCheckNodePort });
      if (again.message === '') break;
      expect(i).toBeLessThan(50);
    }
  });
});

describe('replacing', () => {
  test('what is not there makes it', async () => {
    const { code, spec } = await put('made-by-put', { type: 'NodePort' });
    expect(code).toBe(201);
    expect(spec.ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30_000);
  });
  test('what is not said stays', async () => {
    const { name, spec } = await make({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    });
    const now = await put(name, {
      type: 'NodePort',
      ports: [
        { name: 'b', port: 91 },
        { name: 'a', port: 90 },
      ],
    });
    expect(now.spec.clusterIPs).toEqual(spec.clusterIPs);
    const byName = (each: ServiceSpec) => Object.fromEntries((each.ports ?? []).map((p) => [p.name, p.nodePort]));
    expect(byName(now.spec)).toEqual(byName(spec));
  });
  test('an address stays', async () => {
    const { name } = await make({ clusterIP: '10.96.0.50' });
    const { code, message } = await patch(name, { clusterIP: '10.96.0.51' });
    expect([code, message]).toEqual([
      422,
      `Service "${name}" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.51"]: may not change once set`,
    ]);
    expect((await put(name, { clusterIP: '10.96.0.51' })).message).toContain('spec.clusterIPs: Required value');
    expect((await make({ clusterIP: '10.96.0.51' })).message).toBe('');
  });
  test('to a name elsewhere and back', async () => {
    const { name, spec } = await make({ type: 'NodePort', selector });
    const named = (await patch(name, { type: 'ExternalName', externalName: 'a.example.com' })).spec;
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'externalTrafficPolicy'])
      expect(named).not.toHaveProperty(field);
    expect(named.ports?.[0]).not.toHaveProperty('nodePort');
    const back = (await patch(name, { type: 'ClusterIP', externalName: null })).spec;
    expect(back).toMatchObject({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
    expect(back.clusterIP).toMatch(/^10\.96\./);
    expect(spec.clusterIP).toMatch(/^10\.96\./);
  });
  test('from a load balancer to an address of the cluster', async () => {
    const { name } = await make({ type: 'LoadBalancer', loadBalancerClass: 'a.io/b' });
    const now = (await patch(name, { type: 'ClusterIP' })).spec;
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'externalTrafficPolicy'])
      expect(now).not.toHaveProperty(field);
    const refused = await patch(name, { loadBalancerClass: 'a.io/c' });
    expect(refused.message).toContain(
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    );
  });
});

describe('ranges', () => {
  const cidrs = '/apis/networking.k8s.io/v1/servicecidrs';
  const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
  test("the server's own is there", async () => {
    const { body: own } = await api.call('GET', `${cidrs}/kubernetes`);
    expect(own.spec).toEqual({ cidrs: ['10.96.0.0/16'] });
    expect(own.status.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });
  test('another one is allocated from while it is there, and goes when nobody needs it', async () => {
    const spec = { clusterIP: '10.120.0.9' };
    expect((await make(spec)).message).toContain('the provided network does not match the current range');
    await api.call('POST', cidrs, { metadata: { name: 'more' }, spec: { cidrs: ['10.120.0.0/24', 'fd00::/112'] } });
    const { name, message } = await make(spec);
    expect(message).toBe('');
    expect((await make({ clusterIP: '10.120.0.0' })).message).toContain('does not match the current range');
    await api.simulation.run(2_000);
    const { body: ready } = await api.call('GET', `${cidrs}/more`);
    expect(ready.metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer']);
    expect(ready.status.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
    await api.call('DELETE', `${cidrs}/more`);
    await api.simulation.run(2_000);
    const { body: ending } = await api.call('GET', `${cidrs}/more`);
    expect(ending.status.conditions).toMatchObject([
      {
        type: 'Ready',
        status: 'False',
        reason: 'Terminating',
        message:
          'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      },
    ]);
    expect((await make({ clusterIP: '10.120.0.10' })).message).toContain('does not match the current range');
    await api.call('DELETE', `${services}/${name}`);
    await api.simulation.run(2_000);
    expect((await api.call('GET', `${cidrs}/more`)).code).toBe(404);
  });
  test('a range inside another goes at once', async () => {
    await api.call('POST', cidrs, { metadata: { name: 'part' }, spec: { cidrs: ['10.96.0.0/24'] } });
    await make({ clusterIP: '10.96.0.70' });
    await api.simulation.run(2_000);
    await api.call('DELETE', `${cidrs}/part`);
    await api.simulation.run(2_000);
    expect((await api.call('GET', `${cidrs}/part`)).code).toBe(404);
  });
  test('the address of a Service comes back', async () => {
    const { name } = await make({ clusterIP: '10.96.0.80' });
    await api.call('DELETE', `${addresses}/10.96.0.80`);
    await api.simulation.run(2_000);
    const { body: restored } = await api.call('GET', `${addresses}/10.96.0.80`);
    expect(restored.spec.parentRef).toMatchObject({ resource: 'services', namespace: 'default', name });
  });
  test('an address reserved by hand is not given out, however old', async () => {
    const parentRef = { group: 'a.io', resource: 'things', name: 'x' };
    await api.call('POST', addresses, { metadata: { name: '10.96.0.60' }, spec: { parentRef } });
    await api.simulation.run(120_000);
    const taken = 'failed to allocate IP 10.96.0.60: provided IP is already allocated';
    expect((await make({ clusterIP: '10.96.0.60' })).message).toContain(taken);
    expect((await api.call('DELETE', `${addresses}/10.96.0.60`)).code).toBe(200);
    expect((await make({ clusterIP: '10.96.0.60' })).message).toBe('');
  });
});

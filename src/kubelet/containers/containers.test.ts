import { describe, expect, test } from 'vitest';
import type { Container, Pod, Service } from '../../api/generated/types.ts';
import { formatImageReference, parseImageReference } from '../../cri/image-reference.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { goDuration, ItemBackoff } from './backoff.ts';
import { podDns } from './config.ts';
import { serviceVariables } from './environment.ts';
import { expand } from './expansion.ts';
import { fieldValue, resourceValue } from './field-ref.ts';
import { cgroupParent, linuxResources, oomScoreAdjust, podRequests, qosClass } from './resources.ts';

function pod(containers: Partial<Container>[], init: Partial<Container>[] = []): Pod {
  const named = (list: Partial<Container>[]) => list.map((container, index) => ({ name: `c${index}`, ...container }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { b: '2', a: '1' }, annotations: { note: 'x "y"' } },
    spec: {
      containers: named(containers),
      initContainers: named(init),
      nodeName: 'node-1',
      serviceAccountName: 'robot',
    },
  };
}

const of = (cpu: string | undefined, memory: string | undefined, limits = false) => {
  const amounts = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) };
  return { resources: limits ? { requests: amounts, limits: amounts } : { requests: amounts } };
};

describe('resources', () => {
  test.each([
    ['BestEffort', pod([{}])],
    ['Guaranteed', pod([of('1', '1Gi', true)])],
    ['Burstable', pod([of('1', '1Gi', true), {}])],
    ['Burstable', pod([of('100m', undefined)])],
    ['Burstable', pod([{ resources: { limits: { memory: '1Gi' } } }])],
  ])('QoS %s', (wanted, example) => {
    expect(qosClass(example)).toBe(wanted);
  });

  test('cgroups by class', () => {
    expect(cgroupParent(pod([{}]))).toBe('/kubepods/besteffort/podu');
    expect(cgroupParent(pod([of('1', '1Gi', true)]))).toBe('/kubepods/podu');
  });

  test('shares, quota, limits', () => {
    const container = { name: 'c', resources: { requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } } };
    expect(linuxResources(pod([container]), container, 2 ** 30)).toEqual({
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 50_000,
      memoryLimitInBytes: 64 * 2 ** 20,
      oomScoreAdj: 999,
    });
    expect(linuxResources(pod([{}]), { name: 'c' }, 2 ** 30)).toEqual({
      cpuShares: 2,
      cpuPeriod: 100_000,
      oomScoreAdj: 1000,
    });
    const half = { name: 'c', ...of('1', '512Mi') };
    expect(oomScoreAdjust(pod([half]), half, 2 ** 30)).toBe(500);
    const all = { name: 'c', ...of('1', '1Gi', true) };
    expect(oomScoreAdjust(pod([all]), all, 2 ** 30)).toBe(-997);
  });

  test('a pod needs the most of its init phase and its running phase', () => {
    const sidecar = { ...of('100m', undefined), restartPolicy: 'Always' };
    expect(podRequests(pod([of('1', '1Gi'), of('500m', undefined)])).milliCpu).toBe(1500);
    expect(podRequests(pod([of('1', undefined)], [of('3', undefined)])).milliCpu).toBe(3000);
    expect(podRequests(pod([of('1', undefined)], [sidecar, of('3', undefined)])).milliCpu).toBe(3100);
    expect(podRequests(pod([of('1', undefined)], [of('500m', undefined), sidecar])).milliCpu).toBe(1100);
    expect(podRequests(pod([{ resources: { limits: { cpu: '2' } } }])).milliCpu).toBe(2000);
  });
});

test.each([
  ['$(A)-$(B)', 'one-$(B)'],
  ['$$(A) $$', '$(A) $'],
  ['$(A', '$(A'],
  ['$A $', '$A $'],
  ['$(A)$(A)', 'oneone'],
  ['', ''],
])('expand %j', (text, wanted) => {
  expect(expand(text, (name) => (name === 'A' ? 'one' : undefined))).toBe(wanted);
});

describe('downward API', () => {
  const context = { pod: pod([{}]), status: { podIP: '10.244.1.2' }, nodeName: 'node-1', nodeIp: '172.18.0.2' };
  test.each([
    ['metadata.name', 'p'],
    ['metadata.namespace', 'ns'],
    ["metadata.labels['a']", '1'],
    ["metadata.labels['none']", ''],
    ['metadata.labels', 'a="1"\nb="2"'],
    ['metadata.annotations', 'note="x \\"y\\""'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '172.18.0.2'],
    ['status.podIP', '10.244.1.2'],
  ])('%s', (path, wanted) => {
    expect(fieldValue(context, path)).toBe(wanted);
  });
  test('other fields are refused', () => {
    expect(() => fieldValue(context, 'spec.containers')).toThrow('unsupported fieldPath: spec.containers');
  });
  test('resources in units of the divisor, limits from the node if unset', () => {
    const node = { cpu: 4, memoryBytes: 2 ** 30, ephemeralStorageBytes: 2 ** 30 };
    const container = {
      name: 'c',
      resources: { requests: { cpu: '250m', memory: '100Mi' }, limits: { cpu: '1500m' } },
    };
    const value = (resource: string, divisor?: string) =>
      resourceValue({ resource, ...(divisor ? { divisor } : {}) }, container, node);
    expect(value('requests.cpu')).toBe('1');
    expect(value('requests.cpu', '1m')).toBe('250');
    expect(value('limits.cpu')).toBe('2');
    expect(value('requests.memory', '1Mi')).toBe('100');
    expect(value('limits.memory', '1Mi')).toBe('1024');
    expect(() => value('limits.bananas')).toThrow();
  });
});

test('service variables', () => {
  const service = (name: string, namespace: string, clusterIP: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      clusterIP,
      ports: [
        { name: 'https', port: 443 },
        { port: 53, protocol: 'UDP' },
      ],
    },
  });
  const services = [
    service('kubernetes', 'default', '10.96.0.1'),
    service('my-db', 'ns', '10.96.0.9'),
    service('quiet', 'ns', 'None'),
  ];
  expect(Object.fromEntries(serviceVariables(services, 'ns', true))).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    MY_DB_SERVICE_HOST: '10.96.0.9',
    MY_DB_PORT: 'tcp://10.96.0.9:443',
    MY_DB_PORT_53_UDP: 'udp://10.96.0.9:53',
    MY_DB_PORT_53_UDP_PROTO: 'udp',
    MY_DB_PORT_53_UDP_ADDR: '10.96.0.9',
  });
  expect([...serviceVariables(services, 'ns', false).keys()].every((name) => name.startsWith('KUBERNETES_'))).toBe(
    true,
  );
});

test('DNS by policy', () => {
  const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };
  const dns = (spec: object) => podDns({ ...pod([{}]), spec: { containers: [], ...spec } }, cluster);
  expect(dns({})).toEqual({
    servers: ['10.96.0.10'],
    searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    options: ['ndots:5'],
  });
  expect(dns({ hostNetwork: true }).servers).toEqual([]);
  expect(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).servers).toEqual(['10.96.0.10']);
  const dnsConfig = {
    nameservers: ['1.1.1.1'],
    searches: ['my.org'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  expect(dns({ dnsPolicy: 'None', dnsConfig })).toEqual({
    servers: ['1.1.1.1'],
    searches: ['my.org'],
    options: ['ndots:2', 'edns0'],
  });
  expect(dns({ dnsConfig }).options).toEqual(['ndots:2', 'edns0']);
});

test('backoff doubles to its maximum and begins again after a quiet time', async () => {
  const simulation = new Simulation();
  const { clock } = simulation.env('x');
  const backoff = new ItemBackoff(clock);
  expect(backoff.remaining('a', clock.now())).toBe(0);
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    backoff.next('a', clock.now());
    waits.push(backoff.get('a') / 1000);
    await simulation.run(backoff.remaining('a', clock.now()));
  }
  expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  await simulation.run(601_000);
  backoff.next('a', clock.now());
  expect(backoff.get('a')).toBe(10_000);
  backoff.forget('a');
  expect(backoff.get('a')).toBe(0);
});

test.each([
  [0, '0s'],
  [450, '450ms'],
  [10_000, '10s'],
  [1234, '1.234s'],
  [160_000, '2m40s'],
  [300_000, '5m0s'],
  [3_600_000, '1h0m0s'],
])('duration %i', (milliseconds, wanted) => {
  expect(goDuration(milliseconds)).toBe(wanted);
});

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27'],
  ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b:c'],
  ['registry.example/x', 'registry.example/x:latest'],
  [`nginx@sha256:${'a'.repeat(64)}`, `docker.io/library/nginx@sha256:${'a'.repeat(64)}`],
])('image %s', (text, wanted) => {
  const parsed = parseImageReference(text);
  expect('error' in parsed ? parsed.error : formatImageReference(parsed)).toBe(wanted);
});

test.each(['', 'UPPER', 'a//b', 'a:', 'a:b:c/d', 'nginx@sha256:xyz', '-a', 'a/../b', ' nginx', 'nginx:-x'])(
  'no image: %j',
  (text) => {
    expect(parseImageReference(text)).toHaveProperty('error');
  },
);

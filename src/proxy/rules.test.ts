import { describe, expect, test } from 'vitest';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../api/generated/types.ts';
import { chainName } from './nft.ts';
import { buildRules, type ProxyNode } from './rules.ts';

const node: ProxyNode = {
  nodeName: 'node-1',
  nodeIp: '172.18.0.2',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
};

function service(name: string, spec: ServiceSpec, change: Partial<Service> = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec, ...change };
}

function slice(
  name: string,
  endpoints: Endpoint[],
  port: object = { name: '', port: 8080, protocol: 'TCP' },
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-abc`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [port],
    endpoints,
  };
}

const here = (ip: string, conditions?: Endpoint['conditions']): Endpoint => ({
  addresses: [ip],
  nodeName: 'node-1',
  conditions,
});
const there = (ip: string, conditions?: Endpoint['conditions']): Endpoint => ({
  addresses: [ip],
  nodeName: 'node-2',
  conditions,
});

/** The rules of the one chain whose name begins like this; undefined if there is none. */
function chain(script: string, prefix: string): string[] | undefined {
  const match = new RegExp(`  chain (${prefix}\\S*) \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n  \\}`).exec(script);
  return match?.[2]?.split('\n').map((line) => line.trim());
}

/** Elements of a set or map, with chain hashes taken out. */
function elements(script: string, name: string): string[] {
  const match = new RegExp(`  (?:set|map) ${name} \\{[^}]*?elements = \\{([^}]*)\\}`).exec(script);
  return (match?.[1] ?? '')
    .split(',\n')
    .map((line) => line.trim().replace(/(service|external|local|firewall|endpoint)-[A-Z2-7]{8}-/, '$1-'))
    .filter((line) => line !== '');
}

const web = { clusterIP: '10.96.0.5', ports: [{ port: 80 }] };

test('an empty cluster has the base chains and no destinations', () => {
  const script = buildRules([], [], node);
  expect(script.startsWith('add table ip kube-proxy\ndelete table ip kube-proxy\ntable ip kube-proxy {\n')).toBe(true);
  expect(elements(script, 'service-ips')).toEqual([]);
  expect(chain(script, 'services')).toEqual([
    'ip daddr . meta l4proto . th dport vmap @service-ips',
    'ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports',
  ]);
  expect(chain(script, 'nat-prerouting')).toEqual(['type nat hook prerouting priority -100;', 'jump services']);
  expect(chain(script, 'cluster-ips-check')?.[1]).toContain('10.96.0.0/16');
  expect(chain(buildRules([], [], { ...node, serviceCidr: undefined }), 'cluster-ips-check')).toHaveLength(1);
});

test('a ClusterIP goes to its ready endpoints at random, hairpin traffic is masqueraded', () => {
  const script = buildRules([service('web', web)], [slice('web', [here('10.244.1.2'), there('10.244.2.3')])], node);
  expect(elements(script, 'cluster-ips')).toEqual(['10.96.0.5']);
  expect(elements(script, 'service-ips')).toEqual(['10.96.0.5 . tcp . 80 : goto service-default/web/tcp/']);
  const pick = chain(script, 'service-');
  expect(pick?.[0]).toBe('ip daddr 10.96.0.5 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade');
  expect(pick?.[1]).toMatch(
    /^numgen random mod 2 vmap \{ 0 : goto endpoint-[A-Z2-7]{8}-default\/web\/tcp\/__10\.244\.1\.2\/8080, 1 : goto endpoint-\S+__10\.244\.2\.3\/8080 \}$/,
  );
  expect(chain(script, 'endpoint-\\S+10.244.2.3')).toEqual([
    'ip saddr 10.244.2.3 jump mark-for-masquerade',
    'meta l4proto tcp dnat to 10.244.2.3:8080',
  ]);
  expect(script).not.toContain('external-');
});

test('every goto and jump leads to a chain that is there, and chains are unique', () => {
  const script = buildRules(
    [
      service('web', { ...web, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }], sessionAffinity: 'ClientIP' }),
      service('local', {
        clusterIP: '10.96.0.6',
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        internalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30081 }],
      }),
      service('empty', { clusterIP: '10.96.0.7', ports: [{ port: 1 }] }),
      service('half', {
        clusterIP: '10.96.0.8',
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30082 }],
      }),
    ],
    [
      slice('web', [here('10.244.1.2'), there('10.244.2.3')]),
      slice('local', [here('10.244.1.4')]),
      slice('half', [there('10.244.2.9')]),
    ],
    node,
  );
  const names = [...script.matchAll(/^ {2}chain (\S+) \{$/gm)].map((match) => match[1]);
  expect(new Set(names).size).toBe(names.length);
  for (const match of script.matchAll(/(?:goto|jump) ([^\s,}]+)/g)) expect(names).toContain(match[1]);
  const sets = [...script.matchAll(/^ {2}(?:set|map) (\S+) \{$/gm)].map((match) => match[1]);
  for (const match of script.matchAll(/@([^\s}]+)/g)) expect(sets).toContain(match[1]);
});

test('without endpoints a service is rejected', () => {
  const script = buildRules(
    [service('web', { ...web, type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] })],
    [],
    node,
  );
  expect(elements(script, 'no-endpoint-services')).toEqual([
    '10.96.0.5 . tcp . 80 comment "default/web:http" : goto reject-chain',
  ]);
  expect(elements(script, 'no-endpoint-nodeports')).toEqual([
    'tcp . 30080 comment "default/web:http" : goto reject-chain',
  ]);
  expect(elements(script, 'service-ips')).toEqual([]);
  expect(chain(script, 'reject-chain')).toEqual(['reject']);
});

describe('which endpoints are used', () => {
  const used = (endpoints: Endpoint[], spec: ServiceSpec = web) =>
    [...buildRules([service('web', spec)], [slice('web', endpoints)], node).matchAll(/dnat to (\S+):8080/g)].map(
      (match) => match[1],
    );

  test('unready ones are not', () => {
    expect(used([here('10.244.1.2', { ready: false }), there('10.244.2.3', { ready: true })])).toEqual(['10.244.2.3']);
  });
  test('no conditions mean ready', () => {
    expect(used([here('10.244.1.2', {})])).toEqual(['10.244.1.2']);
  });
  test('terminating ones that still serve are, when nothing is ready', () => {
    const leaving = { ready: false, serving: true, terminating: true };
    expect(
      used([here('10.244.1.2', leaving), there('10.244.2.3', { ready: false, serving: false, terminating: true })]),
    ).toEqual(['10.244.1.2']);
    expect(used([here('10.244.1.2', leaving), there('10.244.2.3', { ready: true })])).toEqual(['10.244.2.3']);
  });
  test('internalTrafficPolicy Local takes those of this node only', () => {
    const spec = { ...web, internalTrafficPolicy: 'Local' };
    expect(used([here('10.244.1.2'), there('10.244.2.3')], spec)).toEqual(['10.244.1.2']);
    expect(used([there('10.244.2.3')], spec)).toEqual([]);
  });
  test('an address in two slices counts once, and ready wins', () => {
    const slices = [
      slice('web', [here('10.244.1.2', { ready: false })]),
      slice('web', [here('10.244.1.2', { ready: true })]),
    ];
    expect(buildRules([service('web', web)], slices, node)).toContain('numgen random mod 1 vmap');
  });
  test('zone hints are followed when all endpoints have them and some are for this zone', () => {
    const hinted = (ip: string, zone: string): Endpoint => ({ ...there(ip), hints: { forZones: [{ name: zone }] } });
    const at = (zone: string, endpoints: Endpoint[]) =>
      [
        ...buildRules([service('web', web)], [slice('web', endpoints)], { ...node, zone }).matchAll(/dnat to (\S+):/g),
      ].map((m) => m[1]);
    expect(at('a', [hinted('10.244.2.3', 'a'), hinted('10.244.2.4', 'b')])).toEqual(['10.244.2.3']);
    expect(at('c', [hinted('10.244.2.3', 'a'), hinted('10.244.2.4', 'b')])).toHaveLength(2);
    expect(at('a', [hinted('10.244.2.3', 'a'), there('10.244.2.4')])).toHaveLength(2);
  });
  test('ports are matched by name and protocol', () => {
    const spec = {
      clusterIP: '10.96.0.5',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53 },
      ],
    };
    const script = buildRules(
      [service('web', spec)],
      [slice('web', [here('10.244.1.2')], { name: 'dns', port: 5353, protocol: 'UDP' })],
      node,
    );
    expect(elements(script, 'service-ips')).toEqual(['10.96.0.5 . udp . 53 : goto service-default/web/udp/dns']);
    expect(elements(script, 'no-endpoint-services')).toEqual([
      '10.96.0.5 . tcp . 53 comment "default/web:dns-tcp" : goto reject-chain',
    ]);
  });
});

test('services without rules: headless, ExternalName, other proxies', () => {
  const script = buildRules(
    [
      service('headless', { ...web, clusterIP: 'None' }),
      service('external', { type: 'ExternalName', externalName: 'example.org', ports: [{ port: 80 }] }),
      service('six', { clusterIP: 'fd00::1', ports: [{ port: 80 }] }),
      service('foreign', web, {
        metadata: {
          name: 'foreign',
          namespace: 'default',
          labels: { 'service.kubernetes.io/service-proxy-name': 'other' },
        },
      }),
    ],
    [slice('headless', [here('10.244.1.2')])],
    node,
  );
  expect(elements(script, 'cluster-ips')).toEqual([]);
  expect(script).not.toContain('dnat to');
});

test('NodePort traffic is masqueraded and reaches every endpoint', () => {
  const spec = { ...web, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
  const script = buildRules([service('web', spec)], [slice('web', [there('10.244.2.3')])], node);
  expect(elements(script, 'service-nodeports')).toEqual(['tcp . 30080 : goto external-default/web/tcp/']);
  expect(elements(script, 'nodeport-ips')).toEqual(['172.18.0.2']);
  expect(chain(script, 'external-')?.[0]).toBe('jump mark-for-masquerade');
  expect(chain(script, 'external-')?.[1]).toMatch(/^goto service-/);
});

test('externalTrafficPolicy Local keeps the client address, drops where no endpoint is here, and spares pods', () => {
  const spec = { ...web, type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080 }] };
  const both = buildRules([service('web', spec)], [slice('web', [here('10.244.1.2'), there('10.244.2.3')])], node);
  expect(chain(both, 'external-')?.map((rule) => rule.replace(/-[A-Z2-7]{8}-/, '-'))).toEqual([
    'ip saddr 10.244.0.0/16 goto service-default/web/tcp/ comment "short-circuit pod traffic"',
    'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"',
    'fib saddr type local goto service-default/web/tcp/ comment "short-circuit local traffic"',
    'goto local-default/web/tcp/',
  ]);
  expect(chain(both, 'local-')?.[0]).toMatch(/mod 1 .*10\.244\.1\.2/);
  const elsewhere = buildRules([service('web', spec)], [slice('web', [there('10.244.2.3')])], node);
  expect(elements(elsewhere, 'no-endpoint-nodeports')).toEqual(['tcp . 30080 comment "default/web" : drop']);
  expect(elements(elsewhere, 'service-ips')).toEqual(['10.96.0.5 . tcp . 80 : goto service-default/web/tcp/']);
});

test('external and balancer addresses are served; source ranges fence the balancer only', () => {
  const spec = {
    ...web,
    type: 'LoadBalancer',
    externalIPs: ['198.51.100.7'],
    loadBalancerSourceRanges: ['203.0.113.0/24', '192.0.2.0/24'],
    ports: [{ port: 80, nodePort: 30080 }],
  };
  const status = {
    loadBalancer: { ingress: [{ ip: '203.0.113.9' }, { ip: '203.0.113.10', ipMode: 'Proxy' }, { hostname: 'x' }] },
  };
  const script = buildRules([service('web', spec, { status })], [slice('web', [here('10.244.1.2')])], node);
  expect(elements(script, 'service-ips')).toEqual([
    '10.96.0.5 . tcp . 80 : goto service-default/web/tcp/',
    '198.51.100.7 . tcp . 80 : goto external-default/web/tcp/',
    '203.0.113.9 . tcp . 80 : goto external-default/web/tcp/',
  ]);
  expect(elements(script, 'firewall-ips')).toEqual(['203.0.113.9 . tcp . 80 : goto firewall-default/web/tcp/']);
  expect(chain(script, 'firewall-[A-Z2-7]')).toEqual(['ip saddr { 192.0.2.0/24, 203.0.113.0/24 } return', 'drop']);
});

test('client affinity remembers the endpoint for the time asked', () => {
  const spec = { ...web, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
  const script = buildRules([service('web', spec)], [slice('web', [here('10.244.1.2'), there('10.244.2.3')])], node);
  expect(
    script.match(/ {2}set affinity-\S+ \{\n {4}type ipv4_addr\n {4}flags dynamic, timeout\n {4}timeout 60s\n/g),
  ).toHaveLength(2);
  expect(chain(script, 'service-')?.[1]).toMatch(/^ip saddr @affinity-\S+ goto endpoint-\S+$/);
  expect(chain(script, 'endpoint-')?.[1]).toMatch(/^update @affinity-\S+ \{ ip saddr \}$/);
});

test('the text does not depend on the order of its input', () => {
  const services = [
    service('a', web),
    service('b', { clusterIP: '10.96.0.6', ports: [{ port: 81 }, { name: 'x', port: 82 }] }),
  ];
  const slices = [slice('a', [here('10.244.1.2'), there('10.244.2.3')]), slice('b', [there('10.244.2.4')])];
  const reversed = slices.toReversed().map((s) => ({ ...s, endpoints: s.endpoints?.toReversed() }));
  expect(buildRules(services.toReversed(), reversed, node)).toBe(buildRules(services, slices, node));
});

test('chain names are cut at 120 characters and stay different', () => {
  const long = (tail: string) => chainName('endpoint', `${'n'.repeat(63)}/${'s'.repeat(63)}/tcp/${tail}`);
  expect(long('a')).toHaveLength(120);
  expect(long('a')).not.toBe(long('b'));
});

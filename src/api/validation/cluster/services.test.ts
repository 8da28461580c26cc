import { describe, expect, test } from 'vitest';
import { created, statusUpdated } from '../testing/cluster-errors.ts';

const ports = [{ port: 80 }];
const errors = (spec: object, annotations?: object) =>
  created('Service', { metadata: { ...(annotations && { annotations }) }, spec: { ports, ...spec } });
const loadBalancer = { type: 'LoadBalancer' };
const badName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test('names may begin with a digit since v1.36', () => {
  expect(created('Service', { metadata: { name: '1-up' }, spec: { ports } })).toBe('');
  expect(created('Service', { metadata: { name: 'a.b' }, spec: { ports } })).toBe(
    'metadata.name: Invalid value: "a.b": must not contain dots',
  );
});

test.each<[string, object, string]>([
  ['a plain one', {}, ''],
  ['no ports', { ports: [] }, 'spec.ports: Required value'],
  ['no ports, headless', { ports: [], clusterIP: 'None', clusterIPs: ['None'] }, ''],
  [
    'a headless NodePort',
    { type: 'NodePort', clusterIP: 'None', clusterIPs: ['None'] },
    `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`,
  ],
  [
    'a headless LoadBalancer',
    { ...loadBalancer, clusterIP: 'None', clusterIPs: ['None'] },
    `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`,
  ],
  [
    'an unknown type',
    { type: 'Magic' },
    'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  ['a name elsewhere', { type: 'ExternalName', externalName: 'example.com.', ports: [] }, ''],
  ['no name elsewhere', { type: 'ExternalName', ports: [] }, 'spec.externalName: Required value'],
  [
    'an external name with what only others have',
    {
      type: 'ExternalName',
      externalName: 'example.com',
      clusterIPs: ['10.0.0.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    },
    '[spec.clusterIPs: Forbidden: may not be set for ExternalName services, spec.ipFamilies: Forbidden: may not be set for ExternalName services, spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services]',
  ],
])('type: %s', (_, spec, message) => expect(errors(spec)).toBe(message));

test.each<[string, object[], string]>([
  [
    'several without names',
    [{ port: 80 }, { port: 81 }],
    '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
  ],
  [
    'one name twice',
    [
      { name: 'a', port: 80 },
      { name: 'a', port: 81 },
    ],
    'spec.ports[1].name: Duplicate value: "a"',
  ],
  [
    'one port twice',
    [
      { name: 'a', port: 80 },
      { name: 'b', port: 80 },
    ],
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ],
  [
    'one port by two protocols',
    [
      { name: 'a', port: 80 },
      { name: 'b', port: 80, protocol: 'UDP' },
    ],
    '',
  ],
  [
    'no such protocol',
    [{ port: 80, protocol: 'ICMP' }],
    'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    'too high a target',
    [{ port: 80, targetPort: 70_000 }],
    'spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    'a target that is no name',
    [{ port: 80, targetPort: 'a--b' }],
    'spec.ports[0].targetPort: Invalid value: "a--b": must not contain consecutive hyphens',
  ],
  ['a protocol of the application', [{ port: 80, appProtocol: 'kubernetes.io/h2c' }], ''],
  [
    'no such protocol of the application',
    [{ port: 80, appProtocol: '.a' }],
    `spec.ports[0].appProtocol: Invalid value: ".a": ${badName}`,
  ],
  [
    'a node port without need',
    [{ port: 80, nodePort: 30_080 }],
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
])('ports: %s', (_, list, message) => expect(errors({ ports: list })).toBe(message));

test('a node port of one protocol is named once', () => {
  const list = ['TCP', 'UDP'].map((protocol, i) => ({ name: `p${i}`, port: 80, protocol, nodePort: 30_000 }));
  expect(errors({ type: 'NodePort', ports: list })).toBe('');
  const again = [...list, { name: 'p2', port: 81, nodePort: 30_000 }];
  expect(errors({ type: 'NodePort', ports: again })).toBe('spec.ports[2].nodePort: Duplicate value: 30000');
});

describe('addresses', () => {
  test.each<[object, string]>([
    [{ clusterIP: '10.0.0.1' }, 'spec.clusterIPs: Required value'],
    [
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] },
      'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
    ],
    [
      { clusterIPs: ['10.0.0.2'] },
      'spec.clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified',
    ],
    [
      { clusterIP: '010.0.0.1', clusterIPs: ['010.0.0.1'] },
      'spec.clusterIPs[0]: Invalid value: "010.0.0.1": must not have leading 0s',
    ],
    [
      { clusterIP: 'None', clusterIPs: ['None', '10.0.0.1'] },
      `spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: 'None' must be the first and only value`,
    ],
    [
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] },
      'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
    ],
    [
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1', 'fd00::2'] },
      'spec.clusterIPs: Invalid value: ["10.0.0.1","fd00::1","fd00::2"]: may only hold up to 2 values',
    ],
    [
      { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'], ipFamilies: ['IPv4'] },
      'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
    ],
    [
      { ipFamilies: ['IPv4', 'IPv4'], ipFamilyPolicy: 'Both' },
      '[spec.ipFamilies[1]: Duplicate value: "IPv4", spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"]',
    ],
    [{ ipFamilies: ['IPv5'] }, 'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"'],
    [
      { externalIPs: ['x'] },
      'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      { externalIPs: ['127.0.0.1'] },
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ])('%j', (spec, message) => expect(errors(spec)).toBe(message));
});

describe('affinity', () => {
  test.each<[object, string]>([
    [{ sessionAffinity: 'ClientIP' }, ''],
    [
      { sessionAffinity: 'Client' },
      'spec.sessionAffinity: Unsupported value: "Client": supported values: "ClientIP", "None"',
    ],
    [
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } },
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ])('%j', (spec, message) => expect(errors(spec)).toBe(message));
});

describe('traffic', () => {
  const only = "may only be used when `type` is 'LoadBalancer'";
  test.each<[object, string]>([
    [
      { externalTrafficPolicy: 'Local' },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [{ externalTrafficPolicy: 'Local', externalIPs: ['8.8.8.8'] }, ''],
    [
      { type: 'NodePort', externalTrafficPolicy: 'Far' },
      'spec.externalTrafficPolicy: Unsupported value: "Far": supported values: "Cluster", "Local"',
    ],
    [{ ...loadBalancer, externalTrafficPolicy: 'Local' }, 'spec.healthCheckNodePort: Required value'],
    [
      { ...loadBalancer, externalTrafficPolicy: 'Local', healthCheckNodePort: 70_000 },
      'spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      { type: 'NodePort', healthCheckNodePort: 30_000 },
      "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      { internalTrafficPolicy: 'Near' },
      'spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"',
    ],
    [{ trafficDistribution: 'PreferSameZone' }, ''],
    [
      { trafficDistribution: 'Far' },
      'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
    [{ allocateLoadBalancerNodePorts: false }, `spec.allocateLoadBalancerNodePorts: Forbidden: ${only}`],
    [{ loadBalancerClass: 'a.io/b' }, `spec.loadBalancerClass: Forbidden: ${only}`],
    [{ ...loadBalancer, loadBalancerClass: '.a' }, `spec.loadBalancerClass: Invalid value: ".a": ${badName}`],
    [{ loadBalancerSourceRanges: ['10.0.0.0/8'] }, `spec.LoadBalancerSourceRanges: Forbidden: ${only}`],
    [
      { ...loadBalancer, loadBalancerSourceRanges: [' 10.0.0.0/8 ', '10.0.0.1/8'] },
      'spec.LoadBalancerSourceRanges[1]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    ],
  ])('%j', (spec, message) => expect(errors(spec)).toBe(message));
});

test('annotations', () => {
  const ranges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
  expect(errors(loadBalancer, { [ranges]: '10.0.0.0/8, x' })).toBe(
    `metadata.annotations[${ranges}]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
  );
  const [hints, mode] = ['topology-aware-hints', 'topology-mode'].map((name) => `service.kubernetes.io/${name}`);
  expect(errors({}, { [hints as string]: 'Auto', [mode as string]: 'Disabled' })).toBe(
    `metadata.annotations[${mode}]: Invalid value: "Disabled": must match annotations[${hints}] when both are specified`,
  );
});

test.each<[object, object[], string]>([
  [loadBalancer, [{ ip: '1.2.3.4' }, { hostname: 'a.example.com' }], ''],
  [
    {},
    [{ ip: '1.2.3.4' }],
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ],
  [
    loadBalancer,
    [{ ip: '1.2.3' }],
    'status.loadBalancer.ingress[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    loadBalancer,
    [{ hostname: 'h', ipMode: 'VIP' }],
    'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
  ],
  [
    loadBalancer,
    [{ ip: '1.2.3.4', ipMode: 'NAT' }],
    'status.loadBalancer.ingress[0].ipMode: Unsupported value: "NAT": supported values: "Proxy", "VIP"',
  ],
  [
    loadBalancer,
    [{ hostname: '1.2.3.4' }],
    'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ],
])('status of %j: %j', (spec, ingress, message) => {
  const service = { spec: { ports, ...spec } };
  expect(statusUpdated('Service', service, { ...service, status: { loadBalancer: { ingress } } })).toBe(message);
});

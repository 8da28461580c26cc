import { expect, test } from 'vitest';
import { updated } from '../testing/cluster-errors.ts';

const service = (spec: object) => ({
  spec: {
    ports: [{ port: 80 }],
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ...spec,
  },
});
const dual = {
  clusterIPs: ['10.0.0.1', 'fd00::1'],
  ipFamilies: ['IPv4', 'IPv6'],
  ipFamilyPolicy: 'PreferDualStack',
};
const loadBalancer = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_001 };

test.each<[string, object, object, string]>([
  ['nothing', {}, {}, ''],
  [
    'another address',
    {},
    { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] },
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ],
  [
    'no address',
    {},
    { clusterIP: '', clusterIPs: [] },
    'spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset',
  ],
  ['a second address', {}, dual, ''],
  [
    'a second address, and another first',
    {},
    { ...dual, clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9', 'fd00::1'] },
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.9","fd00::1"]: may not change once set',
  ],
  ['the second given up', dual, {}, ''],
  [
    'the second given up, not meant so',
    dual,
    { ipFamilyPolicy: 'PreferDualStack' },
    `[spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP, spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary ipFamily]`,
  ],
  [
    'another family',
    {},
    { ipFamilies: ['IPv6'] },
    '[spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set, spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`]',
  ],
  [
    'another name elsewhere',
    {
      type: 'ExternalName',
      externalName: 'a.io',
      clusterIP: '',
      clusterIPs: [],
      ipFamilies: [],
      ipFamilyPolicy: undefined,
    },
    { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] },
    '',
  ],
  [
    'another class',
    { ...loadBalancer, loadBalancerClass: 'a.io/b' },
    { ...loadBalancer, loadBalancerClass: 'a.io/c' },
    'spec.loadBalancerClass: Invalid value: "a.io/c": may not change once set',
  ],
  [
    'another health port',
    loadBalancer,
    { ...loadBalancer, healthCheckNodePort: 30_002 },
    'spec.healthCheckNodePort: Forbidden: field is immutable',
  ],
  ['what was bad before', { externalIPs: ['010.1.1.1'] }, { externalIPs: ['010.1.1.1'] }, ''],
  [
    'what is bad now',
    { externalIPs: ['010.1.1.1'] },
    { externalIPs: ['010.1.1.2'] },
    'spec.externalIPs[0]: Invalid value: "010.1.1.2": must not have leading 0s',
  ],
  [
    'ranges that were bad before',
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8'] },
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8', '11.0.0.0/8'] },
    '',
  ],
])('%s', (_, before, after, message) => {
  expect(updated('Service', service(before), service(after))).toBe(message);
});

import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const ip = '10.0.0.1';

describe('Endpoints', () => {
  test.each<[object, string]>([
    [{ addresses: [{ ip }], ports: [{ port: 80 }] }, ''],
    [{ ports: [{ port: 80 }] }, 'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    [
      { notReadyAddresses: [{ ip: 'x' }] },
      '[subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff), subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address]',
    ],
    [
      { addresses: [{ ip: '127.0.0.1' }] },
      'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      { addresses: [{ ip, hostname: 'a.b', nodeName: 'n' }] },
      'subsets[0].addresses[0].hostname: Invalid value: "a.b": must not contain dots',
    ],
    [
      { addresses: [{ ip }], ports: [{ port: 80 }, { name: 'b', port: 0, protocol: 'X' }] },
      '[subsets[0].ports[0].name: Required value, subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive, subsets[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"]',
    ],
    [
      { addresses: [{ ip }], ports: [{ port: 80, appProtocol: '' }] },
      expect.stringContaining('subsets[0].ports[0].appProtocol: Invalid value: "": name part must be non-empty'),
    ],
  ])('%j', (subset, message) => expect(created('Endpoints', { subsets: [subset] })).toEqual(message));

  test('what was bad stays as it was', () => {
    const bad = { subsets: [{ addresses: [{ ip: '010.0.0.1' }] }] };
    expect(updated('Endpoints', bad, { metadata: { labels: { a: 'b' } }, ...bad })).toBe('');
    expect(updated('Endpoints', bad, { subsets: [...bad.subsets, { addresses: [{ ip }] }] })).toBe(
      'subsets[0].addresses[0].ip: Invalid value: "010.0.0.1": must not have leading 0s',
    );
  });
});

const slice = (endpoint: object, more: object = {}) => ({
  addressType: 'IPv4',
  endpoints: [{ addresses: [ip], ...endpoint }],
  ...more,
});
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe('EndpointSlices', () => {
  test.each<[string, object, string]>([
    ['a plain one', slice({ nodeName: 'n', hostname: 'h', hints: { forZones: [{ name: 'z' }] } }), ''],
    ['no type', slice({}, { addressType: '' }), 'addressType: Required value'],
    [
      'another type',
      slice({}, { addressType: 'IP' }),
      'addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"',
    ],
    ['no address', slice({ addresses: [] }), 'endpoints[0].addresses: Required value: must contain at least 1 address'],
    [
      'too many addresses',
      slice({ addresses: many(101, (i) => `10.0.0.${i}`) }),
      'endpoints[0].addresses: Too many: 101: must have at most 100 items',
    ],
    [
      'too many endpoints',
      { addressType: 'IPv4', endpoints: many(1001, () => ({ addresses: [ip] })) },
      'endpoints: Too many: 1001: must have at most 1000 items',
    ],
    [
      'the other family',
      slice({}, { addressType: 'IPv6' }),
      'endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be an IPv6 address',
    ],
    [
      'no endpoint',
      slice({ addresses: ['169.254.1.1'] }),
      'endpoints[0].addresses[0]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
    ['a domain', slice({ addresses: ['a.example.com.'] }, { addressType: 'FQDN' }), ''],
    [
      'half a domain',
      slice({ addresses: ['a'] }, { addressType: 'FQDN' }),
      'endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots',
    ],
    [
      'too long a part of a domain',
      slice({ addresses: [`${'a'.repeat(64)}.io`] }, { addressType: 'FQDN' }),
      `endpoints[0].addresses[0]: Invalid value: "${'a'.repeat(64)}": must be no more than 63 characters`,
    ],
    [
      'a zone in the topology',
      slice({ deprecatedTopology: { 'topology.kubernetes.io/zone': 'z' } }),
      'endpoints[0].deprecatedTopology[topology.kubernetes.io/zone]: Internal error: reserved key was not removed in conversion',
    ],
    [
      'too much topology',
      slice({ deprecatedTopology: Object.fromEntries(many(17, (i) => [`k${i}`, 'v'])) }),
      'endpoints[0].deprecatedTopology: Too many: 17: must have at most 16 items',
    ],
    [
      'a zone twice',
      slice({ hints: { forZones: [{ name: 'z' }, { name: 'z' }] } }),
      'endpoints[0].hints.forZones[1].name: Duplicate value: "z"',
    ],
    [
      'too many zones',
      slice({ hints: { forZones: many(9, (i) => ({ name: `z${i}` })) } }),
      'endpoints[0].hints.forZones: Too many: 9: must have at most 8 items',
    ],
    [
      'a node twice',
      slice({ hints: { forNodes: [{ name: 'n' }, { name: 'n' }] } }),
      'endpoints[0].hints.forNodes[1].name: Duplicate value: "n"',
    ],
    ['a port twice', slice({}, { ports: [{ port: 80 }, { port: 81 }] }), 'ports[1].name: Duplicate value: ""'],
    [
      'no such protocol',
      slice({}, { ports: [{ port: 80, protocol: 'X' }] }),
      'ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'too many ports',
      slice({}, { ports: many(20_001, (i) => ({ name: `p${i}` })) }),
      'ports: Too many: 20001: must have at most 20000 items',
    ],
  ])('%s', (_, object, message) => expect(created('EndpointSlice', object)).toBe(message));

  test('what may change', () => {
    const bad = slice({ addresses: ['010.0.0.1'] });
    expect(updated('EndpointSlice', bad, { metadata: { labels: { a: 'b' } }, ...bad })).toBe('');
    expect(updated('EndpointSlice', slice({}), slice({ addresses: ['fd00::1'] }, { addressType: 'IPv6' }))).toBe(
      'addressType: Invalid value: "IPv6": field is immutable',
    );
  });
});

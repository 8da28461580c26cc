import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const parentRef = { group: '', resource: 'services', namespace: 'default', name: 's' };
const address = (spec: object, name = '10.0.0.1') => ({ metadata: { name }, spec });

describe('IPAddresses', () => {
  test.each<[object, string]>([
    [address({ parentRef }), ''],
    [address({ parentRef }, '2001:db8::1'), ''],
    [
      address({ parentRef }, 'x'),
      'metadata.name: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [address({ parentRef }, '010.0.0.1'), 'metadata.name: Invalid value: "010.0.0.1": must not have leading 0s'],
    [
      address({ parentRef }, '2001:DB8::1'),
      'metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
    ],
    [address({}), 'spec.parentRef: Required value'],
    [address({ parentRef: {} }), '[spec.parentRef.resource: Required value, spec.parentRef.name: Required value]'],
    [
      address({ parentRef: { ...parentRef, namespace: 'a/b', name: '..' } }),
      `[spec.parentRef.name: Invalid value: "..": may not be '..', spec.parentRef.namespace: Invalid value: "a/b": may not contain '/']`,
    ],
    [
      address({ parentRef: { ...parentRef, group: 'A' } }),
      expect.stringMatching(/^spec.parentRef.group: Invalid value: "A": a lowercase RFC 1123 subdomain/),
    ],
  ])('%j', (object, message) => expect(created('IPAddress', object)).toEqual(message));

  test('keep their owner', () => {
    const other = { ...parentRef, name: 't' };
    expect(updated('IPAddress', address({ parentRef }), address({ parentRef }))).toBe('');
    expect(updated('IPAddress', address({ parentRef }), address({ parentRef: other }))).toMatch(
      /^spec.parentRef: Invalid value: \{.*\}: field is immutable$/,
    );
  });
});

describe('ServiceCIDRs', () => {
  const range = (...cidrs: string[]) => ({ spec: { cidrs } });
  test.each<[string[], string]>([
    [['10.0.0.0/24'], ''],
    [['10.0.0.0/24', 'fd00::/112'], ''],
    [[], 'spec.cidrs: Required value: at least one CIDR required'],
    [
      ['10.0.0.0/24', 'fd00::/112', '10.0.1.0/24'],
      'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","fd00::/112","10.0.1.0/24"]}: may only hold up to 2 values',
    ],
    [['10.0.0.1/24'], 'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length'],
    [['FD00::/112'], 'spec.cidrs[0]: Invalid value: "FD00::/112": must be in canonical form ("fd00::/112")'],
    [
      ['10.0.0.0/24', '10.0.1.0/24'],
      'spec.cidrs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ])('%j', (cidrs, message) => expect(created('ServiceCIDR', range(...cidrs))).toBe(message));

  test.each<[string[], string[], string]>([
    [['10.0.0.0/24'], ['10.0.0.0/24', 'fd00::/112'], ''],
    [['10.0.0.0/24'], ['10.0.1.0/24'], 'spec.cidrs[0]: Invalid value: "10.0.1.0/24": field is immutable'],
    [['10.0.0.0/24', 'fd00::/112'], ['10.0.0.0/24'], 'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable'],
    [
      ['10.0.0.0/24'],
      ['10.0.0.0/24', '10.0.1.0/24'],
      'spec.cidrs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ])('%j, then %j', (before, after, message) => {
    expect(updated('ServiceCIDR', range(...before), range(...after))).toBe(message);
  });
});

import { describe, expect, test } from 'vitest';
import { type FieldErrorList, path, renderErrors } from '../field-error.ts';
import {
  checkCanonicalCidr,
  checkCanonicalIp,
  checkCidr,
  checkEndpointIp,
  checkIp,
  cidrWarnings,
  ipWarnings,
} from './ip.ts';

const at = path('ip');
const errorsOf = (check: (errors: FieldErrorList) => void) => {
  const errors: FieldErrorList = [];
  check(errors);
  return errors.length === 0 ? '' : renderErrors(errors);
};

test.each<[string, string]>([
  ['10.0.0.1', ''],
  ['2001:DB8::1', ''],
  ['x', 'ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ['010.0.0.1', 'ip: Invalid value: "010.0.0.1": must not have leading 0s'],
  ['::ffff:1.2.3.4', 'ip: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address'],
])('an older field: %s', (value, message) => {
  expect(errorsOf((errors) => checkIp(errors, at, value))).toBe(message);
  expect(errorsOf((errors) => checkIp(errors, at, value, [value]))).toBe('');
});

test('a newer field', () => {
  expect(errorsOf((errors) => checkCanonicalIp(errors, at, '2001:DB8::1'))).toBe(
    'ip: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
  );
  expect(errorsOf((errors) => checkCanonicalCidr(errors, at, '2001:DB8::/64'))).toBe(
    'ip: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")',
  );
});

test.each<[string, string]>([
  ['10.0.0.0/8', ''],
  ['10.0.0.0', 'ip: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ['10.0.0.0/08', 'ip: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length'],
  ['10.0.0.1/8', 'ip: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length'],
  ['::ffff:1.2.3.0/120', 'ip: Invalid value: "::ffff:1.2.3.0/120": must not have an IPv4-mapped IPv6 address'],
])('a block: %s', (value, message) => {
  expect(errorsOf((errors) => checkCidr(errors, at, value))).toBe(message);
  expect(errorsOf((errors) => checkCidr(errors, at, value, [value]))).toBe('');
});

test.each<[string, string]>([
  ['8.8.8.8', ''],
  ['224.0.1.1', ''],
  ['0.0.0.0', 'may not be unspecified (0.0.0.0)'],
  ['::', 'may not be unspecified (::)'],
  ['127.1.2.3', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ['::1', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ['169.254.1.1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  ['fe80::1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  ['224.0.0.1', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  ['ff02::1', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
])('an endpoint: %s', (value, message) => {
  expect(errorsOf((errors) => checkEndpointIp(errors, at, value))).toBe(
    message && `ip: Invalid value: "${value}": ${message}`,
  );
});

describe('warnings', () => {
  test.each<[string, string[]]>([
    ['10.0.0.1', []],
    ['010.0.0.1', ['ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"']],
    ['2001:DB8::1', ['ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")']],
  ])('%s', (value, texts) => expect(ipWarnings(at, value)).toEqual(texts));
  test.each<[string, string[]]>([
    ['10.0.0.0/8', []],
    [
      '10.0.0.1/8',
      ['ip: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'],
    ],
    ['010.0.0.0/8', ['ip: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"']],
  ])('%s', (value, texts) => expect(cidrWarnings(at, value)).toEqual(texts));
});

import { describe, expect, test } from 'vitest';
import { cidrContains, formatCidr, formatIp, parseCidrBlock, parseIp } from './ip.ts';

describe('addresses', () => {
  test.each<[string, string | undefined]>([
    ['10.0.0.1', '10.0.0.1'],
    ['010.000.0.1', '10.0.0.1'],
    ['256.0.0.1', undefined],
    ['1.2.3', undefined],
    ['', undefined],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:7::8', undefined],
    ['1::2::3', undefined],
    ['fe80::1%eth0', undefined],
    [':1', undefined],
    ['12345::', undefined],
  ])('%s', (text, canonical) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(canonical);
  });
  test('what is said of them', () => {
    expect(parseIp('010.0.0.1')).toMatchObject({ leadingZeros: true, mapped: false });
    expect(parseIp('::ffff:1.2.3.4')).toMatchObject({ leadingZeros: false, mapped: true });
  });
});

describe('blocks', () => {
  test.each<[string, string | undefined]>([
    ['10.0.0.7/24', '10.0.0.0/24'],
    ['10.0.0.7/0', '0.0.0.0/0'],
    ['10.0.0.7/32', '10.0.0.7/32'],
    ['10.255.255.255/12', '10.240.0.0/12'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::ffff:1.2.3.4/120', '1.2.3.0/24'],
    ['10.0.0.0/33', undefined],
    ['10.0.0.0', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0/-1', undefined],
  ])('%s', (text, canonical) => {
    const cidr = parseCidrBlock(text);
    expect(cidr && formatCidr(cidr)).toBe(canonical);
  });
  test.each<[string, string, boolean]>([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::1', false],
    ['2001:db8::/65', '2001:db8::8000:0:0:0', false],
  ])('%s contains %s: %s', (block, text, yes) => {
    const cidr = parseCidrBlock(block);
    const ip = parseIp(text);
    expect(cidr && ip && cidrContains(cidr, ip)).toBe(yes);
  });
});

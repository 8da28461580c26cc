// Checks of addresses and CIDR blocks (apimachinery/pkg/util/validation/ip.go, with StrictIPCIDRValidation as v1.36 has it by default; ValidateEndpointIP).
//
// Fields that are older than the strict rules accept what is not canonical, and what the object had before (`old`).

import { type FieldErrorList, type FieldPath, invalid, path } from '../field-error.ts';
import { formatCidr, formatIp, type Ip, isIpv6Address, networkOf, parseCidrBlock, parseIp, sameIp } from '../ip.ts';

const noAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const noBlock = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const canonical = (text: string) => `must be in canonical form (${JSON.stringify(text)})`;

/** Pushes what is wrong with an address; returns it if nothing is. */
export function checkIp(errors: FieldErrorList, at: FieldPath, value: string, old?: readonly string[]): Ip | undefined {
  const ip = parseIp(value);
  if (old?.includes(value)) return ip;
  const before = errors.length;
  if (!ip) errors.push(invalid(at, value, noAddress));
  else if (ip.leadingZeros) errors.push(invalid(at, value, 'must not have leading 0s'));
  else if (ip.mapped) errors.push(invalid(at, value, 'must not be an IPv4-mapped IPv6 address'));
  return errors.length === before ? ip : undefined;
}

/** For fields that came with the strict rules. */
export function checkCanonicalIp(errors: FieldErrorList, at: FieldPath, value: string): void {
  const ip = checkIp(errors, at, value);
  if (ip && formatIp(ip) !== value) errors.push(invalid(at, value, canonical(formatIp(ip))));
}

/** An IPAddress is named as the address is written canonically. */
export function isIpAddressName(name: string): string[] {
  const errors: FieldErrorList = [];
  checkCanonicalIp(errors, path(), name);
  return errors.map(({ detail }) => detail);
}

export function checkCidr(errors: FieldErrorList, at: FieldPath, value: string, old?: readonly string[]): boolean {
  const cidr = parseCidrBlock(value);
  if (old?.includes(value)) return true;
  const before = errors.length;
  if (!cidr) errors.push(invalid(at, value, noBlock));
  else if (cidr.leadingZeros) errors.push(invalid(at, value, 'must not have leading 0s in IP or prefix length'));
  else if (cidr.ip.mapped) errors.push(invalid(at, value, 'must not have an IPv4-mapped IPv6 address'));
  else if (!sameIp(networkOf(cidr), cidr.ip))
    errors.push(invalid(at, value, 'must not have bits set beyond the prefix length'));
  return errors.length === before;
}

export function checkCanonicalCidr(errors: FieldErrorList, at: FieldPath, value: string): void {
  if (!checkCidr(errors, at, value)) return;
  const cidr = parseCidrBlock(value);
  if (cidr && formatCidr(cidr) !== value) errors.push(invalid(at, value, canonical(formatCidr(cidr))));
}

/** Addresses that make no sense as an endpoint of a Service. */
export function checkEndpointIp(errors: FieldErrorList, at: FieldPath, value: string): void {
  const ip = parseIp(value);
  if (!ip) {
    errors.push(invalid(at, value, 'must be a valid IP address'));
    return;
  }
  const [first = 0, second = 0, third = 0] = ip.bytes;
  const six = isIpv6Address(ip);
  const zeros = ip.bytes.slice(0, -1).every((byte) => byte === 0);
  const last = ip.bytes.at(-1);
  if (zeros && last === 0) errors.push(invalid(at, value, `may not be unspecified (${value})`));
  if (six ? zeros && last === 1 : first === 127)
    errors.push(invalid(at, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (six ? first === 0xfe && (second & 0xc0) === 0x80 : first === 169 && second === 254)
    errors.push(invalid(at, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  if (six ? first === 0xff && (second & 0x0f) === 2 : first === 224 && second === 0 && third === 0)
    errors.push(invalid(at, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
}

/** What to say of an address that is accepted and yet not written as it should be (GetWarningsForIP). */
export function ipWarnings(at: FieldPath, value: string): string[] {
  const ip = parseIp(value);
  if (!ip) return [];
  const text = formatIp(ip);
  if (ip.leadingZeros || ip.mapped)
    return [`${at}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(text)}`];
  if (isIpv6Address(ip) && text !== value)
    return [`${at}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format ("${text}")`];
  return [];
}

/** GetWarningsForCIDR */
export function cidrWarnings(at: FieldPath, value: string): string[] {
  const cidr = parseCidrBlock(value);
  if (!cidr) return [];
  const warnings: string[] = [];
  const text = formatCidr(cidr);
  const shown = JSON.stringify(value);
  if (!sameIp(networkOf(cidr), cidr.ip))
    warnings.push(
      `${at}: CIDR value ${shown} is ambiguous in this context (should be "${text}" or "${formatIp(cidr.ip)}/${cidr.ip.bytes.length * 8}"?)`,
    );
  if (cidr.leadingZeros || cidr.ip.mapped)
    warnings.push(`${at}: non-standard CIDR value ${shown} is invalid: use "${text}"`);
  if (warnings.length === 0 && isIpv6Address(cidr.ip) && text !== value)
    warnings.push(`${at}: IPv6 CIDR value ${shown} should be in RFC 5952 canonical format ("${text}")`);
  return warnings;
}

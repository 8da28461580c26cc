// IPv4 ranges as numbers.

import { parseCidr, parseIpv4 } from '../../api/names.ts';

export interface IpRange {
  first: number;
  /** How many addresses may be given out: all but the first (network) and the last (broadcast). */
  size: number;
}

export const formatIpv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** "10.96.0.0/16" -> from 10.96.0.1 to 10.96.255.254. Throws RangeError. */
export function ipRange(cidr: string): IpRange {
  const parsed = parseCidr(cidr);
  const base = parsed && parseIpv4(parsed.address);
  if (!parsed || base === undefined || parsed.family !== 4 || parsed.bits > 30)
    throw new RangeError(`not a usable IPv4 range: ${cidr}`);
  const mask = parsed.bits === 0 ? 0 : (0xffffffff << (32 - parsed.bits)) >>> 0;
  return { first: ((base & mask) >>> 0) + 1, size: 2 ** (32 - parsed.bits) - 2 };
}

/** The `index`-th address of a range, from 0. */
export const addressAt = ({ first }: IpRange, index: number): string => formatIpv4(first + index);

export function contains({ first, size }: IpRange, address: string): boolean {
  const value = parseIpv4(address);
  return value !== undefined && value >= first && value < first + size;
}

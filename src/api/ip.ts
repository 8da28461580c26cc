// IP addresses and CIDR blocks as bytes, and their canonical text (Go's net.ParseIP as upstream's utilnet.ParseIPSloppy, RFC 5952).
//
// Invariant: an IPv4 address written as IPv6 ("::ffff:10.0.0.1") has the bytes of the IPv4 address, and says so by `mapped`.

export interface Ip {
  /** 4 of an IPv4 address, 16 of an IPv6 address. */
  bytes: readonly number[];
  /** Written as an IPv6 address that stands for an IPv4 one. */
  mapped: boolean;
  /** Written with zeros in front of an octet, which others take for octal. */
  leadingZeros: boolean;
}

export interface Cidr {
  ip: Ip;
  /** Length of the prefix, of 32 or 128 by the family of `ip`. */
  bits: number;
  leadingZeros: boolean;
}

const zero = (n: number): number[] => Array<number>(n).fill(0);
const mappedPrefix = [...zero(10), 255, 255];

function parseOctets(text: string): { bytes: number[]; leadingZeros: boolean } | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,9}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return { bytes, leadingZeros: parts.some((part) => part.length > 1 && part.startsWith('0')) };
}

/** An address in any form that upstream has ever accepted. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) {
    const octets = parseOctets(text);
    return octets && { ...octets, mapped: false };
  }
  let head = text;
  let leadingZeros = false;
  const tail = text.slice(text.lastIndexOf(':') + 1);
  if (tail.includes('.')) {
    const octets = parseOctets(tail);
    if (!octets) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = octets.bytes;
    leadingZeros = octets.leadingZeros;
    head = `${text.slice(0, -tail.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const halves = head.split('::').map((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || !halves.flat().every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const [left = [], right] = halves;
  const given = left.length + (right?.length ?? 0);
  if (right === undefined ? given !== 8 : given > 7) return undefined;
  const groups = [...left, ...Array<string>(8 - given).fill('0'), ...(right ?? [])].map((group) =>
    Number.parseInt(group, 16),
  );
  const bytes = groups.flatMap((group) => [group >> 8, group & 255]);
  const mapped = mappedPrefix.every((byte, i) => bytes[i] === byte);
  return { bytes: mapped ? bytes.slice(12) : bytes, mapped, leadingZeros };
}

export function parseCidrBlock(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const length = text.slice(slash + 1);
  const ip = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  if (!ip || !/^\d{1,6}$/.test(length)) return undefined;
  const bits = Number(length) - (ip.mapped ? 96 : 0);
  if (bits < 0 || bits > ip.bytes.length * 8) return undefined;
  return { ip, bits, leadingZeros: ip.leadingZeros || (length.length > 1 && length.startsWith('0')) };
}

export const isIpv6Address = ({ bytes }: Ip): boolean => bytes.length === 16;

/** As RFC 5952 has it: lower case, the longest run of zero groups left out. */
export function formatIp({ bytes }: Ip): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0));
  let best = { from: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (groups[i + length] === 0) length++;
    if (length > best.length) best = { from: i, length };
    i += length;
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (best.from < 0) return hex(groups);
  return `${hex(groups.slice(0, best.from))}::${hex(groups.slice(best.from + best.length))}`;
}

/** The block's first address: nothing set beyond the prefix. */
export function networkOf({ ip, bits }: Cidr): Ip {
  const bytes = ip.bytes.map((byte, i) => byte & (255 << Math.min(8, Math.max(0, 8 * (i + 1) - bits))) & 255);
  return { bytes, mapped: false, leadingZeros: false };
}

export const formatCidr = (cidr: Cidr): string => `${formatIp(networkOf(cidr))}/${cidr.bits}`;

export const sameIp = (a: Ip, b: Ip): boolean =>
  a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);

export const cidrContains = (cidr: Cidr, ip: Ip): boolean =>
  ip.bytes.length === cidr.ip.bytes.length && sameIp(networkOf({ ...cidr, ip }), networkOf(cidr));

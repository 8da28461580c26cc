// URLs, IP addresses and CIDR blocks (apiserver/pkg/cel/library: urls, ip, cidr).

import { isIpv6, parseCidr, parseIpv4 } from '../../names.ts';
import type { Declaration } from '../environment.ts';
import { CelError, EntryMap, OpaqueValue, type Value } from '../values.ts';

class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  constructor(text: string) {
    super();
    this.text = text;
    const [, scheme = '', host = '', path = '', query = ''] =
      /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(text) ?? [];
    this.scheme = scheme.toLowerCase();
    this.host = host;
    this.path = path;
    this.query = query;
  }
  equals(other: Value): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

/** Go's url.ParseRequestURI: an absolute URL or an absolute path. Undefined with the reason where it is none. */
export function urlError(text: string): string | undefined {
  if (text === '') return 'parse "": empty url';
  const quoted = JSON.stringify(text);
  if (/[\x00-\x1f\x7f]/.test(text)) return `parse ${quoted}: net/url: invalid control character in URL`;
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text.split(/[?#]/)[0] as string);
  if (badEscape) return `parse ${quoted}: invalid URL escape ${JSON.stringify(badEscape[0])}`;
  if (text.startsWith('/')) return undefined;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  if (!scheme)
    return text.startsWith(':')
      ? `parse ${quoted}: missing protocol scheme`
      : `parse ${quoted}: invalid URI for request`;
  const authority = /^\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(scheme[2] as string)?.[1] ?? '';
  const port = /:([^\]:]*)$/.exec(authority)?.[1];
  if (port !== undefined && !/^\d*$/.test(port))
    return `parse ${quoted}: invalid port ${JSON.stringify(`:${port}`)} after host`;
  if (/[\s<>"{}|\\^`]/.test(authority))
    return `parse ${quoted}: invalid character ${JSON.stringify(/[\s<>"{}|\\^`]/.exec(authority)?.[0])} in host name`;
  return undefined;
}

function url(text: string): UrlValue {
  const wrong = urlError(text);
  if (wrong) throw new CelError(`URL parse error during conversion from string: ${wrong}`);
  return new UrlValue(text);
}

const port = (host: string) => /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
const hostname = (host: string) => {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return bracketed ? (bracketed[1] as string) : host.replace(/:\d*$/, '');
};

function query({ query: text }: UrlValue): Value {
  const out = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(text)) out.set(key, [...(out.get(key) ?? []), value]);
  return new EntryMap(out);
}

/** 4 or 16 bytes, or undefined. */
function addressBytes(text: string): Uint8Array | undefined {
  const four = parseIpv4(text);
  if (four !== undefined)
    return Uint8Array.from(
      [four >>> 24, (four >>> 16) & 255, (four >>> 8) & 255, four & 255].map((byte) => byte & 255),
    );
  if (!isIpv6(text)) return undefined;
  let body = text;
  const tail = body.slice(body.lastIndexOf(':') + 1);
  const embedded = parseIpv4(tail);
  if (embedded !== undefined)
    body = `${body.slice(0, -tail.length)}${Math.floor(embedded / 65536).toString(16)}:${(embedded % 65536).toString(16)}`;
  const [head = '', rest] = body.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const front = groups(head);
  const back = rest === undefined ? [] : groups(rest);
  const all = [...front, ...new Array(8 - front.length - back.length).fill(0), ...back] as number[];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number));
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}

const mapped = (bytes: Uint8Array) =>
  bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;

class Ip extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
  equals(other: Value): boolean {
    return other instanceof Ip && addressText(other.bytes) === addressText(this.bytes);
  }
}

class Cidr extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly bytes: Uint8Array;
  readonly bits: number;
  constructor(bytes: Uint8Array, bits: number) {
    super();
    this.bytes = bytes;
    this.bits = bits;
  }
  masked(): Uint8Array {
    return this.bytes.map((byte, i) => byte & (255 << Math.max(0, Math.min(8, 8 * (i + 1) - this.bits))) & 255);
  }
  contains(bytes: Uint8Array): boolean {
    return (
      bytes.length === this.bytes.length &&
      new Cidr(bytes, this.bits).masked().every((byte, i) => byte === this.masked()[i])
    );
  }
  equals(other: Value): boolean {
    return other instanceof Cidr && addressText(other.bytes) === addressText(this.bytes) && other.bits === this.bits;
  }
}

function ip(text: string): Ip {
  const bytes = addressBytes(text);
  if (!bytes)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  if (mapped(bytes)) throw new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new Ip(bytes);
}

function cidr(text: string): Cidr {
  const found = parseCidr(text);
  if (!found)
    throw new CelError(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`,
    );
  return new Cidr(addressBytes(found.address) as Uint8Array, found.bits);
}

const isCidr = (text: string) => parseCidr(text) !== undefined;
const isAddress = (text: string) => {
  const bytes = addressBytes(text);
  return bytes !== undefined && !mapped(bytes);
};
const loopback = ({ bytes }: Ip) => (bytes.length === 4 ? bytes[0] === 127 : addressText(bytes) === '::1');
const multicast = ({ bytes }: Ip) => (bytes.length === 4 ? ((bytes[0] as number) & 0xf0) === 224 : bytes[0] === 255);
const linkMulticast = ({ bytes }: Ip) =>
  bytes.length === 4
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 255 && ((bytes[1] as number) & 15) === 2;
const linkUnicast = ({ bytes }: Ip) =>
  bytes.length === 4
    ? bytes[0] === 169 && bytes[1] === 254
    : bytes[0] === 254 && ((bytes[1] as number) & 0xc0) === 0x80;
const unspecified = ({ bytes }: Ip) => bytes.every((byte) => byte === 0);
const globalUnicast = (it: Ip) =>
  !(
    unspecified(it) ||
    loopback(it) ||
    multicast(it) ||
    linkUnicast(it) ||
    (it.bytes.length === 4 && it.bytes.every((byte) => byte === 255))
  );

export const networkFunctions: Declaration[] = [
  ['url', '(string)kubernetes.URL', url],
  ['isURL', '(string)bool', (text: string) => urlError(text) === undefined],
  ['getScheme', 'kubernetes.URL.()string', ({ scheme }: UrlValue) => scheme],
  ['getHost', 'kubernetes.URL.()string', ({ host }: UrlValue) => host],
  ['getHostname', 'kubernetes.URL.()string', ({ host }: UrlValue) => hostname(host)],
  ['getPort', 'kubernetes.URL.()string', ({ host }: UrlValue) => port(host)],
  ['getEscapedPath', 'kubernetes.URL.()string', ({ path }: UrlValue) => path],
  ['getQuery', 'kubernetes.URL.()map(string,list(string))', query],
  ['ip', '(string)net.IP', ip],
  ['isIP', '(string)bool', isAddress],
  ['ip.isCanonical', '(string)bool', (text: string) => addressText(ip(text).bytes) === text],
  ['family', 'net.IP.()int', ({ bytes }: Ip) => (bytes.length === 4 ? 4n : 6n)],
  ['isUnspecified', 'net.IP.()bool', unspecified],
  ['isLoopback', 'net.IP.()bool', loopback],
  ['isLinkLocalMulticast', 'net.IP.()bool', linkMulticast],
  ['isLinkLocalUnicast', 'net.IP.()bool', linkUnicast],
  ['isGlobalUnicast', 'net.IP.()bool', globalUnicast],
  ['string', '(net.IP)string', ({ bytes }: Ip) => addressText(bytes)],
  ['cidr', '(string)net.CIDR', cidr],
  ['isCIDR', '(string)bool', isCidr],
  ['containsIP', 'net.CIDR.(string)bool', (block: Cidr, text: string) => block.contains(ip(text).bytes)],
  ['containsIP', 'net.CIDR.(net.IP)bool', (block: Cidr, { bytes }: Ip) => block.contains(bytes)],
  ['containsCIDR', 'net.CIDR.(string)bool', (block: Cidr, text: string) => covers(block, cidr(text))],
  ['containsCIDR', 'net.CIDR.(net.CIDR)bool', covers],
  ['ip', 'net.CIDR.()net.IP', ({ bytes }: Cidr) => new Ip(bytes)],
  ['prefixLength', 'net.CIDR.()int', ({ bits }: Cidr) => BigInt(bits)],
  ['masked', 'net.CIDR.()net.CIDR', (block: Cidr) => new Cidr(block.masked(), block.bits)],
  ['string', '(net.CIDR)string', ({ bytes, bits }: Cidr) => `${addressText(bytes)}/${bits}`],
];

function covers(block: Cidr, other: Cidr): boolean {
  return block.contains(other.bytes) && block.bits <= other.bits;
}

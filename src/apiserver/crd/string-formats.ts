// The formats that strings of custom resources are held to (apiextensions-apiserver/pkg/apiserver/validation/formats.go, kube-openapi's strfmt). A format that
// is not here holds nobody to anything.

import { parseCidrBlock, parseIp } from '../../api/ip.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../api/names.ts';
import { parseTime } from '../../api/time.ts';

type Format = (value: string) => boolean;

const like =
  (pattern: RegExp): Format =>
  (value) =>
    pattern.test(value);

const address =
  (mark: string): Format =>
  (value) => {
    const ip = value.includes(mark) ? parseIp(value) : undefined;
    return ip !== undefined && !ip.leadingZeros;
  };

const label = /^[\p{S}\p{L}\d](?:[\p{S}\p{L}\d-]*[\p{S}\p{L}\d])?$/u;

function isHostname(value: string): boolean {
  const labels = value.split('.');
  if (labels.length > 1 && (labels.at(-1) ?? '').length < 2) return false;
  return value.length <= 255 && labels.every((part) => part.length <= 63 && label.test(part));
}

/** Six, eight or twenty bytes, in pairs of digits or in groups of four. */
function isMac(value: string): boolean {
  const separator = value[2] === ':' || value[2] === '-' ? value[2] : '.';
  const width = separator === '.' ? 4 : 2;
  const groups = value.split(separator);
  const isGroup = (group: string) => group.length === width && /^[0-9a-f]+$/i.test(group);
  return groups.every(isGroup) && [6, 8, 20].includes((groups.length * width) / 2);
}

const digitsOf = (value: string): number[] => [...value].map((digit) => (/[xX]/.test(digit) ? 10 : Number(digit)));
const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

function isIsbn10(value: string): boolean {
  const text = value.replaceAll(/[\s-]/g, '');
  return /^\d{9}[\dX]$/i.test(text) && total(digitsOf(text).map((digit, i) => digit * (i + 1))) % 11 === 0;
}

function isIsbn13(value: string): boolean {
  const text = value.replaceAll(/[\s-]/g, '');
  return /^\d{13}$/.test(text) && total(digitsOf(text).map((digit, i) => digit * (i % 2 === 0 ? 1 : 3))) % 10 === 0;
}

const cards =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** By Luhn's sum. */
function isCreditCard(value: string): boolean {
  const text = value.replaceAll(/\D/g, '');
  const sums = digitsOf(text)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2));
  return cards.test(text) && total(sums) % 10 === 0;
}

const octet = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])';
const digits = (n: number) => `[0-9a-f]{${n}}`;
const uuid = (third: string, fourth: string) =>
  like(new RegExp(`^${[digits(8), digits(4), third, fourth, digits(12)].join('-?')}$`, 'i'));
const go = '(?:\\d+\\.?\\d*|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h)';
const words =
  'ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?';

const formats = new Map<string, Format>(
  Object.entries({
    bsonobjectid: like(/^[0-9a-f]{24}$/i),
    uri: like(/^(?:\/|[a-z][a-z0-9+.-]*:)[^\p{Cc}\s]*$/iu),
    email: like(/^[^@\s<>]+@[^@\s<>]+$|<[^@\s<>]+@[^@\s<>]+>$/),
    hostname: isHostname,
    ipv4: address('.'),
    ipv6: address(':'),
    cidr: (value) => parseCidrBlock(value)?.leadingZeros === false,
    mac: isMac,
    uuid: uuid(digits(4), digits(4)),
    uuid3: uuid(`3${digits(3)}`, digits(4)),
    uuid4: uuid(`4${digits(3)}`, `[89ab]${digits(3)}`),
    uuid5: uuid(`5${digits(3)}`, `[89ab]${digits(3)}`),
    isbn: (value) => isIsbn10(value) || isIsbn13(value),
    isbn10: isIsbn10,
    isbn13: isIsbn13,
    creditcard: isCreditCard,
    ssn: like(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
    hexcolor: like(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
    rgbcolor: like(new RegExp(`^rgb\\(\\s*${octet}\\s*,\\s*${octet}\\s*,\\s*${octet}\\s*\\)$`)),
    byte: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
    password: () => true,
    date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && parseTime(`${value}T00:00:00Z`) !== undefined,
    duration: like(new RegExp(`^[-+]?(?:0|(?:${go})+)$|^\\d+\\s*(?:${words})$`)),
    datetime: (value) => parseTime(value) !== undefined,
    k8sshortname: (value) => isDns1123Label(value).length === 0,
    k8slongname: (value) => isDns1123Subdomain(value).length === 0,
  }),
);

/** How a format of strings is checked; dashes in its name do not matter. */
export const formatOf = (name: string | undefined): Format | undefined => formats.get((name ?? '').replaceAll('-', ''));

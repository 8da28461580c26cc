// Quantities, named formats, semantic versions and JSON pointers (apiserver/pkg/cel/library: quantity, format, semver, jsonpatch).

import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../names.ts';
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subQuantity,
  tryParseQuantity,
} from '../../quantity.ts';
import type { Declaration } from '../environment.ts';
import { CelError, noneOptional, OpaqueValue, Optional, parseTimestamp, type Value } from '../values.ts';
import { urlError } from './network.ts';

class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  equals(other: Value): boolean {
    return other instanceof QuantityValue && compareQuantity(this.quantity, other.quantity) === 0;
  }
}

const one = 1_000_000_000n;
const limit = 1n << 63n;
const isWhole = ({ quantity: { nanos } }: QuantityValue) =>
  nanos % one === 0n && nanos / one < limit && nanos / one >= -limit;
const whole = (units: bigint): Quantity => ({ nanos: units * one, format: 'DecimalSI' });

function quantity(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}

class Format extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly check: (text: string) => string[];
  constructor(name: string, check: (text: string) => string[]) {
    super();
    this.name = name;
    this.check = check;
  }
  equals(other: Value): boolean {
    return other instanceof Format && other.name === this.name;
  }
}

/** A generateName's prefix may end with a dash. */
const masked = (check: (text: string) => string[]) => (text: string) =>
  check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const unless = (good: (text: string) => boolean, message: string) => (text: string) => (good(text) ? [] : [message]);
const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;

const formats: Record<string, Format> = Object.fromEntries(
  (
    [
      ['dns1123Label', isDns1123Label],
      ['dns1123Subdomain', isDns1123Subdomain],
      ['dns1035Label', isDns1035Label],
      ['qualifiedName', isQualifiedName],
      ['dns1123LabelPrefix', masked(isDns1123Label)],
      ['dns1123SubdomainPrefix', masked(isDns1123Subdomain)],
      ['dns1035LabelPrefix', masked(isDns1035Label)],
      ['labelValue', isValidLabelValue],
      ['uri', (text) => [urlError(text) ?? []].flat()],
      [
        'uuid',
        unless(
          (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
          'does not match the UUID format',
        ),
      ],
      [
        'byte',
        unless(
          (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
          'invalid base64',
        ),
      ],
      ['date', unless(isDate, 'invalid date')],
      ['datetime', unless((text) => parseTimestamp(text) !== undefined, 'invalid datetime')],
    ] satisfies [string, (text: string) => string[]][]
  ).map(([name, check]) => [name, new Format(name, check)]),
);

function validate(format: Format, text: string): Value {
  const errors = format.check(text);
  return errors.length === 0 ? noneOptional : new Optional(errors);
}

class Semver extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: [bigint, bigint, bigint];
  readonly pre: readonly string[];
  constructor(numbers: [bigint, bigint, bigint], pre: readonly string[]) {
    super();
    this.numbers = numbers;
    this.pre = pre;
  }
  equals(other: Value): boolean {
    return other instanceof Semver && compareSemver(this, other) === 0n;
  }
}

const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

function readSemver(text: string, normalize = false): Semver | undefined {
  let source = text;
  if (normalize) {
    source = source.replace(/^v/, '');
    const [, core = '', rest = ''] = /^([^-+]*)(.*)$/.exec(source) ?? [];
    const numbers = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
    while (numbers.length < 3) numbers.push('0');
    source = numbers.join('.') + rest;
  }
  const match = versionPattern.exec(source);
  if (!match) return undefined;
  return new Semver(
    [BigInt(match[1] as string), BigInt(match[2] as string), BigInt(match[3] as string)],
    match[4]?.split('.') ?? [],
  );
}

function semver(text: string, normalize = false): Semver {
  const found = readSemver(text, normalize);
  if (!found) throw new CelError(`Invalid character(s) found in version ${JSON.stringify(text)}`);
  return found;
}

function compareSemver(a: Semver, b: Semver): bigint {
  for (let i = 0; i < 3; i++) {
    const x = a.numbers[i] as bigint;
    const y = b.numbers[i] as bigint;
    if (x !== y) return x < y ? -1n : 1n;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return BigInt(Math.sign(b.pre.length - a.pre.length));
  for (let i = 0; i < Math.max(a.pre.length, b.pre.length); i++) {
    const x = a.pre[i];
    const y = b.pre[i];
    if (x === undefined || y === undefined) return x === undefined ? -1n : 1n;
    if (x === y) continue;
    const digits = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (digits[0] && digits[1]) return BigInt(x) < BigInt(y) ? -1n : 1n;
    if (digits[0] !== digits[1]) return digits[0] ? -1n : 1n;
    return x < y ? -1n : 1n;
  }
  return 0n;
}

const q = 'kubernetes.Quantity';
const v = 'kubernetes.Semver';

export const kubernetesFunctions: Declaration[] = [
  ['quantity', `(string)${q}`, quantity],
  ['isQuantity', '(string)bool', (text: string) => tryParseQuantity(text) !== undefined],
  ['sign', `${q}.()int`, ({ quantity: { nanos } }: QuantityValue) => (nanos > 0n ? 1n : nanos < 0n ? -1n : 0n)],
  ['sign', `(${q})int`, ({ quantity: { nanos } }: QuantityValue) => (nanos > 0n ? 1n : nanos < 0n ? -1n : 0n)],
  [
    'isGreaterThan',
    `${q}.(${q})bool`,
    (a: QuantityValue, b: QuantityValue) => compareQuantity(a.quantity, b.quantity) > 0,
  ],
  [
    'isLessThan',
    `${q}.(${q})bool`,
    (a: QuantityValue, b: QuantityValue) => compareQuantity(a.quantity, b.quantity) < 0,
  ],
  [
    'compareTo',
    `${q}.(${q})int`,
    (a: QuantityValue, b: QuantityValue) => BigInt(Math.sign(compareQuantity(a.quantity, b.quantity))),
  ],
  ['asApproximateFloat', `${q}.()double`, ({ quantity: { nanos } }: QuantityValue) => Number(nanos) / 1e9],
  [
    'asInteger',
    `${q}.()int`,
    (it: QuantityValue) => {
      if (!isWhole(it)) throw new CelError('cannot convert value to integer');
      return it.quantity.nanos / one;
    },
  ],
  ['isInteger', `${q}.()bool`, isWhole],
  [
    'add',
    `${q}.(${q})${q}`,
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantity(a.quantity, b.quantity)),
  ],
  ['add', `${q}.(int)${q}`, (a: QuantityValue, b: bigint) => new QuantityValue(addQuantity(a.quantity, whole(b)))],
  [
    'sub',
    `${q}.(${q})${q}`,
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(subQuantity(a.quantity, b.quantity)),
  ],
  ['sub', `${q}.(int)${q}`, (a: QuantityValue, b: bigint) => new QuantityValue(subQuantity(a.quantity, whole(b)))],
  ['string', `(${q})string`, ({ quantity: it }: QuantityValue) => formatQuantity(it)],
  ...Object.entries(formats).map(
    ([name, format]): Declaration => [`format.${name}`, '()kubernetes.NamedFormat', () => format],
  ),
  [
    'format.named',
    '(string)optional(kubernetes.NamedFormat)',
    (name: string) => {
      const found = Object.hasOwn(formats, name) ? formats[name] : undefined;
      return found ? new Optional(found) : noneOptional;
    },
  ],
  ['validate', 'kubernetes.NamedFormat.(string)optional(list(string))', validate],
  ['semver', `(string)${v}`, (text: string) => semver(text)],
  ['semver', `(string,bool)${v}`, semver],
  ['isSemver', '(string)bool', (text: string) => readSemver(text) !== undefined],
  ['isSemver', '(string,bool)bool', (text: string, normalize: boolean) => readSemver(text, normalize) !== undefined],
  ['major', `${v}.()int`, ({ numbers }: Semver) => numbers[0]],
  ['minor', `${v}.()int`, ({ numbers }: Semver) => numbers[1]],
  ['patch', `${v}.()int`, ({ numbers }: Semver) => numbers[2]],
  ['isGreaterThan', `${v}.(${v})bool`, (a: Semver, b: Semver) => compareSemver(a, b) > 0n],
  ['isLessThan', `${v}.(${v})bool`, (a: Semver, b: Semver) => compareSemver(a, b) < 0n],
  ['compareTo', `${v}.(${v})int`, compareSemver],
  ['jsonpatch.escapeKey', '(string)string', (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1')],
];

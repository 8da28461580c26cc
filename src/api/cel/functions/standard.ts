// CEL's standard operators and functions, and optional values (cel-spec langdef, cel-go stdlib).

import type { Declaration } from '../environment.ts';
import { matches } from '../regexp.ts';
import {
  AssociativeList,
  CelError,
  compareValues,
  Duration,
  equalValues,
  formatDuration,
  formatTimestamp,
  MapValue as MapBase,
  type MapValue,
  noneOptional,
  Optional,
  parseDurationText,
  parseTimestamp,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
  type Value,
} from '../values.ts';

const max = (1n << 63n) - 1n;
const min = -(1n << 63n);

function int(value: bigint): bigint {
  if (value > max || value < min) throw new CelError('integer overflow');
  return value;
}

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('division by zero');
  return a / b;
}
function modulo(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('modulus by zero');
  return a % b;
}

function fromDouble(value: number): bigint {
  if (!Number.isFinite(value) || value >= 2 ** 63 || value <= -(2 ** 63)) throw new CelError('integer overflow');
  return BigInt(Math.trunc(value));
}

function parseInteger(text: string, kind: string): bigint {
  if (!/^[+-]?\d+$/.test(text))
    throw new CelError(`strconv.Parse${kind}: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text);
  if (value > max || value < min)
    throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

function add(a: Value[], b: Value[]): Value[] {
  if (!(a instanceof AssociativeList)) return [...a, ...b];
  const { identity } = a;
  const later = new Map(b.map((item) => [identity(item), item]));
  const out = a.map((item) => {
    const over = later.get(identity(item));
    later.delete(identity(item));
    return over ?? item;
  });
  return AssociativeList.make([...out, ...later.values()], identity);
}

function at(list: Value[], index: bigint): Value {
  const found = index < 0n ? undefined : list[Number(index)];
  if (found === undefined) throw new CelError(`index out of bounds: ${index}`);
  return found;
}

function member(map: MapValue, key: Value): Value {
  const found = map.get(key);
  if (found === undefined) throw new CelError(`no such key: ${String(key instanceof Uint ? key.value : key)}`);
  return found;
}

const optional = (value: Value | undefined) => (value === undefined ? noneOptional : new Optional(value));
const listAt = (list: Value[], index: bigint) => optional(index < 0n ? undefined : list[Number(index)]);

const comparable: [string, string][] = [
  ['bool', 'bool'],
  ['int', 'int'],
  ['int', 'uint'],
  ['int', 'double'],
  ['uint', 'uint'],
  ['uint', 'int'],
  ['uint', 'double'],
  ['double', 'double'],
  ['double', 'int'],
  ['double', 'uint'],
  ['string', 'string'],
  ['bytes', 'bytes'],
  ['timestamp', 'timestamp'],
  ['duration', 'duration'],
];

const comparisons = (
  [
    ['_<_', (order: number) => order < 0],
    ['_<=_', (order: number) => order <= 0],
    ['_>_', (order: number) => order > 0],
    ['_>=_', (order: number) => order >= 0],
  ] as const
).flatMap(([name, holds]) =>
  comparable.map(
    ([a, b]): Declaration => [
      name,
      `(${a},${b})bool`,
      (x: Value, y: Value) => {
        if (Number.isNaN(x) || Number.isNaN(y)) return false;
        return holds(compareValues(x, y));
      },
    ],
  ),
);

const decode = (bytes: Uint8Array) => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
};

const zoned = (time: Timestamp, zone: string): Date => {
  const at = Number(time.nanos / 1_000_000n - (time.nanos < 0n && time.nanos % 1_000_000n !== 0n ? 1n : 0n));
  if (zone === 'UTC' || zone === '') return new Date(at);
  const offset = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (offset)
    return new Date(at + (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000);
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(new Date(at));
    const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
    return new Date(
      Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'), at % 1000),
    );
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
};

const dayOfYear = (date: Date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
const clockParts: [string, (date: Date) => number][] = [
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDayOfYear', dayOfYear],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
];
const times: Declaration[] = clockParts.flatMap(([name, read]): Declaration[] => [
  [name, 'timestamp.()int', (time: Timestamp) => BigInt(read(zoned(time, 'UTC')))],
  [name, 'timestamp.(string)int', (time: Timestamp, zone: string) => BigInt(read(zoned(time, zone)))],
]);
const durationParts: Declaration[] = (
  [
    ['getHours', 3_600_000_000_000n],
    ['getMinutes', 60_000_000_000n],
    ['getSeconds', 1_000_000_000n],
    ['getMilliseconds', 1_000_000n],
  ] as const
).map(([name, unit]) => [name, 'duration.()int', ({ nanos }: Duration) => nanos / unit]);

const length = (text: string) => BigInt([...text].length);
const count = (value: { length: number }) => BigInt(value.length);
const entries = (map: MapValue) => BigInt(map.size);

const sizes: Declaration[] = ['', '.'].flatMap((dot): Declaration[] => {
  const signature = (type: string) => (dot ? `${type}.()int` : `(${type})int`);
  return [
    ['size', signature('string'), length],
    ['size', signature('bytes'), count],
    ['size', signature('list(A)'), count],
    ['size', signature('map(A,B)'), entries],
  ];
});

/** Go's shortest text of a float64, as string(double) gives it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const absolute = Math.abs(value);
  if (absolute !== 0 && (absolute < 1e-4 || absolute >= 1e21))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}

const isZero = (value: Value): boolean =>
  value === null ||
  value === false ||
  value === '' ||
  value === 0n ||
  value === 0 ||
  (value instanceof Uint && value.value === 0n) ||
  (value instanceof Duration && value.nanos === 0n) ||
  (Array.isArray(value) && value.length === 0) ||
  (value instanceof Uint8Array && value.length === 0) ||
  (value instanceof MapBase && value.size === 0);

export const standard: Declaration[] = [
  ['_==_', '(A,A)bool', equalValues],
  ['_!=_', '(A,A)bool', (a: Value, b: Value) => !equalValues(a, b)],
  ...comparisons,
  ['_&&_', '(bool,bool)bool', () => false],
  ['_||_', '(bool,bool)bool', () => false],
  ['_?_:_', '(bool,A,A)A', () => false],
  ['!_', '(bool)bool', (a: boolean) => !a],
  ['-_', '(int)int', (a: bigint) => int(-a)],
  ['-_', '(double)double', (a: number) => -a],
  ['_+_', '(int,int)int', (a: bigint, b: bigint) => int(a + b)],
  ['_+_', '(uint,uint)uint', (a: Uint, b: Uint) => new Uint(a.value + b.value)],
  ['_+_', '(double,double)double', (a: number, b: number) => a + b],
  ['_+_', '(string,string)string', (a: string, b: string) => a + b],
  ['_+_', '(bytes,bytes)bytes', (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b])],
  ['_+_', '(list(A),list(A))list(A)', add],
  ['_+_', '(timestamp,duration)timestamp', (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos)],
  ['_+_', '(duration,timestamp)timestamp', (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos)],
  ['_+_', '(duration,duration)duration', (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos)],
  ['_-_', '(int,int)int', (a: bigint, b: bigint) => int(a - b)],
  ['_-_', '(uint,uint)uint', (a: Uint, b: Uint) => new Uint(a.value - b.value)],
  ['_-_', '(double,double)double', (a: number, b: number) => a - b],
  ['_-_', '(timestamp,timestamp)duration', (a: Timestamp, b: Timestamp) => new Duration(a.nanos - b.nanos)],
  ['_-_', '(timestamp,duration)timestamp', (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos)],
  ['_-_', '(duration,duration)duration', (a: Duration, b: Duration) => new Duration(a.nanos - b.nanos)],
  ['_*_', '(int,int)int', (a: bigint, b: bigint) => int(a * b)],
  ['_*_', '(uint,uint)uint', (a: Uint, b: Uint) => new Uint(a.value * b.value)],
  ['_*_', '(double,double)double', (a: number, b: number) => a * b],
  ['_/_', '(int,int)int', (a: bigint, b: bigint) => int(divide(a, b))],
  ['_/_', '(uint,uint)uint', (a: Uint, b: Uint) => new Uint(divide(a.value, b.value))],
  ['_/_', '(double,double)double', (a: number, b: number) => a / b],
  ['_%_', '(int,int)int', modulo],
  ['_%_', '(uint,uint)uint', (a: Uint, b: Uint) => new Uint(modulo(a.value, b.value))],
  ['@in', '(A,list(A))bool', (item: Value, list: Value[]) => list.some((each) => equalValues(each, item))],
  ['@in', '(A,map(A,B))bool', (key: Value, map: MapValue) => map.has(key)],
  ['_[_]', '(list(A),int)A', at],
  ['_[_]', '(map(A,B),A)B', member],
  [
    '_[_]',
    '(optional(list(A)),int)optional(A)',
    ({ value }: Optional, index: bigint) => (value === undefined ? noneOptional : listAt(value as Value[], index)),
  ],
  [
    '_[_]',
    '(optional(map(A,B)),A)optional(B)',
    ({ value }: Optional, key: Value) => optional((value as MapValue | undefined)?.get(key)),
  ],
  ['_[?_]', '(list(A),int)optional(A)', listAt],
  ['_[?_]', '(map(A,B),A)optional(B)', (map: MapValue, key: Value) => optional(map.get(key))],
  [
    '_[?_]',
    '(optional(list(A)),int)optional(A)',
    ({ value }: Optional, index: bigint) => (value === undefined ? noneOptional : listAt(value as Value[], index)),
  ],
  [
    '_[?_]',
    '(optional(map(A,B)),A)optional(B)',
    ({ value }: Optional, key: Value) => optional((value as MapValue | undefined)?.get(key)),
  ],
  ...sizes,
  ['startsWith', 'string.(string)bool', (text: string, prefix: string) => text.startsWith(prefix)],
  ['endsWith', 'string.(string)bool', (text: string, suffix: string) => text.endsWith(suffix)],
  ['contains', 'string.(string)bool', (text: string, part: string) => text.includes(part)],
  ['matches', 'string.(string)bool', search],
  ['matches', '(string,string)bool', search],
  ['dyn', '(A)dyn', (value: Value) => value],
  ['type', '(A)type', (value: Value) => new TypeValue(typeName(value))],
  ['int', '(int)int', (a: bigint) => a],
  ['int', '(uint)int', (a: Uint) => int(a.value)],
  ['int', '(double)int', fromDouble],
  ['int', '(string)int', (text: string) => parseInteger(text, 'Int')],
  ['int', '(timestamp)int', ({ nanos }: Timestamp) => nanos / 1_000_000_000n],
  ['int', '(duration)int', ({ nanos }: Duration) => nanos],
  ['uint', '(uint)uint', (a: Uint) => a],
  ['uint', '(int)uint', (a: bigint) => new Uint(a)],
  ['uint', '(double)uint', (a: number) => new Uint(fromDouble(a))],
  ['uint', '(string)uint', (text: string) => new Uint(parseInteger(text, 'Uint'))],
  ['double', '(double)double', (a: number) => a],
  ['double', '(int)double', Number],
  ['double', '(uint)double', (a: Uint) => Number(a.value)],
  [
    'double',
    '(string)double',
    (text: string) => {
      if (text.trim() === '' || Number.isNaN(Number(text)))
        throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
      return Number(text);
    },
  ],
  ['bool', '(bool)bool', (a: boolean) => a],
  [
    'bool',
    '(string)bool',
    (text: string) => {
      if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
      if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
      throw new CelError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
    },
  ],
  ['string', '(string)string', (text: string) => text],
  ['string', '(int)string', String],
  ['string', '(uint)string', (a: Uint) => String(a.value)],
  ['string', '(double)string', formatDouble],
  ['string', '(bool)string', String],
  ['string', '(bytes)string', decode],
  ['string', '(timestamp)string', formatTimestamp],
  ['string', '(duration)string', formatDuration],
  ['bytes', '(bytes)bytes', (a: Uint8Array) => a],
  ['bytes', '(string)bytes', (text: string) => new TextEncoder().encode(text)],
  ['timestamp', '(timestamp)timestamp', (a: Timestamp) => a],
  ['timestamp', '(int)timestamp', (seconds: bigint) => new Timestamp(seconds * 1_000_000_000n)],
  [
    'timestamp',
    '(string)timestamp',
    (text: string) => {
      const found = parseTimestamp(text);
      if (!found) throw new CelError(`cannot parse ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00"`);
      return found;
    },
  ],
  ['duration', '(duration)duration', (a: Duration) => a],
  ['duration', '(int)duration', (nanos: bigint) => new Duration(nanos)],
  [
    'duration',
    '(string)duration',
    (text: string) => {
      const found = parseDurationText(text);
      if (!found) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
      return found;
    },
  ],
  ...times,
  ...durationParts,
  ['optional.of', '(A)optional(A)', (value: Value) => new Optional(value)],
  ['optional.ofNonZeroValue', '(A)optional(A)', (value: Value) => (isZero(value) ? noneOptional : new Optional(value))],
  ['optional.none', '()optional(A)', () => noneOptional],
  ['hasValue', 'optional(A).()bool', ({ value }: Optional) => value !== undefined],
  [
    'value',
    'optional(A).()A',
    ({ value }: Optional) => {
      if (value === undefined) throw new CelError('optional.none() dereference');
      return value;
    },
  ],
  ['or', 'optional(A).(optional(A))optional(A)', (a: Optional) => a],
  ['orValue', 'optional(A).(A)A', ({ value }: Optional, other: Value) => value ?? other],
];

function search(text: string, pattern: string): boolean {
  try {
    return matches(pattern, text);
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}

// What CEL expressions compute with: int is a bigint, double a number, list an array; the rest are the classes here.
//
// Invariants: values are never changed once made; equality and order are CEL's (numbers compare across their types); JSON becomes values only where it is
// looked at.

export type Value =
  | bigint
  | number
  | boolean
  | string
  | null
  | Uint8Array
  | Value[]
  | MapValue
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | OpaqueValue;

/** Evaluation went wrong; the text is cel-go's. */
export class CelError extends Error {}
/** The expression costs more than it may. Not absorbed by && and ||. */
export class CostExceeded extends CelError {}

export const noSuchOverload = (): CelError => new CelError('no such overload');

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    if (value < 0n || value >= 1n << 64n) throw new CelError('unsigned integer overflow');
    this.value = value;
  }
}

/** Nanoseconds since the epoch. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    // year 1 to year 9999
    if (nanos < -62135596800_000000000n || nanos > 253402300799_999999999n) throw new CelError('timestamp overflow');
    this.nanos = nanos;
  }
}

/** Nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    if (nanos >= 1n << 63n || nanos < -(1n << 63n)) throw new CelError('duration overflow');
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  /** Undefined for none. */
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}
export const noneOptional: Optional = new Optional(undefined);

/** A value of a type that a library brings (quantity, URL, IP, ...). */
export abstract class OpaqueValue {
  abstract readonly typeName: string;
  abstract equals(other: Value): boolean;
}

/** A map or an object: keys are strings, ints, uints or bools. */
export abstract class MapValue {
  readonly typeName: string = 'map';
  abstract get(key: Value): Value | undefined;
  abstract keys(): Value[];
  abstract get size(): number;
  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }
}

const keyText = (key: Value): string => {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number' && Number.isInteger(key)) return `n${BigInt(key)}`;
  if (typeof key === 'boolean') return `b${key}`;
  throw new CelError(`unsupported key type: ${typeName(key)}`);
};

export class EntryMap extends MapValue {
  readonly #entries = new Map<string, [Value, Value]>();
  constructor(entries: Iterable<readonly [Value, Value]>) {
    super();
    for (const [key, value] of entries) {
      const text = keyText(key);
      if (this.#entries.has(text)) throw new CelError(`Failed with repeated key`);
      this.#entries.set(text, [key, value]);
    }
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(keyText(key))?.[1];
  }
  keys(): Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
  get size(): number {
    return this.#entries.size;
  }
}

export class StructValue extends MapValue {
  override readonly typeName: string;
  readonly fields: ReadonlyMap<string, Value>;
  constructor(name: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.typeName = name;
    this.fields = fields;
  }
  get(key: Value): Value | undefined {
    return this.fields.get(String(key));
  }
  keys(): Value[] {
    return [...this.fields.keys()];
  }
  get size(): number {
    return this.fields.size;
  }
}

/** A JSON object seen as a map; members are converted when they are asked for. */
export class JsonMap extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly #convert: (value: unknown, key: string) => Value | undefined;
  readonly #unescape: (name: string) => string;
  readonly #known = new Map<string, Value>();

  /** `fieldName` turns a field's name in CEL into its name in JSON. */
  constructor(
    raw: Readonly<Record<string, unknown>>,
    convert: (value: unknown, key: string) => Value | undefined,
    fieldName: (name: string) => string = (name) => name,
  ) {
    super();
    this.raw = raw;
    this.#convert = convert;
    this.#unescape = fieldName;
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const name = this.#unescape(key);
    const known = this.#known.get(name);
    if (known !== undefined || !Object.hasOwn(this.raw, name)) return known;
    const value = this.#convert(this.raw[name], name);
    if (value !== undefined) this.#known.set(name, value);
    return value;
  }
  keys(): Value[] {
    return Object.keys(this.raw);
  }
  get size(): number {
    return Object.keys(this.raw).length;
  }
}

/** A list whose items have an identity: of a set, or of a map by its keys. Equal whatever the order; + lays one over the other. */
export class AssociativeList extends Array<Value> {
  identity: (item: Value) => string = () => '';
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  static make(items: readonly Value[], identity: (item: Value) => string): AssociativeList {
    const out = new AssociativeList();
    for (const item of items) out.push(item);
    out.identity = identity;
    return out;
  }
}

/** JSON without a schema: integers are ints, as Kubernetes decodes them. */
export function fromJson(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(fromJson);
  return new JsonMap(value as Record<string, unknown>, fromJson);
}

/** A value as JSON; bytes in base64, times as text. Throws a CelError for what has no JSON. */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(''));
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value);
  if (value instanceof MapValue) {
    const out: Record<string, unknown> = {};
    for (const key of value.keys())
      Object.defineProperty(out, key instanceof Uint ? String(key.value) : String(key), {
        value: toJson(value.get(key) as Value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return out;
  }
  throw new CelError(`type conversion error from '${typeName(value)}' to 'google.protobuf.Value'`);
}

/** The name that type(value) gives. */
export function typeName(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
  }
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof TypeValue) return 'type';
  if (value instanceof Optional) return 'optional_type';
  return value.typeName;
}

const asNumber = (value: Value): bigint | number | undefined =>
  typeof value === 'bigint' || typeof value === 'number' ? value : value instanceof Uint ? value.value : undefined;

export function equalValues(a: Value, b: Value): boolean {
  const x = asNumber(a);
  const y = asNumber(b);
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are equal by ==
  if (x !== undefined && y !== undefined) return x == y;
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos === b.nanos;
  if (a instanceof Duration && b instanceof Duration) return a.nanos === b.nanos;
  if (a instanceof TypeValue && b instanceof TypeValue) return a.name === b.name;
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equalValues(a.value, b.value);
  }
  if (a instanceof OpaqueValue) return a.equals(b);
  if (a instanceof MapValue && b instanceof MapValue) {
    if (a.size !== b.size) return false;
    return a.keys().every((key) => {
      const left = a.get(key);
      const right = b.get(key);
      return left === undefined || right === undefined ? left === right : equalValues(left, right);
    });
  }
  return false;
}

function equalLists(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  if (a instanceof AssociativeList) {
    const byIdentity = new Map(b.map((item) => [a.identity(item), item]));
    return a.every((item) => {
      const other = byIdentity.get(a.identity(item));
      return other !== undefined && equalValues(item, other);
    });
  }
  return a.every((item, i) => equalValues(item, b[i] as Value));
}

/** Negative, zero or positive. Throws when the two have no order. */
export function compareValues(a: Value, b: Value): number {
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== undefined && y !== undefined) {
    if (Number.isNaN(x) || Number.isNaN(y)) throw new CelError('NaN values cannot be ordered');
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  if (a instanceof Duration && b instanceof Duration) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
    return a.length - b.length;
  }
  throw noSuchOverload();
}

// By code points, as Go orders strings.
function compareText(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const difference = (x[i]?.codePointAt(0) as number) - (y[i]?.codePointAt(0) as number);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/** Elements, characters or bytes; 1 for what has no size: what costs are counted in. */
export function sizeForCost(value: Value): number {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof MapValue) return value.size;
  if (value instanceof Optional && value.value !== undefined) return sizeForCost(value.value);
  return 1;
}

const second = 1_000_000_000n;

export function formatTimestamp({ nanos }: Timestamp): string {
  const seconds = nanos >= 0n ? nanos / second : -((-nanos + second - 1n) / second);
  const rest = nanos - seconds * second;
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${base}${fraction}Z`;
}

/** CEL's text of a duration: seconds with an s. */
export function formatDuration({ nanos }: Duration): string {
  const sign = nanos < 0n ? '-' : '';
  const absolute = nanos < 0n ? -nanos : nanos;
  const rest = absolute % second;
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${sign}${absolute / second}${fraction}s`;
}

const stamp = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** RFC 3339, or undefined. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = stamp.exec(text);
  if (!match) return undefined;
  const at = Date.parse(`${text.slice(0, 19)}Z`);
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text.slice(0, 10)) return undefined;
  const zone = match[8] as string;
  const shift = zone === 'Z' ? 0 : (zone[0] === '-' ? 1 : -1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
  const fraction = BigInt((match[7] ?? '.').slice(1, 10).padEnd(9, '0'));
  return new Timestamp(BigInt(at + shift * 60_000) * 1_000_000n + fraction);
}

const units: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** Go's time.ParseDuration, or undefined. */
export function parseDurationText(text: string): Duration | undefined {
  const match = /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (!match) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = 's'] of (match[2] as string).matchAll(
    /(\d*)(?:\.(\d*))?([a-zµ]+)/g,
  )) {
    const factor = units[unit] as bigint;
    nanos +=
      BigInt(whole || '0') * factor + (fraction ? (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length) : 0n);
  }
  return new Duration(match[1] === '-' ? -nanos : nanos);
}

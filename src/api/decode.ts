// Turns untyped JSON into an object of a schema type, as Go's decoder followed by its encoder would: unknown and repeated fields are noted, wrong types
// are errors in Go's words, nulls and zero values that are left out on the wire are dropped, quantities and times take their canonical text.
//
// Invariants: the result shares no structure with the input except under fields that hold any JSON; its keys are the schema's, so no input can reach a
// prototype; `apiVersion` and `kind` are kept as given.

import { formatJsonPath, JsonSyntaxError, parseJson } from './json-text.ts';
import { canonicalQuantity, QuantityError } from './quantity.ts';
import { type FieldSchema, type Scalar, type Shape, type TypeSchema, typeSchema } from './schema/schema.ts';
import { newBadRequest, quote } from './status.ts';
import { formatDuration, formatMicroTime, formatTime, parseDuration, parseTime, parseTimeError } from './time.ts';
import { parseYaml, YamlError } from './yaml-text.ts';

/** The value does not fit its Go type. */
export class DecodeError extends Error {}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface Decoded<T = Record<string, unknown>> {
  object: T;
  /** `unknown field "spec.foo"`, `duplicate field "spec.replicas"`. */
  strictErrors: string[];
}

const goScalars: Record<Scalar, string> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bool: 'bool',
  bytes: '[]uint8',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  duration: 'v1.Duration',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
};

const jsonType = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'object' : typeof value;
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a key that came from outside: also "__proto__" becomes a plain own property. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

class Decoder {
  readonly unknown: string[] = [];
  private readonly path: (string | number)[] = [];
  private failure: DecodeError | undefined;
  private owner = '';

  /** Go keeps the first error and goes on. */
  private fail(message: string): void {
    this.failure ??= new DecodeError(message);
  }
  private mismatch(value: unknown, goType: string, literal = ''): void {
    const names = this.path.filter((part) => typeof part === 'string').join('.');
    const where = names === '' ? 'Go value' : `Go struct field ${this.owner}.${names}`;
    this.fail(`json: cannot unmarshal ${jsonType(value)}${literal} into ${where} of type ${goType}`);
  }
  finish(): void {
    if (this.failure) throw this.failure;
  }

  object(type: TypeSchema, value: unknown): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    if (value !== null && value !== undefined && !isObject(value)) {
      this.mismatch(value, type.goType);
      return out;
    }
    const source = value ?? {};
    for (const key in source) {
      if (!type.byName.has(key)) this.unknown.push(`unknown field ${quote(formatJsonPath([...this.path, key]))}`);
    }
    for (const field of type.fields) {
      const given = Object.hasOwn(source, field.name) ? source[field.name] : undefined;
      this.path.push(field.name);
      const outer = this.owner;
      this.owner = type.goName;
      const decoded = this.field(type, field, given);
      this.owner = outer;
      this.path.pop();
      if (decoded !== undefined) out[field.name] = decoded;
    }
    return out;
  }

  private field(type: TypeSchema, field: FieldSchema, given: unknown): unknown {
    const { shape } = field;
    if (given === undefined || given === null) {
      if (field.pointer || field.omitZero) return undefined;
      if (shape.kind === 'object') return this.object(typeSchema(shape.type), undefined);
      if (shape.kind !== 'scalar') return undefined;
      // A quantity is a struct: it is written even when nothing was given.
      return field.always || shape.scalar === 'quantity' ? zero(shape.scalar) : undefined;
    }
    const goType = field.goScalar ? `${type.goType.slice(0, type.goType.indexOf('.'))}.${field.goScalar}` : undefined;
    const value = this.value(shape, given, goType);
    if (field.omitZero && isObject(value) && Object.keys(value).length === 0) return undefined;
    return field.pointer || field.always || !isZero(value, shape) ? value : undefined;
  }

  private value(shape: Shape, given: unknown, goType?: string): unknown {
    switch (shape.kind) {
      case 'any':
        return given;
      case 'object':
        return this.object(typeSchema(shape.type), given);
      case 'list': {
        if (!Array.isArray(given)) {
          this.mismatch(given, goTypeOf(shape, goType));
          return undefined;
        }
        return given.map((item, i) => {
          this.path.push(i);
          const value = item === null ? zeroOf(this, shape.items) : this.value(shape.items, item, goType);
          this.path.pop();
          return value;
        });
      }
      case 'map': {
        if (!isObject(given)) {
          this.mismatch(given, goTypeOf(shape, goType));
          return undefined;
        }
        const out: Record<string, unknown> = {};
        for (const key of Object.keys(given)) {
          const item = given[key];
          setOwn(out, key, item === null ? zeroOf(this, shape.values) : this.value(shape.values, item, goType));
        }
        return out;
      }
      default:
        return this.scalar(shape.scalar, given, goType);
    }
  }

  private scalar(scalar: Scalar, given: unknown, goType = goScalars[scalar]): unknown {
    switch (scalar) {
      case 'string':
        if (typeof given === 'string') return given;
        this.mismatch(given, goType);
        return '';
      case 'bool':
        if (typeof given === 'boolean') return given;
        this.mismatch(given, goType);
        return false;
      case 'double':
        if (typeof given === 'number') return given;
        this.mismatch(given, goType);
        return 0;
      case 'int32':
      case 'int64': {
        const limit = scalar === 'int32' ? 2 ** 31 : 2 ** 63;
        if (typeof given !== 'number') this.mismatch(given, goType);
        else if (!Number.isInteger(given) || given >= limit || given < -limit)
          this.mismatch(given, goType, ` ${given}`);
        else return given;
        return 0;
      }
      case 'bytes':
        if (typeof given !== 'string') this.mismatch(given, goType);
        else {
          const bad = base64Error(given);
          if (bad < 0) return given.replace(/[\r\n]/g, '');
          this.fail(`illegal base64 data at input byte ${bad}`);
        }
        return '';
      case 'quantity':
        try {
          if (typeof given !== 'string' && typeof given !== 'number') throw new QuantityError(canonicalError);
          return canonicalQuantity(typeof given === 'string' ? given.trim() : given);
        } catch (error) {
          this.fail((error as Error).message);
          return '0';
        }
      case 'intOrString':
        if (typeof given === 'string') return given;
        if (typeof given === 'number' && Number.isInteger(given) && Math.abs(given) <= 2 ** 31) return given;
        this.fail(
          `json: cannot unmarshal ${jsonType(given)}${typeof given === 'number' ? ` ${given}` : ''} into Go value of type int32`,
        );
        return 0;
      default:
        return this.time(scalar, given);
    }
  }

  private time(scalar: 'time' | 'microtime' | 'duration', given: unknown): unknown {
    if (typeof given !== 'string') {
      this.fail(`json: cannot unmarshal ${jsonType(given)} into Go value of type string`);
      return undefined;
    }
    if (scalar === 'duration') {
      const duration = parseDuration(given);
      if (duration === undefined) this.fail(`time: invalid duration ${quote(given)}`);
      return formatDuration(duration ?? 0);
    }
    const at = parseTime(given);
    if (at === undefined) {
      this.fail(parseTimeError(given));
      return undefined;
    }
    if (scalar === 'time') return formatTime(at);
    const micro = /\.(\d+)/.exec(given)?.[1];
    return micro
      ? formatMicroTime(at).replace(/\.\d+Z$/, `.${micro.padEnd(6, '0').slice(0, 6)}Z`)
      : formatMicroTime(at);
  }
}

const canonicalError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** The offset at which standard base64 goes wrong, or -1. */
function base64Error(text: string): number {
  const match = /^[A-Za-z0-9+/\r\n]*/.exec(text) as RegExpExecArray;
  const body = match[0];
  const rest = text.slice(body.length);
  const length = body.replace(/[\r\n]/g, '').length;
  const padding = rest.replace(/[\r\n]/g, '');
  const wanted = (4 - (length % 4)) % 4;
  if (wanted === 3) return Math.max(0, text.length - 1);
  if (padding === '='.repeat(wanted)) return -1;
  return /^=*$/.test(padding) ? text.length : body.length + rest.search(/[^=\r\n]/);
}

function zero(scalar: Scalar): unknown {
  if (scalar === 'bool') return false;
  if (scalar === 'int32' || scalar === 'int64' || scalar === 'double' || scalar === 'intOrString') return 0;
  if (scalar === 'quantity') return '0';
  return scalar === 'string' ? '' : undefined;
}

const zeroOf = (decoder: Decoder, shape: Shape): unknown =>
  shape.kind === 'object'
    ? decoder.object(typeSchema(shape.type), undefined)
    : shape.kind === 'scalar'
      ? // No bytes at all are empty once they have been stored.
        shape.scalar === 'bytes'
        ? ''
        : zero(shape.scalar)
      : null;

function isZero(value: unknown, shape: Shape): boolean {
  if (value === undefined || value === null) return true;
  if (shape.kind === 'list') return (value as unknown[]).length === 0;
  if (shape.kind === 'map') return Object.keys(value).length === 0;
  if (shape.kind !== 'scalar') return false;
  // A struct with its own encoding is never empty for encoding/json.
  if (shape.scalar === 'intOrString' || shape.scalar === 'quantity' || shape.scalar === 'duration') return false;
  return value === '' || value === 0 || value === false;
}

function goTypeOf(shape: Shape, goType?: string): string {
  if (shape.kind === 'list') return `[]${goTypeOf(shape.items, goType)}`;
  if (shape.kind === 'map') return `map[string]${goTypeOf(shape.values, goType)}`;
  if (shape.kind === 'object') return typeSchema(shape.type).goType;
  return shape.kind === 'scalar' ? (goType ?? goScalars[shape.scalar]) : 'interface {}';
}

/** Decodes into a schema type. Throws a DecodeError on a value of the wrong type. */
export function decodeTyped<T = Record<string, unknown>>(type: string, value: unknown): Decoded<T> {
  const decoder = new Decoder();
  const object = decoder.object(typeSchema(type), value) as T;
  decoder.finish();
  return { object, strictErrors: decoder.unknown };
}

/** Text that was read but not yet given a type. */
export interface RawDocument {
  value: unknown;
  /** Repeated keys, in the words of strict decoding. */
  strictErrors: string[];
}

/** The first document of a YAML text. Throws a YamlError. */
export function parseYamlDocument(text: string): RawDocument {
  const [document] = parseYaml(text);
  const { duplicates = [], value = null } = document ?? {};
  return {
    value,
    strictErrors: duplicates.length > 0 ? [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`] : [],
  };
}

/**
 * Reads the body of a request. Throws BadRequest with upstream's text when the syntax is bad.
 * JSON is tried first under either type, as upstream's recognizer does for YAML.
 */
export function parseDocument(text: string, format: 'json' | 'yaml'): RawDocument {
  if (format === 'yaml' && !/^\s*\{/.test(text)) {
    try {
      return parseYamlDocument(text);
    } catch (error) {
      if (error instanceof YamlError) throw newBadRequest(`error converting YAML to JSON: ${error.message}`);
      throw error;
    }
  }
  try {
    const { value, duplicates } = parseJson(text);
    return { value, strictErrors: duplicates.map((path) => `duplicate field ${quote(path)}`) };
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw newBadRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
}

export const strictDecodingError = (errors: readonly string[]): string => `strict decoding error: ${errors.join(', ')}`;

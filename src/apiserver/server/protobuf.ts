// Kubernetes' protobuf encoding of request bodies, by the field numbers of the schema: "k8s\0", then a runtime.Unknown whose raw bytes are the object
// (apimachinery/pkg/runtime/serializer/protobuf). Decoded into the plain data that the JSON form would have given.
//
// Invariants: unknown fields are skipped; malformed input is BadRequest; nothing is read past the end; nesting is bounded.

import { findType, type Shape, typeSchema } from '../../api/schema/schema.ts';
import { newBadRequest } from '../../api/status.ts';
import { formatDuration, formatMicroTime, formatTime } from '../../api/time.ts';
import { type Layout, layoutOf, unionOf } from './protobuf-layout.ts';

type Fields = Record<string, unknown>;

const magic = [0x6b, 0x38, 0x73, 0];
const maxDepth = 64;
const text = new TextDecoder();

const malformed = (why: string) => newBadRequest(`the protobuf body is malformed: ${why}`);

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed('unexpected end');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw malformed('integer overflow');
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    if (length > this.#bytes.length - this.#at) throw malformed('unexpected end');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  fixed(length: 4 | 8): DataView {
    if (length > this.#bytes.length - this.#at) throw malformed('unexpected end');
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length);
    this.#at += length;
    return view;
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.fixed(8);
    else if (wire === 2) this.bytes();
    else if (wire === 5) this.fixed(4);
    else throw malformed(`wire type ${wire}`);
  }
}

/** Calls `take` for each field of a message; what it does not read (returns false) is skipped. */
function eachField(bytes: Uint8Array, take: (number: number, wire: number, reader: Reader) => boolean): void {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    const wire = tag & 7;
    if (!take(tag >>> 3, wire, reader)) reader.skip(wire);
  }
}

/** The numbered parts of a message that hold bytes or integers, last one wins. */
function parts(bytes: Uint8Array): Map<number, Uint8Array | bigint> {
  const out = new Map<number, Uint8Array | bigint>();
  eachField(bytes, (number, wire, reader) => {
    if (wire === 2) out.set(number, reader.bytes());
    else if (wire === 0) out.set(number, reader.varint());
    else return false;
    return true;
  });
  return out;
}

const signed = (value: Uint8Array | bigint | undefined) =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
const stringOf = (value: Uint8Array | bigint | undefined) => (value instanceof Uint8Array ? text.decode(value) : '');

function message(bytes: Uint8Array, layout: Layout, out: Fields, depth: number): void {
  if (depth > maxDepth) throw malformed('nested too deeply');
  eachField(bytes, (number, wire, reader) => {
    const found = layout.get(number);
    if (found === undefined) return false;
    if (found instanceof Map) {
      if (wire !== 2) return false;
      message(reader.bytes(), found, out, depth + 1);
      return true;
    }
    const union = unionOf(found.owner, found.name);
    if (union) setUnion(out, found.name, union, reader.bytes(), depth);
    else set(out, found.name, found.shape, wire, reader, depth);
    return true;
  });
}

/** A field that is a schema or a list, a boolean or names. */
function setUnion(out: Fields, name: string, union: string, bytes: Uint8Array, depth: number): void {
  if (union === 'map') {
    out[name] ??= {};
    const entry = parts(bytes);
    const inner: Fields = {};
    const value = entry.get(2);
    setUnion(inner, 'value', 'schemaOrStrings', value instanceof Uint8Array ? value : new Uint8Array(), depth);
    Object.defineProperty(out[name], stringOf(entry.get(1)), {
      value: inner['value'],
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return;
  }
  const schema = (of: Uint8Array): Fields => {
    const it: Fields = {};
    message(of, layoutOf(typeSchema('JSONSchemaProps')), it, depth + 1);
    return it;
  };
  const list: unknown[] = [];
  let found: unknown;
  eachField(bytes, (number, wire, reader) => {
    if (wire === 0 && number === 1) found ??= reader.varint() !== 0n;
    else if (wire !== 2) return false;
    else if (union === 'schemaOrBool' ? number === 2 : number === 1) found = schema(reader.bytes());
    else if (number === 2) list.push(union === 'schemaOrArray' ? schema(reader.bytes()) : text.decode(reader.bytes()));
    else return false;
    return true;
  });
  out[name] = found ?? list;
}

function set(out: Fields, name: string, shape: Shape, wire: number, reader: Reader, depth: number): void {
  if (shape.kind === 'list') {
    out[name] ??= [];
    const list = out[name] as unknown[];
    const packed =
      wire === 2 && shape.items.kind === 'scalar' && ['int32', 'int64', 'bool'].includes(shape.items.scalar);
    if (!packed) {
      list.push(value(shape.items, wire, reader, depth));
      return;
    }
    const inner = new Reader(reader.bytes());
    while (!inner.done) list.push(value(shape.items, 0, inner, depth));
    return;
  }
  if (shape.kind === 'map') {
    out[name] ??= {};
    const map = out[name] as Fields;
    let key = '';
    let entry: unknown;
    eachField(reader.bytes(), (number, innerWire, inner) => {
      if (number === 1 && innerWire === 2) key = text.decode(inner.bytes());
      else if (number === 2) entry = mapValue(shape.values, innerWire, inner, depth);
      else return false;
      return true;
    });
    entry ??= shape.values.kind === 'scalar' && shape.values.scalar === 'string' ? '' : {};
    Object.defineProperty(map, key, { value: entry, enumerable: true, configurable: true, writable: true });
    return;
  }
  out[name] = value(shape, wire, reader, depth);
}

/** A list as the value of a map is a message of its own, with the items as field 1. */
function mapValue(shape: Shape, wire: number, reader: Reader, depth: number): unknown {
  if (shape.kind !== 'list') return value(shape, wire, reader, depth);
  const holder: Fields = { items: [] };
  eachField(reader.bytes(), (number, innerWire, inner) => {
    if (number !== 1) return false;
    set(holder, 'items', shape, innerWire, inner, depth);
    return true;
  });
  return holder['items'];
}

function value(shape: Shape, wire: number, reader: Reader, depth: number): unknown {
  if (shape.kind === 'object') {
    const out: Fields = {};
    message(reader.bytes(), layoutOf(typeSchema(shape.type)), out, depth + 1);
    return out;
  }
  if (shape.kind === 'any') {
    // RawExtension, JSON, FieldsV1: their JSON text as field 1.
    const raw = parts(reader.bytes()).get(1);
    try {
      return raw instanceof Uint8Array && raw.length > 0 ? JSON.parse(text.decode(raw)) : null;
    } catch {
      throw malformed('an embedded object is not JSON');
    }
  }
  if (shape.kind !== 'scalar') throw malformed('unexpected shape');
  switch (shape.scalar) {
    case 'string':
      return text.decode(reader.bytes());
    case 'int32':
    case 'int64':
      if (wire !== 0) throw malformed('an integer was expected');
      return Number(BigInt.asIntN(64, reader.varint()));
    case 'bool':
      if (wire !== 0) throw malformed('a boolean was expected');
      return reader.varint() !== 0n;
    case 'double':
      return wire === 1 ? reader.fixed(8).getFloat64(0, true) : reader.fixed(4).getFloat32(0, true);
    case 'bytes':
      return btoa(Array.from(reader.bytes(), (byte) => String.fromCharCode(byte)).join(''));
    case 'time':
    case 'microtime': {
      const fields = parts(reader.bytes());
      if (fields.size === 0) return null;
      const nanos = signed(fields.get(2));
      const at = signed(fields.get(1)) * 1000 + Math.floor(nanos / 1e6);
      if (shape.scalar === 'time') return formatTime(at);
      return formatMicroTime(at).replace(/\.\d+Z$/, `.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`);
    }
    case 'duration':
      return formatDuration(signed(parts(reader.bytes()).get(1)) / 1e6);
    case 'quantity':
      return stringOf(parts(reader.bytes()).get(1));
    case 'intOrString': {
      const fields = parts(reader.bytes());
      return signed(fields.get(1)) === 1 ? stringOf(fields.get(3)) : signed(fields.get(2));
    }
  }
}

/** Whether the body begins as Kubernetes' protobuf does. */
export const isProtobuf = (bytes: Uint8Array): boolean => magic.every((byte, i) => bytes[i] === byte);

/** Decodes a body into plain data. `typeOf` names the schema type for an apiVersion and kind. Throws BadRequest. */
export function decodeProtobuf(bytes: Uint8Array, typeOf: (apiVersion: string, kind: string) => string): Fields {
  if (!isProtobuf(bytes))
    throw newBadRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope = parts(bytes.subarray(magic.length));
  const typeMeta = envelope.get(1);
  const names = typeMeta instanceof Uint8Array ? parts(typeMeta) : new Map<number, Uint8Array>();
  const apiVersion = stringOf(names.get(1));
  const kind = stringOf(names.get(2));
  const raw = envelope.get(2);
  const type = findType(typeOf(apiVersion, kind));
  if (!type)
    throw newBadRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  const out: Fields = {};
  message(raw instanceof Uint8Array ? raw : new Uint8Array(0), layoutOf(type), out, 0);
  return { ...out, apiVersion, kind };
}

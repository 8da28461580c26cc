// The gateway's JSON form of etcd's messages, driven by tables: 64-bit numbers as strings, bytes as base64, enums by name, zero values left out, proto field
// names in answers and either spelling in requests (grpc-gateway with OrigName). Bad input is refused with the words of Go's decoder.

import { fromBase64, toBase64 } from '../bytes.ts';
import { EtcdError } from '../client/types.ts';
import { grpc } from '../errors.ts';
import { scanJson } from './go-json.ts';

export type Scalar = 'bytes' | 'string' | 'int64' | 'id' | 'uint32' | 'bool';
export interface EnumType {
  enumName: string;
  values: string[];
}
export interface Field {
  /** Name in proto and in answers. */
  wire: string;
  /** Name in memory (and the other spelling accepted in requests). */
  name: string;
  type: Scalar | EnumType | Message;
  repeated: boolean;
}
export interface Message {
  fields: Field[];
  byName: Map<string, Field>;
}

/** Field types as written in the tables below: '[]' marks a repeated field. */
type Shape = Record<string, Scalar | EnumType | Message | [Scalar | EnumType | Message]>;

const camel = (wire: string) => wire.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A message type from its proto field names. */
export function message(shape: Shape): Message {
  const fields = Object.entries(shape).map(([wire, type]): Field => {
    const repeated = Array.isArray(type);
    return { wire, name: camel(wire), type: repeated ? (type[0] as Scalar) : type, repeated };
  });
  const byName = new Map<string, Field>();
  for (const field of fields) {
    byName.set(field.wire, field);
    byName.set(field.name, field);
  }
  return { fields, byName };
}

export function enumType(enumName: string, ...values: string[]): EnumType {
  return { enumName, values };
}

type Data = Record<string, unknown>;

function invalid(text: string): EtcdError {
  return new EtcdError(grpc.invalidArgument, text);
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

/** JSON text of a request into a value, with Go's complaints. An empty text is an empty message; what follows the first value is passed over. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    const found = scanJson(text);
    if ('complaint' in found) throw invalid(found.complaint);
    return JSON.parse(text.slice(0, found.end));
  }
}

/** A gateway request into a message in memory. Unknown fields are passed over. Throws EtcdError INVALID_ARGUMENT. */
export function decode(type: Message, json: unknown): Data {
  if (json === null) return {};
  if (typeof json !== 'object' || Array.isArray(json))
    throw invalid(`json: cannot unmarshal ${goKind(json)} into Go value of type map[string]json.RawMessage`);
  const out: Data = {};
  for (const [key, value] of Object.entries(json)) {
    const field = type.byName.get(key);
    if (!field || value === null) continue;
    if (!field.repeated) out[field.name] = decodeOne(field.type, value);
    else if (Array.isArray(value)) out[field.name] = value.map((item) => decodeOne(field.type, item));
    else throw invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type []json.RawMessage`);
  }
  return out;
}

function decodeOne(type: Field['type'], value: unknown): unknown {
  if (typeof type === 'object') return 'values' in type ? decodeEnum(type, value) : decode(type, value);
  switch (type) {
    case 'bytes': {
      if (value === null) return '';
      if (Array.isArray(value)) return value.map((item) => String.fromCharCode(decodeByte(item))).join('');
      if (typeof value !== 'string')
        throw invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type []uint8`);
      const bytes = fromBase64(value);
      if (bytes === undefined) throw invalid(`illegal base64 data at input byte ${firstBad(value)}`);
      return bytes;
    }
    case 'string':
      if (typeof value !== 'string')
        throw invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type string`);
      return value;
    case 'bool':
      if (typeof value !== 'boolean')
        throw invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type bool`);
      return value;
    case 'int64':
    case 'uint32':
      return Number(integer(value));
    case 'id':
      return integer(value);
  }
}

/** A whole number given as a number or a string of digits, in canonical decimal form. */
function integer(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value).toString();
  if (typeof value === 'string' && /^-?\d+$/.test(value)) {
    const big = BigInt(value);
    if (big >= -(2n ** 63n) && big < 2n ** 64n) return big.toString();
    throw invalid(`json: cannot unmarshal number ${value} into Go value of type int64`);
  }
  if (typeof value === 'number') throw invalid(`json: cannot unmarshal number ${value} into Go value of type int64`);
  if (typeof value === 'string')
    throw invalid(
      value === '' ? 'unexpected end of JSON input' : `invalid character '${value[0]}' looking for beginning of value`,
    );
  throw invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type int64`);
}

function decodeEnum(type: EnumType, value: unknown): string | number {
  if (typeof value === 'number') return type.values[value] ?? value;
  if (typeof value === 'string' && type.values.includes(value)) return value;
  throw invalid(`unknown value ${JSON.stringify(value)} for enum ${type.enumName}`);
}

/** A byte string may be a list of numbers, as Go takes it. */
function decodeByte(value: unknown): number {
  if (value === null) return 0;
  const kind = typeof value === 'number' ? `number ${value}` : goKind(value);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) return value;
  throw invalid(`json: cannot unmarshal ${kind} into Go value of type uint8`);
}

/** Where Go's decoder gives up on what is not base64. */
function firstBad(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/]/);
  if (at < 0) return text.length - (text.length % 4);
  if (text[at] !== '=' || at % 4 < 2) return at;
  if (at % 4 === 3) return at + 1;
  if (at + 1 === text.length) return text.length;
  return text[at + 1] === '=' ? at + 2 : at;
}

/** A message in memory into the gateway's JSON value: zero values left out. */
export function encode(type: Message, data: Data): Data {
  const out: Data = {};
  for (const field of type.fields) {
    const value = data[field.name];
    if (value === undefined) continue;
    if (field.repeated) {
      const items = value as unknown[];
      if (items.length > 0) out[field.wire] = items.map((item) => encodeOne(field.type, item));
      continue;
    }
    if (value === 0 || value === '' || value === false) continue;
    if (field.type === 'id' && value === '0') continue;
    if (typeof field.type === 'object' && 'values' in field.type && value === field.type.values[0]) continue;
    out[field.wire] = encodeOne(field.type, value);
  }
  return out;
}

function encodeOne(type: Field['type'], value: unknown): unknown {
  if (typeof type === 'object') return 'values' in type ? value : encode(type, value as Data);
  switch (type) {
    case 'bytes':
      return toBase64(value as string);
    case 'int64':
    case 'id':
      return String(value);
    default:
      return value;
  }
}

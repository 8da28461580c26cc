// The gateway's JSON form of etcd's messages, driven by tables: 64-bit numbers as strings, bytes as base64, enums by name, zero values left out, proto field
// names in answers and either spelling in requests (grpc-gateway with OrigName). Bad input is refused with the words of Go's decoder.

import { fromBase64, toBase64 } from '../bytes.ts';
import { EtcdError } from '../client/types.ts';
import { grpc } from '../errors.ts';
import { GoNumber, scanJson } from './go-json.ts';

/** 'id' and 'uid': 64 bits with and without a sign, decimal strings in memory. */
export type Scalar = 'bytes' | 'string' | 'int64' | 'id' | 'uid' | 'uint32' | 'bool';
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
  return value instanceof GoNumber ? 'number' : typeof value;
}

function misfit(value: unknown, type: string): EtcdError {
  return invalid(`json: cannot unmarshal ${goKind(value)} into Go value of type ${type}`);
}

/** A number that JSON.parse would make another of: a fraction, an exponent, or more than 15 digits. */
const unsafeNumber = /(?:^|[[:,\s])-?(?:\d+[.eE]|\d{16})/;

/** JSON text of a request into a value, with Go's complaints. An empty text is an empty message; what follows the first value is passed over. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  if (!unsafeNumber.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // the scanner says why, or where the first value ends
    }
  }
  const found = scanJson(text);
  if ('complaint' in found) throw invalid(found.complaint);
  return found.value;
}

/** A gateway request into a message in memory. Unknown fields are passed over. Throws EtcdError INVALID_ARGUMENT. */
export function decode(type: Message, json: unknown): Data {
  if (json === null) return {};
  if (typeof json !== 'object' || Array.isArray(json) || json instanceof GoNumber)
    throw misfit(json, 'map[string]json.RawMessage');
  const given = json as Data;
  const out: Data = {};
  for (const { wire, name, type: inner, repeated } of type.fields) {
    const value = Object.hasOwn(given, name) ? given[name] : Object.hasOwn(given, wire) ? given[wire] : null;
    if (value === null) continue;
    if (!repeated) out[name] = decodeOne(inner, value);
    else if (Array.isArray(value)) out[name] = value.map((item) => decodeOne(inner, item));
    else if (typeof value === 'string' && isEnum(inner))
      throw invalid(`invalid target "slice" for enum ${inner.enumName}`);
    else throw misfit(value, '[]json.RawMessage');
  }
  return out;
}

const isEnum = (type: Field['type']): type is EnumType => typeof type === 'object' && 'values' in type;

function decodeOne(type: Field['type'], value: unknown): unknown {
  if (typeof type === 'object') return isEnum(type) ? decodeEnum(type, value) : decode(type, value);
  switch (type) {
    case 'bytes':
      return decodeBytes(value);
    case 'string':
      if (value === null) return '';
      if (typeof value !== 'string') throw misfit(value, 'string');
      return value;
    case 'bool':
      if (value === null) return false;
      if (typeof value !== 'boolean') throw misfit(value, 'bool');
      return value;
    case 'uint32':
    case 'int64':
      return Number(integer(value, 'int64'));
    case 'id':
      return integer(value, 'int64');
    case 'uid':
      return integer(value, 'uint64');
  }
}

function decodeBytes(value: unknown): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item) => String.fromCharCode(decodeByte(item))).join('');
  if (typeof value !== 'string') throw misfit(value, '[]uint8');
  const bytes = fromBase64(value);
  if (bytes === undefined) throw invalid(`illegal base64 data at input byte ${firstBad(value)}`);
  return bytes;
}

const bounds = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

/** A whole number given as a JSON number, or as the text of one in a string, in canonical decimal form. */
function integer(value: unknown, type: keyof typeof bounds): string {
  const number = typeof value === 'string' ? numberIn(value) : value;
  if (number === null) return '0';
  if (typeof number !== 'number' && !(number instanceof GoNumber)) throw misfit(number, type);
  const text = number instanceof GoNumber ? number.text : String(number);
  const [low, high] = bounds[type];
  const whole = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  if (whole === undefined || whole < low || whole > high)
    throw invalid(`json: cannot unmarshal number ${text} into Go value of type ${type}`);
  return whole.toString();
}

/** The gateway takes the quotes off a number and reads what was between them as JSON. */
function numberIn(text: string): unknown {
  if (/^-?(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  const found = scanJson(text);
  if ('complaint' in found)
    throw invalid(found.complaint === 'unexpected EOF' ? 'unexpected end of JSON input' : found.complaint);
  const rest = text.slice(found.end).trimStart();
  if (rest !== '') throw invalid(`invalid character '${rest[0]}' after top-level value`);
  return found.value;
}

function decodeEnum(type: EnumType, value: unknown): string | number {
  if (value === null) return type.values[0] as string;
  if (typeof value === 'string') {
    if (type.values.includes(value)) return value;
    throw invalid(`unknown value ${JSON.stringify(value)} for enum ${type.enumName}`);
  }
  const number = value instanceof GoNumber ? Number.NaN : value;
  if (typeof number !== 'number') throw misfit(value, type.enumName);
  if (number !== (number | 0)) {
    const text = value instanceof GoNumber ? value.text : String(value);
    throw invalid(`json: cannot unmarshal number ${text} into Go value of type ${type.enumName}`);
  }
  return type.values[number] ?? number;
}

/** A byte string may be a list of numbers, as Go takes it. */
function decodeByte(value: unknown): number {
  if (value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255) return value;
  const shown = value instanceof GoNumber ? value.text : value;
  const kind = typeof value === 'number' || value instanceof GoNumber ? `number ${shown}` : goKind(value);
  throw invalid(`json: cannot unmarshal ${kind} into Go value of type uint8`);
}

/** Where Go's decoder gives up on what is not base64: line breaks count, though they are passed over. */
function firstBad(text: string): number {
  let digits = 0;
  let at = 0;
  const skipBreaks = () => {
    while (text[at] === '\n' || text[at] === '\r') at++;
  };
  for (skipBreaks(); /[A-Za-z0-9+/]/.test(text[at] ?? ''); skipBreaks()) {
    digits++;
    at++;
  }
  if (at === text.length) return at - (digits % 4);
  if (text[at] !== '=' || digits % 4 < 2) return at;
  at++;
  if (digits % 4 === 3) return at;
  skipBreaks();
  if (at === text.length) return at;
  return text[at] === '=' ? at + 1 : at - 1;
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
    if ((field.type === 'id' || field.type === 'uid') && value === '0') continue;
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
    case 'uid':
      return String(value);
    default:
      return value;
  }
}

// String functions: cel-go's ext.Strings (version 2) and Kubernetes' find and findAll.

import type { Declaration } from '../environment.ts';
import { compileRegexp } from '../regexp.ts';
import {
  CelError,
  Duration,
  formatDuration,
  formatTimestamp,
  MapValue,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from '../values.ts';
import { formatDouble } from './standard.ts';

const range = (index: bigint | number) => new CelError(`index out of range: ${index}`);

function charAt(text: string, index: bigint): string {
  const all = [...text];
  if (index < 0n || index > BigInt(all.length)) throw range(index);
  return all[Number(index)] ?? '';
}

function substring(text: string, start: bigint, end?: bigint): string {
  const all = [...text];
  const size = BigInt(all.length);
  const to = end ?? size;
  if (start < 0n || start > size) throw range(start);
  if (to < 0n || to > size) throw range(to);
  if (start > to) throw new CelError(`invalid substring range. start: ${start}, end: ${to}`);
  return all.slice(Number(start), Number(to)).join('');
}

function findFrom(text: string, part: string, offset: bigint, backwards: boolean): bigint {
  const all = [...text];
  const wanted = [...part];
  if (offset < 0n || offset > BigInt(all.length)) throw range(offset);
  const here = (i: number) => wanted.every((c, j) => all[i + j] === c);
  if (backwards) {
    for (let i = Math.min(Number(offset), all.length - wanted.length); i >= 0; i--) if (here(i)) return BigInt(i);
    return -1n;
  }
  for (let i = Number(offset); i <= all.length - wanted.length; i++) if (here(i)) return BigInt(i);
  return -1n;
}

function replace(text: string, from: string, to: string, limit = -1n): string {
  if (from === '') return spread(text, to, limit < 0n ? Infinity : Number(limit));
  if (limit < 0n) return text.replaceAll(from, () => to);
  let out = '';
  let rest = text;
  for (let i = 0n; i < limit; i++) {
    const at = rest.indexOf(from);
    if (at < 0) break;
    out += rest.slice(0, at) + to;
    rest = rest.slice(at + from.length);
  }
  return out + rest;
}

/** Go's strings.Replace of the empty string: before each character and at the end. */
function spread(text: string, to: string, limit: number): string {
  const all = [...text];
  return all.map((c, i) => (i < limit ? to : '') + c).join('') + (all.length < limit ? to : '');
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  if (limit === 1n) return [text];
  const all = separator === '' ? [...text] : text.split(separator);
  if (limit < 0n || BigInt(all.length) <= limit) return all;
  const head = all.slice(0, Number(limit) - 1);
  return [...head, all.slice(Number(limit) - 1).join(separator)];
}

function pattern(text: string): RegExp {
  try {
    return compileRegexp(text);
  } catch (error) {
    throw new CelError(`Illegal regex: ${(error as Error).message}`);
  }
}

function find(text: string, source: string): string {
  return text.match(pattern(source))?.[0] ?? '';
}

function findAll(text: string, source: string, limit = -1n): string[] {
  const all = [...text.matchAll(pattern(source))].map(([match]) => match);
  return limit < 0n ? all : all.slice(0, Number(limit));
}

const trim = (text: string) => text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, '');
const lower = (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());
const upper = (text: string) => text.replace(/[a-z]/g, (c) => c.toUpperCase());

/** %s of string.format. */
function shown(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof MapValue) {
    const entries = value.keys().map((key) => [shown(key), shown(value.get(key) as Value)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}: ${item}`)
      .join(', ')}}`;
  }
  throw new CelError(
    'error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  );
}

const bad = (why: string) => new CelError(`error during formatting: ${why}`);

function integer(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw bad('integer clause can only be used on integers');
}

function format(text: string, values: Value[]): string {
  let next = 0;
  return text.replace(/%(?:(%)|(?:\.(\d+))?([a-zA-Z])?)/g, (_all, percent: string, precision: string, verb: string) => {
    if (percent) return '%';
    if (verb === undefined) throw bad('unexpected end of string');
    const value = values[next++];
    if (value === undefined) throw bad(`index ${next - 1} out of range`);
    const digits = precision === undefined ? 6 : Number(precision);
    switch (verb) {
      case 's':
        return shown(value);
      case 'd':
        return typeof value === 'number' ? String(value) : integer(value).toString();
      case 'f':
        return typeof value === 'number' || typeof value === 'bigint' ? Number(value).toFixed(digits) : shown(value);
      case 'e':
        return Number(value as number)
          .toExponential(digits)
          .replace(/e([+-])(\d)$/, 'e$10$2');
      case 'b':
        return typeof value === 'boolean' ? (value ? '1' : '0') : integer(value).toString(2);
      case 'o':
        return integer(value).toString(8);
      case 'x':
      case 'X': {
        const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
        const hex =
          bytes instanceof Uint8Array
            ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
            : integer(value).toString(16);
        return verb === 'x' ? hex : hex.toUpperCase();
      }
      default:
        throw bad(`unrecognized formatting clause "${verb}"`);
    }
  });
}

const quotes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

export const stringFunctions: Declaration[] = [
  ['charAt', 'string.(int)string', charAt],
  ['indexOf', 'string.(string)int', (text: string, part: string) => findFrom(text, part, 0n, false)],
  ['indexOf', 'string.(string,int)int', (text: string, part: string, at: bigint) => findFrom(text, part, at, false)],
  [
    'lastIndexOf',
    'string.(string)int',
    (text: string, part: string) => findFrom(text, part, BigInt([...text].length), true),
  ],
  ['lastIndexOf', 'string.(string,int)int', (text: string, part: string, at: bigint) => findFrom(text, part, at, true)],
  ['lowerAscii', 'string.()string', lower],
  ['upperAscii', 'string.()string', upper],
  ['replace', 'string.(string,string)string', (text: string, from: string, to: string) => replace(text, from, to)],
  ['replace', 'string.(string,string,int)string', replace],
  ['split', 'string.(string)list(string)', (text: string, by: string) => split(text, by)],
  ['split', 'string.(string,int)list(string)', split],
  ['substring', 'string.(int)string', (text: string, start: bigint) => substring(text, start)],
  ['substring', 'string.(int,int)string', substring],
  ['trim', 'string.()string', trim],
  ['format', 'string.(list(dyn))string', format],
  ['strings.quote', '(string)string', (text: string) => `"${text.replace(/[\x07-\r\\"]/g, (c) => quotes[c] ?? c)}"`],
  ['join', 'list(string).()string', (list: string[]) => list.join('')],
  ['join', 'list(string).(string)string', (list: string[], by: string) => list.join(by)],
  ['find', 'string.(string)string', find],
  ['findAll', 'string.(string)list(string)', (text: string, source: string) => findAll(text, source)],
  ['findAll', 'string.(string,int)list(string)', findAll],
];

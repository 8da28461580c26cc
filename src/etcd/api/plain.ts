// The store's own form of the v3 messages (server/http.ts): asked for with `accept`, never assumed. A message is its form in memory as JSON, with two additions that
// spare work: many calls in one exchange, and long ranges whose values follow their heads as they are.

import { encodeParts } from '../bytes.ts';
import { EtcdError } from '../client/types.ts';
import { grpc } from '../errors.ts';
import type { Path } from './messages.ts';
import type { Field, Message } from './schema.ts';
import type { KeyValue, RangeResponse } from './types.ts';

export const plainType = 'application/vnd.drydock.etcd+json';

/** Takes a JSON list of [path, request] and answers a list of { ok: response } or { code, message } in the same order. */
export const batchPath = '/drydock/batch';

/** Calls that may travel together, by what they wait for: reads for one question to the quorum, writes for one place in the log. */
export const batchable: { [path in Path]?: 'read' | 'write' } = {
  '/v3/kv/range': 'read',
  '/v3/kv/put': 'write',
  '/v3/kv/deleterange': 'write',
  '/v3/kv/txn': 'write',
};

const byteString = /^[\x00-\xff]*$/;
const whole = /^-?\d{1,20}$/;

function fits(type: Field['type'], value: unknown): boolean {
  if (typeof type === 'object') {
    if ('values' in type) return typeof value === 'string' && type.values.includes(value);
    return isPlain(type, value);
  }
  switch (type) {
    case 'bytes':
      return typeof value === 'string' && byteString.test(value);
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'id':
    case 'uid':
      return typeof value === 'string' && whole.test(value);
    case 'int64':
    case 'uint32':
      return Number.isSafeInteger(value);
  }
}

function isPlain(type: Message, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const [name, inner] of Object.entries(value)) {
    const field = type.byName.get(name);
    if (!field || field.name !== name) return false;
    if (!field.repeated) {
      if (!fits(field.type, inner)) return false;
    } else if (!Array.isArray(inner) || !inner.every((item) => fits(field.type, item))) return false;
  }
  return true;
}

/** A request in plain form, or INVALID_ARGUMENT: nothing of the wrong type may reach the log, where every member would stumble over it for ever. */
export function readPlain(type: Message, value: unknown): Record<string, unknown> {
  if (!isPlain(type, value)) throw new EtcdError(grpc.invalidArgument, 'malformed message in the plain form');
  return value as Record<string, unknown>;
}

/** Pairs from which on a range is packed. */
const packFrom = 8;

type Row = [key: string, create: number, mod: number, version: number, lease: string, valueLength: number];

/** First characters of packed ranges: of any, and of those that are ASCII throughout. */
const marks = { any: '#', ascii: '=' } as const;

/** Whether this is what writeRange made of a long range. */
export function isPackedRange(text: string): boolean {
  return text.startsWith(marks.any) || text.startsWith(marks.ascii);
}

/**
 * A range's answer: a mark, "<length of head>\n", the head as JSON, then all values end to end; a short one is just JSON. A long one comes as UTF-8 at once: as one
 * string it would be copied twice more, which costs more than everything else about a range.
 */
export function writeRange(response: RangeResponse): string | Uint8Array<ArrayBuffer> {
  const { kvs = [], ...rest } = response;
  if (kvs.length < packFrom) return JSON.stringify(response);
  const parts = [''];
  let characters = 0;
  const rows = kvs.map((kv): Row => {
    const { key, createRevision = 0, modRevision = 0, version = 0, lease = '0', value = '' } = kv;
    parts.push(value);
    characters += value.length;
    return [key, createRevision, modRevision, version, lease, value.length];
  });
  const head = JSON.stringify({ ...rest, rows });
  parts[0] = `${marks.any}${head.length}\n${head}`;
  const bytes = encodeParts(parts);
  if (bytes.length === characters + parts[0].length) bytes[0] = marks.ascii.charCodeAt(0);
  return bytes;
}

/** Reads the text of what writeRange packed. */
export function readRange(text: string): RangeResponse {
  const lineEnd = text.indexOf('\n');
  let at = lineEnd + 1 + Number(text.slice(1, lineEnd));
  const { rows, ...rest } = JSON.parse(text.slice(lineEnd + 1, at)) as RangeResponse & { rows: Row[] };
  const kvs = rows.map(([key, createRevision, modRevision, version, lease, length]): KeyValue => {
    const value = text.slice(at, at + length);
    at += length;
    return { key, createRevision, modRevision, version, lease, value };
  });
  return text.startsWith(marks.ascii) ? { ...rest, kvs, ascii: true } : { ...rest, kvs };
}

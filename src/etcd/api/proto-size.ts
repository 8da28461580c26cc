// How many bytes a message takes in protobuf: what etcd's limits on requests count, though here nothing is ever encoded so.
//
// Every field number of the v3 messages is below 16 (a tag of one byte) but Compare.range_end; that one byte is passed over.

import type { Field, Message } from './schema.ts';

/** Bytes of a non-negative whole number as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function numberSize(value: number): number {
  return value < 0 ? 10 : varintSize(value);
}

/** Bytes of one value without its tag; 0 for a zero value, which is not sent. */
function valueSize(type: Field['type'], value: unknown): number {
  if (typeof type === 'object') {
    if ('values' in type) return numberSize(typeof value === 'number' ? value : type.values.indexOf(value as string));
    const size = protoSize(type, value as Record<string, unknown>);
    return varintSize(size) + size;
  }
  switch (type) {
    case 'bytes':
      return varintSize((value as string).length) + (value as string).length;
    case 'string': {
      const { length } = new TextEncoder().encode(value as string);
      return varintSize(length) + length;
    }
    case 'bool':
      return 1;
    case 'id':
    case 'uid':
      return numberSize(Number(value));
    case 'int64':
    case 'uint32':
      return numberSize(value as number);
  }
}

function isZero(field: Field, value: unknown): boolean {
  if (value === undefined || value === 0 || value === '' || value === false) return true;
  if (field.type === 'id' || field.type === 'uid') return value === '0';
  return typeof field.type === 'object' && 'values' in field.type && value === field.type.values[0];
}

/** Bytes of a message in memory (types.ts) as protobuf. */
export function protoSize(type: Message, data: Record<string, unknown>): number {
  let size = 0;
  for (const field of type.fields) {
    const value = data[field.name];
    if (isZero(field, value)) continue;
    if (!field.repeated) size += 1 + valueSize(field.type, value);
    else for (const item of value as unknown[]) size += 1 + valueSize(field.type, item);
  }
  return size;
}

// Kubernetes' protobuf encoding of answers, by the field numbers of the schema: "k8s\0", then a runtime.Unknown whose raw bytes are the object
// (apimachinery/pkg/runtime/serializer/protobuf). The counterpart of protobuf.ts: what is encoded here decodes there to the same data.
//
// Invariants: fields are written in the order of their numbers; fields without a number in the schema are not sent.

import { findKind } from '../../api/resources.ts';
import { type FieldSchema, findType, type Shape, typeSchema } from '../../api/schema/schema.ts';
import { parseDuration, parseTime } from '../../api/time.ts';
import { bytesOfBase64 } from '../../env/base64.ts';
import { type Layout, layoutOf, unionOf } from './protobuf-layout.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

type Fields = Record<string, unknown>;

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function message(writer: ProtobufWriter, layout: Layout, source: Fields): void {
  for (const [number, found] of [...layout].sort(([a], [b]) => a - b)) {
    if (found instanceof Map) {
      const inner = new ProtobufWriter();
      message(inner, found, source);
      const bytes = inner.finish();
      if (bytes.length > 0) writer.bytes(number, bytes);
    } else if (source[found.name] !== undefined) field(writer, number, found, source[found.name]);
  }
}

function field(
  writer: ProtobufWriter,
  number: number,
  { name, shape, owner }: FieldSchema & { owner?: string },
  value: unknown,
): void {
  const union = unionOf(owner, name);
  if (union) {
    if (union === 'map') {
      for (const [key, item] of Object.entries(value as Fields))
        writer.message(number, (entry) => {
          entry.string(1, key);
          entry.message(2, (inner) => schemaUnion(inner, 'schemaOrStrings', item));
        });
    } else writer.message(number, (inner) => schemaUnion(inner, union, value));
    return;
  }
  put(writer, number, shape, value);
}

/** JSONSchemaPropsOrArray, OrBool, OrStringArray. */
function schemaUnion(writer: ProtobufWriter, union: string, value: unknown): void {
  const schema = (inner: ProtobufWriter, of: unknown) =>
    message(inner, layoutOf(typeSchema('JSONSchemaProps')), of as Fields);
  if (union === 'schemaOrBool') {
    writer.boolean(1, value !== false);
    if (isObject(value)) writer.message(2, (inner) => schema(inner, value));
  } else if (isObject(value)) writer.message(1, (inner) => schema(inner, value));
  else if (union === 'schemaOrArray')
    for (const each of value as unknown[]) writer.message(2, (inner) => schema(inner, each));
  else for (const each of value as string[]) writer.string(2, each);
}

function put(writer: ProtobufWriter, number: number, shape: Shape, value: unknown): void {
  if (shape.kind === 'list') {
    if (Array.isArray(value)) for (const item of value) put(writer, number, shape.items, item);
    return;
  }
  if (shape.kind === 'map') {
    if (!isObject(value)) return;
    for (const key of Object.keys(value).sort())
      writer.message(number, (entry) => {
        entry.string(1, key);
        if (shape.values.kind === 'list') entry.message(2, (list) => put(list, 1, shape.values, value[key]));
        else put(entry, 2, shape.values, value[key]);
      });
    return;
  }
  if (shape.kind === 'object') {
    if (isObject(value)) writer.message(number, (inner) => message(inner, layoutOf(typeSchema(shape.type)), value));
    return;
  }
  if (shape.kind === 'any') {
    writer.message(number, (inner) => inner.string(1, JSON.stringify(value)));
    return;
  }
  scalar(writer, number, shape.scalar, value);
}

function scalar(writer: ProtobufWriter, number: number, kind: string, value: unknown): void {
  if (kind === 'string') writer.string(number, String(value));
  else if (kind === 'int32' || kind === 'int64') writer.integer(number, value as number);
  else if (kind === 'bool') writer.boolean(number, value === true);
  else if (kind === 'double') writer.double(number, value as number);
  else if (kind === 'bytes') writer.bytes(number, bytesOfBase64(String(value)));
  else if (kind === 'time' || kind === 'microtime') writer.message(number, (inner) => time(inner, value));
  else if (kind === 'duration')
    writer.message(number, (inner) => inner.integer(1, BigInt(Math.round((parseDuration(String(value)) ?? 0) * 1e6))));
  else if (kind === 'quantity') writer.message(number, (inner) => inner.string(1, String(value)));
  else
    writer.message(number, (inner) => {
      // intOrString
      inner.integer(1, typeof value === 'string' ? 1 : 0);
      inner.integer(2, typeof value === 'number' ? value : 0);
      inner.string(3, typeof value === 'string' ? value : '');
    });
}

/** Seconds and nanoseconds; nothing for no time. */
function time(writer: ProtobufWriter, value: unknown): void {
  const at = typeof value === 'string' ? parseTime(value) : undefined;
  if (at === undefined) return;
  const digits = /\.(\d+)/.exec(value as string)?.[1] ?? '';
  writer.integer(1, Math.floor(at / 1000));
  writer.integer(2, Number(digits.slice(0, 9).padEnd(9, '0')));
}

// Kinds that are no resources.
const otherTypes: Record<string, string> = {
  Status: 'Status',
  Scale: 'Scale',
  TokenRequest: 'AuthenticationV1TokenRequest',
  Eviction: 'Eviction',
  DeleteOptions: 'DeleteOptions',
};

const typeOf = (apiVersion: string, kind: string): string | undefined =>
  findKind(apiVersion, kind)?.type ?? otherTypes[kind];

function object(writer: ProtobufWriter, source: Fields, apiVersion: string, kind: string): boolean {
  if (kind === 'PartialObjectMetadata') {
    put(writer, 1, { kind: 'object', type: 'ObjectMeta' }, source['metadata']);
    return true;
  }
  const type = typeOf(apiVersion, kind);
  const schema = type === undefined ? undefined : findType(type);
  if (schema) {
    message(writer, layoutOf(schema), source);
    return true;
  }
  if (!kind.endsWith('List')) return false;
  const item = kind.slice(0, -'List'.length);
  put(writer, 1, { kind: 'object', type: 'ListMeta' }, source['metadata']);
  let known = true;
  for (const each of (source['items'] ?? []) as Fields[])
    writer.message(2, (inner) => {
      known = object(inner, each, apiVersion, item) && known;
    });
  return known;
}

/** An object, list or Status with its envelope; undefined for a kind that has no protobuf form. */
export function encodeProtobuf(source: Fields): Uint8Array<ArrayBuffer> | undefined {
  const apiVersion = String(source['apiVersion'] ?? '');
  const kind = String(source['kind'] ?? '');
  const raw = new ProtobufWriter();
  if (!object(raw, source, apiVersion, kind)) return undefined;
  const out = new ProtobufWriter();
  out.raw(magic);
  out.message(1, (type) => {
    type.string(1, apiVersion);
    type.string(2, kind);
  });
  out.bytes(2, raw.finish());
  out.string(3, '');
  out.string(4, '');
  return out.finish();
}

/** One event of a watch as a frame: its length in four bytes, then a metav1.WatchEvent (serializer/protobuf, LengthDelimitedFramer). */
export function encodeFrame(event: { type: string; object: Fields }): Uint8Array<ArrayBuffer> {
  const body = new ProtobufWriter();
  body.string(1, event.type);
  body.message(2, (inner) => inner.bytes(1, encodeProtobuf(event.object) ?? new Uint8Array()));
  const bytes = body.finish();
  const out = new Uint8Array(4 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}

/** A stream of newline-delimited events as frames. */
export function framedEvents(lines: ReadableStream<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = lines.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) controller.enqueue(encodeFrame(JSON.parse(part)));
        if (parts.length > 0) return;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

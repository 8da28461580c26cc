// Whether a value is of a declared type, for choosing among overloads when an expression runs.

import type { Type } from './types.ts';
import {
  Duration,
  MapValue,
  Optional,
  StructValue,
  Timestamp,
  TypeValue,
  typeName,
  Uint,
  type Value,
} from './values.ts';

export function isRuntimeType(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'int':
      return typeof value === 'bigint';
    case 'uint':
      return value instanceof Uint;
    case 'double':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'null':
      return value === null;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'list':
      return Array.isArray(value) && (value.length === 0 || isRuntimeType(value[0] as Value, type.elem));
    case 'map':
      return value instanceof MapValue;
    case 'object':
      return value instanceof StructValue || value instanceof MapValue;
    case 'type':
      return value instanceof TypeValue;
    case 'opaque':
      return type.name === 'optional_type' ? value instanceof Optional : typeName(value) === type.name;
  }
}

// Why the result of a patch is no object of its type, in the words of the decoder that the API server uses for that type of patch.
//
// The result of a strategic merge patch is not read from text but converted value by value (apimachinery, runtime/converter.go), whose complaints name Go types and
// no field.

import { findType, typeNames } from '../schema/schema.ts';

const mismatch = /^json: cannot unmarshal (\w+)(?: (\S+))? into Go .* of type (.+)$/;

const goKinds: Record<string, string> = { object: 'map', array: 'slice', number: 'int64' };

/** encoding/json's complaint about a value of the wrong type as the converter words it; others as they are. */
export function conversionError(message: string): string {
  const [, given, literal, target] = mismatch.exec(message) ?? [];
  if (given === undefined || target === undefined) return message;
  const kind = given === 'number' && literal?.includes('.') ? 'float64' : (goKinds[given] ?? given);
  if (target.startsWith('[]')) return `cannot restore slice from ${kind}`;
  if (target.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (typeNames().some((name) => findType(name)?.goType === target)) return `cannot restore struct from: ${kind}`;
  const isNumber = ['int32', 'int64', 'float64'].includes(target);
  if ((kind === 'int64' && !isNumber && target !== 'bool') || (kind === 'float64' && isNumber))
    return `cannot convert ${kind} to ${target}`;
  return `unrecognized type: ${isNumber || target === 'bool' ? target : 'string'}`;
}

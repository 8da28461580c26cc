// Whether a configuration fits its schema at all, which server-side apply asks before it merges anything (structured-merge-diff, typed/validate.go): no fields that
// are not declared, values of their types, items of associative lists with their keys and each key once.

import { isObject } from '../decode.ts';
import type { Scalar } from '../schema/schema.ts';
import { formatFieldPath } from './field-set.ts';
import { childView, itemKey, itemView, type View } from './typed.ts';

type Expected = 'map' | 'list' | 'numeric' | 'string' | 'boolean' | 'scalar' | 'anything';

// What may be written as a number or as a string, and times, are scalars of no type in particular.
const scalars: Record<Scalar, Expected> = {
  string: 'string',
  bytes: 'string',
  duration: 'string',
  int32: 'numeric',
  int64: 'numeric',
  double: 'numeric',
  bool: 'boolean',
  time: 'scalar',
  microtime: 'scalar',
  quantity: 'scalar',
  intOrString: 'scalar',
};

const rootFields = ['apiVersion', 'kind', 'metadata'];

function expected({ shape, type, schema }: View): Expected {
  if (schema) {
    if (schema['x-kubernetes-int-or-string']) return 'scalar';
    if (schema['x-kubernetes-preserve-unknown-fields'] && !schema.properties) return 'anything';
    if (schema.type === 'object') return 'map';
    if (schema.type === 'array') return 'list';
    if (schema.type === 'integer' || schema.type === 'number') return 'numeric';
    return schema.type === 'string' || schema.type === 'boolean' ? schema.type : 'anything';
  }
  if (shape?.kind === 'scalar') return scalars[shape.scalar];
  if (shape?.kind === 'list' || shape?.kind === 'map') return shape.kind;
  return type ? 'map' : 'anything';
}

function declares({ shape, type, schema, root }: View, name: string): boolean {
  if (schema) {
    const { properties, additionalProperties } = schema;
    if (!properties || additionalProperties || schema['x-kubernetes-preserve-unknown-fields']) return true;
    if ((root || schema['x-kubernetes-embedded-resource']) && rootFields.includes(name)) return true;
    return Object.hasOwn(properties, name);
  }
  return shape?.kind === 'map' || !type || type.byName.has(name) || (root === true && rootFields.includes(name));
}

/** Every complaint about `value`, each with the path that it is about: `.spec.foo: field not declared in schema`. */
export function typeErrors(view: View, value: unknown): string[] {
  const errors: string[] = [];
  const path: string[] = [];
  const fail = (what: string) => errors.push(path.length === 0 ? what : `${formatFieldPath(path)}: ${what}`);
  const within = (key: string, check: () => void) => {
    path.push(key);
    check();
    path.pop();
  };
  const walk = (at: View, given: unknown): void => {
    if (given === null || given === undefined) return;
    const wanted = expected(at);
    const other = typeof given === 'object';
    if (wanted === 'map') {
      if (isObject(given)) walkMap(at, given);
      else fail(`expected map, got &{${plain(given)}}`);
    } else if (wanted === 'list') {
      if (Array.isArray(given)) walkList(at, given);
      else fail(`expected list, got &{${plain(given)}}`);
    } else if (wanted === 'numeric') {
      if (typeof given !== 'number') fail(`expected numeric (int or float), got ${goType(given)}`);
    } else if (wanted === 'string') {
      if (typeof given !== 'string') fail(`expected string, got &value.valueUnstructured{Value:${literal(given)}}`);
    } else if (wanted === 'boolean') {
      if (typeof given !== 'boolean') fail(`expected boolean, got &{${plain(given)}}`);
    } else if (wanted === 'scalar' && other) fail(`expected any scalar, got &{${plain(given)}}`);
  };
  const walkMap = (at: View, given: Record<string, unknown>): void => {
    for (const name of Object.keys(given))
      within(`f:${name}`, () => {
        if (declares(at, name)) walk(childView(at, name), given[name]);
        else fail('field not declared in schema');
      });
  };
  const walkList = (at: View, given: unknown[]): void => {
    const { listType } = at.field ?? {};
    const associative = listType === 'map' || listType === 'set';
    const seen = new Set<string>();
    for (const [i, item] of given.entries()) {
      let key: string | undefined = `i:${i}`;
      if (associative) {
        key = itemKey(at, item);
        if (key === undefined || item === null) {
          fail(`element ${i}: ${whyNoItem(at, item)}`);
          continue;
        }
        if (seen.has(key)) fail(`duplicate entries for key ${formatFieldPath([key])}`);
        seen.add(key);
      }
      within(key, () => walk(itemView(at), item));
    }
  };
  walk(view, value);
  return errors;
}

function whyNoItem({ field }: View, item: unknown): string {
  if (field?.listType === 'set') {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item)
      ? 'not supported: associative list with lists as elements'
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  const keys = (field?.mapKeys ?? []).map((name) => JSON.stringify(name)).join(' ');
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

/** Go's %T of decoded JSON. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'float64' : typeof value;
}

/** Go's %v. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(' ')}]`;
  if (!isObject(value)) return value === null ? '<nil>' : String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((key) => `${key}:${plain(value[key])}`).join(' ')}]`;
}

/** Go's %#v. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(literal).join(', ')}}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (!isObject(value)) return value === null ? 'interface {}(nil)' : String(value);
  const members = Object.keys(value).sort();
  return `map[string]interface {}{${members.map((key) => `${JSON.stringify(key)}:${literal(value[key])}`).join(', ')}}`;
}

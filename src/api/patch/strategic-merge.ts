// Strategic merge patch: a merge patch that knows which lists are merged by key (k8s.io/apimachinery/pkg/util/strategicpatch).
//
// Directives: $patch: replace | delete | merge in an object or list item; $retainKeys; $deleteFromPrimitiveList/<field>; $setElementOrder/<field>.
// Invariants: neither argument is changed; the order of a merged list is the patch's for the elements it names, with the others kept as near to their
// old place as that allows.

import { isObject, setOwn } from '../decode.ts';
import { type FieldSchema, findType, type Shape, type TypeSchema } from '../schema/schema.ts';
import { cloneJson, equalJson, PatchError } from './json-patch.ts';

type Json = Record<string, unknown>;

const directive = '$patch';
const retainKeys = '$retainKeys';
const deleteFrom = '$deleteFromPrimitiveList/';
const setOrder = '$setElementOrder/';

/** Applies `patch` to an object of schema type `type`. Throws a PatchError. */
export function applyStrategicMergePatch<T extends object>(type: string, document: T, patch: unknown): T {
  if (!isObject(patch)) throw new PatchError('invalid JSON document');
  return mergeObject(document as Json, patch, findType(type)) as T;
}

function fieldOf(type: TypeSchema | undefined, name: string): FieldSchema | undefined {
  if (!type) return undefined;
  const field = type.byName.get(name);
  if (!field)
    throw new PatchError(
      `unable to find api field in struct ${type.goName} for the json field ${JSON.stringify(name)}`,
    );
  return field;
}

const objectType = (shape: Shape | undefined): TypeSchema | undefined => {
  if (shape?.kind === 'list') return objectType(shape.items);
  return shape?.kind === 'object' ? findType(shape.type) : undefined;
};

function mergeObject(original: Json, given: Json, type: TypeSchema | undefined): Json {
  const mode = given[directive];
  if (mode !== undefined) {
    if (mode === 'replace') return withoutDirectives(omit(given, directive)) as Json;
    if (mode === 'delete') return {};
    if (mode !== 'merge') throw new PatchError(`unknown patch type: ${String(mode)} in map: ${goMap(given)}`);
  }
  const out: Json = {};
  for (const key of Object.keys(original)) setOwn(out, key, original[key]);
  if (given[retainKeys] !== undefined) applyRetainKeys(out, given);
  const patch = omit(given, directive, retainKeys);
  applyDeletions(out, patch);
  applyOrders(out, patch, type);
  for (const key of Object.keys(patch)) {
    if (key.startsWith('$')) continue;
    const value = patch[key];
    if (value === null) {
      delete out[key];
      continue;
    }
    const old = Object.hasOwn(out, key) ? out[key] : undefined;
    if (old === undefined || old === null) setOwn(out, key, withoutDirectives(value));
    else if (isObject(old) && isObject(value)) {
      const field = fieldOf(type, key);
      const replace = field?.patchStrategies.includes('replace');
      setOwn(out, key, replace ? withoutDirectives(value) : mergeObject(old, value, objectType(field?.shape)));
    } else if (Array.isArray(old) && Array.isArray(value)) setOwn(out, key, mergeList(old, value, fieldOf(type, key)));
    else setOwn(out, key, cloneJson(value));
  }
  return out;
}

function applyRetainKeys(out: Json, patch: Json): void {
  const keep = patch[retainKeys];
  if (!Array.isArray(keep)) throw new PatchError('invalid patch format of retainKeys');
  for (const key of Object.keys(patch))
    if (!key.startsWith('$') && patch[key] !== null && !keep.includes(key))
      throw new PatchError("patch content doesn't match retainKeys list");
  for (const key of Object.keys(out)) if (!keep.includes(key)) delete out[key];
}

function applyDeletions(out: Json, patch: Json): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(deleteFrom)) continue;
    const values = patch[key];
    if (!Array.isArray(values)) throw new PatchError('invalid patch format of primitive list');
    const field = key.slice(deleteFrom.length);
    const old = out[field];
    if (Array.isArray(old)) out[field] = old.filter((item) => !values.some((value) => equalJson(value, item)));
  }
}

/** Merges and orders each list that a $setElementOrder names; the list is then done and leaves the patch. */
function applyOrders(out: Json, patch: Json, type: TypeSchema | undefined): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setOrder)) continue;
    const order = patch[key];
    const name = key.slice(setOrder.length);
    if (!Array.isArray(order)) throw new PatchError('invalid patch format of setElementOrder list');
    const old = out[name];
    const given = patch[name];
    delete patch[name];
    if (given === null) {
      delete out[name];
      continue;
    }
    if (!Array.isArray(old) && !Array.isArray(given)) continue;
    const field = fieldOf(type, name);
    const before = Array.isArray(old) ? old : [];
    let merged = before;
    if (Array.isArray(given))
      merged = Array.isArray(old) ? mergeList(old, given, field) : (withoutDirectives(given) as unknown[]);
    out[name] = ordered(merged, order, before, field?.patchMergeKey);
  }
}

function mergeList(original: unknown[], patch: unknown[], field: FieldSchema | undefined): unknown[] {
  if (!field?.patchStrategies.includes('merge')) return withoutDirectives(patch) as unknown[];
  if (original.length === 0 && patch.length === 0) return original;
  const sample = original[0] ?? patch[0];
  if (!isObject(sample)) {
    const merged: unknown[] = [];
    for (const item of [...original, ...patch]) if (!merged.some((known) => equalJson(known, item))) merged.push(item);
    return ordered(merged, patch, original, undefined);
  }
  const key = field.patchMergeKey;
  if (!key)
    throw new PatchError(`cannot merge lists without merge key for ${objectType(field.shape)?.goType ?? field.name}`);
  let before = original as Json[];
  const items: Json[] = [];
  let replace = false;
  for (const item of patch) {
    if (!isObject(item))
      throw new PatchError(`expected a map, but received a ${Array.isArray(item) ? 'slice' : goKind(item)}`);
    const mode = item[directive];
    if (mode === undefined || mode === 'merge') {
      if (!Object.hasOwn(item, key))
        throw new PatchError(`map: ${goMap(item)} does not contain declared merge key: ${key}`);
      items.push(mode === undefined ? item : omit(item, directive));
    } else if (mode === 'delete') {
      if (!Object.hasOwn(item, key))
        throw new PatchError(`map: ${goMap(item)} does not contain declared merge key: ${key}`);
      before = before.filter((old) => !sameKey(old, item, key));
    } else if (mode === 'replace') replace = true;
    else throw new PatchError(`unknown patch type: ${String(mode)} in map: ${goMap(item)}`);
  }
  if (replace) return withoutDirectives(items) as unknown[];
  const merged: Json[] = [...before];
  for (const item of items) {
    const at = merged.findIndex((old) => sameKey(old, item, key));
    if (at < 0) merged.push(withoutDirectives(item) as Json);
    else merged[at] = mergeObject(merged[at] as Json, item, objectType(field.shape));
  }
  return ordered(merged, items, before, key);
}

const sameKey = (a: unknown, b: unknown, key: string): boolean =>
  isObject(a) && isObject(b) && String(a[key]) === String(b[key]);

/** Elements that `order` names come in that order; each of the others goes before the first of them that stood behind it in `before`. */
function ordered(merged: unknown[], order: unknown[], before: unknown[], key: string | undefined): unknown[] {
  const same = (a: unknown, b: unknown) => (key ? sameKey(a, b, key) : equalJson(a, b));
  const indexIn = (list: unknown[], item: unknown) => list.findIndex((other) => same(other, item));
  const named = merged
    .filter((item) => indexIn(order, item) >= 0)
    .sort((a, b) => indexIn(order, a) - indexIn(order, b));
  const others = merged.filter((item) => indexIn(order, item) < 0);
  others.sort((a, b) => indexIn(before, a) - indexIn(before, b));
  const out: unknown[] = [];
  let i = 0;
  for (const item of named) {
    const place = indexIn(before, item);
    while (i < others.length && place >= 0 && indexIn(before, others[i]) >= 0 && indexIn(before, others[i]) < place)
      out.push(others[i++]);
    out.push(item);
  }
  return [...out, ...others.slice(i)];
}

function omit(source: Json, ...keys: string[]): Json {
  const out: Json = {};
  for (const key of Object.keys(source)) if (!keys.includes(key)) setOwn(out, key, source[key]);
  return out;
}

/** A value that meets nothing in the original: directives and nulls in it have no effect. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .filter((item) => !isObject(item) || (item[directive] !== 'delete' && item[directive] !== 'replace'))
      .map(withoutDirectives);
  if (!isObject(value)) return value;
  if (value[directive] === 'delete') return {};
  const out: Json = {};
  for (const key of Object.keys(value)) {
    if (key === directive || key === retainKeys || key.startsWith(deleteFrom) || key.startsWith(setOrder)) continue;
    if (value[key] !== null) setOwn(out, key, withoutDirectives(value[key]));
  }
  return out;
}

const goKind = (value: unknown): string =>
  typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : typeof value;

/** A map as Go's %v prints it: map[a:1 b:[2 3]]. */
export function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (!isObject(value)) return value === null ? '<nil>' : String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goMap(value[key])}`)
    .join(' ')}]`;
}

// Making strategic merge patches: what must be sent so that the live object becomes what the file says, without touching what neither the
// last file nor this one mentions. Lists with a merge key are compared item by item; the order is sent as $setElementOrder.
// Behaviour of apimachinery's CreateThreeWayMergePatch. Schemas come from the server (merge key, strategies per field).

import type { Json } from '../../env/env.ts';
import type { SchemaNode } from '../rest/openapi.ts';

type Obj = { [key: string]: Json };

interface Options {
  ignoreDeletions: boolean;
  ignoreChangesAndAdditions: boolean;
}

const isObject = (value: Json | undefined): value is Obj =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => equal(each, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
  }
  return false;
}

function diffMaps(
  original: Obj,
  modified: Obj,
  schema: SchemaNode | undefined,
  options: Options,
  mergeKey?: string,
): Obj {
  const patch: Obj = {};
  if (schema?.strategies.includes('retainKeys')) {
    const keys = Object.keys(modified).sort();
    const changed =
      Object.keys(original).some((key) => !Object.hasOwn(modified, key)) ||
      keys.some((key) => !equal(original[key], modified[key]));
    if (changed && !options.ignoreChangesAndAdditions) patch['$retainKeys'] = keys;
  }
  for (const key of Object.keys(original)) {
    if (!Object.hasOwn(modified, key)) {
      if (!options.ignoreDeletions && key !== mergeKey) patch[key] = null;
      continue;
    }
    const before = original[key]!;
    const after = modified[key]!;
    const child = schema?.property(key);
    if (isObject(before) && isObject(after)) {
      if (child?.strategies.includes('replace')) {
        if (!options.ignoreChangesAndAdditions) patch[key] = after;
        continue;
      }
      const inner = diffMaps(before, after, child, options);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (Array.isArray(before) && Array.isArray(after)) {
      diffLists(patch, key, before, after, child, options);
    } else if (!equal(before, after) && !options.ignoreChangesAndAdditions) patch[key] = after;
  }
  if (!options.ignoreChangesAndAdditions) {
    for (const key of Object.keys(modified)) if (!Object.hasOwn(original, key)) patch[key] = modified[key]!;
  }
  return patch;
}

function diffLists(
  patch: Obj,
  key: string,
  before: Json[],
  after: Json[],
  schema: SchemaNode | undefined,
  options: Options,
): void {
  const mergeKey = schema?.mergeKey;
  const merges = schema?.strategies.includes('merge') ?? false;
  if (merges && mergeKey && [...before, ...after].every(isObject)) {
    const inner = diffKeyedLists(before as Obj[], after as Obj[], schema!, mergeKey, options);
    if (inner.length > 0) patch[key] = inner;
    const ofKey = (item: Json) => ({ [mergeKey]: (item as Obj)[mergeKey]! });
    if (inner.length > 0 || !equal(before.map(ofKey), after.map(ofKey))) {
      const order = after.map(ofKey);
      if (order.length > 0 && (inner.length > 0 || !options.ignoreChangesAndAdditions))
        patch[`$setElementOrder/${key}`] = order;
    }
    return;
  }
  if (merges && !mergeKey) {
    const text = (item: Json) => JSON.stringify(item);
    const had = new Set(before.map(text));
    const has = new Set(after.map(text));
    const added = options.ignoreChangesAndAdditions ? [] : after.filter((item) => !had.has(text(item)));
    const removed = options.ignoreDeletions ? [] : before.filter((item) => !has.has(text(item)));
    if (added.length > 0) patch[key] = added;
    if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed;
    if (added.length > 0 || removed.length > 0) patch[`$setElementOrder/${key}`] = after;
    return;
  }
  if (!equal(before, after) && !options.ignoreChangesAndAdditions) patch[key] = after;
}

function diffKeyedLists(before: Obj[], after: Obj[], schema: SchemaNode, mergeKey: string, options: Options): Json[] {
  const patch: Obj[] = [];
  const items = schema.items();
  const find = (list: Obj[], item: Obj) => list.find((each) => equal(each[mergeKey], item[mergeKey]));
  for (const item of after) {
    const old = find(before, item);
    if (!old) {
      if (!options.ignoreChangesAndAdditions) patch.push(item);
      continue;
    }
    const inner = diffMaps(old, item, items, options, mergeKey);
    if (Object.keys(inner).length > 0) patch.push({ ...inner, [mergeKey]: item[mergeKey]! });
  }
  if (!options.ignoreDeletions) {
    for (const item of before) if (!find(after, item)) patch.push({ $patch: 'delete', [mergeKey]: item[mergeKey]! });
  }
  return patch;
}

/** Lays the patch that adds and changes over the patch that deletes. */
function mergePatches(deletions: Obj, changes: Obj, schema: SchemaNode | undefined): Obj {
  const merged: Obj = { ...deletions };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    const child = schema?.property(key);
    if (isObject(before) && isObject(value)) merged[key] = mergePatches(before, value, child);
    else if (Array.isArray(before) && Array.isArray(value) && child?.mergeKey && child.strategies.includes('merge')) {
      const mergeKey = child.mergeKey;
      const list = (before as Obj[]).map((item) => {
        const other = (value as Obj[]).find((each) => equal(each[mergeKey], item[mergeKey]));
        return other ? mergePatches(item, other, child.items()) : item;
      });
      for (const item of value as Obj[])
        if (!(before as Obj[]).some((each) => equal(each[mergeKey], item[mergeKey]))) list.push(item);
      merged[key] = list;
    } else merged[key] = value;
  }
  return merged;
}

/**
 * The patch that takes `current` to `modified`, deleting what was in `original` and is gone from `modified`.
 * Empty when there is nothing to do.
 */
export function threeWayStrategicPatch(
  original: Obj,
  modified: Obj,
  current: Obj,
  schema: SchemaNode | undefined,
): Obj {
  const changes = diffMaps(current, modified, schema, { ignoreDeletions: true, ignoreChangesAndAdditions: false });
  const deletions = diffMaps(original, modified, schema, { ignoreDeletions: false, ignoreChangesAndAdditions: true });
  return mergePatches(deletions, changes, schema);
}

/** The patch between two versions of one object. */
export function twoWayStrategicPatch(original: Obj, modified: Obj, schema: SchemaNode | undefined): Obj {
  return diffMaps(original, modified, schema, { ignoreDeletions: false, ignoreChangesAndAdditions: false });
}

/** JSON merge patch between two versions (RFC 7386). */
export function twoWayMergePatch(original: Obj, modified: Obj): Obj {
  return diffMaps(original, modified, undefined, { ignoreDeletions: false, ignoreChangesAndAdditions: false });
}

/** JSON merge patch with deletions against the last applied version: for kinds without merge keys (custom resources). */
export function threeWayMergePatch(original: Obj, modified: Obj, current: Obj): Obj {
  return threeWayStrategicPatch(original, modified, current, undefined);
}

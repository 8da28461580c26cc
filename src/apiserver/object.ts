// The shape every object of the API has, and the one encoding in which the server stores it and sends it.
//
// Invariant: a stored value is JSON whose first members are kind, apiVersion and metadata, and whose metadata has a name and no resourceVersion (that is the
// store's modRevision). So the resourceVersion can be put into the text without parsing it: one encoding serves storage, gets, lists and every watcher.

import type { ObjectMeta } from '../api/generated/types.ts';
import type { Json } from '../env/env.ts';

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export type JsonObject = { [key: string]: Json };

/** The text to store for `object`. */
export function encodeForStorage(object: KubeObject): string {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...stored } = metadata;
  return JSON.stringify({ kind, apiVersion, metadata: stored, ...rest });
}

const marker = '"metadata":{';

/** Stored text with the resourceVersion put in; at revision 0 (never stored: a dry run) there is none. */
export function withResourceVersion(stored: string, revision: number): string {
  if (revision === 0) return stored;
  const at = stored.indexOf(marker) + marker.length;
  return `${stored.slice(0, at)}"resourceVersion":"${revision}",${stored.slice(at)}`;
}

/** A deep copy of plain JSON data, faster than structuredClone. */
export function deepCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(deepCopy) as T;
  const out: Record<string, unknown> = {};
  for (const key in value) {
    if (key === '__proto__')
      Object.defineProperty(out, key, {
        value: deepCopy(value[key]),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else out[key] = deepCopy(value[key]);
  }
  return out as T;
}

/** Whether two JSON values are the same, whatever the order of their members (apimachinery's Semantic.DeepEqual: absent and undefined are alike). */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key in left) if (left[key] !== undefined && !deepEqual(left[key], right[key])) return false;
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

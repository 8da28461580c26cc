// JSON Merge Patch (RFC 7386).

import { isObject, setOwn } from '../decode.ts';
import { cloneJson, equalJson } from './json-patch.ts';

/** `document` with `patch` laid over it: null removes, objects merge, anything else replaces. Neither is changed. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const out: Record<string, unknown> = {};
  if (isObject(document)) for (const key of Object.keys(document)) setOwn(out, key, document[key]);
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete out[key];
    else setOwn(out, key, applyMergePatch(Object.hasOwn(out, key) ? out[key] : undefined, value));
  }
  return out;
}

/** The smallest merge patch that turns `from` into `to`. */
export function createMergePatch(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return cloneJson(to);
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setOwn(out, key, null);
  for (const key of Object.keys(to)) {
    if (!Object.hasOwn(from, key)) setOwn(out, key, cloneJson(to[key]));
    else if (!equalJson(from[key], to[key])) setOwn(out, key, createMergePatch(from[key], to[key]));
  }
  return out;
}

/** kubectl's three-way merge for kinds without strategic merge: what changed since `current`, and what `original` had that `modified` lacks. */
export function createThreeWayJsonMergePatch(original: unknown, modified: unknown, current: unknown): unknown {
  const keep = (patch: unknown, deletions: boolean): unknown => {
    if (!isObject(patch)) return patch;
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(patch)) {
      const value = patch[key];
      if (value === null ? deletions : !deletions || isObject(value)) {
        const kept = keep(value, deletions);
        if (
          !isObject(kept) ||
          Object.keys(kept).length > 0 ||
          !isObject(value) ||
          (!deletions && Object.keys(value).length === 0)
        )
          setOwn(out, key, kept);
      }
    }
    return out;
  };
  const changes = keep(createMergePatch(current, modified), false);
  const deletions = keep(createMergePatch(original ?? {}, modified), true);
  const overlay = (a: unknown, b: unknown): unknown => {
    if (!isObject(a) || !isObject(b)) return a;
    const out = { ...a };
    for (const key of Object.keys(b)) setOwn(out, key, Object.hasOwn(a, key) ? overlay(a[key], b[key]) : b[key]);
    return out;
  };
  return overlay(changes, deletions);
}

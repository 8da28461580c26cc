// What strict decoding has to say of a body, in the order in which Go's decoder comes upon it (sigs.k8s.io/json, DisallowUnknownFields and
// DisallowDuplicateFields).
//
// Invariant: each complaint comes once, and none is about the inside of a field that is itself unknown.

import { isObject } from './decode.ts';
import { formatJsonPath } from './json-text.ts';
import { quote } from './status.ts';

/** `errors` about fields of `value` in the order of its text; what is about no field comes first. */
export function inTextOrder(value: unknown, errors: readonly string[]): string[] {
  if (errors.length < 2) return [...errors];
  const unknown = new Set<string>();
  const duplicate = new Set<string>();
  const out: string[] = [];
  for (const error of new Set(errors)) {
    const [, what, field] = /^(unknown|duplicate) field (".*")$/.exec(error) ?? [];
    if (field === undefined) out.push(error);
    else (what === 'unknown' ? unknown : duplicate).add(field);
  }
  const path: (string | number)[] = [];
  const walk = (at: unknown): void => {
    if (!isObject(at) && !Array.isArray(at)) return;
    for (const key of Object.keys(at)) {
      path.push(Array.isArray(at) ? Number(key) : key);
      const field = quote(formatJsonPath(path));
      if (unknown.has(field)) out.push(`unknown field ${field}`);
      else {
        walk((at as Record<string, unknown>)[key]);
        // The second time comes after all that is within the first.
        if (duplicate.has(field)) out.push(`duplicate field ${field}`);
      }
      path.pop();
    }
  };
  walk(value);
  return out;
}

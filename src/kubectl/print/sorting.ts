// --sort-by: order by what a JSONPath finds, numbers by value, quantities and times as what they are, missing fields first.

import { compareQuantity, tryParseQuantity } from '../../api/quantity.ts';
import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import type { KubeObject } from '../object.ts';
import { asJson } from '../object.ts';
import { findPath } from './jsonpath.ts';

function compare(a: Json | undefined, b: Json | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') {
    if (/^[\d.]+[a-zA-Z]{0,2}$/.test(a) && /^[\d.]+[a-zA-Z]{0,2}$/.test(b)) {
      const x = tryParseQuantity(a);
      const y = tryParseQuantity(b);
      if (x && y) return compareQuantity(x, y);
    }
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const x = JSON.stringify(a);
  const y = JSON.stringify(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** `items` in the order of the field at `path`. Throws when no object has it. */
export function sortByPath<T>(items: T[], path: string, objectOf: (item: T) => KubeObject): T[] {
  const keyed = items.map((item) => ({ item, key: findPath(path, asJson(objectOf(item)))[0] }));
  if (items.length > 0 && keyed.every(({ key }) => key === undefined)) {
    throw new CliError(
      `couldn't find any field with path ${JSON.stringify(`{${path.replace(/^\{?\.?|\}$/g, '.')}}`)} in the list of objects`,
    );
  }
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
}

// JSON as kubectl writes it: four spaces, keys sorted, and < > & escaped as Go's encoder does.

import type { Json } from '../../env/env.ts';

const escapeHtml = (text: string): string =>
  text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A copy with the keys of every object in byte order. */
export function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const sorted: { [key: string]: Json } = {};
  for (const key of Object.keys(value).sort()) if (value[key] !== undefined) sorted[key] = sortKeys(value[key]!);
  return sorted;
}

/** An indented document, newline at the end. */
export const toJson = (value: Json): string => `${escapeHtml(JSON.stringify(sortKeys(value), null, 4))}\n`;

/** One line, no spaces, sorted keys. */
export const toCompactJson = (value: Json): string => escapeHtml(JSON.stringify(sortKeys(value)));

// -o custom-columns=NAME:.metadata.name,... : a header and one line per object, each cell a JSONPath.

import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import { toCompactJson } from './json.ts';
import { findPath, relaxed } from './jsonpath.ts';
import { formatGoFloat } from './number.ts';
import { alignTabs, tableTabs } from './tabwriter.ts';

export interface Column {
  header: string;
  path: string;
}

/** Reads "NAME:.path,OTHER:.path". */
export function parseColumns(spec: string): Column[] {
  if (spec === '') throw new CliError('custom-columns format specified but no custom columns given');
  return spec.split(/,(?![^[]*\])/).map((part) => {
    const at = part.indexOf(':');
    const path = at < 0 ? '' : part.slice(at + 1);
    if (at < 0 || path === '') {
      throw new CliError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    }
    return { header: part.slice(0, at), path: relaxed(path) };
  });
}

/** Reads a file of two lines: headers, then paths, in columns. */
export function parseColumnsFile(text: string): Column[] {
  const [headers, paths] = text.split('\n').map((line) => line.trim().split(/\s+/));
  if (!headers || !paths || headers.length !== paths.length) {
    throw new CliError(
      `number of headers (${headers?.length ?? 0}) and field specifications (${paths?.length ?? 0}) don't match`,
    );
  }
  return headers.map((header, i) => ({ header, path: relaxed(paths[i]!) }));
}

const show = (value: Json): string =>
  typeof value === 'string'
    ? value
    : value === null
      ? '<nil>'
      : typeof value === 'number'
        ? formatGoFloat(value)
        : Array.isArray(value)
          ? `[${value.map(show).join(' ')}]`
          : typeof value === 'object'
            ? `map[${Object.keys(value)
                .sort()
                .map((key) => `${key}:${show(value[key]!)}`)
                .join(' ')}]`
            : toCompactJson(value);

export function columnsText(columns: Column[], objects: Json[], headers: boolean, widths?: number[]): string {
  const lines = headers ? [columns.map((column) => column.header).join('\t')] : [];
  for (const object of objects) {
    const cells = columns.map((column) => {
      const found = findPath(column.path, object);
      return found.length === 0 ? '<none>' : found.map(show).join(',');
    });
    lines.push(cells.join('\t'));
  }
  return lines.length === 0 ? '' : alignTabs(`${lines.join('\n')}\n`, tableTabs, widths);
}

// What a table of one kind is made of, and the small cell helpers that many kinds share (pkg/printers/internalversion).
//
// Cells are computed in upstream's wide form; the client hides columns of priority 1.

import type { Container, LabelSelector, ObjectMeta } from '../generated/types.ts';
import { formatLabelSelector } from '../labels.ts';
import { translateTimestampSince } from '../time.ts';

export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  /** 0: always shown; 1: with -o wide. */
  priority: number;
}

/** null: nothing to show (custom resources' columns without a value). */
export type Cell = string | number | boolean | null;

/** What a client may know of a row beyond its cells (meta.k8s.io TableRowCondition). */
export interface RowCondition {
  type: 'Completed';
  status: 'True';
  reason: string;
  message: string;
}

export interface Columns {
  definitions: ColumnDefinition[];
  /** One row; `now` in milliseconds. */
  cells(object: object, now: number): Cell[];
  conditions?(object: object): RowCondition[];
  /** The order of the rows of a list, where that is not the order of names. */
  compare?(a: object, b: object): number;
}

export interface Named {
  metadata: ObjectMeta;
}

const types = [
  ['#', 'integer'],
  ['?', 'boolean'],
  ['@', 'date'],
] as const;

/**
 * "Name|Ready|Restarts#|IP*": names separated by "|"; * marks a wide column, # the type integer, ? boolean, @ date, ! the format "name", which the column Name has
 * anyway unless it is marked ~. Types are upstream's, who calls some columns of numbers strings.
 */
export function columns<T>(spec: string, cells: (object: T, now: number) => Cell[]): Columns {
  const definitions = spec.split('|').map((part): ColumnDefinition => {
    const name = part.replace(/[*#?@!~]+$/, '');
    const marks = part.slice(name.length);
    return {
      name,
      type: types.find(([mark]) => marks.includes(mark))?.[1] ?? 'string',
      format: marks.includes('!') || (name === 'Name' && !marks.includes('~')) ? 'name' : '',
      description: '',
      priority: marks.includes('*') ? 1 : 0,
    };
  });
  return { definitions, cells: (object, now) => cells(object as T, now) };
}

export const none = '<none>';
export const unset = '<unset>';

export const age = (object: Named, now: number): string =>
  translateTimestampSince(object.metadata.creationTimestamp, now);

export const containerCells = (containers: readonly Container[] | undefined): [string, string] => [
  (containers ?? []).map((c) => c.name).join(','),
  (containers ?? []).map((c) => c.image ?? '').join(','),
];

export const selectorCell = (selector: LabelSelector | undefined): string => formatLabelSelector(selector);

/** At most `max` items, then how many more. */
export function firstFew(items: readonly string[], max = 3): string {
  const shown = items.slice(0, max).join(',');
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

export const boolCell = (value: boolean | undefined): string =>
  value === undefined ? unset : value ? 'True' : 'False';

export const sorted = (names: Iterable<string>): string[] => [...names].sort();

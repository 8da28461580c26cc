// Server-side Tables as text: the columns `kubectl get` shows, label columns, kinds before names, rows that go on under a watch.

import type { KubeObject } from '../object.ts';
import { formatGoFloat } from './number.ts';
import { alignTabs, tableTabs } from './tabwriter.ts';

export interface Table {
  kind: string;
  apiVersion?: string;
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  columnDefinitions: { name: string; type: string; format?: string; priority?: number }[];
  rows: { cells: unknown[]; object?: KubeObject; conditions?: { type: string; status: string }[] }[];
}

export interface TableOptions {
  wide: boolean;
  withNamespace: boolean;
  /** "pod" or "deployment.apps": put before names. */
  kind?: string | undefined;
  noHeaders: boolean;
  labelColumns: string[];
  showLabels: boolean;
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return formatGoFloat(cell);
  if (typeof cell === 'object') return JSON.stringify(cell);
  const text = String(cell);
  const cut = text.search(/[\f\n\r]/);
  return cut < 0 ? text : `${text.slice(0, cut)}...`;
}

/** "a=1,b=2" sorted, or <none>. */
export function labelsText(labels: { [key: string]: string } | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels![key]}`).join(',');
}

const usable = (table: Table, options: TableOptions): number[] =>
  table.columnDefinitions.flatMap((column, i) => (options.wide || !column.priority ? [i] : []));

function headerLine(table: Table, options: TableOptions): string {
  const names = usable(table, options).map((i) => table.columnDefinitions[i]!.name.toUpperCase());
  if (options.withNamespace) names.unshift('NAMESPACE');
  for (const label of options.labelColumns) names.push(label.slice(label.lastIndexOf('/') + 1).toUpperCase());
  if (options.showLabels) names.push('LABELS');
  return names.join('\t');
}

function rowLine(table: Table, row: Table['rows'][number], options: TableOptions): string {
  const named = table.columnDefinitions.findIndex((column) => column.format === 'name');
  const cells = usable(table, options).map((i) => {
    const text = cellText(row.cells[i]);
    return i === named && options.kind ? `${options.kind}/${text}` : text;
  });
  const metadata = row.object?.metadata;
  if (options.withNamespace) cells.unshift(metadata?.namespace ?? '');
  for (const label of options.labelColumns) cells.push(metadata?.labels?.[label] ?? '<none>');
  if (options.showLabels) cells.push(labelsText(metadata?.labels));
  return cells.join('\t');
}

/** A printer that keeps its columns' widths from one table to the next, as the rows of a watch need. */
export class TablePrinter {
  readonly #options: TableOptions;
  readonly #widths: number[] = [];
  #headed = false;
  #columns: Table['columnDefinitions'] | undefined;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Prints rows; the header once. Each row may have a first cell before it (the event of a watch). */
  print(table: Table, lead?: { header: string; cell: string }): string {
    if (table.columnDefinitions?.length) this.#columns = table.columnDefinitions;
    const full = { ...table, columnDefinitions: this.#columns ?? [] };
    const lines: string[] = [];
    if (!this.#headed && !this.#options.noHeaders && full.columnDefinitions.length > 0) {
      lines.push((lead ? `${lead.header}\t` : '') + headerLine(full, this.#options));
    }
    this.#headed = true;
    for (const row of table.rows ?? []) lines.push((lead ? `${lead.cell}\t` : '') + rowLine(full, row, this.#options));
    return lines.length === 0 ? '' : alignTabs(`${lines.join('\n')}\n`, tableTabs, this.#widths);
  }
}

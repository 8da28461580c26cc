// Elastic tabstops: text with tab-terminated cells, lined up in columns. A column is a run of neighbouring lines that have a cell there;
// its width is its widest cell plus padding. The last, unterminated cell of a line belongs to no column and is never padded.
// Behaviour of Go's text/tabwriter with spaces as padding, which all of kubectl's output goes through.

export interface TabOptions {
  minWidth: number;
  padding: number;
}

/** The settings of `kubectl get`. */
export const tableTabs: TabOptions = { minWidth: 6, padding: 3 };
/** The settings of `kubectl describe`. */
export const describeTabs: TabOptions = { minWidth: 0, padding: 2 };

const widthOf = (cell: string): number => {
  let width = 0;
  for (const _ of cell) width++;
  return width;
};

/** Lines `text` up. `remembered` keeps the widths of an earlier table, so that the rows of a watch line up with it. */
export function alignTabs(text: string, options: TabOptions, remembered?: number[]): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);

  function format(from: number, to: number, column: number): void {
    for (let line = from; line < to; line++) {
      if (column >= lines[line]!.length - 1) continue;
      let end = line;
      let width = options.minWidth;
      while (end < to && column < lines[end]!.length - 1) {
        width = Math.max(width, widthOf(lines[end]![column]!) + options.padding);
        end++;
      }
      if (remembered) {
        width = Math.max(width, remembered[column] ?? 0);
        remembered[column] = width;
      }
      for (let each = line; each < end; each++) widths[each]![column] = width;
      format(line, end, column + 1);
      line = end - 1;
    }
  }
  format(0, lines.length, 0);

  return lines
    .map((cells, line) =>
      cells
        .map((cell, column) =>
          column < cells.length - 1 ? cell + ' '.repeat(Math.max(0, widths[line]![column]! - widthOf(cell))) : cell,
        )
        .join(''),
    )
    .join('\n');
}

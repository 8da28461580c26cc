// The difference of two texts in the unified format of diff -u, three lines of context.

type Edit = { kind: ' ' | '-' | '+'; line: string };

/** A shortest list of edits, by longest common subsequence. */
function edits(a: string[], b: string[]): Edit[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const out: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: ' ', line: a[i]! });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!))
      out.push({ kind: '-', line: a[i++]! });
    else out.push({ kind: '+', line: b[j++]! });
  }
  return out;
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, nameBefore: string, nameAfter: string): string {
  if (before === after) return '';
  const all = edits(lines(before), lines(after));
  const context = 3;
  const near = all.map((_, i) =>
    all.slice(Math.max(0, i - context), i + context + 1).some((edit) => edit.kind !== ' '),
  );
  let out = `--- ${nameBefore}\n+++ ${nameAfter}\n`;
  let lineBefore = 1;
  let lineAfter = 1;
  for (let at = 0; at < all.length; ) {
    if (!near[at]) {
      lineBefore++;
      lineAfter++;
      at++;
      continue;
    }
    let end = at;
    while (end < all.length && near[end]) end++;
    const hunk = all.slice(at, end);
    const had = hunk.filter((edit) => edit.kind !== '+').length;
    const has = hunk.filter((edit) => edit.kind !== '-').length;
    const range = (start: number, count: number) =>
      count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
    out += `@@ -${range(lineBefore, had)} +${range(lineAfter, has)} @@\n${hunk.map((edit) => `${edit.kind}${edit.line}\n`).join('')}`;
    lineBefore += had;
    lineAfter += has;
    at = end;
  }
  return out;
}

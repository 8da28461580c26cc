// Which links of a cluster are cut: what the user asked for, where '*' means every peer, told to the host as the pairs of processes that change.
//
// Invariant: a pair is cut as long as any cut that covers it stands. The page is no process: who looks on from outside is never cut off.

import type { Cut } from './cluster.ts';

export class CutList {
  /** What was asked for, in order. */
  readonly cuts: Cut[] = [];
  readonly #processes: readonly string[];
  readonly #apply: (a: string, b: string, cut: boolean) => void;

  /** `apply` is told of each pair of processes whose link changes. */
  constructor(processes: readonly string[], apply: (a: string, b: string, cut: boolean) => void) {
    this.#processes = processes;
    this.#apply = apply;
  }

  set(a: string, b: string, cut: boolean): void {
    const at = this.cuts.findIndex((known) => (known.a === a && known.b === b) || (known.a === b && known.b === a));
    if (cut === at >= 0) return;
    const before = this.#pairs();
    if (cut) this.cuts.push({ a, b });
    else this.cuts.splice(at, 1);
    const after = this.#pairs();
    for (const [key, [one, other]] of after) if (!before.has(key)) this.#apply(one, other, true);
    for (const [key, [one, other]] of before) if (!after.has(key)) this.#apply(one, other, false);
  }

  /** Every pair of processes that some cut covers. */
  #pairs(): Map<string, [string, string]> {
    const pairs = new Map<string, [string, string]>();
    const ends = (end: string) => (end === '*' ? this.#processes : [end]);
    for (const { a, b } of this.cuts) {
      for (const one of ends(a)) {
        for (const other of ends(b)) {
          if (one === other) continue;
          const pair = [one, other].sort() as [string, string];
          pairs.set(pair.join('|'), pair);
        }
      }
    }
    return pairs;
  }
}

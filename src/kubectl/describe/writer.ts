// The page of text a `describe` writes: indented lines with tabs between label and value, lined up in blocks.

import { translateTimestampSince } from '../../api/time.ts';
import type { Kube } from '../kube.ts';
import { alignTabs, describeTabs } from '../print/tabwriter.ts';

export class DescribeWriter {
  #done = '';
  #open = '';

  /** Text of a line (or part of it), `level` steps in. A newline must be in the text. */
  write(level: number, text: string): void {
    this.#open += '  '.repeat(level) + text;
  }
  /** Ends the block: what follows is not lined up with what was. */
  flush(): void {
    this.#done += alignTabs(this.#open, describeTabs);
    this.#open = '';
  }
  /** The open block with its tabs, not lined up. */
  raw(): string {
    return this.#done + this.#open;
  }
  text(): string {
    this.flush();
    return this.#done;
  }
}

/** What every description gets. */
export interface Describing {
  kube: Kube;
  w: DescribeWriter;
  now: number;
  showEvents: boolean;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number) => String(value).padStart(2, '0');

/** "Sat, 21 Nov 2026 09:30:00 +0000"; the zero time for nothing. */
export function longTime(time: string | undefined | null): string {
  if (!time) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(time);
  const day = `${days[date.getUTCDay()]}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

export const since = (time: string | undefined | null, now: number): string =>
  translateTimestampSince(time ?? undefined, now);

/** "True", "False": how Go prints a condition's value that is a bool. */
export const capital = (value: boolean | undefined): string => (value ? 'True' : 'False');

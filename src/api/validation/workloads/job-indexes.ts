// The text form of sets of indexes, "1,3-5,7" (pkg/apis/batch/validation).

interface Interval {
  first: number;
  last: number;
}

/** What is wrong with a set of indexes, in upstream's words. */
export class IndexesError extends Error {}

const show = (text: string) => JSON.stringify(text);

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new IndexesError(`cannot convert string to integer for index: ${show(text)}`);
  const index = Number(text);
  if (index >= completions) throw new IndexesError(`too large index: ${show(text)}`);
  return index;
}

function parseInterval(text: string, completions: number): Interval {
  const limits = text.split('-');
  if (limits.length > 2)
    throw new IndexesError(
      `the fragment ${show(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  const first = parseIndex(limits[0] as string, completions);
  if (limits.length === 1) return { first, last: first };
  const last = parseIndex(limits[1] as string, completions);
  if (first >= last) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  return { first, last };
}

/** How many indexes the text names. Throws an IndexesError unless they are in order and below `completions`. */
export function countIndexes(text: string, completions: number): number {
  let total = 0;
  let previous: number | undefined;
  for (const part of text === '' ? [] : text.split(',')) {
    const { first, last } = parseInterval(part, completions);
    if (previous !== undefined && previous >= first)
      throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${first}`);
    total += last - first + 1;
    previous = last;
  }
  return total;
}

/** The error message of countIndexes, or undefined. */
export function indexesProblem(text: string, completions: number): string | undefined {
  try {
    countIndexes(text, completions);
    return undefined;
  } catch (error) {
    if (error instanceof IndexesError) return error.message;
    throw error;
  }
}

/** Intervals that can be read; the others are reported where their form is. */
const readable = (text: string, completions: number): Interval[] =>
  text.split(',').flatMap((part) => {
    try {
      return [parseInterval(part, completions)];
    } catch {
      return [];
    }
  });

/** The first index that is in both sets, or undefined. */
export function firstCommonIndex(a: string, b: string, completions: number): number | undefined {
  if (a === '' || b === '') return undefined;
  const left = readable(a, completions);
  const right = readable(b, completions);
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const one = left[i] as Interval;
    const other = right[j] as Interval;
    if (one.first <= other.last && other.first <= one.last) return Math.max(one.first, other.first);
    if (one.first <= other.first) i++;
    else j++;
  }
  return undefined;
}

// JSON that there is nothing to say about: read by the platform's parser alone. Nearly every body is such; the rest is read again by the slow reader that knows
// upstream's complaints (api/json-text.ts).
//
// Invariant: what is returned here the slow reader would have read to the same value, without a complaint: no syntax error, no key twice in one object, not nested
// too deeply.

/** Below api/json-text.ts's limit; what is deeper is for the slow reader to judge. */
const deepest = 500;

/** The value of a faultless text, or undefined. */
export function readFaultless(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return countKeys(value, 0) === keysIn(text) ? value : undefined;
}

/** Keys in a text that is JSON, counting each time a key is written: strings that a colon follows. */
function keysIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    do at = text.indexOf('"', at + 1);
    while (isEscaped(text, at));
    let next = at + 1;
    while (isSpace(text.charCodeAt(next))) next++;
    if (text[next] === ':') count++;
  }
  return count;
}

const isSpace = (code: number) => code === 32 || code === 10 || code === 13 || code === 9;

/** Whether an odd number of backslashes stands before the character. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === '\\') before--;
  return (at - before) % 2 === 0;
}

/** Keys in the value: one that was written twice is there once. NaN when it is nested too deeply. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > deepest) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item, depth + 1);
  else for (const key of Object.keys(value)) count += 1 + countKeys((value as Record<string, unknown>)[key], depth + 1);
  return count;
}

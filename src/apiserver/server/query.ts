// Values of query parameters as upstream reads them (apimachinery/pkg/runtime/conversion.go).

import { newBadRequest } from '../../api/status.ts';
import { parseDuration } from '../../api/time.ts';

/** Everything is true but 0 and false: also a name without a value. Absent: false. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** A 64-bit number in decimal, or undefined if it is absent. Throws BadRequest. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const refuse = (why: string) => newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw refuse('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) throw refuse('value out of range');
  return Number(value);
}

/** `timeout` of a request that is not long-running (filters/request_deadline.go). Throws BadRequest when it is no duration. */
export function checkTimeout(query: URLSearchParams): void {
  const text = query.get('timeout');
  if (!text || parseDuration(text) !== undefined) return;
  const [, number, unit = ''] = /^[+-]?(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(text) ?? [];
  const shown = JSON.stringify(text);
  let why = `invalid duration ${shown}`;
  if (number !== undefined)
    why =
      unit === '' ? `missing unit in duration ${shown}` : `unknown unit ${JSON.stringify(unit)} in duration ${shown}`;
  throw newBadRequest(`invalid timeout specified in the request URL - time: ${why}`);
}

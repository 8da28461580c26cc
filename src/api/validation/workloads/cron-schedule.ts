// The syntax of cron schedules, with the messages of the parser that upstream uses (robfig/cron v3: ParseStandard).

import { isKnownTimeZone } from './time-zone.ts';

interface Bounds {
  low: number;
  high: number;
  /** By number, from `low` on. */
  names: readonly string[];
}

const bounds: readonly Bounds[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { low: 0, high: 6, names: 'sun mon tue wed thu fri sat'.split(' ') },
];

const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with a cron schedule, in the words of the parser that upstream uses; undefined if nothing. */
export function cronScheduleError(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string';
  let text = schedule;
  if (/^(CRON_)?TZ=/.test(text)) {
    const space = text.includes(' ') ? text.indexOf(' ') : text.length;
    const zone = text.slice(text.indexOf('=') + 1, space);
    if (zone !== '' && !isKnownTimeZone(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`;
    text = text.slice(space).trim();
  }
  if (text.startsWith('@')) return descriptorError(text);
  const fields = text.split(/\s+/).filter(Boolean);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [i, field] of fields.entries())
    for (const part of field.split(',').filter(Boolean)) {
      const wrong = partError(part, bounds[i] as Bounds);
      if (wrong) return wrong;
    }
  return undefined;
}

function descriptorError(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const duration = text.slice('@every '.length);
  if (/^[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(duration) || /^[-+]?0$/.test(duration)) return undefined;
  const why = /^[-+]?(\d+\.?\d*|\.\d+)$/.test(duration) ? 'missing unit in duration' : 'invalid duration';
  return `failed to parse duration ${text}: time: ${why} ${JSON.stringify(duration)}`;
}

const integer = (text: string): number | string => {
  if (!/^[+-]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
};

function numberOrName(text: string, { low, names }: Bounds): number | string {
  const at = names.indexOf(text.toLowerCase());
  return at >= 0 ? low + at : integer(text);
}

/** "*", "5", "1-5", "*\/2", "10-30/5". */
function partError(part: string, range: Bounds): string | undefined {
  const [ends = '', step, ...moreSteps] = part.split('/');
  const [first = '', last, ...moreEnds] = ends.split('-');
  let start: number | string = range.low;
  let end: number | string = range.high;
  if (first !== '*' && first !== '?') {
    start = numberOrName(first, range);
    if (typeof start === 'string') return start;
    if (moreEnds.length > 0) return `too many hyphens: ${part}`;
    end = last === undefined ? start : numberOrName(last, range);
    if (typeof end === 'string') return end;
  }
  if (moreSteps.length > 0) return `too many slashes: ${part}`;
  const by = step === undefined ? 1 : integer(step);
  if (typeof by === 'string') return by;
  if (step !== undefined && last === undefined) end = range.high;
  if (start < range.low) return `beginning of range (${start}) below minimum (${range.low}): ${part}`;
  if (end > range.high) return `end of range (${end}) above maximum (${range.high}): ${part}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${part}`;
  return by === 0 ? `step of range should be a positive number: ${part}` : undefined;
}

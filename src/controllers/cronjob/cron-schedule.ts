// Cron schedules: five fields, names, ranges, steps, lists and @macros, in a time zone. Follows the robfig/cron dialect that Kubernetes uses.
//
// If both day-of-month and day-of-week are restricted, either is enough; otherwise both must hold. Times that a change to summer time skips do not happen.

interface Field {
  allowed: ReadonlySet<number>;
  /** "*" or "?": not a restriction. */
  any: boolean;
}

export interface CronSchedule {
  minute: Field;
  hour: Field;
  dayOfMonth: Field;
  month: Field;
  dayOfWeek: Field;
  timeZone: string;
}

export class CronError extends Error {}

const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Throws CronError. @param timeZone IANA name; default UTC */
export function parseCron(text: string, timeZone = 'UTC'): CronSchedule {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
  } catch {
    throw new CronError(`unknown time zone ${timeZone}`);
  }
  const fields = (macros[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields as [string, string, string, string, string];
  const days = parseField(dayOfWeek, 0, 7, weekdays);
  if (days.allowed.has(7)) days.allowed = new Set([...days.allowed].map((day) => day % 7));
  return {
    minute: parseField(minute, 0, 59),
    hour: parseField(hour, 0, 23),
    dayOfMonth: parseField(dayOfMonth, 1, 31),
    month: parseField(month, 1, 12, months, 1),
    dayOfWeek: days,
    timeZone,
  };
}

function parseField(text: string, min: number, max: number, names: string[] = [], nameBase = 0): Field {
  const allowed = new Set<number>();
  const number = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    const value = named >= 0 ? named + nameBase : /^[0-9]+$/.test(word) ? Number(word) : Number.NaN;
    if (Number.isNaN(value)) throw new CronError(`failed to parse int from ${word}`);
    if (value < min) throw new CronError(`beginning of range (${value}) below minimum (${min}): ${text}`);
    if (value > max) throw new CronError(`end of range (${value}) above maximum (${max}): ${text}`);
    return value;
  };
  let any = false;
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    if (more.length > 0) throw new CronError(`too many slashes: ${part}`);
    const all = range === '*' || range === '?';
    const [low = '', high, ...rest] = range.split('-');
    if (rest.length > 0) throw new CronError(`too many hyphens: ${part}`);
    const first = all ? min : number(low);
    // "5/15" means from 5 to the end.
    const last = all ? max : high !== undefined ? number(high) : step !== undefined ? max : first;
    const by = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(by) || by <= 0) throw new CronError(`step of range should be a positive number: ${part}`);
    if (first > last) throw new CronError(`beginning of range (${first}) beyond end of range (${last}): ${part}`);
    for (let value = first; value <= last; value += by) allowed.add(value);
    any ||= all && step === undefined;
  }
  return { allowed, any };
}

/** The first time after `after` (cluster ms) that the schedule names, or undefined if there is none within 5 years. */
export function nextTime(schedule: CronSchedule, after: number): number | undefined {
  const local = localClock(schedule.timeZone);
  const minute = 60_000;
  let at = Math.floor(after / minute) * minute + minute;
  const end = after + 5 * 366 * 86_400_000;
  while (at <= end) {
    const time = local(at);
    const today = schedule.month.allowed.has(time.month) && dayMatches(schedule, time);
    // Hour by hour, so that a lost or gained hour cannot be stepped over.
    if (!today || !schedule.hour.allowed.has(time.hour)) at += (60 - time.minute) * minute;
    else if (!schedule.minute.allowed.has(time.minute)) at += minute;
    else return at;
  }
  return undefined;
}

interface LocalTime {
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
}

function dayMatches({ dayOfMonth, dayOfWeek }: CronSchedule, { day, weekday }: LocalTime): boolean {
  const byDate = dayOfMonth.allowed.has(day);
  const byWeekday = dayOfWeek.allowed.has(weekday);
  return dayOfMonth.any || dayOfWeek.any ? byDate && byWeekday : byDate || byWeekday;
}

function localClock(timeZone: string): (at: number) => LocalTime {
  if (timeZone === 'UTC') {
    return (at) => {
      const date = new Date(at);
      return {
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
      };
    };
  }
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type as string, value]));
    return {
      month: Number(parts.get('month')),
      day: Number(parts.get('day')),
      weekday: weekdays.indexOf((parts.get('weekday') ?? '').toLowerCase()),
      hour: Number(parts.get('hour')),
      minute: Number(parts.get('minute')),
    };
  };
}

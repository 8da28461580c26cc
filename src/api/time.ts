// Times and durations as the API writes and prints them (metav1.Time, MicroTime, Duration; k8s.io/apimachinery/pkg/util/duration).
//
// Instants are milliseconds since the epoch; nothing here reads a clock.

const rfc3339Pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})([.,]\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds of an RFC 3339 time, or undefined if it is not one (a real calendar date, seconds at most 59). */
export function parseTime(text: string): number | undefined {
  const match = rfc3339Pattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const y = Number(year);
  const base = new Date(0);
  base.setUTCFullYear(y, Number(month) - 1, Number(day));
  if (base.getUTCFullYear() !== y || base.getUTCMonth() !== Number(month) - 1 || base.getUTCDate() !== Number(day))
    return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  let at = base.getTime() + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000;
  if (fraction) at += Math.floor(Number(`0.${fraction.slice(1)}`) * 1000);
  if (zone && zone !== 'Z') {
    const sign = zone.startsWith('-') ? 1 : -1;
    at += sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
  }
  return at;
}

/** metav1.Time as JSON writes it: whole seconds, UTC. */
export const formatTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
/** metav1.MicroTime as JSON writes it: six decimals, UTC. */
export const formatMicroTime = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;

/** The error Go's time.Parse gives for what is no RFC 3339 time, as decoders report it. */
export function parseTimeError(text: string): string {
  const layout = '2006-01-02T15:04:05Z07:00';
  const parts: [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d{2}/, '01'],
    [/^-/, '-'],
    [/^\d{2}/, '02'],
    [/^T/, 'T'],
    [/^\d{2}/, '15'],
    [/^:/, ':'],
    [/^\d{2}/, '04'],
    [/^:/, ':'],
    [/^\d{2}([.,]\d+)?/, '05'],
    [/^(Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
  ];
  const quoted = JSON.stringify(text);
  let rest = text;
  for (const [pattern, element] of parts) {
    const match = pattern.exec(rest);
    if (!match) return `parsing time ${quoted} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${element}"`;
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  return `parsing time ${quoted}: day out of range`;
}

/** An age as tables print it: 45s, 3m12s, 15m, 5h2m, 2d3h, 11d, 2y40d (duration.HumanDuration). Negative beyond clock skew: <invalid>. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const pair = (big: number, unit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big}${unit}` : `${big}${unit}${small}${smallUnit}`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (years < 8) return pair(years, 'y', days % 365, 'd');
  return `${years}y`;
}

/** A coarser age with one unit: 45s, 3m, 5h, 2d, 3y (duration.ShortHumanDuration). */
export function shortHumanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  if (seconds < 31_536_000) return `${Math.floor(seconds / 86_400)}d`;
  return `${Math.floor(seconds / 31_536_000)}y`;
}

/** How long ago an API time was, as AGE columns print it; "<unknown>" when it is absent or zero. */
export function translateTimestampSince(time: string | undefined | null, now: number): string {
  const at = time ? parseTime(time) : undefined;
  return at === undefined ? '<unknown>' : humanDuration(now - at);
}

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration ("1h30m", "250ms"), or undefined if it is not one. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, number, unit] of body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    total += Number(number) * (units[unit as string] as number);
  return sign * total;
}

/** A Go duration's String(): "1h30m0s", "1.5s", "250ms". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const sign = milliseconds < 0 ? '-' : '';
  const ms = Math.abs(milliseconds);
  if (ms < 1000) {
    if (ms < 0.001) return `${sign}${+(ms * 1e6).toFixed(0)}ns`;
    return ms < 1 ? `${sign}${+(ms * 1000).toFixed(3)}µs` : `${sign}${+ms.toFixed(6)}ms`;
  }
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = +((ms % 60_000) / 1000).toFixed(9);
  return `${sign}${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds}s`;
}

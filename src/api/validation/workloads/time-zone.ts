// Names of time zones, as Go's time.LoadLocation knows them: those of the IANA database, letter by letter.

const pattern = /^[A-Za-z.\-_0-9+]{1,14}$/;

export const isKnownTimeZone = (name: string): boolean => {
  if (name === 'UTC' || name === 'Local') return true;
  // An offset is no name.
  if (/^[+-]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
};

/** What is wrong with a CronJob's timeZone. */
export function timeZoneErrors(name: string): string[] {
  if (name === '') return ['timeZone must be nil or non-empty string'];
  const unknown = `unknown time zone ${name}`;
  for (const part of name.split('/'))
    if (part === '.' || part === '..' || part.startsWith('-') || !pattern.test(part)) return [unknown];
  const errors: string[] = [];
  if (name.toLowerCase() === 'local')
    errors.push('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  if (!isKnownTimeZone(name)) errors.push(unknown);
  return errors;
}

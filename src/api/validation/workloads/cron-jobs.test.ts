import { expect, test } from 'vitest';
import { cronScheduleError } from './cron-schedule.ts';
import { created, template, updated } from './testing/load.ts';

const zone = 'Europe/Paris';
const job = (more: object = {}) => ({ spec: { template: template({ restartPolicy: 'Never' }), ...more } });
const cron = (more: object = {}) => ({ spec: { schedule: '* * * * *', jobTemplate: job(), ...more } });
const noZoneHere = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';

test.each<[string, string | undefined]>([
  ['*/5 * * * *', undefined],
  ['0 9-17 * jan-mar mon', undefined],
  ['5/15 * ? * *', undefined],
  ['@hourly', undefined],
  ['@every 1h30m', undefined],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ['@often', 'unrecognized descriptor: @often'],
  [`CRON_TZ=${zone} 0 0 * * *`, undefined],
  ['TZ=Moon/Base 0 0 * * *', 'provided bad location Moon/Base: unknown time zone Moon/Base'],
  ['', 'empty spec string'],
  ['* * *', 'expected exactly 5 fields, found 3: [* * *]'],
  ['61 * * * *', 'end of range (61) above maximum (59): 61'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['*/2/3 * * * *', 'too many slashes: */2/3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['*/-2 * * * *', 'negative number (-2) not allowed: -2'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
])('cron %s', (schedule, message) => expect(cronScheduleError(schedule)).toBe(message));

test.each<[object, string]>([
  [cron(), '[]'],
  [cron({ schedule: '' }), 'spec.schedule: Required value'],
  [cron({ schedule: '* * *' }), 'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]'],
  [cron({ schedule: `TZ=${zone} * * * * *` }), `spec.schedule: Invalid value: "TZ=${zone} * * * * *": ${noZoneHere}`],
  [cron({ timeZone: zone }), '[]'],
  [cron({ timeZone: '' }), 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'],
  [cron({ timeZone: 'Moon/Base' }), 'spec.timeZone: Invalid value: "Moon/Base": unknown time zone Moon/Base'],
  [cron({ timeZone: 'europe/paris' }), 'spec.timeZone: Invalid value: "europe/paris": unknown time zone europe/paris'],
  [cron({ timeZone: '../etc' }), 'spec.timeZone: Invalid value: "../etc": unknown time zone ../etc'],
  [
    cron({ timeZone: 'Local' }),
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
  ],
  [
    cron({ concurrencyPolicy: 'Maybe' }),
    'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
  ],
  [
    cron({ jobTemplate: job({ selector: { matchLabels: { a: 'b' } }, manualSelector: true }) }),
    '[spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated, spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"]',
  ],
  [
    cron({ jobTemplate: { spec: { template: template() } } }),
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    { ...cron(), metadata: { name: 'x'.repeat(53), namespace: 'n' } },
    `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
  ],
])('%j', (value, message) => expect(created('CronJob', value)).toBe(message));

const zoned = `TZ=${zone} * * * * *`;
test.each<[object, object, string]>([
  [cron({ schedule: zoned }), cron({ schedule: zoned, suspend: true }), '[]'],
  [
    cron({ schedule: zoned }),
    cron({ schedule: zoned, timeZone: zone }),
    `spec.schedule: Invalid value: "${zoned}": cannot use both timeZone field and TZ or CRON_TZ in schedule`,
  ],
  [cron(), cron({ schedule: zoned }), `spec.schedule: Invalid value: "${zoned}": ${noZoneHere}`],
  [cron({ timeZone: 'Moon/Base' }), cron({ timeZone: 'Moon/Base', suspend: true }), '[]'],
])('update %j %j', (old, now, message) => expect(updated('CronJob', old, now)).toBe(message));

// Validation of CronJobs (pkg/apis/batch/validation).

import { type FieldErrorList, invalid, notSupported, required } from '../../field-error.ts';
import type { CronJob, CronJobSpec } from '../../generated/types.ts';
import { metadataPath, nonNegative, requiredOneOf, specPath } from '../common.ts';
import { cronScheduleError } from './cron-schedule.ts';
import { validateJobSpec } from './jobs.ts';
import { timeZoneErrors } from './time-zone.ts';

/** A Job's name is that of its CronJob and eleven characters more. */
const maxName = 52;

function validateSchedule(errors: FieldErrorList, { schedule, timeZone }: CronJobSpec, old?: CronJobSpec): void {
  const at = specPath.child('schedule');
  if (!schedule) return void errors.push(required(at));
  const wrong = cronScheduleError(schedule);
  if (wrong) errors.push(invalid(at, schedule, wrong));
  if (!schedule.includes('TZ')) return;
  if (!old?.schedule?.includes('TZ'))
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (timeZone !== undefined)
    errors.push(invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
}

function validate(spec: CronJobSpec, old?: CronJobSpec): FieldErrorList {
  const errors: FieldErrorList = [];
  validateSchedule(errors, spec, old);
  nonNegative(errors, specPath.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds);
  const zone = spec.timeZone;
  if (zone !== undefined && zone !== old?.timeZone)
    for (const wrong of timeZoneErrors(zone)) errors.push(invalid(specPath.child('timeZone'), zone, wrong));
  requiredOneOf(errors, specPath.child('concurrencyPolicy'), spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  const job = spec.jobTemplate?.spec;
  if (job) {
    const at = specPath.child('jobTemplate', 'spec');
    validateJobSpec(errors, job, at);
    if (job.selector) errors.push(invalid(at.child('selector'), job.selector, '`selector` will be auto-generated'));
    if (job.manualSelector) errors.push(notSupported(at.child('manualSelector'), true, ['nil', 'false']));
  }
  nonNegative(errors, specPath.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit);
  nonNegative(errors, specPath.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit);
  return errors;
}

export function validateCronJob({ spec, metadata }: CronJob): FieldErrorList {
  const errors = validate(spec);
  if ((metadata.name ?? '').length > maxName)
    errors.push(invalid(metadataPath.child('name'), metadata.name, `must be no more than ${maxName} characters`));
  return errors;
}

export const validateCronJobUpdate = ({ spec }: CronJob, old: CronJob): FieldErrorList => validate(spec, old.spec);

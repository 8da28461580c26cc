// What a Job's status may become (pkg/apis/batch/validation: ValidateJobUpdateStatus; pkg/registry/batch/job: getStatusValidationOptions).
//
// Invariants: what is finished stays finished; counters of ended pods only grow; a rule between two fields is enforced when one of them changes, so that a
// status that was wrong before does not hold up the rest.

import { duplicate, type FieldErrorList, invalid, omitValue, required } from '../../field-error.ts';
import type { Job, JobStatus } from '../../generated/types.ts';
import { nonNegative, semanticEqual, statusPath } from '../common.ts';
import { firstCommonIndex, indexesProblem } from './job-indexes.ts';

const conditionsPath = statusPath.child('conditions');

/** A status and what its conditions say. */
class Seen {
  readonly status: JobStatus;
  readonly complete: boolean;
  readonly failed: boolean;
  readonly failureTarget: boolean;
  readonly successCriteriaMet: boolean;

  constructor({ status = {} }: Job) {
    this.status = status;
    this.complete = this.isTrue('Complete');
    this.failed = this.isTrue('Failed');
    this.failureTarget = this.isTrue('FailureTarget');
    this.successCriteriaMet = this.isTrue('SuccessCriteriaMet');
  }
  get finished(): boolean {
    return this.complete || this.failed;
  }
  isTrue(type: string): boolean {
    return this.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  }
}

export function validateJobStatus(job: Job, old: Job): FieldErrorList {
  const errors: FieldErrorList = [];
  const now = new Seen(job);
  const before = new Seen(old);
  validateCounts(errors, now.status);
  validateEnd(errors, now, before);
  validateFinished(errors, now, before);
  validateIndexes(errors, job, now.status, before.status);
  validateReady(errors, now, before);
  validateSuccess(errors, job, now);
  validateTransition(errors, job, now, before);
  return errors;
}

function validateCounts(errors: FieldErrorList, status: JobStatus): void {
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const)
    if ((status[name] ?? 0) < 0) nonNegative(errors, statusPath.child(name), status[name]);
  if (!status.uncountedTerminatedPods) return;
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const)
    for (const [i, uid] of (status.uncountedTerminatedPods[list] ?? []).entries()) {
      const at = statusPath.child('uncountedTerminatedPods', list).index(i);
      if (uid === '') errors.push(invalid(at, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(at, uid));
      seen.add(uid);
    }
}

const wrongConditions = (errors: FieldErrorList, why: string) =>
  errors.push(invalid(conditionsPath, omitValue, `cannot set ${why}`));

/** Conditions of the end, and its time. */
function validateEnd(errors: FieldErrorList, now: Seen, before: Seen): void {
  const { startTime, completionTime } = now.status;
  const completes = now.complete !== before.complete;
  const fails = now.failed !== before.failed;
  const aims = now.failureTarget !== before.failureTarget;
  const ends = completionTime !== before.status.completionTime;
  const starts = startTime !== before.status.startTime;
  const at = statusPath.child('completionTime');
  if ((completes || fails) && now.complete && now.failed)
    wrongConditions(errors, 'Complete=True and Failed=true conditions');
  if ((completes || aims) && now.complete && now.failureTarget)
    wrongConditions(errors, 'Complete=True and FailureTarget=true conditions');
  if (completes || ends) {
    if (completionTime !== undefined && !now.complete)
      errors.push(invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    if (completionTime === undefined && now.complete)
      errors.push(required(at, 'completionTime is required for Complete jobs'));
  }
  if ((starts || ends) && startTime !== undefined && completionTime !== undefined)
    if (Date.parse(completionTime) < Date.parse(startTime))
      errors.push(invalid(at, completionTime, 'completionTime cannot be set before startTime'));
  if ((fails || aims) && now.failed && !now.failureTarget)
    wrongConditions(errors, 'Failed=True condition without the FailureTarget=true condition');
  const meets = now.successCriteriaMet !== before.successCriteriaMet;
  if ((completes || meets) && now.complete && !now.successCriteriaMet)
    wrongConditions(errors, 'Complete=True condition without the SuccessCriteriaMet=true condition');
}

function validateFinished(errors: FieldErrorList, now: Seen, before: Seen): void {
  if (!now.finished) return;
  const changed = now.finished !== before.finished;
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = now.status;
  if ((changed || active !== (before.status.active ?? 0)) && active > 0)
    errors.push(invalid(statusPath.child('active'), active, 'active>0 is invalid for finished job'));
  if ((changed || startTime !== before.status.startTime) && startTime === undefined)
    errors.push(required(statusPath.child('startTime'), 'startTime is required for finished job'));
  const { failed = [], succeeded = [] } = uncounted ?? {};
  const moved = changed || !semanticEqual(uncounted, before.status.uncountedTerminatedPods);
  if (moved && failed.length + succeeded.length > 0)
    errors.push(
      invalid(
        statusPath.child('uncountedTerminatedPods'),
        { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null },
        'uncountedTerminatedPods needs to be empty for finished job',
      ),
    );
}

function validateIndexes(errors: FieldErrorList, { spec }: Job, status: JobStatus, before: JobStatus): void {
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const moreCompleted = completed !== (before.completedIndexes ?? '');
  const moreFailed = failed !== before.failedIndexes;
  const { completions, backoffLimitPerIndex, completionMode } = spec;
  const completedAt = statusPath.child('completedIndexes');
  const failedAt = statusPath.child('failedIndexes');
  if (moreCompleted && completions !== undefined) {
    const wrong = indexesProblem(completed, completions);
    if (wrong) errors.push(invalid(completedAt, completed, `error parsing completedIndexes: ${wrong}`));
  }
  if (moreFailed && completions !== undefined && backoffLimitPerIndex !== undefined && failed !== undefined) {
    const wrong = indexesProblem(failed, completions);
    if (wrong) errors.push(invalid(failedAt, failed, `error parsing failedIndexes: ${wrong}`));
  }
  if (moreCompleted && completed !== '' && completionMode !== 'Indexed')
    errors.push(
      invalid(completedAt, completed, 'cannot set non-empty completedIndexes when non-indexed completion mode'),
    );
  if (moreFailed && backoffLimitPerIndex === undefined && failed !== undefined)
    errors.push(invalid(failedAt, failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  if ((moreFailed || moreCompleted) && completions !== undefined && failed !== undefined) {
    const common = firstCommonIndex(completed, failed, completions);
    if (common !== undefined)
      errors.push(invalid(failedAt, failed, `failedIndexes and completedIndexes overlap at index: ${common}`));
  }
}

function validateReady(errors: FieldErrorList, now: Seen, before: Seen): void {
  const { terminating = 0, ready, active = 0 } = now.status;
  const old = before.status;
  const changed = now.finished !== before.finished || terminating !== (old.terminating ?? 0);
  if (changed && now.finished && terminating > 0)
    errors.push(invalid(statusPath.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  if ((ready !== old.ready || active !== (old.active ?? 0)) && ready !== undefined && ready > active)
    errors.push(invalid(statusPath.child('ready'), ready, 'cannot set more ready pods than active'));
}

function validateSuccess(errors: FieldErrorList, { spec }: Job, now: Seen): void {
  if (now.successCriteriaMet && now.failed)
    wrongConditions(errors, 'SuccessCriteriaMet=True and Failed=true conditions');
  if (now.successCriteriaMet && now.failureTarget)
    wrongConditions(errors, 'SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec.successPolicy && !now.successCriteriaMet && now.complete)
    wrongConditions(errors, 'Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
}

function validateTransition(errors: FieldErrorList, { spec }: Job, now: Seen, before: Seen): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (before.isTrue(type) && !now.isTrue(type))
      errors.push(invalid(conditionsPath, omitValue, `cannot disable the terminal ${type}=True condition`));
  const neverLess = (name: 'failed' | 'succeeded') => {
    const value = now.status[name] ?? 0;
    if (value < (before.status[name] ?? 0))
      errors.push(invalid(statusPath.child(name), value, `cannot decrease the ${name} counter`));
  };
  neverLess('failed');
  // An elastic Job may be made smaller.
  if (spec.completionMode !== 'Indexed' || spec.completions !== spec.parallelism) neverLess('succeeded');
  const { startTime, completionTime } = now.status;
  const ended = before.status.completionTime;
  if (completionTime !== undefined && ended !== undefined && completionTime !== ended)
    errors.push(invalid(statusPath.child('completionTime'), completionTime, 'completionTime cannot be mutated'));
  const started = before.status.startTime;
  if (started !== undefined && startTime !== started && !spec.suspend)
    errors.push(required(statusPath.child('startTime'), 'startTime cannot be removed for unsuspended job'));
  if (before.successCriteriaMet && !now.successCriteriaMet)
    errors.push(invalid(conditionsPath, omitValue, 'cannot disable the SuccessCriteriaMet=True condition'));
  if (before.complete && !before.successCriteriaMet && now.successCriteriaMet)
    wrongConditions(errors, 'SuccessCriteriaMet=True for Job already has Complete=true conditions');
}

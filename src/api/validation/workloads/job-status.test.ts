import { expect, test } from 'vitest';
import { jobSpec } from './testing/jobs.ts';
import { statusChanged } from './testing/load.ts';

const start = '2026-01-01T00:00:00Z';
const end = '2026-01-01T00:01:00Z';
const conditions = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
const criteria = 'SuccessCriteriaMet';
const complete = { startTime: start, completionTime: end, conditions: conditions(criteria, 'Complete') };
const failed = { startTime: start, conditions: conditions('FailureTarget', 'Failed') };
const indexed = jobSpec({ completionMode: 'Indexed', completions: 6, parallelism: 2, backoffLimitPerIndex: 1 });
const elastic = jobSpec({ completionMode: 'Indexed', completions: 2, parallelism: 2 });
const cannot = (why: string) => `status.conditions: Invalid value: cannot ${why}`;

test.each<[object, object, object, string]>([
  [jobSpec(), {}, { startTime: start, active: 1, ready: 1 }, '[]'],
  [jobSpec(), { startTime: start }, complete, '[]'],
  [jobSpec(), { startTime: start }, failed, '[]'],
  [
    jobSpec(),
    {},
    { active: -1, ready: -1 },
    '[status.active: Invalid value: -1: must be greater than or equal to 0, status.ready: Invalid value: -1: must be greater than or equal to 0]',
  ],
  [
    jobSpec(),
    {},
    { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
    '[status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty, status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"]',
  ],
  [
    jobSpec(),
    { startTime: start },
    { ...complete, conditions: conditions(criteria, 'Complete', 'Failed', 'FailureTarget') },
    `[${[
      'set Complete=True and Failed=true conditions',
      'set Complete=True and FailureTarget=true conditions',
      'set SuccessCriteriaMet=True and Failed=true conditions',
      'set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ]
      .map(cannot)
      .join(', ')}]`,
  ],
  [
    jobSpec(),
    { startTime: start },
    { startTime: start, completionTime: end },
    `status.completionTime: Invalid value: "${end}": cannot set completionTime when there is no Complete=True condition`,
  ],
  [
    jobSpec(),
    { startTime: start },
    { ...complete, completionTime: undefined },
    'status.completionTime: Required value: completionTime is required for Complete jobs',
  ],
  [
    jobSpec(),
    { startTime: end },
    { ...complete, startTime: end, completionTime: start },
    `status.completionTime: Invalid value: "${start}": completionTime cannot be set before startTime`,
  ],
  [
    jobSpec(),
    { startTime: start },
    { startTime: start, conditions: conditions('Failed') },
    cannot('set Failed=True condition without the FailureTarget=true condition'),
  ],
  [
    jobSpec(),
    { startTime: start },
    { ...complete, conditions: conditions('Complete') },
    cannot('set Complete=True condition without the SuccessCriteriaMet=true condition'),
  ],
  [
    jobSpec(),
    { startTime: start },
    { ...failed, startTime: undefined, active: 1, terminating: 1, uncountedTerminatedPods: { failed: ['a'] } },
    '[status.active: Invalid value: 1: active>0 is invalid for finished job, status.startTime: Required value: startTime is required for finished job, status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: uncountedTerminatedPods needs to be empty for finished job, status.terminating: Invalid value: 1: terminating>0 is invalid for finished job, status.startTime: Required value: startTime cannot be removed for unsuspended job]',
  ],
  [indexed, {}, { completedIndexes: '0,2-3', failedIndexes: '1' }, '[]'],
  [
    indexed,
    {},
    { completedIndexes: '3-1' },
    'status.completedIndexes: Invalid value: "3-1": error parsing completedIndexes: non-increasing order, previous: 3, current: 1',
  ],
  [
    indexed,
    {},
    { completedIndexes: '1-2-3' },
    `status.completedIndexes: Invalid value: "1-2-3": error parsing completedIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
  ],
  [
    indexed,
    {},
    { failedIndexes: 'a' },
    'status.failedIndexes: Invalid value: "a": error parsing failedIndexes: cannot convert string to integer for index: "a"',
  ],
  [
    indexed,
    {},
    { completedIndexes: '0-3', failedIndexes: '2' },
    'status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2',
  ],
  [indexed, { completedIndexes: '0-9' }, { completedIndexes: '0-9', active: 1 }, '[]'],
  [
    jobSpec(),
    {},
    { completedIndexes: '0' },
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
  ],
  [
    jobSpec(),
    {},
    { failedIndexes: '0' },
    'status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
  ],
  [jobSpec(), {}, { active: 1, ready: 2 }, 'status.ready: Invalid value: 2: cannot set more ready pods than active'],
  [
    jobSpec(),
    complete,
    { ...complete, conditions: conditions(criteria) },
    `[status.completionTime: Invalid value: "${end}": cannot set completionTime when there is no Complete=True condition, ${cannot('disable the terminal Complete=True condition')}]`,
  ],
  [
    jobSpec(),
    failed,
    { startTime: start, conditions: conditions('Failed') },
    `[${cannot('set Failed=True condition without the FailureTarget=true condition')}, ${cannot('disable the terminal FailureTarget=True condition')}]`,
  ],
  [jobSpec(), { conditions: conditions(criteria) }, {}, cannot('disable the SuccessCriteriaMet=True condition')],
  [
    jobSpec(),
    { ...complete, conditions: conditions('Complete') },
    complete,
    cannot('set SuccessCriteriaMet=True for Job already has Complete=true conditions'),
  ],
  [
    jobSpec({ ...elastic, successPolicy: { rules: [{ succeededCount: 1 }] } }),
    { startTime: start },
    { ...complete, conditions: conditions('Complete') },
    `[${cannot('set Complete=True condition without the SuccessCriteriaMet=true condition')}, ${cannot('set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')}]`,
  ],
  [
    jobSpec(),
    { failed: 2, succeeded: 2 },
    { failed: 1, succeeded: 1 },
    '[status.failed: Invalid value: 1: cannot decrease the failed counter, status.succeeded: Invalid value: 1: cannot decrease the succeeded counter]',
  ],
  [elastic, { succeeded: 2 }, { succeeded: 1 }, '[]'],
  [
    jobSpec(),
    complete,
    { ...complete, completionTime: '2026-01-01T00:02:00Z' },
    'status.completionTime: Invalid value: "2026-01-01T00:02:00Z": completionTime cannot be mutated',
  ],
  [jobSpec({ suspend: true }), { startTime: start }, {}, '[]'],
  [
    jobSpec(),
    { startTime: start },
    {},
    'status.startTime: Required value: startTime cannot be removed for unsuspended job',
  ],
])('%j: %j, then %j', (spec, old, now, message) => expect(statusChanged('Job', spec, old, now)).toBe(message));

// What a Job says of failed pods and of success (pkg/apis/batch/validation: podFailurePolicy, successPolicy, podReplacementPolicy).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  omitValue,
  required,
  tooLong,
  tooMany,
} from '../../field-error.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../generated/types.ts';
import { isQualifiedName } from '../../names.ts';
import { check, nonNegative } from '../common.ts';
import { countIndexes, IndexesError } from './job-indexes.ts';

const maxRules = 20;
const maxExitCodes = 255;
const maxPatterns = 20;
const maxIndexesText = 64 * 1024;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

/** Go's %q of a list. */
const quoted = (values: readonly string[]) => `valid values: [${values.map((v) => JSON.stringify(v)).join(' ')}]`;

function oneOfRequired(errors: FieldErrorList, at: FieldPath, value: string | undefined, valid: string[]): void {
  if (!value) errors.push(required(at, quoted(valid)));
  else if (!valid.includes(value)) errors.push(notSupported(at, value, valid));
}

export function validateFailurePolicy(errors: FieldErrorList, spec: JobSpec, at: FieldPath): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const where = at.child('rules');
  if (rules.length > maxRules) errors.push(tooMany(where, rules.length, maxRules));
  const pod = spec.template?.spec;
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) validateFailureRule(errors, spec, rule, where.index(i), names);
}

function validateFailureRule(
  errors: FieldErrorList,
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  at: FieldPath,
  names: ReadonlySet<string>,
): void {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalid(at.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
  } else oneOfRequired(errors, at.child('action'), action, actions);
  if (onExitCodes) validateExitCodes(errors, onExitCodes, at.child('onExitCodes'), names);
  if (onPodConditions.length > 0) validatePatterns(errors, onPodConditions, at.child('onPodConditions'));
  if (onExitCodes && onPodConditions.length > 0)
    errors.push(invalid(at, omitValue, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!onExitCodes && onPodConditions.length === 0)
    errors.push(invalid(at, omitValue, 'specifying one of OnExitCodes and OnPodConditions is required'));
}

function validateExitCodes(
  errors: FieldErrorList,
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  at: FieldPath,
  names: ReadonlySet<string>,
): void {
  oneOfRequired(errors, at.child('operator'), operator, operators);
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalid(
        at.child('containerName'),
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    );
  const where = at.child('values');
  if (values.length === 0) errors.push(invalid(where, values, 'at least one value is required'));
  else if (values.length > maxExitCodes) errors.push(tooMany(where, values.length, maxExitCodes));
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalid(where.index(i), value, 'must not be 0 for the In operator'));
    if (seen.has(value)) errors.push(duplicate(where.index(i), value));
    seen.add(value);
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] as number) > value))
    errors.push(invalid(where, values, 'must be ordered'));
}

function validatePatterns(
  errors: FieldErrorList,
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  at: FieldPath,
): void {
  if (patterns.length > maxPatterns) errors.push(tooMany(at, patterns.length, maxPatterns));
  for (const [i, { type, status }] of patterns.entries()) {
    check(errors, at.index(i).child('type'), type ?? '', isQualifiedName);
    oneOfRequired(errors, at.index(i).child('status'), status, statuses);
  }
}

export function validateSuccessPolicy(errors: FieldErrorList, spec: JobSpec, at: FieldPath): void {
  const rules = spec.successPolicy?.rules ?? [];
  const where = at.child('rules');
  if (rules.length === 0)
    errors.push(required(where, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > maxRules) errors.push(tooMany(where, rules.length, maxRules));
  for (const [i, rule] of rules.entries()) validateSuccessRule(errors, rule, where.index(i), spec.completions ?? 0);
}

function validateSuccessRule(
  errors: FieldErrorList,
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  at: FieldPath,
  completions: number,
): void {
  if (count === undefined && indexes === undefined)
    errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
  let total = 0;
  if (indexes !== undefined) {
    const where = at.child('succeededIndexes');
    if (indexes.length > maxIndexesText) errors.push(tooLong(where, maxIndexesText));
    try {
      total = countIndexes(indexes, completions);
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error;
      errors.push(invalid(where, indexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (count === undefined) return;
  const where = at.child('succeededCount');
  const atMost = (most: number, what: string) => {
    if (count > most)
      errors.push(invalid(where, count, `must be less than or equal to ${most} (the number of ${what})`));
  };
  nonNegative(errors, where, count);
  atMost(completions, 'specified completions');
  if (indexes !== undefined) atMost(total, 'indexes in the specified succeededIndexes field');
}

export function validateReplacementPolicy(errors: FieldErrorList, spec: JobSpec, at: FieldPath): void {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return;
  const valid = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (!valid.includes(policy)) errors.push(notSupported(at, policy, valid));
}

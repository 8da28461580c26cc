// Validation of ControllerRevisions (pkg/apis/apps/validation).

import { type FieldErrorList, path, required } from '../../field-error.ts';
import type { ControllerRevision } from '../../generated/types.ts';
import { immutable, nonNegative } from '../common.ts';

export function validateControllerRevision({ data, revision }: ControllerRevision): FieldErrorList {
  const errors: FieldErrorList = [];
  if (data === undefined || data === null) errors.push(required(path('data'), 'data is mandatory'));
  nonNegative(errors, path('revision'), revision);
  return errors;
}

export function validateControllerRevisionUpdate(
  { data }: ControllerRevision,
  old: ControllerRevision,
): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, path('data'), data, old.data);
  return errors;
}

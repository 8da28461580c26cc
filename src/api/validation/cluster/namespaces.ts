// Validation of Namespaces (pkg/apis/core/validation: ValidateNamespace, ValidateNamespaceStatusUpdate, ValidateNamespaceFinalizeUpdate).

import { type FieldErrorList, type FieldPath, invalid, path } from '../../field-error.ts';
import type { Namespace } from '../../generated/types.ts';
import { isQualifiedName } from '../../names.ts';
import { check, specPath } from '../common.ts';

const finalizersPath = specPath.child('finalizers');
const phasePath = path('status', 'Phase');
const standard = ['kubernetes', 'orphan', 'foregroundDeletion'];

function checkFinalizer(errors: FieldErrorList, at: FieldPath, name: string): void {
  check(errors, at, name, isQualifiedName);
  if (!name.includes('/') && !standard.includes(name))
    errors.push(invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified'));
}

export function validateNamespace({ spec }: Namespace): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const name of spec?.finalizers ?? []) checkFinalizer(errors, finalizersPath, name);
  return errors;
}

export function validateNamespaceStatusUpdate({ metadata, status }: Namespace): FieldErrorList {
  const phase = status?.phase ?? '';
  if (!metadata?.deletionTimestamp)
    return phase === 'Active'
      ? []
      : [invalid(phasePath, phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  return phase === 'Terminating'
    ? []
    : [invalid(phasePath, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}

export function validateNamespaceFinalize({ spec }: Namespace): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const [i, name] of (spec?.finalizers ?? []).entries()) checkFinalizer(errors, finalizersPath.index(i), name);
  return errors;
}

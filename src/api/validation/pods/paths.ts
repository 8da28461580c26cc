// Paths inside a volume or below a directory of the kubelet's (pkg/apis/core/validation: validateLocalDescendingPath, ValidateLocalNonReservedPath).

import { type FieldErrorList, type FieldPath, invalid } from '../../field-error.ts';
import { checkNoBacksteps } from '../volume-sources.ts';

/** Relative, and it does not climb. */
export function checkLocalDescendingPath(errors: FieldErrorList, at: FieldPath, path: string): void {
  if (path.startsWith('/')) errors.push(invalid(at, path, 'must be a relative path'));
  checkNoBacksteps(errors, at, path);
}

/** Also not among the names that begin with two dots, which the kubelet's atomic writer keeps for itself. */
export function checkLocalNonReservedPath(errors: FieldErrorList, at: FieldPath, path: string): void {
  checkLocalDescendingPath(errors, at, path);
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalid(at, path, "must not start with '..'"));
}

/** Permission bits of files in a volume. */
export function checkFileMode(errors: FieldErrorList, at: FieldPath, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    errors.push(invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}

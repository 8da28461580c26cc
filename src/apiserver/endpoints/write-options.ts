// Query parameters of writes (metav1.CreateOptions, UpdateOptions, PatchOptions), read and checked as upstream does (apimachinery/pkg/apis/meta/v1/validation).

import {
  type FieldErrorList,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from '../../api/field-error.ts';
import { newInvalid } from '../../api/status.ts';
import { contentType } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import type { FieldValidation } from '../server/machinery.ts';
import { isTrue } from '../server/query.ts';

export const applyType = 'application/apply-patch+yaml';

export interface WriteQuery {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  force: boolean;
}

/** Reads and checks dryRun, fieldManager, fieldValidation and force. Throws Invalid. */
export function readWriteQuery({ url, request, info }: RequestContext, optionsKind: string): WriteQuery {
  const query = url.searchParams;
  const errors: FieldErrorList = [];
  const manager = query.get('fieldManager') ?? '';
  if (info.verb === 'patch') {
    const apply = contentType(request) === applyType;
    if (apply && manager === '') errors.push(required(path('fieldManager'), 'is required for apply patch'));
    if (!apply && query.has('force')) errors.push(forbidden(path('force'), 'may not be specified for non-apply patch'));
  }
  errors.push(...managerErrors(manager));
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported(path('dryRun'), dryRun, ['All']));
  const validation = query.get('fieldValidation') ?? '';
  if (!validations.includes(validation)) errors.push(notSupported(path('fieldValidation'), validation, validations));
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: optionsKind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager || managerOf(request.headers.get('user-agent') ?? ''),
    fieldValidation: (validation || 'Warn') as FieldValidation,
    force: isTrue(query, 'force'),
  };
}

const validations = ['', 'Ignore', 'Strict', 'Warn'];
const longestManager = 128;

/** metav1 validation.ValidateFieldManager: short, and of characters that can be seen. */
function managerErrors(manager: string): FieldErrorList {
  const at = path('fieldManager');
  const errors: FieldErrorList = [];
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(manager) > longestManager) errors.push(tooLong(at, longestManager));
  let position = 0;
  for (const character of manager) {
    if (/[\p{C}\p{Z}]/u.test(character) && character !== ' ') {
      const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      const shown = /\p{Cc}/u.test(character) ? '' : ` '${character}'`;
      errors.push(invalid(at, manager, `invalid character U+${code}${shown} (at position ${position})`));
    }
    position += bytes(character);
  }
  return errors;
}

/** The field manager of a client that names none: its program's name (handlers/create.go, managerOrUserAgent). */
export function managerOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, longestManager) || 'unknown';
}

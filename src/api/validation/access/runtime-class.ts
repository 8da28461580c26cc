// Validation of RuntimeClasses (pkg/apis/node/validation).

import { type FieldErrorList, path } from '../../field-error.ts';
import type { RuntimeClass } from '../../generated/types.ts';
import { isDns1123Label } from '../../names.ts';
import { check, immutable } from '../common.ts';

export function validateRuntimeClass({ handler }: RuntimeClass): FieldErrorList {
  const errors: FieldErrorList = [];
  check(errors, path('handler'), handler ?? '', isDns1123Label);
  return errors;
}

export function validateRuntimeClassUpdate({ handler }: RuntimeClass, old: RuntimeClass): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, path('handler'), handler, old.handler);
  return errors;
}

// Validation of RuntimeClasses (pkg/apis/node/validation).

import { type FieldErrorList, path } from '../../field-error.ts';
import type { RuntimeClass } from '../../generated/types.ts';
import { isDns1123Label } from '../../names.ts';
import { check, immutable, validateLabels } from '../common.ts';
import { validateResources } from '../pods/resources.ts';
import { validateTolerations } from '../pods/scheduling.ts';

export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldErrorList {
  const errors: FieldErrorList = [];
  check(errors, path('handler'), handler ?? '', isDns1123Label);
  if (overhead) {
    const limits = overhead.podFixed;
    validateResources(errors, { ...(limits && { limits }) }, path('overhead'), new Set(), {});
  }
  if (scheduling) {
    const at = path('scheduling');
    validateLabels(errors, scheduling.nodeSelector, at.child('nodeSelector'));
    validateTolerations(errors, scheduling.tolerations ?? [], at.child('tolerations'));
  }
  return errors;
}

export function validateRuntimeClassUpdate({ handler }: RuntimeClass, old: RuntimeClass): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, path('handler'), handler, old.handler);
  return errors;
}

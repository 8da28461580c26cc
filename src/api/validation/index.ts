// Validation of built-in kinds after defaulting: `validateCreate`, `validateUpdate` and `validateStatusUpdate` return every error with upstream's field
// path and message.

import type { FieldErrorList } from '../field-error.ts';
import type { ObjectMeta } from '../generated/types.ts';
import { accessRules } from './access/rules.ts';
import { clusterRules } from './cluster/rules.ts';
import { validateMeta, validateMetaUpdate } from './common.ts';
import { deviceRules } from './devices/rules.ts';
import { podRules } from './pods/rules.ts';
import type { RulesByType } from './rules.ts';
import { workloadRules } from './workloads/rules.ts';

export { validateLabelSelector, validateLabels } from './common.ts';
export { validateWholePod } from './pods/pods.ts';
export { describeChange } from './pods/update.ts';

const rules: RulesByType = { ...podRules, ...workloadRules, ...clusterRules, ...accessRules, ...deviceRules };

type ApiObject = { metadata: ObjectMeta };

/** Errors of a new object, name already generated. `type` is the schema type. */
export function validateCreate(type: string, object: ApiObject, namespaced: boolean): FieldErrorList {
  return [...validateMeta(object.metadata, type, namespaced), ...(rules[type]?.create?.(object as never) ?? [])];
}

/** Errors of a replacement through the main endpoint. */
export function validateUpdate(type: string, object: ApiObject, old: ApiObject, namespaced: boolean): FieldErrorList {
  const own = rules[type];
  const errors = changedMeta(type, object, old, namespaced);
  if (!own?.changesOnly) errors.push(...(own?.create?.(object as never) ?? []));
  errors.push(...(own?.update?.(object as never, old as never) ?? []));
  return errors;
}

/** Errors of a change through the status endpoint, which leaves everything else as it was. */
export function validateStatusUpdate(
  type: string,
  object: ApiObject,
  old: ApiObject,
  namespaced: boolean,
): FieldErrorList {
  return [
    ...changedMeta(type, object, old, namespaced),
    ...(rules[type]?.status?.(object as never, old as never) ?? []),
  ];
}

function changedMeta(type: string, object: ApiObject, old: ApiObject, namespaced: boolean): FieldErrorList {
  const errors = validateMetaUpdate(object.metadata, old.metadata);
  if (errors.length === 0) errors.push(...validateMeta(object.metadata, type, namespaced));
  return errors;
}

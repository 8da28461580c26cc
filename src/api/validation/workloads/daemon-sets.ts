// Validation of DaemonSets (pkg/apis/apps/validation).

import { type FieldErrorList, type FieldPath, invalid, notSupported, required } from '../../field-error.ts';
import type { DaemonSet, RollingUpdateDaemonSet } from '../../generated/types.ts';
import { nonNegative, specPath } from '../common.ts';
import { validatePodTemplate } from '../pods/pods.ts';
import { atMostAll, intOrPercent, numberOf } from './int-or-percent.ts';
import { isEmpty, parsedSelector, runsForEver, selectsTemplate, templatePath } from './pod-template.ts';

function validateRollingUpdate(
  errors: FieldErrorList,
  { maxUnavailable, maxSurge }: RollingUpdateDaemonSet,
  at: FieldPath,
): void {
  intOrPercent(errors, at.child('maxUnavailable'), maxUnavailable);
  intOrPercent(errors, at.child('maxSurge'), maxSurge);
  atMostAll(errors, at.child('maxUnavailable'), maxUnavailable);
  atMostAll(errors, at.child('maxSurge'), maxSurge);
  const unavailable = numberOf(maxUnavailable) !== 0;
  const surge = numberOf(maxSurge) !== 0;
  if (unavailable && surge)
    errors.push(invalid(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  else if (!unavailable && !surge) errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
}

export function validateDaemonSet({ spec }: DaemonSet): FieldErrorList {
  const errors: FieldErrorList = [];
  const { selector, template, updateStrategy } = spec;
  const parsed = parsedSelector(errors, selector);
  if (parsed) selectsTemplate(errors, parsed, template);
  if (selector && isEmpty(selector))
    errors.push(invalid(specPath.child('selector'), selector, 'empty selector is invalid for daemonset'));
  validatePodTemplate(errors, template, templatePath);
  runsForEver(errors, template, 'DaemonSet');
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  const at = specPath.child('updateStrategy');
  const { type, rollingUpdate } = updateStrategy ?? {};
  if (type === 'RollingUpdate') {
    if (!rollingUpdate) errors.push(required(at.child('rollingUpdate')));
    else validateRollingUpdate(errors, rollingUpdate, at.child('rollingUpdate'));
  } else if (type !== 'OnDelete')
    errors.push(
      notSupported(at, { Type: type ?? '', RollingUpdate: rollingUpdate ?? null }, ['RollingUpdate', 'OnDelete']),
    );
  nonNegative(errors, specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit);
  return errors;
}

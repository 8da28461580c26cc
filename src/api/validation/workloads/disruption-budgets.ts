// Validation of PodDisruptionBudgets (pkg/apis/policy/validation).

import { type FieldErrorList, invalid, notSupported } from '../../field-error.ts';
import type { PodDisruptionBudget } from '../../generated/types.ts';
import { nonNegative, specPath, statusPath, validateLabelSelector } from '../common.ts';
import { validateConditions } from '../conditions.ts';
import { atMostAll, intOrPercent } from './int-or-percent.ts';

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

export function validateDisruptionBudget({ spec = {} }: PodDisruptionBudget): FieldErrorList {
  const errors: FieldErrorList = [];
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(
      invalid(
        specPath,
        {
          MinAvailable: minAvailable,
          Selector: spec.selector ?? null,
          MaxUnavailable: maxUnavailable,
          UnhealthyPodEvictionPolicy: policy ?? null,
        },
        'minAvailable and maxUnavailable cannot be both set',
      ),
    );
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    intOrPercent(errors, specPath.child(name), spec[name]);
    atMostAll(errors, specPath.child(name), spec[name]);
  }
  validateLabelSelector(errors, spec.selector, specPath.child('selector'));
  if (policy !== undefined && !evictionPolicies.includes(policy))
    errors.push(notSupported(specPath.child('unhealthyPodEvictionPolicy'), policy, evictionPolicies));
  return errors;
}

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

/** What metav1.Conditions must be, and counts that are none below zero. */
export function validateDisruptionBudgetStatus({ status }: PodDisruptionBudget): FieldErrorList {
  const errors: FieldErrorList = [];
  validateConditions(errors, status?.conditions, statusPath.child('conditions'));
  for (const name of counts) nonNegative(errors, statusPath.child(name), status?.[name]);
  return errors;
}

// Validation of tolerations and of topology spread constraints (pkg/apis/core/validation: ValidateTolerations, validateTopologySpreadConstraints).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../field-error.ts';
import type { PodSpec, Toleration, TopologySpreadConstraint } from '../../generated/types.ts';
import { isQualifiedName, isValidLabelValue } from '../../names.ts';
import { check, oneOf, validateLabelSelector } from '../common.ts';
import { validateLabelKeys } from './affinity.ts';
import { hadFlaw, type PodOptions } from './options.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const operators = ['Equal', 'Exists'];

export function validateTolerations(errors: FieldErrorList, tolerations: readonly Toleration[], at: FieldPath): void {
  for (const [i, { key, operator = '', value = '', effect = '', tolerationSeconds }] of tolerations.entries()) {
    const where = at.index(i);
    if (key) for (const message of isQualifiedName(key)) errors.push(invalid(where.child('key'), key, message));
    else if (operator !== 'Exists')
      errors.push(
        invalid(
          where.child('operator'),
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalid(where.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (operator === '' || operator === 'Equal') {
      const messages = isValidLabelValue(value);
      if (messages.length > 0) errors.push(invalid(where.child('operator'), value, messages.join(';')));
    } else if (operator === 'Exists') {
      if (value)
        errors.push(invalid(where.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
    } else {
      // Comparisons are known, and off by default.
      const shown = operator === 'Lt' || operator === 'Gt' ? [...operators, 'Lt', 'Gt'] : operators;
      errors.push(notSupported(where.child('operator'), operator, shown));
    }
    if (effect && !effects.includes(effect)) errors.push(notSupported(where.child('effect'), effect, effects));
  }
}

const positive = 'must be greater than zero';
const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const policies = ['Honor', 'Ignore'];

function hasBadSelector({ topologySpreadConstraints: constraints = [] }: PodSpec, at: FieldPath): boolean {
  const errors: FieldErrorList = [];
  for (const { labelSelector } of constraints) validateLabelSelector(errors, labelSelector, at);
  return errors.length > 0;
}

function hasBadKeys({ topologySpreadConstraints: constraints = [] }: PodSpec, at: FieldPath): boolean {
  const errors: FieldErrorList = [];
  for (const { matchLabelKeys, labelSelector } of constraints)
    validateLabelKeys(errors, matchLabelKeys, undefined, labelSelector, at);
  return errors.length > 0;
}

/** As it was before keys were merged into the selector: for what was stored then. */
function validateUnmergedKeys(
  errors: FieldErrorList,
  { matchLabelKeys: keys = [], labelSelector: selector }: TopologySpreadConstraint,
  at: FieldPath,
): void {
  if (keys.length === 0) return;
  if (!selector) errors.push(forbidden(at, 'must not be specified when labelSelector is not set'));
  const known = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map(({ key }) => key),
  ]);
  for (const [i, key] of keys.entries()) {
    check(errors, at.index(i), key, isQualifiedName);
    if (known.has(key)) errors.push(invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
  }
}

export function validateSpread(
  errors: FieldErrorList,
  constraints: readonly TopologySpreadConstraint[],
  at: FieldPath,
  options: PodOptions,
): void {
  for (const [i, constraint] of constraints.entries()) {
    const where = at.index(i);
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', minDomains } = constraint;
    if (maxSkew <= 0) errors.push(invalid(where.child('maxSkew'), maxSkew, positive));
    if (topologyKey === '') errors.push(required(where.child('topologyKey'), 'can not be empty'));
    if (!actions.includes(action)) errors.push(notSupported(where.child('whenUnsatisfiable'), action, actions));
    const again = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === action);
    if (again) errors.push(duplicate(where.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${action}}`));
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(where.child('minDomains'), minDomains, positive));
      if (action !== 'DoNotSchedule')
        errors.push(
          invalid(
            where.child('minDomains'),
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`,
          ),
        );
    }
    oneOf(errors, where.child('nodeAffinityPolicy'), constraint.nodeAffinityPolicy, policies);
    oneOf(errors, where.child('nodeTaintsPolicy'), constraint.nodeTaintsPolicy, policies);
    if (hadFlaw(options, (old) => hasBadKeys(old, where)))
      validateUnmergedKeys(errors, constraint, where.child('matchLabelKeys'));
    else validateLabelKeys(errors, constraint.matchLabelKeys, undefined, constraint.labelSelector, where);
    const found: FieldErrorList = [];
    validateLabelSelector(found, constraint.labelSelector, where.child('labelSelector'));
    if (found.length > 0 && !hadFlaw(options, (old) => hasBadSelector(old, where))) errors.push(...found);
  }
}

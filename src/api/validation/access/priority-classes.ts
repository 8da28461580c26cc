// Validation of PriorityClasses (pkg/apis/scheduling/validation).

import { type FieldErrorList, forbidden, notSupported, path, required } from '../../field-error.ts';
import type { PriorityClass } from '../../generated/types.ts';
import { immutable, metadataPath } from '../common.ts';

const highestOfUsers = 1_000_000_000;
const ofSystem: Record<string, number> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** Why a class with a name of the system's is none of it. */
function systemProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const name = metadata?.name ?? '';
  const known = ofSystem[name];
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export function validatePriorityClass(object: PriorityClass): FieldErrorList {
  const errors: FieldErrorList = [];
  if (object.metadata?.name?.startsWith('system-')) {
    const problem = systemProblem(object);
    if (problem)
      errors.push(
        forbidden(
          metadataPath.child('name'),
          `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`,
        ),
      );
  } else if ((object.value ?? 0) > highestOfUsers)
    errors.push(forbidden(path('value'), `maximum allowed value of a user defined priority is ${highestOfUsers}`));
  const policy = object.preemptionPolicy;
  if (policy === '') errors.push(required(path('preemptionPolicy')));
  else if (policy !== undefined && policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported(path('preemptionPolicy'), policy, ['PreemptLowerPriority', 'Never']));
  return errors;
}

export function validatePriorityClassUpdate(object: PriorityClass, old: PriorityClass): FieldErrorList {
  const errors: FieldErrorList = [];
  if ((object.value ?? 0) !== (old.value ?? 0))
    errors.push(forbidden(path('value'), 'may not be changed in an update.'));
  immutable(errors, path('preemptionPolicy'), object.preemptionPolicy, old.preemptionPolicy);
  return errors;
}

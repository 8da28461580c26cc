// Restart policies of single containers and their rules (pkg/apis/core/validation: validateContainerRestartPolicy; pkg/api/v1/pod:
// ContainerShouldRestart, AllContainersCouldRestart).

import { type FieldErrorList, type FieldPath, notSupported, required, tooMany } from '../../field-error.ts';
import type { Container, PodSpec } from '../../generated/types.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const actions = ['Restart', 'RestartAllContainers'];
const operators = ['In', 'NotIn'];
const maxRules = 20;
const maxCodes = 255;

export function validateRestartPolicy(
  errors: FieldErrorList,
  { restartPolicy, restartPolicyRules: rules = [] }: Container,
  at: FieldPath,
): void {
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.push(required(at.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(restartPolicy))
    errors.push(notSupported(at.child('restartPolicy'), restartPolicy, policies));
  if (rules.length > maxRules) errors.push(tooMany(at.child('restartPolicyRules'), rules.length, maxRules));
  for (const [i, { action = '', exitCodes }] of rules.entries()) {
    const where = at.child('restartPolicyRules').index(i);
    if (!actions.includes(action)) errors.push(notSupported(where.child('action'), action, actions));
    if (!exitCodes) {
      errors.push(required(where.child('exitCodes'), 'must be specified'));
      continue;
    }
    const { operator = '', values = [] } = exitCodes;
    if (!operators.includes(operator))
      errors.push(notSupported(where.child('exitCodes', 'operator'), operator, operators));
    if (values.length > maxCodes) errors.push(tooMany(where.child('exitCodes', 'values'), values.length, maxCodes));
  }
}

const everyContainer = (spec: PodSpec): Container[] => [...(spec.initContainers ?? []), ...(spec.containers ?? [])];

/** Some rule may restart the whole pod in place: then no container's end is final. */
export const allContainersCouldRestart = (spec: PodSpec): boolean =>
  everyContainer(spec).some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );

/** Whether a container that ended with `exitCode` is to run again: by its rules, by its own policy, by the pod's. */
export function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  for (const { exitCodes } of container.restartPolicyRules ?? []) {
    if (!exitCodes) continue;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    if (exitCodes.operator === 'In' ? listed : exitCodes.operator === 'NotIn' && !listed) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === 'Never' ? false : policy === 'OnFailure' ? exitCode !== 0 : true;
}

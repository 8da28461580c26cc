// Validation of Deployments, ReplicaSets and ReplicationControllers (pkg/apis/apps/validation, pkg/apis/core/validation).

import { type FieldErrorList, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  Deployment,
  DeploymentStrategy,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
} from '../../generated/types.ts';
import { selectorFromSet } from '../../labels.ts';
import { nonNegative, specPath } from '../common.ts';
import { atMostAll, intOrPercent, numberOf } from './int-or-percent.ts';
import { replicatedTemplate, requiredSelector, templatePath } from './pod-template.ts';

function validateStrategy(errors: FieldErrorList, { type, rollingUpdate }: DeploymentStrategy): void {
  const at = specPath.child('strategy');
  const where = at.child('rollingUpdate');
  if (type === 'Recreate') {
    if (rollingUpdate) errors.push(forbidden(where, "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type !== 'RollingUpdate')
    errors.push(
      notSupported(at, { Type: type ?? '', RollingUpdate: rollingUpdate ?? null }, ['Recreate', 'RollingUpdate']),
    );
  else if (!rollingUpdate) errors.push(required(where, 'this should be defaulted and never be nil'));
  else {
    const { maxUnavailable, maxSurge } = rollingUpdate;
    intOrPercent(errors, where.child('maxUnavailable'), maxUnavailable);
    intOrPercent(errors, where.child('maxSurge'), maxSurge);
    if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0)
      errors.push(invalid(where.child('maxUnavailable'), maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'));
    atMostAll(errors, where.child('maxUnavailable'), maxUnavailable);
  }
}

export function validateDeployment({ spec }: Deployment): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  const selector = requiredSelector(errors, spec.selector, 'deployment', 'invalid label selector');
  if (selector) replicatedTemplate(errors, spec.template, selector);
  validateStrategy(errors, spec.strategy ?? {});
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  nonNegative(errors, specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return errors;
  const at = specPath.child('progressDeadlineSeconds');
  nonNegative(errors, at, deadline);
  if (deadline <= (spec.minReadySeconds ?? 0))
    errors.push(invalid(at, deadline, 'must be greater than minReadySeconds'));
  return errors;
}

export function validateReplicaSet({ spec }: ReplicaSet): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  const selector = requiredSelector(errors, spec.selector, 'deployment', 'invalid label selector');
  if (selector) replicatedTemplate(errors, spec.template as PodTemplateSpec, selector);
  return errors;
}

export function validateReplicationController({ spec }: ReplicationController): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  if (Object.keys(spec.selector ?? {}).length === 0) errors.push(required(specPath.child('selector')));
  if (spec.replicas === undefined) errors.push(required(specPath.child('replicas')));
  else nonNegative(errors, specPath.child('replicas'), spec.replicas);
  if (!spec.template) errors.push(required(templatePath));
  else replicatedTemplate(errors, spec.template, selectorFromSet(spec.selector ?? {}), 'ReplicationController');
  return errors;
}

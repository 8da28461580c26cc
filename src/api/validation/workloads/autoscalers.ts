// Validation of HorizontalPodAutoscalers (pkg/apis/autoscaling/validation, pkg/registry/autoscaling/horizontalpodautoscaler). The storage version is judged.

import { type FieldErrorList, type FieldPath, invalid, notSupported, required } from '../../field-error.ts';
import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerSpec,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from '../../generated/types.ts';
import { compareQuantity, tryParseQuantity } from '../../quantity.ts';
import { nonNegative, nonNegativeMessage, specPath, statusPath } from '../common.ts';
import { apiVersionProblem, type ReferenceOptions, validateMetric, validateReference } from './autoscaler-metrics.ts';

const maxPeriodSeconds = 1800;
const maxWindowSeconds = 3600;

interface Options {
  leastReplicas: number;
  target: ReferenceOptions;
  objects: ReferenceOptions;
}

/** What an update may leave as it found it. */
function optionsFor(spec: V2HorizontalPodAutoscalerSpec, old?: V2HorizontalPodAutoscalerSpec): Options {
  const { scaleTargetRef: target } = spec;
  const before = old?.scaleTargetRef;
  const sameTarget = before && before.apiVersion === target?.apiVersion && before.kind === target?.kind;
  const objects: ReferenceOptions = { coreGroup: true };
  const wrongBefore = old?.metrics?.some(
    ({ type, object }) => type === 'Object' && object && apiVersionProblem(object.describedObject?.apiVersion, objects),
  );
  return {
    leastReplicas: old?.minReplicas === 0 ? 0 : 1,
    target: { anyVersion: Boolean(sameTarget), coreGroup: target?.kind === 'ReplicationController' },
    objects: { ...objects, anyVersion: Boolean(wrongBefore) },
  };
}

function validate(spec: V2HorizontalPodAutoscalerSpec, options: Options): FieldErrorList {
  const errors: FieldErrorList = [];
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec;
  const { leastReplicas } = options;
  if (minReplicas !== undefined && minReplicas < leastReplicas)
    errors.push(
      invalid(specPath.child('minReplicas'), minReplicas, `must be greater than or equal to ${leastReplicas}`),
    );
  const most = (why: string) => errors.push(invalid(specPath.child('maxReplicas'), maxReplicas, why));
  if (maxReplicas < 1) most('must be greater than 0');
  if (minReplicas !== undefined && maxReplicas < minReplicas) most('must be greater than or equal to `minReplicas`');
  validateReference(
    errors,
    spec.scaleTargetRef ?? { kind: '', name: '' },
    specPath.child('scaleTargetRef'),
    options.target,
  );
  for (const [i, metric] of metrics.entries())
    validateMetric(errors, metric, specPath.child('metrics').index(i), options.objects);
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    errors.push({
      type: 'FieldValueForbidden',
      field: `${specPath.child('metrics')}`,
      detail: 'must specify at least one Object or External metric to support scaling to zero replicas',
    });
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[direction];
    if (rules) validateRules(errors, rules, specPath.child('behavior', direction));
  }
  return errors;
}

function validateRules(errors: FieldErrorList, rules: V2HPAScalingRules, at: FieldPath): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = at.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0)
    errors.push(invalid(windowPath, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > maxWindowSeconds)
    errors.push(invalid(windowPath, window, `must be less than or equal to ${maxWindowSeconds}`));
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy))
    errors.push(notSupported(at.child('selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']));
  if (policies.length === 0) errors.push(required(at.child('policies'), 'must specify at least one Policy'));
  for (const [i, policy] of policies.entries()) validatePolicy(errors, policy, at.child('policies').index(i));
  if (tolerance !== undefined && tryParseQuantity(tolerance) && compareQuantity(tolerance, '0') < 0)
    errors.push(invalid(at.child('tolerance'), tolerance, nonNegativeMessage));
}

function validatePolicy(errors: FieldErrorList, policy: V2HPAScalingPolicy, at: FieldPath): void {
  const { type, value = 0, periodSeconds: period = 0 } = policy;
  if (type !== 'Pods' && type !== 'Percent')
    errors.push(notSupported(at.child('type'), type ?? '', ['Percent', 'Pods']));
  if (value <= 0) errors.push(invalid(at.child('value'), value, 'must be greater than zero'));
  if (period <= 0) errors.push(invalid(at.child('periodSeconds'), period, 'must be greater than zero'));
  if (period > maxPeriodSeconds)
    errors.push(invalid(at.child('periodSeconds'), period, `must be less than or equal to ${maxPeriodSeconds}`));
}

export const validateAutoscaler = ({ spec }: V2HorizontalPodAutoscaler): FieldErrorList =>
  validate(spec, optionsFor(spec));

export const validateAutoscalerUpdate = (
  { spec }: V2HorizontalPodAutoscaler,
  old: V2HorizontalPodAutoscaler,
): FieldErrorList => validate(spec, optionsFor(spec, old.spec));

export function validateAutoscalerStatus({ status }: V2HorizontalPodAutoscaler): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, statusPath.child('currentReplicas'), status?.currentReplicas);
  nonNegative(errors, statusPath.child('desiredReplicas'), status?.desiredReplicas);
  return errors;
}

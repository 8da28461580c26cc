// What an autoscaler looks at: its target and its metrics (pkg/apis/autoscaling/validation).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  V2CrossVersionObjectReference,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricTarget,
} from '../../generated/types.ts';
import { isDns1123Label, isValidPathSegmentName } from '../../names.ts';
import { compareQuantity, tryParseQuantity } from '../../quantity.ts';
import { check } from '../common.ts';

export interface ReferenceOptions {
  /** The apiVersion is not judged. */
  anyVersion?: boolean;
  /** It may be one of the core group. */
  coreGroup?: boolean;
}

export function apiVersionProblem(version = '', { anyVersion, coreGroup }: ReferenceOptions): string | undefined {
  if (anyVersion) return undefined;
  const parts = version.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${version}`;
  const group = parts.length === 2 ? parts[0] : '';
  return group === '' && !coreGroup ? 'apiVersion must specify API group' : undefined;
}

export function validateReference(
  errors: FieldErrorList,
  { kind, name, apiVersion }: V2CrossVersionObjectReference,
  at: FieldPath,
  options: ReferenceOptions,
): void {
  if (!kind) errors.push(required(at.child('kind')));
  else check(errors, at.child('kind'), kind, isValidPathSegmentName);
  if (!name) errors.push(required(at.child('name')));
  else check(errors, at.child('name'), name, isValidPathSegmentName);
  const wrong = apiVersionProblem(apiVersion, options);
  if (wrong) errors.push(invalid(at.child('apiVersion'), apiVersion ?? '', wrong));
}

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const fields = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const fieldOfType: Record<string, (typeof fields)[number]> = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

export function validateMetric(
  errors: FieldErrorList,
  metric: V2MetricSpec,
  at: FieldPath,
  options: ReferenceOptions,
): void {
  const type = metric.type ?? '';
  if (type === '') errors.push(required(at.child('type'), 'must specify a metric source type'));
  if (!types.includes(type)) errors.push(notSupported(at.child('type'), type, types));
  const present = fields.filter((field) => metric[field] !== undefined);
  if (present[0]) validateSource(errors, metric, present[0], at.child(present[0]), options);
  const expected = fieldOfType[type];
  if (!expected) errors.push(notSupported(at.child('type'), type, types));
  else if (!metric[expected])
    errors.push(required(at.child(expected), 'must populate information for the given metric source'));
  if (present.length === 1) return;
  for (const field of present)
    if (field !== expected) errors.push(forbidden(at.child(field), 'must populate the given metric source only'));
}

function validateSource(
  errors: FieldErrorList,
  metric: V2MetricSpec,
  field: (typeof fields)[number],
  at: FieldPath,
  options: ReferenceOptions,
): void {
  const { object, external, pods, resource, containerResource } = metric;
  const target: V2MetricTarget = metric[field]?.target ?? { type: '' };
  const where = at.child('target');
  const { value, averageValue, averageUtilization } = target;
  const rates = () => {
    if (averageUtilization === undefined && averageValue === undefined)
      errors.push(
        required(where.child('averageUtilization'), 'must set either a target raw value or a target utilization'),
      );
    if (averageUtilization !== undefined && averageValue !== undefined)
      errors.push(
        forbidden(where.child('averageValue'), 'may not set both a target raw value and a target utilization'),
      );
  };
  switch (field) {
    case 'object':
      validateReference(
        errors,
        object?.describedObject ?? { kind: '', name: '' },
        at.child('describedObject'),
        options,
      );
      validateIdentifier(errors, object?.metric, at.child('metric'));
      validateTarget(errors, target, where);
      if (value === undefined && averageValue === undefined)
        errors.push(required(where.child('averageValue'), 'must set either a target value or averageValue'));
      return;
    case 'external':
      validateIdentifier(errors, external?.metric, at.child('metric'));
      validateTarget(errors, target, where);
      if (value === undefined && averageValue === undefined)
        errors.push(
          required(where.child('averageValue'), 'must set either a target value for metric or a per-pod target'),
        );
      if (value !== undefined && averageValue !== undefined)
        errors.push(forbidden(where.child('value'), 'may not set both a target value for metric and a per-pod target'));
      return;
    case 'pods':
      validateIdentifier(errors, pods?.metric, at.child('metric'));
      validateTarget(errors, target, where);
      if (averageValue === undefined)
        errors.push(required(where.child('averageValue'), 'must specify a positive target averageValue'));
      return;
    case 'resource':
      if (!resource?.name) errors.push(required(at.child('name'), 'must specify a resource name'));
      validateTarget(errors, target, where);
      rates();
      return;
    case 'containerResource':
      if (!containerResource?.name) errors.push(required(at.child('name'), 'must specify a resource name'));
      if (!containerResource?.container) errors.push(required(at.child('container'), 'must specify a container'));
      else check(errors, at.child('container'), containerResource.container, isDns1123Label);
      validateTarget(errors, target, where);
      rates();
  }
}

function validateIdentifier(errors: FieldErrorList, metric: V2MetricIdentifier | undefined, at: FieldPath): void {
  if (!metric?.name) errors.push(required(at.child('name'), 'must specify a metric name'));
  else check(errors, at.child('name'), metric.name, isValidPathSegmentName);
}

function validateTarget(errors: FieldErrorList, target: V2MetricTarget, at: FieldPath): void {
  const { type = '', averageUtilization } = target;
  if (type === '') errors.push(required(at.child('type'), 'must specify a metric target type'));
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue')
    errors.push(invalid(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  for (const field of ['value', 'averageValue'] as const) {
    const amount = target[field];
    if (amount !== undefined && tryParseQuantity(amount) && compareQuantity(amount, '0') <= 0)
      errors.push(invalid(at.child(field), amount, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(at.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
}

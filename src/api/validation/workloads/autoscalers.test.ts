import { expect, test } from 'vitest';
import { renderErrors } from '../../field-error.ts';
import { validateStatusUpdate } from '../index.ts';
import { created, load, updated } from './testing/load.ts';

const type = 'V2HorizontalPodAutoscaler';
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const scaler = (more: object = {}) => ({ spec: { maxReplicas: 3, scaleTargetRef: target, ...more } });
const metric = (kind: string, more: object) => scaler({ metrics: [{ type: kind, ...more }] });
const average = { type: 'AverageValue', averageValue: '1' };
const resource = (goal: object) => metric('Resource', { resource: { name: 'cpu', target: goal } });
const behavior = (rules: object) => scaler({ behavior: { scaleUp: rules } });
const at = 'spec.metrics[0]';
const up = 'spec.behavior.scaleUp';
const group = 'apiVersion must specify API group';

test.each<[object, string]>([
  [scaler(), '[]'],
  [
    scaler({ minReplicas: 0 }),
    '[spec.minReplicas: Invalid value: 0: must be greater than or equal to 1, spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas]',
  ],
  [scaler({ minReplicas: 4 }), 'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`'],
  [
    scaler({ scaleTargetRef: { apiVersion: 'apps/v1', kind: '', name: 'a/b' } }),
    `[spec.scaleTargetRef.kind: Required value, spec.scaleTargetRef.name: Invalid value: "a/b": may not contain '/']`,
  ],
  [
    scaler({ scaleTargetRef: { kind: 'Deployment', name: 'd' } }),
    `spec.scaleTargetRef.apiVersion: Invalid value: "": ${group}`,
  ],
  [scaler({ scaleTargetRef: { apiVersion: 'v1', kind: 'ReplicationController', name: 'd' } }), '[]'],
  [
    scaler({ scaleTargetRef: { ...target, apiVersion: 'a/b/c' } }),
    'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ],
  [
    metric('Bogus', {}),
    `${at}.type: Unsupported value: "Bogus": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`,
  ],
  [
    metric('Pods', { resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } } }),
    `${at}.pods: Required value: must populate information for the given metric source`,
  ],
  [
    metric('Resource', {
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } },
      pods: { metric: { name: 'q' }, target: average },
    }),
    `${at}.pods: Forbidden: must populate the given metric source only`,
  ],
  [
    metric('Pods', { pods: { metric: { name: 'q' }, target: { type: 'Value', value: '1' } } }),
    `${at}.pods.target.averageValue: Required value: must specify a positive target averageValue`,
  ],
  [
    metric('Pods', { pods: { metric: { name: 'a/b' }, target: average } }),
    `${at}.pods.metric.name: Invalid value: "a/b": may not contain '/'`,
  ],
  [
    metric('Pods', { pods: { metric: { name: '' }, target: { type: '', averageValue: '0' } } }),
    `[${at}.pods.metric.name: Required value: must specify a metric name, ${at}.pods.target.type: Required value: must specify a metric target type, ${at}.pods.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue, ${at}.pods.target.averageValue: Invalid value: "0": must be positive]`,
  ],
  [
    metric('Object', {
      object: { describedObject: { kind: 'Service', name: 's' }, metric: { name: 'q' }, target: { type: 'Value' } },
    }),
    `${at}.object.target.averageValue: Required value: must set either a target value or averageValue`,
  ],
  [
    metric('External', { external: { metric: { name: 'q' }, target: { type: 'Value' } } }),
    `${at}.external.target.averageValue: Required value: must set either a target value for metric or a per-pod target`,
  ],
  [
    metric('External', { external: { metric: { name: 'q' }, target: { ...average, value: '1' } } }),
    `${at}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
  ],
  [
    resource({ type: 'Utilization' }),
    `${at}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ],
  [
    resource({ ...average, averageUtilization: 0 }),
    `[${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0, ${at}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization]`,
  ],
  [
    metric('ContainerResource', { containerResource: { name: '', container: 'A', target: average } }),
    expect.stringMatching(
      /^\[spec.metrics\[0\].containerResource.name: Required value: must specify a resource name, spec.metrics\[0\].containerResource.container: Invalid value: "A": a lowercase RFC 1123 label/,
    ),
  ],
  [
    behavior({ stabilizationWindowSeconds: 3601, selectPolicy: 'Best', tolerance: '-1' }),
    `[${up}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600, ${up}.selectPolicy: Unsupported value: "Best": supported values: "Disabled", "Max", "Min", ${up}.tolerance: Invalid value: "-1": must be greater than or equal to 0]`,
  ],
  [
    behavior({ stabilizationWindowSeconds: -1 }),
    `${up}.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero`,
  ],
  [
    behavior({ policies: [{ type: 'Some', value: 0, periodSeconds: 1801 }] }),
    `[${up}.policies[0].type: Unsupported value: "Some": supported values: "Percent", "Pods", ${up}.policies[0].value: Invalid value: 0: must be greater than zero, ${up}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800]`,
  ],
])('%j', (value, message) => expect(created(type, value)).toEqual(message));

const old = scaler({ scaleTargetRef: { kind: 'Deployment', name: 'd' } });
test.each<[object, object, string]>([
  [old, scaler({ ...old.spec, maxReplicas: 4 }), '[]'],
  [scaler(), old, `spec.scaleTargetRef.apiVersion: Invalid value: "": ${group}`],
])('update %j %j', (before, now, message) => expect(updated(type, before, now)).toBe(message));

test('status', () => {
  const before = load(type, scaler());
  const now = load(type, { ...scaler(), status: { currentReplicas: -1, desiredReplicas: -2 } });
  expect(renderErrors(validateStatusUpdate(type, now, before, true))).toBe(
    '[status.currentReplicas: Invalid value: -1: must be greater than or equal to 0, status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0]',
  );
});

import { describe, expect, test } from 'vitest';
import { renderErrors } from '../../field-error.ts';
import type { ResourceQuota } from '../../generated/types.ts';
import { validateResourceQuota, validateResourceQuotaStatus, validateResourceQuotaUpdate } from './quota.ts';

const quota = (spec: object) => ({ metadata: { name: 'q', namespace: 'default' }, spec }) as unknown as ResourceQuota;
const errors = (spec: object) => renderErrors(validateResourceQuota(quota(spec)));

describe('resource quotas', () => {
  test.each<[string, object, string]>([
    ['what the docs show', { hard: { pods: '4', 'requests.cpu': '1', 'limits.memory': '2Gi' } }, '[]'],
    [
      'counts, devices, huge pages',
      { hard: { 'count/jobs.batch': '1', 'requests.nvidia.com/gpu': '4', 'hugepages-2Mi': '4Mi' } },
      '[]',
    ],
    [
      'an unknown name',
      { hard: { podz: '4' } },
      '[spec.hard[podz]: Invalid value: "podz": must be a standard resource type or fully qualified, spec.hard[podz]: Invalid value: "podz": must be a standard resource for quota]',
    ],
    [
      'a resource no quota counts',
      { hard: { storage: '4' } },
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    ],
    [
      'half a pod',
      { hard: { pods: '500m', cpu: '500m' } },
      'spec.hard[pods]: Invalid value: "500m": must be an integer',
    ],
    [
      'half a device',
      { hard: { 'a.io/gpu': '500m' } },
      'spec.hard[a.io/gpu]: Invalid value: "500m": must be an integer',
    ],
    [
      'a scope that only is',
      {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator: 'DoesNotExist' }] },
      },
      `spec.scopeSelector.matchExpressions.operator: Invalid value: "DoesNotExist": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
    ],
    [
      'a scope of other things, selected',
      { hard: { cpu: '1' }, scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator: 'Exists' }] } },
      'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"Exists","Values":null}]}: unsupported scope applied to resource',
    ],
    [
      'selectors that leave nothing',
      {
        hard: { pods: '1' },
        scopeSelector: {
          matchExpressions: ['Terminating', 'NotTerminating'].map((scopeName) => ({ scopeName, operator: 'Exists' })),
        },
      },
      'spec.scopeSelector.matchExpressions: Invalid value: null: conflicting scopes',
    ],
    [
      'less than nothing',
      { hard: { cpu: '-1' } },
      'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    ['a scope', { hard: { pods: '1', cpu: '1' }, scopes: ['NotBestEffort'] }, '[]'],
    [
      'an unknown scope',
      { hard: { 'count/pods': '1' }, scopes: ['Fast'] },
      'spec.scopes: Invalid value: ["Fast"]: unsupported scope',
    ],
    [
      'a scope of other things',
      { hard: { cpu: '1' }, scopes: ['BestEffort'] },
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    [
      'scopes that leave nothing',
      { hard: { pods: '1' }, scopes: ['Terminating', 'NotTerminating'] },
      'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
    ],
    [
      'a class that is none of',
      { hard: { pods: '1' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
    [
      'a scope that only is or is not',
      {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'Exists', values: ['x'] }] },
      },
      `spec.scopeSelector.matchExpressions.values: Invalid value: ["x"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
    ],
  ])('%s', (_, spec, expected) => {
    expect(errors(spec)).toBe(expected);
  });

  test('scopes may be put in another order, not changed', () => {
    const update = (now: string[], before: string[]) =>
      renderErrors(validateResourceQuotaUpdate(quota({ scopes: now }), quota({ scopes: before })));
    expect(update(['NotBestEffort', 'Terminating'], ['Terminating', 'NotBestEffort'])).toBe('[]');
    expect(update(['Terminating'], [])).toBe('spec.scopes: Invalid value: ["Terminating"]: field is immutable');
  });

  test('their status', () => {
    const status = { hard: { podz: '1' }, used: { pods: '-1', 'count/jobs.batch': '2' } };
    expect(renderErrors(validateResourceQuotaStatus({ ...quota({}), status }))).toBe(
      '[status.hard[podz]: Invalid value: "podz": must be a standard resource type or fully qualified, status.hard[podz]: Invalid value: "podz": must be a standard resource for quota, status.used[pods]: Invalid value: "-1": must be greater than or equal to 0]',
    );
  });
});

import { expect, test } from 'vitest';
import { created, selector, statusChanged } from './testing/load.ts';

const type = 'PodDisruptionBudget';

test.each<[object, string]>([
  [{ selector, minAvailable: '50%' }, '[]'],
  [
    { minAvailable: 1, maxUnavailable: 1 },
    'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
  ],
  [{ minAvailable: '150%' }, 'spec.minAvailable: Invalid value: "150%": must not be greater than 100%'],
  [{ maxUnavailable: -1 }, 'spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0'],
  [
    { selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
    'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
  ],
  [
    { unhealthyPodEvictionPolicy: 'Never' },
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ],
])('%j', (spec, message) => expect(created(type, { spec })).toBe(message));

const condition = {
  type: 'DisruptionAllowed',
  status: 'True',
  reason: 'SufficientPods',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  message: '',
};
const at = 'status.conditions[0]';
test.each<[object, string]>([
  [{ conditions: [condition], disruptionsAllowed: 1 }, '[]'],
  [
    { disruptionsAllowed: -1, expectedPods: -1 },
    '[status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0, status.expectedPods: Invalid value: -1: must be greater than or equal to 0]',
  ],
  [{ conditions: [condition, condition] }, 'status.conditions[1]: Duplicate value: "DisruptionAllowed"'],
  [
    { conditions: [{ ...condition, status: 'Maybe', reason: '', observedGeneration: -1 }] },
    `[${at}.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown", ${at}.observedGeneration: Invalid value: -1: must be greater than or equal to zero, ${at}.reason: Required value]`,
  ],
  [
    { conditions: [{ ...condition, reason: 'no good' }] },
    expect.stringContaining(
      `${at}.reason: Invalid value: "no good": a condition reason must start with alphabetic character`,
    ),
  ],
])('status %j', (status, message) => expect(statusChanged(type, { selector }, {}, status)).toEqual(message));

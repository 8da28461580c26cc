import { expect, test } from 'vitest';
import { rfc3339 } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import { planDeletion } from './deletion.ts';
import type { Strategy } from './strategy.ts';

const began = Date.parse('2026-11-22T10:00:00Z');
const pods: Strategy = { gracePeriod: (_, requested) => requested ?? 30 };
/** A pod that was deleted with 30 seconds of grace. */
const leaving = (finalizers: string[] = []): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    deletionTimestamp: rfc3339(began + 30_000),
    deletionGracePeriodSeconds: 30,
    ...(finalizers.length > 0 && { finalizers }),
  },
});

test.each<[string, KubeObject, object, number, string, object]>([
  ['again', leaving(), {}, 5, 'keep', {}],
  ['with more grace', leaving(), { gracePeriodSeconds: 60 }, 5, 'keep', {}],
  ['with another policy: finalizers stay', leaving(), { propagationPolicy: 'Foreground' }, 5, 'keep', {}],
  ['with less grace', leaving(), { gracePeriodSeconds: 10 }, 5, 'mark', { ends: 10, grace: 10 }],
  ['with less grace than is over already', leaving(), { gracePeriodSeconds: 10 }, 20, 'mark', { ends: 20, grace: 1 }],
  ['without grace', leaving(), { gracePeriodSeconds: 0 }, 5, 'remove', {}],
  ['without grace, held by a finalizer', leaving(['a/b']), { gracePeriodSeconds: 0 }, 5, 'mark', { ends: 5, grace: 0 }],
])('a pod that is leaving is deleted %s', (_, object, options, seconds, action, left) => {
  const plan = planDeletion(pods, object, options, began + seconds * 1000);
  expect(plan.action).toBe(action);
  if (plan.action !== 'mark') return;
  const { deletionTimestamp, deletionGracePeriodSeconds: grace } = plan.object.metadata;
  expect({ ends: (Date.parse(deletionTimestamp as string) - began) / 1000, grace }).toEqual(left);
});

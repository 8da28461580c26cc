import { expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const time = '2026-01-01T00:00:00.000000Z';
const about = { kind: 'Pod', name: 'p', namespace: 'default' };
const core = { involvedObject: about };
const event = {
  regarding: about,
  eventTime: time,
  type: 'Normal',
  reason: 'Pulled',
  action: 'Pulling',
  reportingController: 'k8s.io/kubelet',
  reportingInstance: 'node-1',
};
const elsewhere = 'involvedObject.namespace: Invalid value: "other": does not match event.namespace';

test.each<[object, string]>([
  [core, ''],
  [{ ...core, metadata: { name: 'Web.17' } }, ''],
  [{ involvedObject: { kind: 'Node', name: 'n' } }, ''],
  [{ involvedObject: { ...about, namespace: 'other' } }, elsewhere],
  [
    { ...core, eventTime: time },
    expect.stringMatching(
      /^\[reportingController: Required value, reportingController: Invalid value: "": name part must be non-empty, .*, reportingInstance: Required value, action: Required value, reason: Required value\]$/,
    ),
  ],
  [
    {
      ...core,
      eventTime: time,
      reportingComponent: 'c',
      reportingInstance: 'i'.repeat(129),
      action: 'a',
      reason: 'r',
      message: 'm'.repeat(1025),
    },
    '[reportingInstance: Invalid value: "": can have at most 128 characters, message: Invalid value: "": can have at most 1024 characters]',
  ],
])('core %j', (object, message) => expect(created('CoreV1Event', object)).toEqual(message));

test.each<[object, string]>([
  [{}, ''],
  [{ eventTime: null }, 'eventTime: Required value'],
  [{ type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd'],
  [
    { series: { count: 1, lastObservedTime: null } },
    '[series.count: Invalid value: "": should be at least 2, series.lastObservedTime: Required value]',
  ],
  [
    { deprecatedCount: 1, deprecatedFirstTimestamp: time, deprecatedSource: { component: 'c' } },
    '[firstTimestamp: Invalid value: "": needs to be unset, count: Invalid value: "": needs to be unset, source: Invalid value: "": needs to be unset]',
  ],
])('events.k8s.io %j', (object, message) => expect(created('EventsV1Event', { ...event, ...object })).toBe(message));

test.each<[object, string]>([
  [{ series: { count: 2, lastObservedTime: time } }, ''],
  [{ note: 'n' }, 'message: Invalid value: "n": field is immutable'],
  [{ reason: 'Other' }, 'reason: Invalid value: "Other": field is immutable'],
  [{ reportingController: 'other' }, 'reportingController: Invalid value: "other": field is immutable'],
])('a change to %j', (change, message) => {
  expect(updated('EventsV1Event', event, { ...event, ...change })).toBe(message);
});

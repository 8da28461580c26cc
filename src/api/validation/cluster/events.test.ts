import { expect, test } from 'vitest';
import { type FieldErrorList, renderErrors } from '../../field-error.ts';
import type { CoreV1Event } from '../../generated/types.ts';
import { created, load } from '../testing/cluster-errors.ts';
import { validateStrictEvent, validateStrictEventUpdate } from './events.ts';

const time = '2026-01-01T00:00:00.000000Z';
const core = { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } };
const event = {
  ...core,
  eventTime: time,
  type: 'Normal',
  reason: 'Pulled',
  action: 'Pulling',
  reportingComponent: 'k8s.io/kubelet',
  reportingInstance: 'node-1',
};
const asEvent = (value: object) => load('CoreV1Event', { ...event, ...value }) as unknown as CoreV1Event;
const render = (errors: FieldErrorList) => (errors.length === 0 ? '' : renderErrors(errors));
const elsewhere = 'involvedObject.namespace: Invalid value: "other": does not match event.namespace';

test.each<[object, string]>([
  [core, ''],
  [event, ''],
  [{ ...core, metadata: { name: 'Web.17' } }, ''],
  [{ involvedObject: { kind: 'Node', name: 'n' } }, ''],
  [{ involvedObject: { ...core.involvedObject, namespace: 'other' } }, elsewhere],
  [
    { ...core, eventTime: time },
    expect.stringMatching(
      /^\[reportingController: Required value, reportingController: Invalid value: "": name part must be non-empty, .*, reportingInstance: Required value, action: Required value, reason: Required value\]$/,
    ),
  ],
  [
    { ...event, reportingInstance: 'i'.repeat(129), message: 'm'.repeat(1025) },
    '[reportingInstance: Invalid value: "": can have at most 128 characters, message: Invalid value: "": can have at most 1024 characters]',
  ],
])('of any group: %j', (object, message) => expect(created('CoreV1Event', object)).toEqual(message));

test.each<[object, string]>([
  [{}, ''],
  [{ eventTime: null }, 'eventTime: Required value'],
  [{ type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd'],
  [
    { metadata: { name: 'Web' } },
    expect.stringMatching(/^metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain/),
  ],
  [
    { series: { count: 1, lastObservedTime: null } },
    '[series.count: Invalid value: "": should be at least 2, series.lastObservedTime: Required value]',
  ],
  [
    { count: 1, firstTimestamp: '2026-01-01T00:00:00Z', source: { component: 'c' } },
    '[firstTimestamp: Invalid value: "": needs to be unset, count: Invalid value: "": needs to be unset, source: Invalid value: "": needs to be unset]',
  ],
])('of events.k8s.io: %j', (object, message) => expect(render(validateStrictEvent(asEvent(object)))).toEqual(message));

test.each<[object, string]>([
  [{ series: { count: 2, lastObservedTime: time } }, ''],
  [{ series: { count: 1, lastObservedTime: time } }, 'series.count: Invalid value: "": should be at least 2'],
  [{ message: 'n' }, 'message: Invalid value: "n": field is immutable'],
  [{ reason: 'Other' }, 'reason: Invalid value: "Other": field is immutable'],
  [{ reportingComponent: 'other' }, 'reportingController: Invalid value: "other": field is immutable'],
])('of events.k8s.io, a change to %j', (change, message) => {
  expect(render(validateStrictEventUpdate(asEvent(change), asEvent({})))).toBe(message);
});

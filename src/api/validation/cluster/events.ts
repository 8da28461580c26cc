// Validation of Events in both their groups (pkg/apis/core/validation/events.go). Fields are named as in the core group, whichever it is.

import { type FieldErrorList, invalid, path, required } from '../../field-error.ts';
import type { CoreV1Event, EventsV1Event } from '../../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { check, immutable } from '../common.ts';

const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 };

/** An Event of events.k8s.io in the fields of the core group. */
const inCoreFields = (event: EventsV1Event): CoreV1Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: event.metadata,
  involvedObject: event.regarding ?? {},
  ...(event.note !== undefined && { message: event.note }),
  ...(event.reportingController !== undefined && { reportingComponent: event.reportingController }),
  ...(event.deprecatedSource && { source: event.deprecatedSource }),
  ...(event.deprecatedFirstTimestamp && { firstTimestamp: event.deprecatedFirstTimestamp }),
  ...(event.deprecatedLastTimestamp && { lastTimestamp: event.deprecatedLastTimestamp }),
  ...(event.deprecatedCount !== undefined && { count: event.deprecatedCount }),
  ...(event.reason !== undefined && { reason: event.reason }),
  ...(event.type !== undefined && { type: event.type }),
  ...(event.eventTime && { eventTime: event.eventTime }),
  ...(event.series && { series: event.series }),
  ...(event.action !== undefined && { action: event.action }),
  ...(event.related && { related: event.related }),
  ...(event.reportingInstance !== undefined && { reportingInstance: event.reportingInstance }),
});

/** All that the core group asks. */
export function validateCoreEvent(event: CoreV1Event): FieldErrorList {
  const errors: FieldErrorList = [];
  const namespace = event.metadata.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  const mismatch = invalid(path('involvedObject', 'namespace'), about, 'does not match event.namespace');
  if (!event.eventTime) {
    if (about === '' ? namespace !== '' && namespace !== 'default' : namespace !== about) errors.push(mismatch);
  } else {
    if (about === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    const reporter = event.reportingComponent ?? '';
    if (reporter === '') errors.push(required(path('reportingController')));
    check(errors, path('reportingController'), reporter, isQualifiedName);
    for (const field of ['reportingInstance', 'action', 'reason'] as const)
      checkText(errors, field, event[field] ?? '', true);
    checkText(errors, 'message', event.message ?? '', false);
  }
  check(errors, path('namespace'), namespace, isDns1123Subdomain);
  return errors;
}

function checkText(errors: FieldErrorList, field: keyof typeof limits, text: string, needed: boolean): void {
  if (needed && text === '') errors.push(required(path(field)));
  if (text.length > limits[field])
    errors.push(invalid(path(field), '', `can have at most ${limits[field]} characters`));
}

function checkSeries(errors: FieldErrorList, { series }: CoreV1Event): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.push(invalid(path('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(path('series.lastObservedTime')));
}

export function validateEvent(given: EventsV1Event): FieldErrorList {
  const event = inCoreFields(given);
  const errors = validateCoreEvent(event);
  checkSeries(errors, event);
  if (!event.eventTime) errors.push(required(path('eventTime')));
  if (event.type !== 'Normal' && event.type !== 'Warning')
    errors.push(invalid(path('type'), '', `has invalid value: ${event.type ?? ''}`));
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const)
    if (event[field]) errors.push(invalid(path(field), '', 'needs to be unset'));
  if (event.source?.component || event.source?.host) errors.push(invalid(path('source'), '', 'needs to be unset'));
  return errors;
}

/** Only the series of an Event may go on. */
export function validateEventUpdate(given: EventsV1Event, before: EventsV1Event): FieldErrorList {
  const event = inCoreFields(given);
  const old = inCoreFields(before);
  const errors = validateCoreEvent(event);
  if (!equalJson(event.series ?? null, old.series ?? null)) checkSeries(errors, event);
  for (const field of [
    'involvedObject',
    'reason',
    'message',
    'source',
    'firstTimestamp',
    'lastTimestamp',
    'count',
  ] as const)
    immutable(errors, path(field), event[field], old[field]);
  immutable(errors, path('reason'), event.reason, old.reason);
  for (const field of ['type', 'eventTime', 'action', 'related'] as const)
    immutable(errors, path(field), event[field], old[field]);
  immutable(errors, path('reportingController'), event.reportingComponent, old.reportingComponent);
  immutable(errors, path('reportingInstance'), event.reportingInstance, old.reportingInstance);
  return errors;
}

// Validation of Events (pkg/apis/core/validation/events.go). Those of events.k8s.io are judged as they are stored, in the fields of the core group, and more
// strictly.

import { type FieldErrorList, invalid, path, required } from '../../field-error.ts';
import type { CoreV1Event } from '../../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { check, immutable, metadataPath, semanticEqual } from '../common.ts';

const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 };

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

/** What events.k8s.io asks of a new Event beside that. */
export function validateStrictEvent(event: CoreV1Event): FieldErrorList {
  const errors: FieldErrorList = [];
  check(errors, metadataPath.child('name'), event.metadata.name ?? '', isDns1123Subdomain);
  checkSeries(errors, event);
  if (!event.eventTime) errors.push(required(path('eventTime')));
  if (event.type !== 'Normal' && event.type !== 'Warning')
    errors.push(invalid(path('type'), '', `has invalid value: ${event.type ?? ''}`));
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const)
    if (event[field]) errors.push(invalid(path(field), '', 'needs to be unset'));
  if (event.source?.component || event.source?.host) errors.push(invalid(path('source'), '', 'needs to be unset'));
  return errors;
}

const frozen: readonly [keyof CoreV1Event, string?][] = [
  ['involvedObject'],
  ['reason'],
  ['message'],
  ['source'],
  ['firstTimestamp'],
  ['lastTimestamp'],
  ['count'],
  ['type'],
  ['eventTime'],
  ['action'],
  ['related'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance'],
];

/** Through events.k8s.io only the series of an Event may go on. */
export function validateStrictEventUpdate(event: CoreV1Event, old: CoreV1Event): FieldErrorList {
  const errors: FieldErrorList = [];
  if (!semanticEqual(event.series, old.series)) checkSeries(errors, event);
  for (const [field, name = field] of frozen) immutable(errors, path(name), event[field], old[field]);
  return errors;
}

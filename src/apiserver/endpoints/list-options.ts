// Query parameters of lists and watches (metav1.ListOptions), read and checked as upstream does (apimachinery/pkg/apis/meta/internalversion/validation).

import { type FieldErrorList, forbidden, notSupported, path } from '../../api/field-error.ts';
import { type FieldSelector, parseFieldSelector } from '../../api/fields.ts';
import { parseSelector, type Selector } from '../../api/labels.ts';
import { newBadRequest, newInvalid } from '../../api/status.ts';
import { integerOf, isTrue } from '../server/query.ts';

export interface ListOptions {
  labelSelector: Selector;
  fieldSelector: FieldSelector;
  /** Text as given: '' for none. */
  resourceVersion: string;
  resourceVersionMatch: string;
  limit: number;
  continue: string;
  timeoutSeconds: number | undefined;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
}

/** Throws BadRequest or Invalid. */
export function readListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const options: ListOptions = {
    labelSelector: parsed(() => parseSelector(query.get('labelSelector') ?? '')),
    fieldSelector: parsed(() => parseFieldSelector(query.get('fieldSelector') ?? '')),
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: integerOf(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    allowWatchBookmarks: isTrue(query, 'allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query, 'sendInitialEvents') : undefined,
  };
  const errors = watch ? watchErrors(options) : listErrors(options);
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  return options;
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw newBadRequest((error as Error).message);
  }
}

const matches = ['Exact', 'NotOlderThan'];
const at = path('resourceVersionMatch');
const withContinue = forbidden(at, 'resourceVersionMatch is forbidden when continue is provided');

function listErrors(options: ListOptions): FieldErrorList {
  const errors: FieldErrorList = [];
  const { resourceVersion, resourceVersionMatch } = options;
  if (resourceVersionMatch !== '') {
    if (resourceVersion === '')
      errors.push(forbidden(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (options.continue !== '') errors.push(withContinue);
    if (!matches.includes(resourceVersionMatch)) errors.push(notSupported(at, resourceVersionMatch, [...matches, '']));
    if (resourceVersionMatch === 'Exact' && resourceVersion === '0')
      errors.push(forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(forbidden(path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(options: ListOptions): FieldErrorList {
  const errors: FieldErrorList = [];
  const { resourceVersionMatch, sendInitialEvents } = options;
  const notOlder = resourceVersionMatch === 'NotOlderThan';
  if (sendInitialEvents !== undefined && !notOlder)
    errors.push(forbidden(at, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (resourceVersionMatch !== '') {
    if (sendInitialEvents === undefined)
      errors.push(forbidden(at, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    if (!notOlder) errors.push(notSupported(at, resourceVersionMatch, ['NotOlderThan']));
    if (options.continue !== '') errors.push(withContinue);
  }
  return errors;
}

/** A resourceVersion as a number. Throws BadRequest, with `start` before upstream's message. */
export function parseResourceVersion(text: string, start = ''): number {
  const number = /^\d+$/.test(text);
  if (number && BigInt.asUintN(64, BigInt(text)) === BigInt(text)) return Number(text);
  const quoted = JSON.stringify(text);
  const why = number ? 'value out of range' : 'invalid syntax';
  throw newBadRequest(
    `${start}resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
  );
}

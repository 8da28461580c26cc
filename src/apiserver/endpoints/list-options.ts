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

function matchErrors({ resourceVersionMatch }: ListOptions): FieldErrorList {
  if (resourceVersionMatch === 'Exact' || resourceVersionMatch === 'NotOlderThan') return [];
  return [notSupported(path('resourceVersionMatch'), resourceVersionMatch, ['Exact', 'NotOlderThan', ''])];
}

function listErrors(options: ListOptions): FieldErrorList {
  const errors: FieldErrorList = [];
  const { resourceVersion, resourceVersionMatch } = options;
  const at = path('resourceVersionMatch');
  if (resourceVersionMatch !== '') {
    if (options.continue !== '') errors.push(forbidden(at, 'resourceVersionMatch is forbidden for continue'));
    if (resourceVersion === '')
      errors.push(forbidden(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    errors.push(...matchErrors(options));
    if (resourceVersionMatch === 'Exact' && resourceVersion === '0')
      errors.push(forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(forbidden(path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(options: ListOptions): FieldErrorList {
  const errors: FieldErrorList = [];
  const { resourceVersionMatch } = options;
  if (options.sendInitialEvents !== undefined) {
    if (resourceVersionMatch === '')
      errors.push(
        forbidden(
          path('resourceVersionMatch'),
          'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
        ),
      );
    else if (resourceVersionMatch !== 'NotOlderThan')
      errors.push(notSupported(path('resourceVersionMatch'), resourceVersionMatch, ['NotOlderThan']));
  } else if (resourceVersionMatch !== '') {
    errors.push(
      forbidden(
        path('resourceVersionMatch'),
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (options.continue !== '') errors.push(forbidden(path('continue'), 'continue is forbidden for watch'));
  return errors;
}

/** A resourceVersion as a number. Throws BadRequest. */
export function parseResourceVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw newBadRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

// What a question about access must say (pkg/apis/authorization/validation).

import { type FieldErrorList, type FieldPath, forbidden, invalid, path, required } from '../../api/field-error.ts';
import type { LabelSelectorRequirement, NonResourceAttributes, ResourceAttributes } from '../../api/generated/types.ts';
import { isQualifiedName } from '../../api/names.ts';
import type { KubeObject } from '../object.ts';

export interface AccessSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: NonResourceAttributes;
  user?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

const at = path('spec');

export function reviewErrors(
  kind: 'SubjectAccessReview' | 'LocalSubjectAccessReview' | 'SelfSubjectAccessReview',
  review: KubeObject,
  namespace: string,
): FieldErrorList {
  const errors: FieldErrorList = [];
  const spec = (review['spec'] ?? {}) as AccessSpec;
  const { resourceAttributes: resource, nonResourceAttributes: plain } = spec;
  if (resource && plain)
    errors.push(
      invalid(
        at.child('nonResourceAttributes'),
        { Path: plain.path ?? '', Verb: plain.verb ?? '' },
        'cannot be specified in combination with resourceAttributes',
      ),
    );
  if (!resource && !plain)
    errors.push(
      invalid(
        at.child('resourceAttributes'),
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  if (kind !== 'SelfSubjectAccessReview' && !spec.user && !spec.groups?.length)
    errors.push(invalid(at.child('user'), '', 'at least one of user or group must be specified'));
  selectorErrors(errors, resource?.fieldSelector, at.child('resourceAttributes', 'fieldSelector'), false);
  selectorErrors(errors, resource?.labelSelector, at.child('resourceAttributes', 'labelSelector'), true);
  const local = kind === 'LocalSubjectAccessReview';
  metadataErrors(errors, review, local);
  if (!local) return errors;
  if (resource && (resource.namespace ?? '') !== namespace)
    errors.push(
      invalid(at.child('resourceAttributes', 'namespace'), resource.namespace ?? '', 'must match metadata.namespace'),
    );
  if (plain)
    errors.push(
      invalid(
        at.child('nonResourceAttributes'),
        { Path: plain.path ?? '', Verb: plain.verb ?? '' },
        'disallowed on this kind of request',
      ),
    );
  return errors;
}

/** A question has no name and leaves nothing behind. */
function metadataErrors(errors: FieldErrorList, { metadata }: KubeObject, local: boolean): void {
  const entries = Object.entries(metadata).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  const said = entries.filter(([field]) => field !== 'managedFields' && !(local && field === 'namespace'));
  if (said.length > 0)
    errors.push(
      invalid(
        path('metadata'),
        Object.fromEntries(entries),
        local ? 'must be empty except for namespace' : 'must be empty',
      ),
    );
}

interface Selector {
  rawSelector?: string;
  requirements?: Pick<LabelSelectorRequirement, 'key' | 'operator' | 'values'>[];
}

/** Operators that are not known here may be known to who asks. */
function selectorErrors(
  errors: FieldErrorList,
  selector: Selector | undefined,
  where: FieldPath,
  labels: boolean,
): void {
  if (!selector) return;
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector !== '' && requirements.length > 0)
    errors.push(invalid(where.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements'));
  if (rawSelector === '' && requirements.length === 0)
    errors.push(
      required(where.child('requirements'), `when ${where} is specified, requirements or rawSelector is required`),
    );
  for (const [i, { key = '', operator, values = [] }] of requirements.entries()) {
    const here = where.child('requirements').index(i);
    if (!labels && key === '') errors.push(required(here.child('key'), 'must be specified'));
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0)
      errors.push(required(here.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
    if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
      errors.push(
        forbidden(here.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    if (labels) for (const message of isQualifiedName(key)) errors.push(invalid(here.child('key'), key, message));
  }
}

// Checks of node selectors: required node affinity of pods, PersistentVolumes (pkg/apis/core/validation: ValidateNodeSelector).

import { type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../field-error.ts';
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../names.ts';
import { check } from './common.ts';

/** `anyLabelValue`: values may be what no label's value can be, because those of the object before were. */
function checkExpression(
  errors: FieldErrorList,
  at: FieldPath,
  { key, operator, values = [] }: NodeSelectorRequirement,
  anyLabelValue: boolean,
): void {
  const where = at.child('values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(where, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(where, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else {
    errors.push(invalid(at.child('operator'), operator ?? '', 'not a valid selector operator'));
  }
  check(errors, at.child('key'), key ?? '', isQualifiedName);
  if (!anyLabelValue)
    for (const [i, value] of values.entries()) check(errors, where.index(i), value, isValidLabelValue);
}

function checkField(
  errors: FieldErrorList,
  at: FieldPath,
  { key, operator, values = [] }: NodeSelectorRequirement,
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1)
      errors.push(
        required(
          at.child('values'),
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
  } else {
    errors.push(invalid(at.child('operator'), operator ?? '', 'not a valid selector operator'));
  }
  if (key !== 'metadata.name') {
    errors.push(invalid(at.child('key'), key ?? '', 'not a valid field selector key'));
    return;
  }
  for (const [i, value] of values.entries()) check(errors, at.child('values').index(i), value, isDns1123Subdomain);
}

export function checkNodeSelectorTerm(
  errors: FieldErrorList,
  at: FieldPath,
  term: NodeSelectorTerm,
  anyLabelValue = false,
): void {
  for (const [i, each] of (term.matchExpressions ?? []).entries())
    checkExpression(errors, at.child('matchExpressions').index(i), each, anyLabelValue);
  for (const [i, each] of (term.matchFields ?? []).entries())
    checkField(errors, at.child('matchFields').index(i), each);
}

export function checkNodeSelector(
  errors: FieldErrorList,
  at: FieldPath,
  selector: NodeSelector,
  anyLabelValue = false,
): void {
  const terms = selector.nodeSelectorTerms ?? [];
  const where = at.child('nodeSelectorTerms');
  if (terms.length === 0) errors.push(required(where, 'must have at least one node selector term'));
  for (const [i, term] of terms.entries()) checkNodeSelectorTerm(errors, where.index(i), term, anyLabelValue);
}

// Validation of affinity (pkg/apis/core/validation: validateAffinity, ValidateMatchLabelKeysAndMismatchLabelKeys).

import { type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type { Affinity, LabelSelector, PodAffinityTerm, PodSpec } from '../../generated/types.ts';
import { isDns1123Label, isQualifiedName, isValidLabelValue } from '../../names.ts';
import { check, validateLabelSelector } from '../common.ts';
import { checkNodeSelector, checkNodeSelectorTerm } from '../node-selector.ts';
import { hadFlaw, type PodOptions } from './options.ts';

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
const podKinds = ['podAffinity', 'podAntiAffinity'] as const;

function hasWildNodeValue({ affinity }: PodSpec): boolean {
  const terms = affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms ?? [];
  return terms.some(({ matchExpressions = [] }) =>
    matchExpressions.some(({ values = [] }) => values.some((value) => isValidLabelValue(value).length > 0)),
  );
}

function hasBadPodSelector({ affinity }: PodSpec, at: FieldPath): boolean {
  const errors: FieldErrorList = [];
  for (const kind of podKinds) {
    const terms = [
      ...(affinity?.[kind]?.[hard] ?? []),
      ...(affinity?.[kind]?.[soft] ?? []).map((t) => t.podAffinityTerm),
    ];
    for (const { labelSelector, namespaceSelector } of terms) {
      validateLabelSelector(errors, labelSelector, at);
      validateLabelSelector(errors, namespaceSelector, at);
    }
  }
  return errors.length > 0;
}

function checkKeys(
  errors: FieldErrorList,
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  at: FieldPath,
): void {
  if (!keys || keys.length === 0) return;
  if (!selector) errors.push(forbidden(at, 'must not be specified when labelSelector is not set'));
  else for (const [i, key] of keys.entries()) check(errors, at.index(i), key, isQualifiedName);
}

/**
 * Keys whose values are taken from the pod's own labels. The server has merged them into the selector by now, so a key that stands there twice was in the
 * selector before; upstream names the term, not the list of keys.
 */
export function validateLabelKeys(
  errors: FieldErrorList,
  match: readonly string[] | undefined,
  mismatch: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  at: FieldPath,
): void {
  if (!match && !mismatch) return;
  checkKeys(errors, match, selector, at.child('matchLabelKeys'));
  checkKeys(errors, mismatch, selector, at.child('mismatchLabelKeys'));
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const i = (match ?? []).lastIndexOf(key);
    if (i >= 0 && seen.has(key))
      errors.push(invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
    seen.add(key);
  }
  for (const [i, key] of (match ?? []).entries())
    if (mismatch?.includes(key))
      errors.push(
        invalid(at.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
      );
}

function validatePodTerm(errors: FieldErrorList, term: PodAffinityTerm, at: FieldPath, options: PodOptions): void {
  const found: FieldErrorList = [];
  validateLabelSelector(found, term.labelSelector, at.child('labelSelector'));
  validateLabelSelector(found, term.namespaceSelector, at.child('namespaceSelector'));
  if (found.length > 0 && !hadFlaw(options, (old) => hasBadPodSelector(old, at))) errors.push(...found);
  for (const name of term.namespaces ?? []) check(errors, at.child('namespace'), name, isDns1123Label);
  validateLabelKeys(errors, term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector, at);
  const { topologyKey = '' } = term;
  if (topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'));
  check(errors, at.child('topologyKey'), topologyKey, isQualifiedName);
}

function checkWeight(errors: FieldErrorList, weight: number, at: FieldPath): void {
  if (!(weight >= 1 && weight <= 100)) errors.push(invalid(at.child('weight'), weight, 'must be in the range 1-100'));
}

export function validateAffinity(errors: FieldErrorList, affinity: Affinity, at: FieldPath, options: PodOptions): void {
  const node = affinity.nodeAffinity;
  const must = node?.[hard];
  if (must) {
    const found: FieldErrorList = [];
    checkNodeSelector(found, at.child('nodeAffinity', hard), must);
    if (found.length > 0 && hadFlaw(options, hasWildNodeValue))
      checkNodeSelector(errors, at.child('nodeAffinity', hard), must, true);
    else errors.push(...found);
  }
  for (const [i, { weight = 0, preference }] of (node?.[soft] ?? []).entries()) {
    const where = at.child('nodeAffinity', soft).index(i);
    checkWeight(errors, weight, where);
    checkNodeSelectorTerm(errors, where.child('preference'), preference, true);
  }
  for (const kind of podKinds) {
    for (const [i, term] of (affinity[kind]?.[hard] ?? []).entries())
      validatePodTerm(errors, term, at.child(kind, hard).index(i), options);
    for (const [i, { weight = 0, podAffinityTerm }] of (affinity[kind]?.[soft] ?? []).entries()) {
      const where = at.child(kind, soft).index(i);
      checkWeight(errors, weight, where);
      validatePodTerm(errors, podAffinityTerm, where.child('podAffinityTerm'), options);
    }
  }
}

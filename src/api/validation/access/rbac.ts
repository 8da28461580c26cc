// Validation of roles and their bindings (pkg/apis/rbac/validation).

import { type FieldErrorList, type FieldPath, invalid, notSupported, path, required } from '../../field-error.ts';
import type { ClusterRole, PolicyRule, RbacV1Subject, Role, RoleBinding } from '../../generated/types.ts';
import { isDns1123Subdomain, isValidPathSegmentName } from '../../names.ts';
import { check, semanticEqual, validateLabelSelector } from '../common.ts';

const group = 'rbac.authorization.k8s.io';

function validateRule(errors: FieldErrorList, rule: PolicyRule, at: FieldPath, namespaced: boolean): void {
  const { verbs = [], nonResourceURLs: urls = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (verbs.length === 0) errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
  if (urls.length > 0) {
    const where = at.child('nonResourceURLs');
    if (namespaced) errors.push(invalid(where, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      errors.push(invalid(where, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    return;
  }
  if (apiGroups.length === 0)
    errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
}

function validateRules(role: Role | ClusterRole, namespaced: boolean): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const [i, rule] of (role.rules ?? []).entries()) validateRule(errors, rule, path('rules').index(i), namespaced);
  return errors;
}

export const validateRole = (role: Role): FieldErrorList => validateRules(role, true);

export function validateClusterRole(role: ClusterRole): FieldErrorList {
  const errors = validateRules(role, false);
  const at = path('aggregationRule', 'clusterRoleSelectors');
  if (!role.aggregationRule) return errors;
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0)
    errors.push(required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  for (const [i, selector] of selectors.entries()) {
    const before = errors.length;
    validateLabelSelector(errors, selector, at.index(i));
    // What cannot be parsed is shown as nothing.
    if (errors.length > before) errors.push(invalid(at.index(i), null, 'invalid label selector.'));
  }
  return errors;
}

function validateSubject(errors: FieldErrorList, subject: RbacV1Subject, at: FieldPath, namespaced: boolean): void {
  const { kind, name, apiGroup = '', namespace } = subject;
  if (!name) errors.push(required(at.child('name')));
  if (kind === 'ServiceAccount') {
    if (name) check(errors, at.child('name'), name, isDns1123Subdomain);
    if (apiGroup !== '') errors.push(notSupported(at.child('apiGroup'), apiGroup, ['']));
    if (!namespaced && !namespace) errors.push(required(at.child('namespace')));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== group) errors.push(notSupported(at.child('apiGroup'), apiGroup, [group]));
  } else errors.push(notSupported(at.child('kind'), kind ?? '', ['ServiceAccount', 'User', 'Group']));
}

function validateBinding(binding: RoleBinding, kinds: readonly string[], namespaced: boolean): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = path('roleRef');
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  if (apiGroup !== group) errors.push(notSupported(at.child('apiGroup'), apiGroup, [group]));
  if (!kinds.includes(kind)) errors.push(notSupported(at.child('kind'), kind, kinds));
  if (name === '') errors.push(required(at.child('name')));
  else check(errors, at.child('name'), name, isValidPathSegmentName);
  for (const [i, subject] of (binding.subjects ?? []).entries())
    validateSubject(errors, subject, path('subjects').index(i), namespaced);
  return errors;
}

export const validateRoleBinding = (binding: RoleBinding): FieldErrorList =>
  validateBinding(binding, ['Role', 'ClusterRole'], true);
export const validateClusterRoleBinding = (binding: RoleBinding): FieldErrorList =>
  validateBinding(binding, ['ClusterRole'], false);

export function validateRoleBindingUpdate({ roleRef }: RoleBinding, old: RoleBinding): FieldErrorList {
  if (semanticEqual(roleRef, old.roleRef)) return [];
  const { apiGroup = '', kind = '', name = '' } = roleRef;
  return [invalid(path('roleRef'), { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')];
}

// Validation of access control, priorities and quotas (pkg/apis/{rbac,scheduling,core}/validation).

import { duplicate, type FieldErrorList, forbidden, invalid, notSupported, path, required } from '../../field-error.ts';
import type { ClusterRole, LimitRange, PriorityClass, Role, RoleBinding } from '../../generated/types.ts';
import { isDns1123Subdomain, isValidPathSegmentName } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { compareQuantity } from '../../quantity.ts';
import { check, immutable, oneOf, specPath } from '../common.ts';

export function validatePriorityClass(object: PriorityClass): FieldErrorList {
  const errors: FieldErrorList = [];
  const name = object.metadata?.name ?? '';
  if (name.startsWith('system-') && name !== 'system-cluster-critical' && name !== 'system-node-critical')
    errors.push(
      forbidden(
        path('metadata', 'name'),
        "priority class names with 'system-' prefix are reserved for system use only. error: not a known system priority class",
      ),
    );
  else if (!name.startsWith('system-') && (object.value ?? 0) > 1_000_000_000)
    errors.push(forbidden(path('value'), 'maximum allowed value of a user defined priority is 1000000000'));
  oneOf(errors, path('preemptionPolicy'), object.preemptionPolicy, ['Never', 'PreemptLowerPriority']);
  return errors;
}

export function validatePriorityClassUpdate(object: PriorityClass, old: PriorityClass): FieldErrorList {
  const errors: FieldErrorList = [];
  if (object.value !== old.value) errors.push(forbidden(path('value'), 'may not be changed in an update.'));
  immutable(errors, path('preemptionPolicy'), object.preemptionPolicy, old.preemptionPolicy);
  return errors;
}

export function validateRole(role: Role | ClusterRole): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const [i, rule] of (role.rules ?? []).entries()) {
    const at = path('rules').index(i);
    if ((rule.verbs ?? []).length === 0)
      errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
    if ((rule.nonResourceURLs ?? []).length > 0) {
      if (role.kind === 'Role')
        errors.push(
          invalid(
            at.child('nonResourceURLs'),
            rule.nonResourceURLs,
            'namespaced rules cannot apply to non-resource URLs',
          ),
        );
      if ((rule.apiGroups ?? []).length + (rule.resources ?? []).length + (rule.resourceNames ?? []).length > 0)
        errors.push(
          invalid(
            at.child('nonResourceURLs'),
            rule.nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        );
      continue;
    }
    if ((rule.apiGroups ?? []).length === 0)
      errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
    if ((rule.resources ?? []).length === 0)
      errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
  }
  return errors;
}

export function validateRoleBinding(binding: RoleBinding): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = path('roleRef');
  oneOf(errors, at.child('apiGroup'), binding.roleRef.apiGroup, ['rbac.authorization.k8s.io']);
  oneOf(
    errors,
    at.child('kind'),
    binding.roleRef.kind,
    binding.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole'],
  );
  if (!binding.roleRef.name) errors.push(required(at.child('name')));
  else check(errors, at.child('name'), binding.roleRef.name, isValidPathSegmentName);
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    const where = path('subjects').index(i);
    if (!subject.name) errors.push(required(where.child('name')));
    if (subject.kind === 'ServiceAccount') {
      if (subject.name) check(errors, where.child('name'), subject.name, isDns1123Subdomain);
      oneOf(errors, where.child('apiGroup'), subject.apiGroup || undefined, ['']);
      if (!subject.namespace) errors.push(required(where.child('namespace')));
    } else if (subject.kind === 'User' || subject.kind === 'Group') {
      oneOf(errors, where.child('apiGroup'), subject.apiGroup ?? '', ['rbac.authorization.k8s.io']);
    } else errors.push(notSupported(where.child('kind'), subject.kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

export const validateRoleBindingUpdate = (binding: RoleBinding, old: RoleBinding): FieldErrorList =>
  equalJson(binding.roleRef, old.roleRef) ? [] : [invalid(path('roleRef'), binding.roleRef, 'cannot change roleRef')];

export function validateLimitRange({ spec }: LimitRange): FieldErrorList {
  const errors: FieldErrorList = [];
  const seen = new Set<string>();
  for (const [i, limit] of (spec?.limits ?? []).entries()) {
    const at = specPath.child('limits').index(i);
    if (seen.has(limit.type)) errors.push(duplicate(at.child('type'), limit.type));
    seen.add(limit.type);
    const names = new Set(
      [limit.min, limit.max, limit.default, limit.defaultRequest].flatMap((list) => Object.keys(list ?? {})),
    );
    const order = [
      ['min', limit.min],
      ['defaultRequest', limit.defaultRequest],
      ['default', limit.default],
      ['max', limit.max],
    ] as const;
    for (const name of names)
      for (const [j, [low, lowList]] of order.entries())
        for (const [high, highList] of order.slice(j + 1)) {
          const [a, b] = [lowList?.[name], highList?.[name]];
          if (a !== undefined && b !== undefined && compareQuantity(a, b) > 0)
            errors.push(
              invalid(
                at.child(low).key(name),
                a,
                `${low === 'defaultRequest' ? 'default request' : low} value ${a} is greater than ${high} value ${b}`,
              ),
            );
        }
  }
  return errors;
}

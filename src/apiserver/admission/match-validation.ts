// Which requests webhooks and policies are for: rules, selectors, named resources (pkg/apis/admissionregistration/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import type { LabelSelector, MatchResources } from '../../api/generated/types.ts';
import { isValidPathSegmentName } from '../../api/names.ts';
import { validateLabelSelector } from '../../api/validation/index.ts';
import type { Rule } from './matching.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

export function oneOf(
  errors: FieldErrorList,
  at: FieldPath,
  value: string | undefined,
  valid: readonly string[],
): void {
  if (value === undefined) errors.push(required(at));
  else if (!valid.includes(value)) errors.push(notSupported(at, value, valid));
}

export function validateRules(errors: FieldErrorList, rules: readonly Rule[] | undefined, at: FieldPath): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    const here = at.index(i);
    const names = rule.resourceNames ?? [];
    for (const [j, name] of names.entries()) {
      for (const wrong of isValidPathSegmentName(name))
        errors.push(invalid(here.child('resourceNames').index(j), name, wrong));
      if (names.indexOf(name) < j) errors.push(duplicate(here.child('resourceNames').index(j), name));
    }
    const list = (name: 'operations' | 'apiGroups' | 'apiVersions' | 'resources', what: string) => {
      const values = rule[name] ?? [];
      if (values.length === 0) errors.push(required(here.child(name)));
      if (name !== 'resources' && values.length > 1 && values.includes('*'))
        errors.push(invalid(here.child(name), values, `if '*' is present, must not specify other ${what}`));
      return values;
    };
    for (const [j, operation] of list('operations', 'operations').entries())
      if (!operations.includes(operation))
        errors.push(notSupported(here.child('operations').index(j), operation, operations));
    list('apiGroups', 'API groups');
    for (const [j, version] of list('apiVersions', 'API versions').entries())
      if (version === '') errors.push(required(here.child('apiVersions').index(j)));
    validateResources(errors, list('resources', 'resources'), here.child('resources'));
    if (rule.scope !== undefined && !['*', 'Cluster', 'Namespaced'].includes(rule.scope))
      errors.push(notSupported(here.child('scope'), rule.scope, ['*', 'Cluster', 'Namespaced']));
  }
}

function validateResources(errors: FieldErrorList, resources: readonly string[], at: FieldPath): void {
  const seen = new Set<string>();
  // The last one without a subresource speaks for all of them, as upstream has it.
  let plain = false;
  for (const [i, text] of resources.entries()) {
    if (text === '') {
      errors.push(required(at.index(i)));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      plain = text !== '*';
      continue;
    }
    const [resource, sub] = [text.slice(0, slash), text.slice(slash + 1)];
    for (const wild of [`${resource}/*`, `*/${sub}`])
      if (seen.has(wild)) errors.push(invalid(at.index(i), text, `if '${wild}' is present, must not specify ${text}`));
    if (sub === '*' || resource === '*') seen.add(text);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && plain)
    errors.push(invalid(at, resources, "if '*' is present, must not specify other resources without subresources"));
}

export function selectors(
  errors: FieldErrorList,
  { namespaceSelector, objectSelector }: { namespaceSelector?: LabelSelector; objectSelector?: LabelSelector },
  at: FieldPath,
): void {
  validateLabelSelector(errors, namespaceSelector, at.child('namespaceSelector'));
  validateLabelSelector(errors, objectSelector, at.child('objectSelector'));
}

export function validateMatch(errors: FieldErrorList, match: MatchResources, at: FieldPath): void {
  oneOf(errors, at.child('matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']);
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (!match[name]) errors.push(required(at.child(name)));
    validateLabelSelector(errors, match[name], at.child(name));
  }
  validateRules(errors, match.resourceRules, at.child('resourceRules'));
  validateRules(errors, match.excludeResourceRules, at.child('excludeResourceRules'));
}

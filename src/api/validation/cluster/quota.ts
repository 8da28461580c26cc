// Validation of ResourceQuota (pkg/apis/core/validation: ValidateResourceQuotaSpec, ValidateResourceQuotaUpdate).

import { type FieldErrorList, type FieldPath, invalid, required } from '../../field-error.ts';
import type { ResourceQuota } from '../../generated/types.ts';
import { isQualifiedName } from '../../names.ts';
import { check, immutableMessage, specPath, statusPath } from '../common.ts';
import { checkQuantityOf, countedResources } from './resource-names.ts';

const podCompute = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const quotaResources = new Set([
  ...countedResources,
  ...podCompute,
  'ephemeral-storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'requests.storage',
]);
/** What a resource may be called elsewhere, though no quota is counted in it. */
const otherResources = new Set(['storage']);

const isHugePage = (name: string) => /^(requests\.)?hugepages-/.test(name);
const isQuotaResource = (name: string) => quotaResources.has(name) || isHugePage(name);

const podScope = ['pods', ...podCompute];
const claimScope = ['persistentvolumeclaims', 'requests.storage'];
/** The quota resources each scope can be combined with. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: podScope,
  NotTerminating: podScope,
  BestEffort: ['pods'],
  NotBestEffort: podScope,
  PriorityClass: podScope,
  CrossNamespacePodAffinity: podScope,
  VolumeAttributesClass: claimScope,
};
const contradictions = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const existsOnly = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);

export function validateResourceQuota(quota: ResourceQuota): FieldErrorList {
  const errors: FieldErrorList = [];
  const hard = specPath.child('hard');
  for (const [name, quantity] of Object.entries(quota.spec?.hard ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = hard.key(name);
    checkName(errors, at, name);
    checkQuantityOf(errors, at, name, quantity);
  }
  checkScopes(errors, quota);
  checkSelector(errors, quota);
  return errors;
}

/** Checked beside `validateResourceQuota`. */
export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldErrorList {
  const [now, before] = [quota, old].map(({ spec }) => [...new Set(spec?.scopes ?? [])].sort().join());
  return now === before ? [] : [invalid(specPath.child('scopes'), quota.spec?.scopes ?? null, immutableMessage)];
}

export function validateResourceQuotaStatus({ status }: ResourceQuota): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const field of ['hard', 'used'] as const)
    for (const [name, quantity] of Object.entries(status?.[field] ?? {})) {
      const at = statusPath.child(field).key(name);
      checkName(errors, at, name);
      checkQuantityOf(errors, at, name, quantity);
    }
  return errors;
}

function checkName(errors: FieldErrorList, at: FieldPath, name: string): void {
  check(errors, at, name, isQualifiedName);
  if (name.includes('/') || isQuotaResource(name)) return;
  if (!otherResources.has(name)) errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
  errors.push(invalid(at, name, 'must be a standard resource for quota'));
}

/** One error for each resource of the quota that a scope has nothing to say of. */
function checkApplies(
  errors: FieldErrorList,
  at: FieldPath,
  value: unknown,
  scope: string,
  quota: ResourceQuota,
): void {
  for (const name of Object.keys(quota.spec?.hard ?? {}))
    if (isQuotaResource(name) && !scopes[scope]?.includes(name))
      errors.push(invalid(at, value, 'unsupported scope applied to resource'));
}

/** `value`: what the error shows. */
function checkContradictions(errors: FieldErrorList, at: FieldPath, value: unknown, used: readonly string[]): void {
  for (const pair of contradictions)
    if (pair.every((scope) => used.includes(scope))) errors.push(invalid(at, value, 'conflicting scopes'));
}

function checkScopes(errors: FieldErrorList, quota: ResourceQuota): void {
  const used = quota.spec?.scopes ?? [];
  const at = specPath.child('scopes');
  for (const scope of used) {
    if (!Object.hasOwn(scopes, scope)) errors.push(invalid(at, used, 'unsupported scope'));
    checkApplies(errors, at, used, scope, quota);
  }
  checkContradictions(errors, at, used, used);
}

function checkSelector(errors: FieldErrorList, quota: ResourceQuota): void {
  const expressions = quota.spec?.scopeSelector?.matchExpressions ?? [];
  const at = specPath.child('scopeSelector').child('matchExpressions');
  // by the fields of upstream's internal types
  const shown = {
    MatchExpressions: expressions.map(({ scopeName, operator, values }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values ?? null,
    })),
  };
  for (const { scopeName, operator, values = [] } of expressions) {
    if (!Object.hasOwn(scopes, scopeName)) errors.push(invalid(at.child('scopeName'), scopeName, 'unsupported scope'));
    checkApplies(errors, at, shown, scopeName, quota);
    if (existsOnly.has(scopeName) && operator !== 'Exists')
      errors.push(
        invalid(
          at.child('operator'),
          operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      );
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        errors.push(
          required(
            at.child('values'),
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
          ),
        );
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push(
          invalid(
            at.child('values'),
            values,
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
          ),
        );
    } else {
      errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'));
    }
  }
  const { scopes: listed = [] } = quota.spec ?? {};
  checkContradictions(
    errors,
    at,
    listed.length > 0 ? listed : null,
    expressions.map(({ scopeName }) => scopeName),
  );
}

// Default roles and bindings that are there already, brought up to date when a server starts (plugin/pkg/auth/authorizer/rbac/bootstrappolicy and
// component-helpers/auth/rbac/reconciliation): what somebody took away is given back, what somebody added stays, and an object annotated
// rbac.authorization.kubernetes.io/autoupdate=false is left alone.

import type { ClusterRole, RbacV1Subject, RoleBinding } from '../../api/generated/types.ts';
import { deepCopy, deepEqual } from '../object.ts';
import { compacted, uncovered } from './rules.ts';

export type DefaultRole = ClusterRole | RoleBinding;

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** The role of a binding cannot be changed: one that refers to another is to be made anew. */
export const refersElsewhere = (existing: DefaultRole, wanted: DefaultRole): boolean =>
  isKept(existing) &&
  'roleRef' in existing &&
  'roleRef' in wanted &&
  (existing.roleRef.kind !== wanted.roleRef.kind || existing.roleRef.name !== wanted.roleRef.name);

const isKept = ({ metadata }: DefaultRole) => metadata.annotations?.[autoUpdate] !== 'false';

const sameSubject = (one: RbacV1Subject, other: RbacV1Subject) =>
  one.kind === other.kind && one.name === other.name && (one.namespace ?? '') === (other.namespace ?? '');

/** Adds to `existing` what it lacks of `wanted`; says whether that was anything. */
export function addMissing(existing: DefaultRole, wanted: DefaultRole): boolean {
  if (!isKept(existing)) return false;
  const before = deepCopy(existing);
  const { metadata } = existing;
  if (wanted.metadata.labels) metadata.labels = { ...wanted.metadata.labels, ...metadata.labels };
  if (wanted.metadata.annotations) metadata.annotations = { ...wanted.metadata.annotations, ...metadata.annotations };
  if ('subjects' in wanted) {
    const binding = existing as RoleBinding;
    const held = binding.subjects ?? [];
    binding.subjects = [
      ...held,
      ...(wanted.subjects ?? []).filter((one) => !held.some((own) => sameSubject(own, one))),
    ];
  } else if ('aggregationRule' in wanted && wanted.aggregationRule) {
    const role = existing as ClusterRole;
    const held = role.aggregationRule?.clusterRoleSelectors ?? [];
    const lacking = (wanted.aggregationRule.clusterRoleSelectors ?? []).filter(
      (one) => !held.some((own) => deepEqual(own, one)),
    );
    if (lacking.length > 0) role.aggregationRule = { clusterRoleSelectors: [...held, ...lacking] };
  } else if ('rules' in wanted) {
    const role = existing as ClusterRole;
    const held = role.rules ?? [];
    const lacking = uncovered(held, wanted.rules ?? []);
    if (lacking.length > 0) role.rules = [...held, ...compacted(lacking)];
  }
  return !deepEqual(before, existing);
}

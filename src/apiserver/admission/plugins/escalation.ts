// Nobody gives away what he has not got: writes of roles need the rules in them or the verb "escalate", writes of bindings the role's rules or "bind"
// (pkg/registry/rbac/role/policybased, .../rolebinding/policybased). Runs with admission, where upstream does it in the registry.

import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../../api/generated/types.ts';
import { newForbidden, newNotFound } from '../../../api/status.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import { aggregate, type RbacAuthorizer } from '../../auth/rbac.ts';
import { compacted, compactRule, uncovered } from '../../auth/rules.ts';
import { deepEqual } from '../../object.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

const group = 'rbac.authorization.k8s.io';

export function escalationCheck(rbac: RbacAuthorizer, authorizer: () => Authorizer): AdmissionPlugin {
  const may = ({ user, namespace }: AdmissionAttributes, verb: string, resource: string, name: string) =>
    authorizer().authorize({
      user,
      verb,
      isResource: true,
      namespace,
      group,
      version: 'v1',
      resource,
      subresource: '',
      name,
      path: '',
    }).decision === 'allow';
  const check = (attributes: AdmissionAttributes, wanted: readonly PolicyRule[], where: string) => {
    const { user, resource, name } = attributes;
    const missing = uncovered(rbac.rulesFor(user, where), wanted);
    if (missing.length === 0) return;
    const rules = [...new Set(compacted(missing).map(compactRule))].sort().join('\n');
    const who = `user ${JSON.stringify(user.name)} (groups=[${user.groups.map((text) => JSON.stringify(text)).join(' ')}])`;
    const unknown = rbac.missingFor(user, where);
    const unresolved = unknown.length > 0 ? `; resolution errors: [${aggregate(unknown)}]` : '';
    throw newForbidden(
      resource.groupResource,
      name,
      `${who} is attempting to grant RBAC permissions not currently held:\n${rules}${unresolved}`,
    );
  };
  return {
    name: 'RBACEscalationCheck',
    validate(attributes) {
      const { operation, resource, object, old, user, namespace, name } = attributes;
      if (resource.group !== group || !object || operation === 'DELETE') return;
      if (user.groups.includes('system:masters')) return;
      if (resource.resource === 'roles' || resource.resource === 'clusterroles') {
        const { rules = [], aggregationRule } = object as unknown as ClusterRole;
        const before = old as unknown as ClusterRole | undefined;
        if (before && deepEqual(rules, before.rules ?? []) && deepEqual(aggregationRule, before.aggregationRule))
          return;
        if (may(attributes, 'escalate', resource.resource, name)) return;
        const all: PolicyRule[] = aggregationRule
          ? [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
              { verbs: ['*'], nonResourceURLs: ['*'] },
            ]
          : [];
        check(attributes, [...rules, ...all], namespace);
        return;
      }
      const { roleRef, subjects } = object as unknown as ClusterRoleBinding;
      const before = old as unknown as ClusterRoleBinding | undefined;
      if (before && deepEqual(roleRef, before.roleRef) && deepEqual(subjects, before.subjects)) return;
      const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
      if (may(attributes, 'bind', plural, roleRef.name)) return;
      const rules = rbac.role(roleRef, namespace);
      if (!rules) throw newNotFound({ group, resource: plural }, roleRef.name);
      check(attributes, rules, namespace);
    },
  };
}

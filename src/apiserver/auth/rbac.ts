// Role-based access control over the roles and bindings in the watch cache (plugin/pkg/auth/authorizer/rbac).
//
// Invariant: the index of bindings by subject is rebuilt after any role or binding changed, before it is next read.

import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacV1Subject, RoleRef } from '../../api/generated/types.ts';
import type { UserInfo } from '../server/context.ts';
import type { Collection } from '../storage/collection.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { AuthorizationAttributes, Authorizer, Verdict } from './authorizer.ts';
import { ruleAllows } from './rules.ts';

interface Grant {
  /** '' for a ClusterRoleBinding. */
  namespace: string;
  roleRef: RoleRef;
  binding: string;
  /** The subject by which the user has it, as reasons name it. */
  to: string;
}

const prefixes = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map((name) => `/registry/${name}/`);

export class RbacAuthorizer implements Authorizer {
  readonly #cache: WatchCache;
  #indexedAt = '';
  #grants = new Map<string, Grant[]>();

  constructor(cache: WatchCache) {
    this.#cache = cache;
  }

  #collection(index: number): Collection {
    return this.#cache.collection(prefixes[index] as string);
  }

  #grantsOf(user: UserInfo): Grant[] {
    const version = prefixes.map((_, i) => `${this.#collection(i).changes}`).join();
    const stamp = `${this.#cache.fills} ${version}`;
    if (stamp !== this.#indexedAt) {
      this.#indexedAt = stamp;
      this.#grants = new Map();
      for (const index of [1, 3])
        for (const { object } of this.#collection(index).list(prefixes[index] as string)) {
          const { metadata, roleRef, subjects } = object as unknown as ClusterRoleBinding;
          const namespace = metadata.namespace ?? '';
          for (const subject of subjects ?? []) {
            const key = subjectKey(subject, namespace);
            const list = this.#grants.get(key) ?? [];
            list.push({ namespace, roleRef, binding: metadata.name, to: inWords(subject, namespace) });
            this.#grants.set(key, list);
          }
        }
    }
    const out = [...(this.#grants.get(`User ${user.name}`) ?? [])];
    for (const group of user.groups) out.push(...(this.#grants.get(`Group ${group}`) ?? []));
    return out;
  }

  /** The rules of a role, or undefined when it is not there. */
  role({ kind, name }: RoleRef, namespace: string): PolicyRule[] | undefined {
    const entry =
      kind === 'ClusterRole'
        ? this.#collection(0).entries.get(`${prefixes[0]}${name}`)
        : this.#collection(2).entries.get(`${prefixes[2]}${namespace}/${name}`);
    return entry && ((entry.object as unknown as ClusterRole).rules ?? []);
  }

  /** All rules that hold for `user` in `namespace` ('': those that hold everywhere). */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[] {
    const out: PolicyRule[] = [];
    for (const grant of this.#grantsOf(user)) {
      if (grant.namespace !== '' && grant.namespace !== namespace) continue;
      out.push(...(this.role(grant.roleRef, grant.namespace) ?? []));
    }
    return out;
  }

  /** Roles of the user's bindings there that do not exist, as errors tell it. */
  missingFor(user: UserInfo, namespace: string): string[] {
    return this.#grantsOf(user)
      .filter((grant) => grant.namespace === '' || grant.namespace === namespace)
      .filter((grant) => !this.role(grant.roleRef, grant.namespace))
      .map(({ roleRef }) => roleMissing(roleRef));
  }

  authorize(attributes: AuthorizationAttributes): Verdict {
    const missing: string[] = [];
    for (const grant of this.#grantsOf(attributes.user)) {
      if (grant.namespace !== '' && (!attributes.isResource || grant.namespace !== attributes.namespace)) continue;
      const rules = this.role(grant.roleRef, grant.namespace);
      if (!rules) {
        missing.push(roleMissing(grant.roleRef));
        continue;
      }
      if (rules.some((rule) => ruleAllows(rule, attributes))) {
        const { kind, name } = grant.roleRef;
        const binding = grant.namespace
          ? `RoleBinding "${grant.binding}/${grant.namespace}"`
          : `ClusterRoleBinding "${grant.binding}"`;
        return { decision: 'allow', reason: `RBAC: allowed by ${binding} of ${kind} "${name}" to ${grant.to}` };
      }
    }
    return {
      decision: 'none',
      reason: missing.length > 0 ? `RBAC: ${aggregate(missing)}` : '',
    };
  }
}

const roleMissing = ({ kind, name }: RoleRef): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;

/** Several errors as one, each once (apimachinery's aggregate). */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`;
}

function inWords({ kind, name, namespace }: RbacV1Subject, bindingNamespace: string): string {
  return kind === 'ServiceAccount' ? `ServiceAccount "${name}/${namespace || bindingNamespace}"` : `${kind} "${name}"`;
}

function subjectKey({ kind, name, namespace }: RbacV1Subject, bindingNamespace: string): string {
  if (kind === 'ServiceAccount') return `User system:serviceaccount:${namespace || bindingNamespace}:${name}`;
  return `${kind} ${name}`;
}

// The roles and bindings within the system's namespaces (bootstrappolicy/namespace_policy.go).

import { eventsRule, read } from './role-notation.ts';

interface NamespaceRole {
  namespace: string;
  name: string;
  rules: string[];
  /** The binding's name, where it is not the role's. */
  binding?: string;
  /** "User name", or "ServiceAccount name" of kube-system. */
  subjects: string[];
}

const leaderLocking = (name: string): NamespaceRole => ({
  namespace: 'kube-system',
  name: `system::leader-locking-${name}`,
  rules: ['watch | core | configmaps', `get,update | core | configmaps = ${name}`],
  subjects: [`User system:${name}`, `ServiceAccount ${name}`],
});

export const namespaceRoles: NamespaceRole[] = [
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    rules: [`${read} | core | configmaps = extension-apiserver-authentication`],
    binding: 'system::extension-apiserver-authentication-reader',
    subjects: ['User system:kube-controller-manager', 'User system:kube-scheduler'],
  },
  leaderLocking('kube-controller-manager'),
  leaderLocking('kube-scheduler'),
  {
    namespace: 'kube-system',
    name: 'system:controller:bootstrap-signer',
    rules: [`${read} | core | secrets`],
    subjects: ['ServiceAccount bootstrap-signer'],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:cloud-provider',
    rules: [`create,${read} | core | configmaps`],
    subjects: ['ServiceAccount cloud-provider'],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:token-cleaner',
    rules: [`delete,${read} | core | secrets`, eventsRule],
    subjects: ['ServiceAccount token-cleaner'],
  },
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: [`${read} | core | configmaps`, 'update | core | configmaps = cluster-info', eventsRule],
    subjects: ['ServiceAccount bootstrap-signer'],
  },
];

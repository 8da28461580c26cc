// The admission chain, in upstream's recommended order (pkg/kubeapiserver/options/plugins.go).

import type { Authorizer } from '../../auth/authorizer.ts';
import type { RbacAuthorizer } from '../../auth/rbac.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { escalationCheck } from './escalation.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import {
  defaultIngressClass,
  defaultStorageClass,
  defaultTolerationSeconds,
  nodeRestriction,
  priority,
  taintNodesByCondition,
} from './pod-defaults.ts';
import { podSecurity } from './pod-security.ts';
import { resourceQuota } from './resource-quota.ts';
import { serviceAccount } from './service-account.ts';

export function builtInPlugins(
  catalog: Catalog,
  rbac: RbacAuthorizer,
  authorizer: () => Authorizer,
): AdmissionPlugin[] {
  return [
    namespaceLifecycle(catalog),
    limitRanger(catalog),
    serviceAccount(catalog),
    nodeRestriction,
    taintNodesByCondition,
    podSecurity(catalog),
    priority(catalog),
    defaultTolerationSeconds,
    defaultStorageClass(catalog),
    defaultIngressClass(catalog),
    escalationCheck(rbac, authorizer),
    resourceQuota(catalog),
  ];
}

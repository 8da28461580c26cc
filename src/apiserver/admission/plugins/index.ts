// The admission chain, in upstream's recommended order (pkg/kubeapiserver/options/plugins.go).

import type { RbacAuthorizer } from '../../auth/rbac.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { Core } from '../../server/core.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { mutatingPolicies } from '../policies/mutating.ts';
import { validatingPolicies } from '../policies/validating.ts';
import { mutatingWebhooks, validatingWebhooks } from '../webhooks/plugins.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { escalationCheck } from './escalation.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import {
  defaultIngressClass,
  defaultStorageClass,
  defaultTolerationSeconds,
  priority,
  taintNodesByCondition,
} from './pod-defaults.ts';
import { podSecurity } from './pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-protection.ts';
import { persistentVolumeClaimResize } from './volume-expansion.ts';

export function builtInPlugins(catalog: Catalog, rbac: RbacAuthorizer, core: () => Core): AdmissionPlugin[] {
  const authorizer = () => core().authorizer;
  return [
    namespaceLifecycle(catalog),
    limitRanger(catalog),
    serviceAccount(catalog),
    nodeRestriction(catalog),
    taintNodesByCondition,
    podSecurity(catalog, () => core().config.admission?.podSecurity),
    priority(catalog),
    defaultTolerationSeconds,
    defaultStorageClass(catalog),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(catalog),
    runtimeClass(catalog),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(catalog),
    podTopologyLabels(catalog),
    mutatingPolicies(catalog, authorizer),
    mutatingWebhooks(core),
    escalationCheck(rbac, authorizer),
    validatingPolicies(catalog, authorizer),
    validatingWebhooks(core),
    resourceQuota(catalog),
  ];
}

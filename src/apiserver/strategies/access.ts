// What governs the cluster: roles, leases, priorities, certificates, admission (pkg/registry/{rbac,coordination,scheduling,...}).

import type { Lease } from '../../api/generated/types.ts';
import type { Strategy } from '../registry/strategy.ts';
import { certificateRequest } from './certificates.ts';

/** Fields of coordinated leader election, which is not switched on by default. */
const coordinated = ['strategy', 'preferredHolder'] as const;

const lease: Strategy = {
  allowCreateOnUpdate: true,
  requireResourceVersion: true,
  prepareForCreate(object) {
    const { spec } = object as unknown as Lease;
    for (const field of coordinated) delete spec?.[field];
  },
  prepareForUpdate(object, old) {
    const { spec } = object as unknown as Lease;
    const before = (old as unknown as Lease).spec;
    if (!coordinated.some((field) => before?.[field])) for (const field of coordinated) delete spec?.[field];
  },
};

/** By "plural.group". */
export const accessStrategies: Record<string, Strategy> = {
  limitranges: { allowCreateOnUpdate: true },
  'leases.coordination.k8s.io': lease,
  'roles.rbac.authorization.k8s.io': { allowCreateOnUpdate: true },
  'rolebindings.rbac.authorization.k8s.io': { allowCreateOnUpdate: true },
  'clusterroles.rbac.authorization.k8s.io': { allowCreateOnUpdate: true },
  'clusterrolebindings.rbac.authorization.k8s.io': { allowCreateOnUpdate: true },
  'certificatesigningrequests.certificates.k8s.io': certificateRequest,
  'poddisruptionbudgets.policy': { generation: true, requireResourceVersion: true },
  'runtimeclasses.node.k8s.io': { requireResourceVersion: true },
  'apiservices.apiregistration.k8s.io': { requireResourceVersion: true },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': { generation: true },
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': { generation: true },
  'validatingadmissionpolicies.admissionregistration.k8s.io': { generation: true },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': { generation: true },
  'mutatingadmissionpolicies.admissionregistration.k8s.io': { generation: true },
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': { generation: true },
  'priorityclasses.scheduling.k8s.io': { generation: true },
  'customresourcedefinitions.apiextensions.k8s.io': { generation: true },
};

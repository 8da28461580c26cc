// Defaults of resource.k8s.io (pkg/apis/resource/v1/defaults.go and zz_generated.defaults.go).

import type {
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../generated/types.ts';

export function defaultResourceClaim({ spec, status }: ResourceClaim): void {
  defaultSpec(spec);
  for (const result of status?.allocation?.devices?.results ?? []) defaultTolerations(result.tolerations);
}

export const defaultClaimTemplate = ({ spec }: ResourceClaimTemplate): void => defaultSpec(spec?.spec);

function defaultSpec(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    if (exactly) defaultRequest(exactly);
    for (const request of firstAvailable ?? []) defaultRequest(request);
  }
}

function defaultRequest(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  defaultTolerations(request.tolerations);
}

function defaultTolerations(tolerations: readonly DeviceToleration[] = []): void {
  for (const toleration of tolerations) toleration.operator ||= 'Equal';
}

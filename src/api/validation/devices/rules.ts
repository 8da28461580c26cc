// Rules of dynamic resource allocation: device classes, claims, their templates, slices.

import type { RulesByType } from '../rules.ts';
import { validateResourceClaimStatus } from './claim-status.ts';
import { validateDeviceClass, validateDeviceClassUpdate } from './classes.ts';
import { validateClaimTemplate, validateResourceClaim, validateSpecStays } from './requests.ts';
import { validateResourceSlice, validateResourceSliceUpdate } from './slices.ts';

export const deviceRules: RulesByType = {
  DeviceClass: { create: validateDeviceClass, update: validateDeviceClassUpdate, changesOnly: true },
  ResourceV1ResourceClaim: {
    create: validateResourceClaim,
    update: validateSpecStays,
    changesOnly: true,
    status: validateResourceClaimStatus,
  },
  ResourceClaimTemplate: { create: validateClaimTemplate, update: validateSpecStays, changesOnly: true },
  ResourceSlice: { create: validateResourceSlice, update: validateResourceSliceUpdate, changesOnly: true },
};

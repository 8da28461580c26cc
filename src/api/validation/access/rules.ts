// Rules of what governs the cluster: roles, priorities, limits, leases, runtime classes, flow control, API services.

import type { RulesByType } from '../rules.ts';
import * as access from './access.ts';
import { validateApiService } from './api-service.ts';
import { validateFlowSchema, validatePriorityLevel } from './flow-control.ts';
import { validateLease } from './lease.ts';
import { validateRuntimeClass, validateRuntimeClassUpdate } from './runtime-class.ts';

export const accessRules: RulesByType = {
  Lease: { create: validateLease },
  PriorityClass: { create: access.validatePriorityClass, update: access.validatePriorityClassUpdate },
  Role: { create: access.validateRole },
  ClusterRole: { create: access.validateRole },
  RoleBinding: { create: access.validateRoleBinding, update: access.validateRoleBindingUpdate },
  ClusterRoleBinding: { create: access.validateRoleBinding, update: access.validateRoleBindingUpdate },
  LimitRange: { create: access.validateLimitRange },
  FlowSchema: { create: validateFlowSchema },
  PriorityLevelConfiguration: { create: validatePriorityLevel },
  RuntimeClass: { create: validateRuntimeClass, update: validateRuntimeClassUpdate },
  APIService: { create: validateApiService },
};

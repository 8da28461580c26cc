// Rules of what governs the cluster: roles, priorities, limits, leases, runtime classes, flow control, API services.

import type { RulesByType } from '../rules.ts';
import { validateApiService, validateApiServiceStatus } from './api-service.ts';
import { validateFlowControlStatus, validateFlowSchema, validatePriorityLevel } from './flow-control.ts';
import { validateLease } from './lease.ts';
import { validateLimitRange } from './limit-ranges.ts';
import { validatePriorityClass, validatePriorityClassUpdate } from './priority-classes.ts';
import * as rbac from './rbac.ts';
import { validateRuntimeClass, validateRuntimeClassUpdate } from './runtime-class.ts';

export const accessRules: RulesByType = {
  Lease: { create: validateLease },
  PriorityClass: { create: validatePriorityClass, update: validatePriorityClassUpdate, changesOnly: true },
  Role: { create: rbac.validateRole },
  ClusterRole: { create: rbac.validateClusterRole },
  RoleBinding: { create: rbac.validateRoleBinding, update: rbac.validateRoleBindingUpdate },
  ClusterRoleBinding: { create: rbac.validateClusterRoleBinding, update: rbac.validateRoleBindingUpdate },
  LimitRange: { create: validateLimitRange },
  FlowSchema: { create: validateFlowSchema, status: validateFlowControlStatus },
  PriorityLevelConfiguration: { create: validatePriorityLevel, status: validateFlowControlStatus },
  RuntimeClass: { create: validateRuntimeClass, update: validateRuntimeClassUpdate, changesOnly: true },
  APIService: { create: validateApiService, status: validateApiServiceStatus },
};

// Validation of built-in kinds after defaulting: `validateCreate` and `validateUpdate` return every error with upstream's field path and message.

import type { FieldErrorList } from '../field-error.ts';
import type { ObjectMeta } from '../generated/types.ts';
import * as access from './access.ts';
import * as classes from './classes.ts';
import * as cluster from './cluster.ts';
import { validateMeta, validateMetaUpdate } from './common.ts';
import * as drivers from './drivers.ts';
import { validateFlowSchema, validatePriorityLevel } from './flow-control.ts';
import { validatePod, validatePodUpdate } from './pods.ts';
import * as quota from './quota.ts';
import * as workloads from './workloads.ts';

export { validateLabelSelector, validateLabels } from './common.ts';
export { validatePodSpec, validatePodUpdate } from './pods.ts';
export { cronScheduleError } from './workloads.ts';

interface Rules {
  create?: (object: never) => FieldErrorList;
  /** Checked beside `create` when an object is replaced. */
  update?: (object: never, old: never) => FieldErrorList;
}

const rules: Record<string, Rules> = {
  Pod: { create: validatePod, update: validatePodUpdate },
  Deployment: { create: workloads.validateDeployment, update: workloads.validateSelectorUpdate },
  ReplicaSet: { create: workloads.validateReplicaSet, update: workloads.validateSelectorUpdate },
  ReplicationController: { create: workloads.validateReplicationController },
  DaemonSet: { create: workloads.validateDaemonSet, update: workloads.validateSelectorUpdate },
  StatefulSet: { create: workloads.validateStatefulSet, update: workloads.validateStatefulSetUpdate },
  Job: { create: workloads.validateJob, update: workloads.validateJobUpdate },
  CronJob: { create: workloads.validateCronJob },
  V2HorizontalPodAutoscaler: { create: workloads.validateAutoscaler },
  PodDisruptionBudget: { create: workloads.validateDisruptionBudget },
  Service: { create: cluster.validateService, update: cluster.validateServiceUpdate },
  ConfigMap: { create: cluster.validateConfigMap, update: cluster.validateConfigMapUpdate },
  Secret: { create: cluster.validateSecret, update: cluster.validateSecretUpdate },
  Node: { create: cluster.validateNode, update: cluster.validateNodeUpdate },
  Lease: { create: cluster.validateLease },
  EndpointSlice: { create: cluster.validateEndpointSlice, update: cluster.validateEndpointSliceUpdate },
  PersistentVolumeClaim: { create: cluster.validateClaim, update: cluster.validateClaimUpdate },
  PersistentVolume: { create: cluster.validateVolume },
  StorageClass: { create: cluster.validateStorageClass, update: cluster.validateStorageClassUpdate },
  Ingress: { create: cluster.validateIngress },
  NetworkPolicy: { create: cluster.validateNetworkPolicy },
  PriorityClass: { create: access.validatePriorityClass, update: access.validatePriorityClassUpdate },
  Role: { create: access.validateRole },
  ClusterRole: { create: access.validateRole },
  RoleBinding: { create: access.validateRoleBinding, update: access.validateRoleBindingUpdate },
  ClusterRoleBinding: { create: access.validateRoleBinding, update: access.validateRoleBindingUpdate },
  ResourceQuota: { create: quota.validateResourceQuota, update: quota.validateResourceQuotaUpdate },
  LimitRange: { create: access.validateLimitRange },
  FlowSchema: { create: validateFlowSchema },
  PriorityLevelConfiguration: { create: validatePriorityLevel },
  IngressClass: { create: classes.validateIngressClass, update: classes.validateIngressClassUpdate },
  RuntimeClass: { create: classes.validateRuntimeClass, update: classes.validateRuntimeClassUpdate },
  ControllerRevision: { create: classes.validateControllerRevision, update: classes.validateControllerRevisionUpdate },
  VolumeAttributesClass: { create: classes.validateAttributesClass, update: classes.validateAttributesClassUpdate },
  VolumeAttachment: { create: drivers.validateVolumeAttachment, update: drivers.validateVolumeAttachmentUpdate },
  CSIDriver: { create: drivers.validateCsiDriver, update: drivers.validateCsiDriverUpdate },
  CSINode: { create: drivers.validateCsiNode, update: drivers.validateCsiNodeUpdate },
  CSIStorageCapacity: { create: drivers.validateCsiStorageCapacity, update: drivers.validateCsiStorageCapacityUpdate },
  APIService: { create: drivers.validateApiService },
};

type ApiObject = { metadata: ObjectMeta };

/** Errors of a new object, name already generated. `type` is the schema type. */
export function validateCreate(type: string, object: ApiObject, namespaced: boolean): FieldErrorList {
  return [...validateMeta(object.metadata, type, namespaced), ...(rules[type]?.create?.(object as never) ?? [])];
}

/** Errors of a replacement. Running pods are only checked for what may change, as upstream does. */
export function validateUpdate(type: string, object: ApiObject, old: ApiObject, namespaced: boolean): FieldErrorList {
  const errors = [...validateMetaUpdate(object.metadata, old.metadata)];
  if (errors.length === 0) errors.push(...validateMeta(object.metadata, type, namespaced));
  if (type !== 'Pod' && type !== 'Job') errors.push(...(rules[type]?.create?.(object as never) ?? []));
  errors.push(...(rules[type]?.update?.(object as never, old as never) ?? []));
  return errors;
}

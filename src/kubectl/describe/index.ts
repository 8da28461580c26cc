// Which description a kind gets.

import type { KubeObject } from '../object.ts';
import type { Resource } from '../rest/discovery.ts';
import {
  describeConfigMap,
  describeLimitRange,
  describeNamespace,
  describePersistentVolume,
  describePersistentVolumeClaim,
  describePriorityClass,
  describeResourceQuota,
  describeSecret,
  describeServiceAccount,
  describeStorageClass,
} from './config.ts';
import { describeGeneric } from './generic.ts';
import { describeEndpointSlice, describeEndpoints, describeIngress, describeService } from './network.ts';
import { describeNode } from './node.ts';
import { describePod } from './pod.ts';
import { describeAutoscaler, describeNetworkPolicy } from './policy.ts';
import { describeRole, describeRoleBinding } from './rbac.ts';
import {
  describeCronJob,
  describeDaemonSet,
  describeDeployment,
  describeDisruptionBudget,
  describeJob,
  describeReplicaSet,
  describeStatefulSet,
} from './workloads.ts';
import type { Describing } from './writer.ts';

type Describer = (on: Describing, object: KubeObject) => Promise<void>;

const describers: { [groupKind: string]: Describer } = {
  '/Pod': describePod,
  '/ReplicationController': describeReplicaSet,
  '/Service': describeService,
  '/Endpoints': describeEndpoints,
  '/Node': describeNode,
  '/ConfigMap': describeConfigMap,
  '/Secret': describeSecret,
  '/ServiceAccount': describeServiceAccount,
  '/Namespace': describeNamespace,
  '/ResourceQuota': describeResourceQuota,
  '/LimitRange': describeLimitRange,
  '/PersistentVolume': describePersistentVolume,
  '/PersistentVolumeClaim': describePersistentVolumeClaim,
  'apps/Deployment': describeDeployment,
  'apps/ReplicaSet': describeReplicaSet,
  'apps/DaemonSet': describeDaemonSet,
  'apps/StatefulSet': describeStatefulSet,
  'batch/Job': describeJob,
  'batch/CronJob': describeCronJob,
  'autoscaling/HorizontalPodAutoscaler': describeAutoscaler,
  'networking.k8s.io/NetworkPolicy': describeNetworkPolicy,
  'policy/PodDisruptionBudget': describeDisruptionBudget,
  'discovery.k8s.io/EndpointSlice': describeEndpointSlice,
  'networking.k8s.io/Ingress': describeIngress,
  'scheduling.k8s.io/PriorityClass': describePriorityClass,
  'storage.k8s.io/StorageClass': describeStorageClass,
  'rbac.authorization.k8s.io/Role': describeRole,
  'rbac.authorization.k8s.io/ClusterRole': describeRole,
  'rbac.authorization.k8s.io/RoleBinding': describeRoleBinding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': describeRoleBinding,
};

/** Writes the description of `object` to `on.w`. */
export async function describeObject(on: Describing, resource: Resource, object: KubeObject): Promise<void> {
  await (describers[`${resource.group}/${resource.kind}`] ?? describeGeneric)(on, object);
}

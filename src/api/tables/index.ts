// Server-side tables: the columns of every built-in kind. `columnsFor('Pod')` gives definitions and a function from object and time to cells.

import * as cluster from './cluster.ts';
import type { Columns } from './columns.ts';
import * as network from './network.ts';
import { podColumns } from './pods.ts';
import * as workloads from './workloads.ts';

export type { Cell, ColumnDefinition, Columns } from './columns.ts';
export { nodeRoles, nodeStatus } from './network.ts';
export { summarizePod } from './pods.ts';

const tables: Record<string, Columns> = {
  Pod: podColumns,
  PodTemplate: workloads.podTemplateColumns,
  Deployment: workloads.deploymentColumns,
  ReplicaSet: workloads.replicaSetColumns,
  ReplicationController: workloads.replicationControllerColumns,
  StatefulSet: workloads.statefulSetColumns,
  DaemonSet: workloads.daemonSetColumns,
  Job: workloads.jobColumns,
  CronJob: workloads.cronJobColumns,
  HorizontalPodAutoscaler: workloads.autoscalerV1Columns,
  V2HorizontalPodAutoscaler: workloads.autoscalerColumns,
  PodDisruptionBudget: workloads.disruptionBudgetColumns,
  ControllerRevision: workloads.controllerRevisionColumns,
  Scale: workloads.scaleColumns,
  Service: network.serviceColumns,
  Endpoints: network.endpointsColumns,
  EndpointSlice: network.endpointSliceColumns,
  Ingress: network.ingressColumns,
  IngressClass: network.ingressClassColumns,
  NetworkPolicy: network.networkPolicyColumns,
  IPAddress: network.ipAddressColumns,
  ServiceCIDR: network.serviceCidrColumns,
  Node: network.nodeColumns,
  CoreV1Event: network.eventColumns,
  EventsV1Event: network.eventsV1Columns,
  Namespace: cluster.namespaceColumns,
  ConfigMap: cluster.configMapColumns,
  Secret: cluster.secretColumns,
  ServiceAccount: cluster.serviceAccountColumns,
  PersistentVolume: cluster.persistentVolumeColumns,
  PersistentVolumeClaim: cluster.persistentVolumeClaimColumns,
  StorageClass: cluster.storageClassColumns,
  VolumeAttachment: cluster.volumeAttachmentColumns,
  VolumeAttributesClass: cluster.attributesClassColumns,
  CSINode: cluster.csiNodeColumns,
  CSIDriver: cluster.csiDriverColumns,
  CSIStorageCapacity: cluster.storageCapacityColumns,
  ResourceQuota: cluster.resourceQuotaColumns,
  RoleBinding: cluster.roleBindingColumns,
  ClusterRoleBinding: cluster.roleBindingColumns,
  CertificateSigningRequest: cluster.signingRequestColumns,
  Lease: cluster.leaseColumns,
  PriorityClass: cluster.priorityClassColumns,
  RuntimeClass: cluster.runtimeClassColumns,
  ValidatingWebhookConfiguration: cluster.webhookColumns,
  MutatingWebhookConfiguration: cluster.webhookColumns,
  ValidatingAdmissionPolicy: cluster.validatingPolicyColumns,
  MutatingAdmissionPolicy: cluster.mutatingPolicyColumns,
  ValidatingAdmissionPolicyBinding: cluster.policyBindingColumns,
  MutatingAdmissionPolicyBinding: cluster.policyBindingColumns,
  FlowSchema: cluster.flowSchemaColumns,
  PriorityLevelConfiguration: cluster.priorityLevelColumns,
  APIService: cluster.apiServiceColumns,
  ComponentStatus: cluster.componentStatusColumns,
  ResourceV1ResourceClaim: cluster.resourceClaimColumns,
  DeviceClass: cluster.nameAndAgeColumns,
  ResourceClaimTemplate: cluster.nameAndAgeColumns,
  ResourceSlice: cluster.resourceSliceColumns,
};

/** The columns of a schema type ("Pod", "V2HorizontalPodAutoscaler"); name and time of creation for kinds without their own. */
export const columnsFor = (type: string): Columns => tables[type] ?? cluster.defaultColumns;

// Upstream's defaults for every built-in kind: `setDefaults('Deployment', deployment)` after decoding, before admission and validation.

import type { AuthenticationV1TokenRequest as TokenRequest } from '../generated/types.ts';
import * as cluster from './cluster.ts';
import * as devices from './devices.ts';
import * as pods from './pods.ts';
import * as workloads from './workloads.ts';

type Defaulter = (object: never) => void;

const defaulters: Record<string, Defaulter> = {
  Pod: pods.defaultPod,
  PodTemplate: (object: { template?: Parameters<typeof pods.defaultPodTemplate>[0] }) =>
    pods.defaultPodTemplate(object.template),
  ReplicationController: workloads.defaultReplicationController,
  Deployment: workloads.defaultDeployment,
  ReplicaSet: workloads.defaultReplicaSet,
  DaemonSet: workloads.defaultDaemonSet,
  StatefulSet: workloads.defaultStatefulSet,
  Job: workloads.defaultJob,
  CronJob: workloads.defaultCronJob,
  HorizontalPodAutoscaler: workloads.defaultAutoscalerV1,
  V2HorizontalPodAutoscaler: workloads.defaultAutoscaler,
  PersistentVolumeClaim: workloads.defaultClaim,
  Service: cluster.defaultService,
  Endpoints: cluster.defaultEndpoints,
  EndpointSlice: cluster.defaultEndpointSlice,
  Namespace: cluster.defaultNamespace,
  Node: cluster.defaultNode,
  Secret: cluster.defaultSecret,
  LimitRange: cluster.defaultLimitRange,
  PersistentVolume: cluster.defaultVolume,
  StorageClass: cluster.defaultStorageClass,
  CSIDriver: cluster.defaultCsiDriver,
  NetworkPolicy: cluster.defaultNetworkPolicy,
  IngressClass: cluster.defaultIngressClass,
  RoleBinding: cluster.defaultRoleBinding,
  ClusterRoleBinding: cluster.defaultRoleBinding,
  PriorityClass: cluster.defaultPriorityClass,
  ValidatingAdmissionPolicy: cluster.defaultAdmissionPolicy,
  MutatingAdmissionPolicy: cluster.defaultAdmissionPolicy,
  ValidatingAdmissionPolicyBinding: cluster.defaultAdmissionBinding,
  MutatingAdmissionPolicyBinding: cluster.defaultAdmissionBinding,
  ValidatingWebhookConfiguration: cluster.defaultWebhooks,
  MutatingWebhookConfiguration: cluster.defaultWebhooks,
  CustomResourceDefinition: cluster.defaultCustomResourceDefinition,
  APIService: cluster.defaultApiService,
  FlowSchema: cluster.defaultFlowSchema,
  PriorityLevelConfiguration: cluster.defaultPriorityLevel,
  ResourceV1ResourceClaim: devices.defaultResourceClaim,
  ResourceClaimTemplate: devices.defaultClaimTemplate,
  AuthenticationV1TokenRequest: (request: TokenRequest) => {
    request.spec.expirationSeconds ??= 3600;
  },
};

/** Fills in what upstream fills in, in place; `type` is the schema type ("Deployment", "V2HorizontalPodAutoscaler"). */
export function setDefaults(type: string, object: object): void {
  defaulters[type]?.(object as never);
}

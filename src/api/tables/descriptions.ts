// What the columns of tables are for: the text of the field they show, or a few words where they show what no field has (pkg/printers/internalversion).
//
// Invariant: the texts of fields are half a megabyte: they are loaded when the first table is asked for, and only those of columns are kept.

import { fieldText } from '../field-texts.ts';
import { type Descriptions, loadDescriptions } from '../openapi-v3.ts';
import { typeSchema } from '../schema/schema.ts';
import type { ColumnDefinition } from './columns.ts';

const age = 'ObjectMeta.creationTimestamp';
/** By column, in every table that says nothing else of it. A text "Type.field" stands for that of the field. */
const common: Record<string, string> = {
  Name: 'ObjectMeta.name',
  Age: age,
  'Created At': age,
  Containers: 'The names of the containers in the template.',
  Images: 'The images of the containers in the template.',
};

const readyPods = 'How many of the wanted pods are ready.';
const subjects = (kind: string) => ({
  Role: `${kind}.roleRef`,
  Users: 'The users to whom the role is granted.',
  Groups: 'The groups to whom the role is granted.',
  ServiceAccounts: 'The service accounts to which the role is granted.',
});
const autoscaler = {
  Reference: 'V2HorizontalPodAutoscalerSpec.scaleTargetRef',
  Targets: 'V2HorizontalPodAutoscalerSpec.metrics',
  MinPods: 'V2HorizontalPodAutoscalerSpec.minReplicas',
  MaxPods: 'V2HorizontalPodAutoscalerSpec.maxReplicas',
  Replicas: 'V2HorizontalPodAutoscalerStatus.currentReplicas',
};
const event = {
  'Last Seen': 'CoreV1Event.lastTimestamp',
  Type: 'CoreV1Event.type',
  Reason: 'CoreV1Event.reason',
  Object: 'CoreV1Event.involvedObject',
  Subobject: 'ObjectReference.fieldPath',
  Source: 'The component that reports the event, and on which host.',
  Message: 'CoreV1Event.message',
  'First Seen': 'CoreV1Event.firstTimestamp',
  Count: 'CoreV1Event.count',
};
const webhooks = { Webhooks: 'How many webhooks this configuration registers.' };
const paramKind = 'The kind of the resources by which the policy is parameterized.';
const policyBinding = {
  PolicyName: 'The policy that is bound.',
  ParamRef: 'The resource that holds the parameters of this binding.',
};

const tables: Record<string, Record<string, string>> = {
  Pod: {
    Ready: 'How many of the containers of the pod are ready to serve.',
    Status: 'What the containers of the pod are doing, in a word.',
    Restarts: 'How often containers of the pod have been restarted, and when for the last time.',
    IP: 'PodStatus.podIP',
    Node: 'PodSpec.nodeName',
    'Nominated Node': 'PodStatus.nominatedNodeName',
    'Readiness Gates': 'PodSpec.readinessGates',
  },
  PodTemplate: { 'Pod Labels': 'The labels of the pods that are made from the template.' },
  Deployment: {
    Ready: readyPods,
    'Up-to-date': 'DeploymentStatus.updatedReplicas',
    Available: 'DeploymentStatus.availableReplicas',
    Selector: 'DeploymentSpec.selector',
  },
  ReplicaSet: {
    Desired: 'ReplicaSetSpec.replicas',
    Current: 'ReplicaSetStatus.replicas',
    Ready: 'ReplicaSetStatus.readyReplicas',
    Selector: 'ReplicaSetSpec.selector',
  },
  ReplicationController: {
    Desired: 'ReplicationControllerSpec.replicas',
    Current: 'ReplicationControllerStatus.replicas',
    Ready: 'ReplicationControllerStatus.readyReplicas',
    Selector: 'ReplicationControllerSpec.selector',
  },
  StatefulSet: { Ready: readyPods },
  DaemonSet: {
    Desired: 'DaemonSetStatus.desiredNumberScheduled',
    Current: 'DaemonSetStatus.currentNumberScheduled',
    Ready: 'DaemonSetStatus.numberReady',
    'Up-to-date': 'DaemonSetStatus.updatedNumberScheduled',
    Available: 'DaemonSetStatus.numberAvailable',
    'Node Selector': 'PodSpec.nodeSelector',
    Selector: 'DaemonSetSpec.selector',
  },
  Job: {
    Status: 'Whether the job runs, is complete, has failed or is suspended.',
    Completions: 'JobStatus.succeeded',
    Duration: 'How long the job has run, or ran until it was complete.',
    Selector: 'JobSpec.selector',
  },
  CronJob: {
    Schedule: 'CronJobSpec.schedule',
    Timezone: 'CronJobSpec.timeZone',
    Suspend: 'CronJobSpec.suspend',
    Active: 'CronJobStatus.active',
    'Last Schedule': 'CronJobStatus.lastScheduleTime',
    Selector: 'JobSpec.selector',
  },
  HorizontalPodAutoscaler: autoscaler,
  V2HorizontalPodAutoscaler: autoscaler,
  PodDisruptionBudget: {
    'Min Available': 'How many pods must stay available.',
    'Max Unavailable': 'How many pods may be unavailable.',
    'Allowed Disruptions': 'How many more pods may be disrupted now.',
  },
  ControllerRevision: { Controller: 'Whose revision this is.', Revision: 'ControllerRevision.revision' },
  Scale: { Desired: 'ScaleSpec.replicas', Available: 'ScaleStatus.replicas' },
  Service: {
    Type: 'ServiceSpec.type',
    'Cluster-IP': 'ServiceSpec.clusterIP',
    'External-IP': 'ServiceSpec.externalIPs',
    'Port(s)': 'ServiceSpec.ports',
    Selector: 'ServiceSpec.selector',
  },
  Endpoints: { Endpoints: 'Endpoints.subsets' },
  EndpointSlice: {
    AddressType: 'EndpointSlice.addressType',
    Ports: 'EndpointSlice.ports',
    Endpoints: 'EndpointSlice.endpoints',
  },
  Ingress: {
    Class: 'The IngressClass whose controller takes care of the ingress.',
    Hosts: 'The hosts whose requests the rules are for.',
    Address: 'Where the load balancer takes requests.',
    Ports: 'The ports that are open: 80, and 443 with TLS.',
  },
  IngressClass: {
    Controller: 'The controller that takes care of ingresses of this class.',
    Parameters: 'The resource that holds further settings of the controller.',
  },
  NetworkPolicy: { 'Pod-Selector': 'NetworkPolicySpec.podSelector' },
  IPAddress: { ParentRef: 'The object to which the address belongs.' },
  ServiceCIDR: { CIDRs: 'ServiceCIDRSpec.cidrs' },
  Node: {
    Status: 'Whether the node is ready and takes new pods.',
    Roles: 'The roles of the node, by its labels.',
    Version: 'NodeSystemInfo.kubeletVersion',
    'Internal-IP': 'NodeStatus.addresses',
    'External-IP': 'NodeStatus.addresses',
    'OS-Image': 'NodeSystemInfo.osImage',
    'Kernel-Version': 'NodeSystemInfo.kernelVersion',
    'Container-Runtime': 'NodeSystemInfo.containerRuntimeVersion',
  },
  CoreV1Event: event,
  EventsV1Event: event,
  Namespace: { Status: 'Whether the namespace is active or being terminated.' },
  ConfigMap: { Data: 'ConfigMap.data' },
  Secret: { Type: 'Secret.type', Data: 'Secret.data' },
  ServiceAccount: { Secrets: 'ServiceAccount.secrets' },
  PersistentVolume: {
    Capacity: 'PersistentVolumeSpec.capacity',
    'Access Modes': 'PersistentVolumeSpec.accessModes',
    'Reclaim Policy': 'PersistentVolumeSpec.persistentVolumeReclaimPolicy',
    Status: 'PersistentVolumeStatus.phase',
    Claim: 'The claim to which the volume is bound.',
    StorageClass: 'The StorageClass of the volume.',
    VolumeAttributesClass: 'The VolumeAttributesClass of the volume.',
    Reason: 'PersistentVolumeStatus.reason',
    VolumeMode: 'PersistentVolumeSpec.volumeMode',
  },
  PersistentVolumeClaim: {
    Status: 'PersistentVolumeClaimStatus.phase',
    Volume: 'PersistentVolumeClaimSpec.volumeName',
    Capacity: 'PersistentVolumeClaimStatus.capacity',
    'Access Modes': 'PersistentVolumeClaimStatus.accessModes',
    StorageClass: 'The StorageClass that is asked for.',
    VolumeAttributesClass: 'The VolumeAttributesClass that is asked for.',
    VolumeMode: 'PersistentVolumeClaimSpec.volumeMode',
  },
  StorageClass: {
    Provisioner: 'StorageClass.provisioner',
    ReclaimPolicy: 'StorageClass.reclaimPolicy',
    VolumeBindingMode: 'StorageClass.volumeBindingMode',
    AllowVolumeExpansion: 'StorageClass.allowVolumeExpansion',
  },
  VolumeAttachment: {
    Attacher: 'VolumeAttachmentSpec.attacher',
    PV: 'VolumeAttachmentSource.persistentVolumeName',
    Node: 'VolumeAttachmentSpec.nodeName',
    Attached: 'VolumeAttachmentStatus.attached',
  },
  VolumeAttributesClass: { DriverName: 'VolumeAttributesClass.driverName' },
  CSINode: { Drivers: 'How many CSI drivers are registered on the node.' },
  CSIDriver: {
    AttachRequired: 'CSIDriverSpec.attachRequired',
    PodInfoOnMount: 'CSIDriverSpec.podInfoOnMount',
    StorageCapacity: 'CSIDriverSpec.storageCapacity',
    TokenRequests: 'CSIDriverSpec.tokenRequests',
    RequiresRepublish: 'CSIDriverSpec.requiresRepublish',
    Modes: 'CSIDriverSpec.volumeLifecycleModes',
  },
  CSIStorageCapacity: {
    StorageClassName: 'CSIStorageCapacity.storageClassName',
    Capacity: 'CSIStorageCapacity.capacity',
  },
  ResourceQuota: {
    Request: 'What is requested of each resource, and how much may be.',
    Limit: 'The sum of the limits of each resource, and how high it may be.',
  },
  RoleBinding: subjects('RoleBinding'),
  ClusterRoleBinding: subjects('ClusterRoleBinding'),
  CertificateSigningRequest: {
    SignerName: 'CertificateSigningRequestSpec.signerName',
    Requestor: 'CertificateSigningRequestSpec.request',
    RequestedDuration: 'CertificateSigningRequestSpec.expirationSeconds',
    Condition: 'CertificateSigningRequestStatus.conditions',
  },
  Lease: { Holder: 'LeaseSpec.holderIdentity' },
  PriorityClass: {
    Value: 'PriorityClass.value',
    'Global-Default': 'PriorityClass.globalDefault',
    PreemptionPolicy: 'PriorityClass.preemptionPolicy',
  },
  RuntimeClass: { Handler: 'RuntimeClass.handler' },
  ValidatingWebhookConfiguration: webhooks,
  MutatingWebhookConfiguration: webhooks,
  ValidatingAdmissionPolicy: { Validations: 'How many rules the policy has.', ParamKind: paramKind },
  MutatingAdmissionPolicy: { Mutations: 'How many changes the policy makes.', ParamKind: paramKind },
  ValidatingAdmissionPolicyBinding: policyBinding,
  MutatingAdmissionPolicyBinding: policyBinding,
  FlowSchema: {
    PriorityLevel: 'PriorityLevelConfigurationReference.name',
    MatchingPrecedence: 'FlowSchemaSpec.matchingPrecedence',
    DistinguisherMethod: 'How the flows of the schema are told apart: by user, by namespace, or not.',
    MissingPL: 'Whether the priority level that it names is not there.',
  },
  PriorityLevelConfiguration: {
    Type: 'PriorityLevelConfigurationSpec.type',
    NominalConcurrencyShares: 'LimitedPriorityLevelConfiguration.nominalConcurrencyShares',
    Queues: 'QueuingConfiguration.queues',
    HandSize: 'QueuingConfiguration.handSize',
    QueueLengthLimit: 'QueuingConfiguration.queueLengthLimit',
  },
  APIService: {
    Service: 'The service that serves this API version, if it is not the server itself.',
    Available: 'Whether this API version can be used.',
  },
  ComponentStatus: {
    Status: 'Whether the component is healthy.',
    Message: 'What the component says of its health.',
    Error: 'What went wrong when the component was asked.',
  },
  ResourceV1ResourceClaim: { State: 'Whether the claim is pending, allocated, reserved or being deleted.' },
  ResourceSlice: { Node: 'ResourceSliceSpec.nodeName', Driver: 'ResourceSliceSpec.driver', Pool: 'ResourcePool.name' },
};

const reference = /^(\w+)\.(\w+)$/;
let texts: Promise<ReadonlyMap<string, string>> | undefined;

/** The texts of the fields that columns show, by "Type.field". */
function fieldTexts(): Promise<ReadonlyMap<string, string>> {
  texts ??= loadDescriptions().then((descriptions) => {
    const all = [common, ...Object.values(tables)].flatMap((columns) => Object.values(columns));
    return new Map(all.filter((text) => reference.test(text)).map((text) => [text, textOf(descriptions, text)]));
  });
  return texts;
}

function textOf(descriptions: Descriptions, path: string): string {
  const [type = '', field = ''] = path.split('.');
  return descriptions[type]?.[field] ?? fieldText(typeSchema(type).goName, field) ?? '';
}

/** The columns of a schema type with what they are for; those that say it themselves are left as they are. */
export async function describeColumns(
  type: string,
  definitions: readonly ColumnDefinition[],
): Promise<ColumnDefinition[]> {
  const fields = await fieldTexts();
  return definitions.map((definition) => {
    const text = definition.description || (tables[type]?.[definition.name] ?? common[definition.name] ?? '');
    return { ...definition, description: fields.get(text) ?? text };
  });
}

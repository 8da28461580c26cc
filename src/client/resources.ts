// The resources our components speak of: one typed constant each, carrying what a URL and an informer need to know.
//
// Invariant: `apiVersion` and `kind` are what the API server prints in single objects; list items come without them and are given them by the reader.

import type {
  ConfigMap,
  ControllerRevision,
  CoreV1Event,
  CronJob,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Job,
  Lease,
  LimitRange,
  Namespace,
  Node,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Scale,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
  V2HorizontalPodAutoscaler,
} from '../api/generated/types.ts';

/** What every Kubernetes object has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** A resource as discovery names it, with the type of its objects. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in URLs: "deployments". */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: ties T to the constant. */
  readonly type?: T;
}

/** A new object: the server fills in what is missing. */
export type Draft<T extends KubernetesObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
};

function resource<T extends KubernetesObject>(
  group: string,
  version: string,
  name: string,
  kind: string,
  namespaced = true,
): Resource<T> {
  return { group, version, resource: name, kind, namespaced };
}

/** "v1", "apps/v1". */
export function apiVersionOf(of: Resource): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`;
}

/** "pods", "deployments.apps": upstream's GroupResource.String(). */
export function groupResource(of: Resource): string {
  return of.group === '' ? of.resource : `${of.resource}.${of.group}`;
}

/** An object of a list or a watch with its kind and apiVersion filled in; the same object if it has them. */
export function withKind<T extends KubernetesObject>(of: Resource<T>, object: T): T {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (object.kind !== undefined && object.apiVersion !== undefined && !isPartial) return object;
  return { ...object, apiVersion: apiVersionOf(of), kind: of.kind };
}

export const pods = resource<Pod>('', 'v1', 'pods', 'Pod');
export const nodes = resource<Node>('', 'v1', 'nodes', 'Node', false);
export const namespaces = resource<Namespace>('', 'v1', 'namespaces', 'Namespace', false);
export const services = resource<Service>('', 'v1', 'services', 'Service');
export const endpoints = resource<Endpoints>('', 'v1', 'endpoints', 'Endpoints');
export const configMaps = resource<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');
export const secrets = resource<Secret>('', 'v1', 'secrets', 'Secret');
export const serviceAccounts = resource<ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount');
export const events = resource<CoreV1Event>('', 'v1', 'events', 'Event');
export const resourceQuotas = resource<ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota');
export const limitRanges = resource<LimitRange>('', 'v1', 'limitranges', 'LimitRange');
export const replicationControllers = resource<ReplicationController>(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
);
export const podTemplates = resource<PodTemplate>('', 'v1', 'podtemplates', 'PodTemplate');
export const persistentVolumes = resource<PersistentVolume>('', 'v1', 'persistentvolumes', 'PersistentVolume', false);
export const persistentVolumeClaims = resource<PersistentVolumeClaim>(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
export const deployments = resource<Deployment>('apps', 'v1', 'deployments', 'Deployment');
export const replicaSets = resource<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const statefulSets = resource<StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet');
export const daemonSets = resource<DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet');
export const controllerRevisions = resource<ControllerRevision>(
  'apps',
  'v1',
  'controllerrevisions',
  'ControllerRevision',
);
export const jobs = resource<Job>('batch', 'v1', 'jobs', 'Job');
export const cronJobs = resource<CronJob>('batch', 'v1', 'cronjobs', 'CronJob');
export const leases = resource<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const endpointSlices = resource<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice');
export const podDisruptionBudgets = resource<PodDisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const horizontalPodAutoscalers = resource<V2HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const scales = resource<Scale>('autoscaling', 'v1', 'scales', 'Scale');
export const priorityClasses = resource<PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'priorityclasses',
  'PriorityClass',
  false,
);
export const storageClasses = resource<StorageClass>('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', false);

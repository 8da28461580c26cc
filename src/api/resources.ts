// Every built-in resource that the API server serves: names, scope, verbs and subresources, as upstream's discovery tells them.
//
// Invariant: rows of one group and version stand together, in the order in which discovery lists groups (core first).
// `type` is the interface in generated/types.ts and the key in the schema.

import type { GroupKind, GroupResource } from './status.ts';

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  /** Group and version of the kind, when they differ from the resource's. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Name of the schema type: "Pod", "V2HorizontalPodAutoscaler", "EventsV1Event". */
  readonly type: string;
}

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const createOnly = ['create'];
const readWrite = ['get', 'patch', 'update'];
const connect = ['create', 'delete', 'get', 'patch', 'update'];

interface Options {
  short?: string;
  categories?: string;
  verbs?: string[];
  type?: string;
  /** Names of subresources that read and write the object's own kind. */
  own?: string;
  more?: Subresource[];
}

function define(group: string, version: string) {
  const row =
    (namespaced: boolean) =>
    (kind: string, plural: string, options: Options = {}): Resource => {
      const own = options.own ?? '';
      const names = own === '' ? [] : own.split(' ');
      const subresources = [
        ...names.map((name) => ({ name, kind, verbs: name === 'finalize' ? ['update'] : readWrite })),
        ...(options.more ?? []),
      ].sort((a, b) => (a.name < b.name ? -1 : 1));
      return {
        group,
        version,
        kind,
        plural,
        singular: kind.toLowerCase(),
        shortNames: options.short?.split(' ') ?? [],
        categories: options.categories?.split(' ') ?? [],
        namespaced,
        verbs: options.verbs ?? all,
        subresources,
        type: options.type ?? kind,
      };
    };
  return { namespaced: row(true), cluster: row(false) };
}

const scale: Subresource = { name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: readWrite };
const proxy = (kind: string): Subresource => ({ name: 'proxy', kind, verbs: connect });

const core = define('', 'v1');
const admission = define('admissionregistration.k8s.io', 'v1');
const apps = define('apps', 'v1');
const authentication = define('authentication.k8s.io', 'v1');
const authorization = define('authorization.k8s.io', 'v1');
const batch = define('batch', 'v1');
const flow = define('flowcontrol.apiserver.k8s.io', 'v1');
const networking = define('networking.k8s.io', 'v1');
const rbac = define('rbac.authorization.k8s.io', 'v1');
const dra = define('resource.k8s.io', 'v1');
const storage = define('storage.k8s.io', 'v1');
const extensions = 'api-extensions';

export const resources: readonly Resource[] = [
  core.namespaced('Binding', 'bindings', { verbs: createOnly }),
  core.cluster('ComponentStatus', 'componentstatuses', { short: 'cs', verbs: ['get', 'list'] }),
  core.namespaced('ConfigMap', 'configmaps', { short: 'cm' }),
  core.namespaced('Endpoints', 'endpoints', { short: 'ep' }),
  core.namespaced('Event', 'events', { short: 'ev', type: 'CoreV1Event' }),
  core.namespaced('LimitRange', 'limitranges', { short: 'limits' }),
  core.cluster('Namespace', 'namespaces', {
    short: 'ns',
    verbs: all.filter((verb) => verb !== 'deletecollection'),
    own: 'finalize status',
  }),
  core.cluster('Node', 'nodes', { short: 'no', own: 'status', more: [proxy('NodeProxyOptions')] }),
  core.namespaced('PersistentVolumeClaim', 'persistentvolumeclaims', { short: 'pvc', own: 'status' }),
  core.cluster('PersistentVolume', 'persistentvolumes', { short: 'pv', own: 'status' }),
  core.namespaced('Pod', 'pods', {
    short: 'po',
    categories: 'all',
    own: 'ephemeralcontainers resize status',
    more: [
      { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
      { name: 'binding', kind: 'Binding', verbs: createOnly },
      { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: createOnly },
      { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
      { name: 'log', kind: 'Pod', verbs: ['get'] },
      { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
      proxy('PodProxyOptions'),
    ],
  }),
  core.namespaced('PodTemplate', 'podtemplates'),
  core.namespaced('ReplicationController', 'replicationcontrollers', {
    short: 'rc',
    categories: 'all',
    own: 'status',
    more: [scale],
  }),
  core.namespaced('ResourceQuota', 'resourcequotas', { short: 'quota', own: 'status' }),
  core.namespaced('Secret', 'secrets'),
  core.namespaced('ServiceAccount', 'serviceaccounts', {
    short: 'sa',
    more: [{ name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: createOnly }],
  }),
  core.namespaced('Service', 'services', {
    short: 'svc',
    categories: 'all',
    own: 'status',
    more: [proxy('ServiceProxyOptions')],
  }),

  define('apiregistration.k8s.io', 'v1').cluster('APIService', 'apiservices', {
    own: 'status',
    categories: extensions,
  }),

  apps.namespaced('ControllerRevision', 'controllerrevisions'),
  apps.namespaced('DaemonSet', 'daemonsets', { short: 'ds', categories: 'all', own: 'status' }),
  apps.namespaced('Deployment', 'deployments', { short: 'deploy', categories: 'all', own: 'status', more: [scale] }),
  apps.namespaced('ReplicaSet', 'replicasets', { short: 'rs', categories: 'all', own: 'status', more: [scale] }),
  apps.namespaced('StatefulSet', 'statefulsets', { short: 'sts', categories: 'all', own: 'status', more: [scale] }),

  define('events.k8s.io', 'v1').namespaced('Event', 'events', { short: 'ev', type: 'EventsV1Event' }),

  authentication.cluster('SelfSubjectReview', 'selfsubjectreviews', { verbs: createOnly }),
  authentication.cluster('TokenReview', 'tokenreviews', { verbs: createOnly }),
  authorization.namespaced('LocalSubjectAccessReview', 'localsubjectaccessreviews', { verbs: createOnly }),
  authorization.cluster('SelfSubjectAccessReview', 'selfsubjectaccessreviews', { verbs: createOnly }),
  authorization.cluster('SelfSubjectRulesReview', 'selfsubjectrulesreviews', { verbs: createOnly }),
  authorization.cluster('SubjectAccessReview', 'subjectaccessreviews', { verbs: createOnly }),

  define('autoscaling', 'v2').namespaced('HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    short: 'hpa',
    categories: 'all',
    own: 'status',
    type: 'V2HorizontalPodAutoscaler',
  }),
  define('autoscaling', 'v1').namespaced('HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    short: 'hpa',
    categories: 'all',
    own: 'status',
  }),

  batch.namespaced('CronJob', 'cronjobs', { short: 'cj', categories: 'all', own: 'status' }),
  batch.namespaced('Job', 'jobs', { categories: 'all', own: 'status' }),

  define('certificates.k8s.io', 'v1').cluster('CertificateSigningRequest', 'certificatesigningrequests', {
    short: 'csr',
    own: 'approval status',
  }),

  networking.cluster('IngressClass', 'ingressclasses'),
  networking.namespaced('Ingress', 'ingresses', { short: 'ing', own: 'status' }),
  networking.cluster('IPAddress', 'ipaddresses', { short: 'ip' }),
  networking.namespaced('NetworkPolicy', 'networkpolicies', { short: 'netpol' }),
  networking.cluster('ServiceCIDR', 'servicecidrs', { own: 'status' }),

  define('policy', 'v1').namespaced('PodDisruptionBudget', 'poddisruptionbudgets', { short: 'pdb', own: 'status' }),

  rbac.cluster('ClusterRoleBinding', 'clusterrolebindings'),
  rbac.cluster('ClusterRole', 'clusterroles'),
  rbac.namespaced('RoleBinding', 'rolebindings'),
  rbac.namespaced('Role', 'roles'),

  storage.cluster('CSIDriver', 'csidrivers'),
  storage.cluster('CSINode', 'csinodes'),
  storage.namespaced('CSIStorageCapacity', 'csistoragecapacities'),
  storage.cluster('StorageClass', 'storageclasses', { short: 'sc' }),
  storage.cluster('VolumeAttachment', 'volumeattachments', { own: 'status' }),
  storage.cluster('VolumeAttributesClass', 'volumeattributesclasses', { short: 'vac' }),

  admission.cluster('MutatingAdmissionPolicy', 'mutatingadmissionpolicies', { categories: extensions }),
  admission.cluster('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings', { categories: extensions }),
  admission.cluster('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', { categories: extensions }),
  admission.cluster('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    own: 'status',
    categories: extensions,
  }),
  admission.cluster('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', {
    categories: extensions,
  }),
  admission.cluster('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', { categories: extensions }),

  define('apiextensions.k8s.io', 'v1').cluster('CustomResourceDefinition', 'customresourcedefinitions', {
    short: 'crd crds',
    own: 'status',
    categories: extensions,
  }),
  define('scheduling.k8s.io', 'v1').cluster('PriorityClass', 'priorityclasses', { short: 'pc' }),
  define('coordination.k8s.io', 'v1').namespaced('Lease', 'leases'),
  define('node.k8s.io', 'v1').cluster('RuntimeClass', 'runtimeclasses'),
  define('discovery.k8s.io', 'v1').namespaced('EndpointSlice', 'endpointslices'),
  flow.cluster('FlowSchema', 'flowschemas', { own: 'status' }),
  flow.cluster('PriorityLevelConfiguration', 'prioritylevelconfigurations', { own: 'status' }),
  dra.cluster('DeviceClass', 'deviceclasses'),
  dra.namespaced('ResourceClaim', 'resourceclaims', { own: 'status', type: 'ResourceV1ResourceClaim' }),
  dra.namespaced('ResourceClaimTemplate', 'resourceclaimtemplates'),
  dra.cluster('ResourceSlice', 'resourceslices'),
];

const byResource = new Map(resources.map((r) => [`${r.group}/${r.version}/${r.plural}`, r]));
const byKind = new Map(resources.map((r) => [`${r.group}/${r.version}/${r.kind}`, r]));

export const groupVersion = (r: { group: string; version: string }): string =>
  r.group === '' ? r.version : `${r.group}/${r.version}`;

/** Splits an apiVersion: "apps/v1" -> apps, v1; "v1" -> "", v1. Undefined when it has more than one slash. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } | undefined {
  const parts = apiVersion.split('/');
  if (parts.length === 1) return { group: '', version: parts[0] as string };
  if (parts.length === 2) return { group: parts[0] as string, version: parts[1] as string };
  return undefined;
}

export const findResource = (group: string, version: string, plural: string): Resource | undefined =>
  byResource.get(`${group}/${version}/${plural}`);

/** By the apiVersion and kind that an object carries. */
export function findKind(apiVersion: string, kind: string): Resource | undefined {
  const gv = parseGroupVersion(apiVersion);
  return gv && byKind.get(`${gv.group}/${gv.version}/${kind}`);
}

export const groupResource = (r: Resource): GroupResource => ({ group: r.group, resource: r.plural });
export const groupKind = (r: Resource): GroupKind => ({ group: r.group, kind: r.kind });

/** The collection's URL path; with a namespace for namespaced resources, across all namespaces without. */
export function collectionPath(
  r: Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>,
  namespace?: string,
): string {
  const prefix = r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`;
  return r.namespaced && namespace ? `${prefix}/namespaces/${namespace}/${r.plural}` : `${prefix}/${r.plural}`;
}

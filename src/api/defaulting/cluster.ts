// Defaults of everything that is no workload: services, storage, policy, admission, RBAC, flow control (the defaults.go of each API group).

import type {
  APIService,
  ClusterRoleBinding,
  CSIDriver,
  CustomResourceDefinition,
  EndpointSlice,
  Endpoints,
  FlowSchema,
  IngressClass,
  LimitRange,
  MatchResources,
  MutatingWebhookConfiguration,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PriorityClass,
  PriorityLevelConfiguration,
  RoleBinding,
  Secret,
  Service,
  StorageClass,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '../generated/types.ts';

export function defaultService(service: Service): void {
  const { spec } = service;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if ((external || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)) && !spec.externalTrafficPolicy)
    spec.externalTrafficPolicy = 'Cluster';
  if (external || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

export function defaultEndpoints(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
}

export function defaultEndpointSlice(slice: EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

export function defaultNamespace(namespace: Namespace): void {
  namespace.status ??= {};
  namespace.status.phase ||= 'Active';
  if (namespace.metadata.name)
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name':
        namespace.metadata.labels?.['kubernetes.io/metadata.name'] ?? namespace.metadata.name,
    };
}

export function defaultNode(node: Node): void {
  const status = node.status;
  if (!status?.capacity) return;
  status.allocatable = { ...status.capacity, ...status.allocatable };
}

export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque';
}

export function defaultLimitRange({ spec }: LimitRange): void {
  for (const limit of spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    if (limit.max) limit.default = { ...limit.max, ...limit.default };
    if (limit.default) limit.defaultRequest = { ...limit.default, ...limit.defaultRequest };
    if (limit.min) limit.defaultRequest = { ...limit.min, ...limit.defaultRequest };
  }
}

export function defaultVolume(volume: PersistentVolume): void {
  volume.status ??= {};
  volume.status.phase ||= 'Pending';
  volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
  volume.spec.volumeMode ??= 'Filesystem';
  if (volume.spec.hostPath) volume.spec.hostPath.type ??= '';
  if (volume.spec.iscsi) volume.spec.iscsi.iscsiInterface ||= 'default';
}

export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

export function defaultCsiDriver({ spec }: CSIDriver): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

export function defaultNetworkPolicy({ spec }: NetworkPolicy): void {
  if (!spec) return;
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  if ((spec.policyTypes ?? []).length === 0)
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

export function defaultIngressClass({ spec }: IngressClass): void {
  if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
}

export function defaultRoleBinding(binding: RoleBinding | ClusterRoleBinding): void {
  binding.roleRef.apiGroup ||= 'rbac.authorization.k8s.io';
  for (const subject of binding.subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= 'rbac.authorization.k8s.io';
}

export function defaultPriorityClass(priorityClass: PriorityClass): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

function defaultMatch(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

export function defaultAdmissionPolicy({ spec }: Pick<ValidatingAdmissionPolicy, 'spec'>): void {
  spec.failurePolicy ??= 'Fail';
  defaultMatch(spec.matchConstraints);
}

export function defaultAdmissionBinding({ spec }: { spec: { matchResources?: MatchResources } }): void {
  defaultMatch(spec.matchResources);
}

export function defaultWebhooks(config: ValidatingWebhookConfiguration | MutatingWebhookConfiguration): void {
  for (const webhook of config.webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (config.kind === 'MutatingWebhookConfiguration' && 'reinvocationPolicy' in webhook === false)
      Object.assign(webhook, { reinvocationPolicy: 'Never' });
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  }
}

export function defaultCustomResourceDefinition({ spec }: CustomResourceDefinition): void {
  spec.names.singular ||= spec.names.kind.toLowerCase();
  spec.names.listKind ||= `${spec.names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  if (spec.conversion.webhook?.clientConfig?.service) spec.conversion.webhook.clientConfig.service.port ??= 443;
}

export function defaultApiService({ spec }: APIService): void {
  if (spec?.service) spec.service.port ??= 443;
}

export function defaultFlowSchema({ spec }: FlowSchema): void {
  if (spec) spec.matchingPrecedence ||= 1000;
}

export function defaultPriorityLevel({ spec }: PriorityLevelConfiguration): void {
  if (spec?.limited) {
    spec.limited.nominalConcurrencyShares ??= 30;
    spec.limited.lendablePercent ??= 0;
    const queuing = spec.limited.limitResponse?.queuing;
    if (queuing) {
      queuing.queues ||= 64;
      queuing.handSize ||= 8;
      queuing.queueLengthLimit ||= 50;
    }
  }
  if (spec?.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
}

// Tables of storage, configuration, access and extension kinds.

import type {
  APIService,
  CertificateSigningRequest,
  ClusterRoleBinding,
  ComponentStatus,
  ConfigMap,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  FlowSchema,
  LabelSelector,
  Lease,
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  PriorityClass,
  PriorityLevelConfiguration,
  ResourceQuota,
  ResourceSlice,
  ResourceV1ResourceClaim,
  RuntimeClass,
  Secret,
  ServiceAccount,
  StorageClass,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../generated/types.ts';
import { humanDuration } from '../time.ts';
import { age, type Columns, columns, type Named, none, sorted, unset } from './columns.ts';

export const nameAndAgeColumns = columns<Named>('Name|Age', (object, now) => [object.metadata.name, age(object, now)]);
/** Kinds without columns of their own (rest.NewDefaultTableConvertor). */
export const defaultColumns = columns<Named>('Name|Created At@', (object) => [
  object.metadata.name,
  object.metadata.creationTimestamp ?? '',
]);

export const namespaceColumns = columns<Namespace>('Name|Status|Age', (n, now) => [
  n.metadata.name,
  n.status?.phase ?? '',
  age(n, now),
]);

export const configMapColumns = columns<ConfigMap>('Name|Data|Age', (c, now) => [
  c.metadata?.name ?? '',
  Object.keys(c.data ?? {}).length + Object.keys(c.binaryData ?? {}).length,
  age(c as Named, now),
]);

export const secretColumns = columns<Secret>('Name|Type|Data|Age', (s, now) => [
  s.metadata?.name ?? '',
  s.type ?? '',
  Object.keys(s.data ?? {}).length,
  age(s as Named, now),
]);

export const serviceAccountColumns = columns<ServiceAccount>('Name|Secrets|Age', (s, now) => [
  s.metadata?.name ?? '',
  (s.secrets ?? []).length,
  age(s as Named, now),
]);

const modes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const accessModes = (list: readonly string[] | undefined): string =>
  Object.keys(modes)
    .filter((mode) => list?.includes(mode))
    .map((mode) => modes[mode])
    .join(',');
const classOf = (metadata: { annotations?: Record<string, string> } | undefined, name: string | undefined): string =>
  metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? name ?? '';

export const persistentVolumeColumns = columns<PersistentVolume>(
  'Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|VolumeMode*',
  (v, now) => [
    v.metadata.name,
    v.spec.capacity?.['storage'] ?? '0',
    accessModes(v.spec.accessModes),
    v.spec.persistentVolumeReclaimPolicy ?? '',
    v.metadata.deletionTimestamp ? 'Terminating' : (v.status?.phase ?? ''),
    v.spec.claimRef ? `${v.spec.claimRef.namespace}/${v.spec.claimRef.name}` : '',
    classOf(v.metadata, v.spec.storageClassName),
    v.spec.volumeAttributesClassName ?? unset,
    v.status?.reason ?? '',
    age(v, now),
    v.spec.volumeMode ?? unset,
  ],
);

export const persistentVolumeClaimColumns = columns<PersistentVolumeClaim>(
  'Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*',
  (c, now) => {
    const bound = Boolean(c.spec.volumeName);
    return [
      c.metadata.name,
      c.metadata.deletionTimestamp ? 'Terminating' : (c.status?.phase ?? ''),
      c.spec.volumeName ?? '',
      bound ? (c.status?.capacity?.['storage'] ?? '0') : '',
      bound ? accessModes(c.status?.accessModes) : '',
      classOf(c.metadata, c.spec.storageClassName),
      c.spec.volumeAttributesClassName ?? unset,
      age(c, now),
      c.spec.volumeMode ?? unset,
    ];
  },
);

export const storageClassColumns = columns<StorageClass>(
  'Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age',
  (c, now) => {
    const annotations = c.metadata?.annotations ?? {};
    const isDefault = [
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ].some((key) => annotations[key] === 'true');
    return [
      `${c.metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`,
      c.provisioner,
      c.reclaimPolicy ?? 'Delete',
      c.volumeBindingMode ?? 'Immediate',
      c.allowVolumeExpansion ?? false,
      age(c as Named, now),
    ];
  },
);

export const volumeAttachmentColumns = columns<VolumeAttachment>('Name|Attacher!|PV|Node|Attached?|Age', (v, now) => [
  v.metadata.name,
  v.spec.attacher,
  v.spec.source.persistentVolumeName ?? '',
  v.spec.nodeName,
  v.status?.attached ?? false,
  age(v, now),
]);

export const csiNodeColumns = columns<CSINode>('Name|Drivers#|Age', (n, now) => [
  n.metadata.name,
  (n.spec.drivers ?? []).length,
  age(n, now),
]);

export const csiDriverColumns = columns<CSIDriver>(
  'Name|AttachRequired?|PodInfoOnMount?|StorageCapacity?|TokenRequests|RequiresRepublish?|Modes|Age',
  (d, now) => [
    d.metadata.name,
    d.spec.attachRequired ?? true,
    d.spec.podInfoOnMount ?? false,
    d.spec.storageCapacity ?? false,
    d.spec.tokenRequests?.map((t) => t.audience).join(',') ?? unset,
    d.spec.requiresRepublish ?? false,
    (d.spec.volumeLifecycleModes ?? []).join(',') || none,
    age(d, now),
  ],
);

export const storageCapacityColumns = columns<CSIStorageCapacity>('Name|StorageClassName|Capacity', (c) => [
  c.metadata?.name ?? '',
  c.storageClassName,
  c.capacity ?? unset,
]);

export const attributesClassColumns = columns<VolumeAttributesClass>('Name|DriverName|Age', (c, now) => [
  c.metadata?.name ?? '',
  c.driverName,
  age(c as Named, now),
]);

export const resourceQuotaColumns = columns<ResourceQuota>('Name|Request|Limit|Age', (q, now) => {
  const request: string[] = [];
  const limit: string[] = [];
  for (const name of sorted(Object.keys(q.status?.hard ?? {}))) {
    const text = `${name}: ${q.status?.used?.[name] ?? '0'}/${q.status?.hard?.[name]}`;
    (name.startsWith('limits.') ? limit : request).push(text);
  }
  return [q.metadata.name, request.join(', '), limit.join(', '), age(q, now)];
});

export const roleBindingColumns = columns<ClusterRoleBinding>(
  'Name|Role|Age|Users*|Groups*|ServiceAccounts*',
  (b, now) => {
    const subjects = (kind: string) => (b.subjects ?? []).filter((s) => s.kind === kind);
    return [
      b.metadata?.name ?? '',
      `${b.roleRef.kind}/${b.roleRef.name}`,
      age(b as Named, now),
      subjects('User')
        .map((s) => s.name)
        .join(', '),
      subjects('Group')
        .map((s) => s.name)
        .join(', '),
      subjects('ServiceAccount')
        .map((s) => (s.namespace ? `${s.namespace}/${s.name}` : s.name))
        .join(', '),
    ];
  },
);

function requestCondition(csr: CertificateSigningRequest): string {
  const words: string[] = [];
  const types = (csr.status?.conditions ?? []).map((c) => c.type);
  if (types.includes('Denied')) words.push('Denied');
  else if (types.includes('Approved')) words.push('Approved');
  else words.push('Pending');
  if (types.includes('Failed')) words.push('Failed');
  if (csr.status?.certificate) words.push('Issued');
  return words.join(',');
}

export const signingRequestColumns = columns<CertificateSigningRequest>(
  'Name|Age|SignerName|Requestor|RequestedDuration|Condition',
  (c, now) => [
    c.metadata.name,
    age(c, now),
    c.spec.signerName || none,
    c.spec.username ?? '',
    c.spec.expirationSeconds === undefined ? none : humanDuration(c.spec.expirationSeconds * 1000),
    requestCondition(c),
  ],
);

export const leaseColumns = columns<Lease>('Name|Holder|Age', (l, now) => [
  l.metadata.name,
  l.spec?.holderIdentity ?? '',
  age(l, now),
]);

export const priorityClassColumns = columns<PriorityClass>(
  'Name|Value#|Global-Default?|Age|PreemptionPolicy',
  (p, now) => [
    p.metadata?.name ?? '',
    p.value ?? 0,
    p.globalDefault ?? false,
    age(p as Named, now),
    p.preemptionPolicy ?? '',
  ],
);

export const runtimeClassColumns = columns<RuntimeClass>('Name|Handler|Age', (r, now) => [
  r.metadata?.name ?? '',
  r.handler,
  age(r as Named, now),
]);

export const webhookColumns = columns<MutatingWebhookConfiguration>('Name|Webhooks#|Age', (w, now) => [
  w.metadata?.name ?? '',
  (w.webhooks ?? []).length,
  age(w as Named, now),
]);

/** A selector as Go prints the struct. */
function selectorDump({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = sorted(Object.keys(matchLabels)).map((key) => `${key}: ${matchLabels[key]},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

const paramKind = (kind: { apiVersion?: string; kind?: string } | undefined) =>
  kind ? `${kind.apiVersion}/${kind.kind}` : unset;

export const validatingPolicyColumns = columns<ValidatingAdmissionPolicy>(
  'Name|Validations#|ParamKind|Age',
  (p, now) => [p.metadata.name, (p.spec.validations ?? []).length, paramKind(p.spec.paramKind), age(p, now)],
);
export const mutatingPolicyColumns = columns<MutatingAdmissionPolicy>('Name|Mutations#|ParamKind|Age', (p, now) => [
  p.metadata.name,
  (p.spec.mutations ?? []).length,
  paramKind(p.spec.paramKind),
  age(p, now),
]);
export const policyBindingColumns = columns<ValidatingAdmissionPolicyBinding>(
  'Name|PolicyName|ParamRef|Age',
  (b, now) => {
    const ref = b.spec.paramRef;
    const text = ref?.name ? `${ref.namespace || '*'}/${ref.name}` : ref?.selector ? selectorDump(ref.selector) : unset;
    return [b.metadata.name, b.spec.policyName ?? '', text, age(b, now)];
  },
);

/** Lists show first what is matched first. */
export const flowSchemaColumns: Columns = {
  ...columns<FlowSchema>('Name|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL', (f, now) => [
    f.metadata?.name ?? '',
    f.spec?.priorityLevelConfiguration.name ?? '',
    f.spec?.matchingPrecedence ?? 0,
    f.spec?.distinguisherMethod?.type ?? none,
    age(f as Named, now),
    f.status?.conditions?.find((c) => c.type === 'Dangling')?.status ?? '?',
  ]),
  compare: (a: FlowSchema, b: FlowSchema) => (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0),
};

export const priorityLevelColumns = columns<PriorityLevelConfiguration>(
  'Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age',
  (p, now) => {
    const queuing = p.spec?.limited?.limitResponse?.queuing;
    return [
      p.metadata?.name ?? '',
      p.spec?.type ?? '',
      p.spec?.limited?.nominalConcurrencyShares ?? none,
      queuing?.queues ?? none,
      queuing?.handSize ?? none,
      queuing?.queueLengthLimit ?? none,
      age(p as Named, now),
    ];
  },
);

export const apiServiceColumns = columns<APIService>('Name|Service|Available|Age', (a, now) => {
  const service = a.spec?.service;
  const available = a.status?.conditions?.find((c) => c.type === 'Available');
  const why = available && available.status !== 'True' && available.reason ? ` (${available.reason})` : '';
  return [
    a.metadata?.name ?? '',
    service ? `${service.namespace}/${service.name}` : 'Local',
    available ? available.status + why : 'Unknown',
    age(a as Named, now),
  ];
});

export const componentStatusColumns = columns<ComponentStatus>('Name|Status|Message|Error', (c) => {
  const healthy = c.conditions?.find((condition) => condition.type === 'Healthy');
  const status = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown';
  return [c.metadata?.name ?? '', status, healthy?.message ?? '', healthy?.error ?? ''];
});

export const resourceClaimColumns = columns<ResourceV1ResourceClaim>('Name|State|Age', (c, now) => {
  const states: string[] = [];
  if (c.metadata.deletionTimestamp) states.push('deleted');
  if (c.status?.allocation) {
    states.push('allocated');
    if ((c.status.reservedFor ?? []).length > 0) states.push('reserved');
  }
  return [c.metadata.name, states.join(',') || 'pending', age(c, now)];
});

export const resourceSliceColumns = columns<ResourceSlice>('Name|Node|Driver|Pool|Age', (s, now) => [
  s.metadata.name,
  s.spec.nodeName ?? '',
  s.spec.driver,
  s.spec.pool.name,
  age(s, now),
]);

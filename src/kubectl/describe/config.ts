// `describe` of configuration, accounts, namespaces and storage.

import type {
  ConfigMap,
  LimitRange,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PriorityClass,
  ResourceQuota,
  Secret,
  ServiceAccount,
  StorageClass,
} from '../../api/generated/types.ts';
import { canonicalQuantity } from '../../api/quantity.ts';
import type { KubeObject } from '../object.ts';
import { writeAnnotations, writeEvents, writeHead, writeLabels } from './common.ts';
import { type Describing, longTime, since } from './writer.ts';

const accessModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const modesText = (modes: string[] | undefined): string =>
  [...new Set(modes ?? [])].map((mode) => accessModes[mode] ?? mode).join(',');

const base64Length = (text: string): number => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

function head(on: Describing, object: KubeObject, namespaced: boolean): void {
  writeHead(on.w, object.metadata, namespaced);
  writeLabels(on.w, 'Labels', object.metadata.labels);
  writeAnnotations(on.w, object.metadata.annotations);
}

export async function describeConfigMap(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const map = object as unknown as ConfigMap;
  head(on, object, true);
  w.write(0, '\nData\n====\n');
  for (const key of Object.keys(map.data ?? {}).sort()) w.write(0, `${key}:\n----\n${map.data![key]}\n\n`);
  w.write(0, '\nBinaryData\n====\n');
  for (const key of Object.keys(map.binaryData ?? {}).sort())
    w.write(0, `${key}: ${base64Length(map.binaryData![key]!)} bytes\n`);
  w.write(0, '\n');
  await writeEvents(on, object);
}

export async function describeSecret(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const secret = object as unknown as Secret;
  head(on, object, true);
  w.write(0, `\nType:\t${secret.type ?? ''}\n`);
  w.write(0, '\nData\n====\n');
  for (const key of Object.keys(secret.data ?? {}).sort()) {
    const value = secret.data![key]!;
    const shown =
      key === 'token' && secret.type === 'kubernetes.io/service-account-token'
        ? atob(value)
        : `${base64Length(value)} bytes`;
    w.write(0, `${key}:\t${shown}\n`);
  }
}

export async function describeServiceAccount(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const account = object as unknown as ServiceAccount;
  head(on, object, true);
  const path = `/api/v1/namespaces/${object.metadata.namespace}/secrets`;
  const secrets =
    (await on.kube.client.json<{ items?: Secret[] }>(path).catch(() => ({ items: [] as Secret[] }))).items ?? [];
  const tokens = secrets.filter(
    (each) =>
      each.type === 'kubernetes.io/service-account-token' &&
      each.metadata.annotations?.['kubernetes.io/service-account.name'] === object.metadata.name,
  );
  const known = new Set(secrets.map((each) => each.metadata.name));
  const names = (list: { name?: string }[] | undefined) =>
    (list ?? []).map(({ name = '' }) => (known.has(name) ? name : `${name} (not found)`)).sort();
  for (const [title, values] of [
    ['Image pull secrets: ', names(account.imagePullSecrets)],
    ['Mountable secrets: ', names(account.secrets)],
    ['Tokens: ', tokens.map((each) => each.metadata.name).sort()],
  ] as const) {
    const label = title.trim().slice(0, -1);
    if (values.length === 0) w.write(0, `${label}:\t<none>\n`);
    values.forEach((value, i) => {
      w.write(0, i === 0 ? `${label}:\t${value}\n` : `\t${value}\n`);
    });
  }
  await writeEvents(on, object);
}

export async function describeNamespace(on: Describing, object: KubeObject): Promise<void> {
  const { w, kube } = on;
  const namespace = object as unknown as Namespace;
  w.write(0, `Name:\t${object.metadata.name}\n`);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, `Status:\t${namespace.status?.phase ?? ''}\n`);
  if (namespace.status?.conditions?.length) {
    w.write(0, 'Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n');
    w.write(1, '----\t------\t------------------\t------\t-------\n');
    for (const each of namespace.status.conditions) {
      w.write(
        1,
        `${each.type}\t${each.status}\t${longTime(each.lastTransitionTime)}\t${each.reason ?? ''}\t${each.message ?? ''}\n`,
      );
    }
  }
  const list = async <T>(name: string): Promise<T[]> =>
    (
      await kube.client
        .json<{ items?: T[] }>(`/api/v1/namespaces/${object.metadata.name}/${name}`)
        .catch(() => ({ items: [] as T[] }))
    ).items ?? [];
  const quotas = await list<ResourceQuota>('resourcequotas');
  w.write(0, quotas.length === 0 ? '\nNo resource quota.\n' : '\nResource Quotas\n');
  for (const quota of quotas) {
    w.write(1, `Name:\t${quota.metadata.name}\n`);
    writeQuotaRows(on, quota, 1, '---');
  }
  const ranges = await list<LimitRange>('limitranges');
  w.write(
    0,
    ranges.length === 0
      ? '\nNo LimitRange resource.\n'
      : '\nResource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n',
  );
  for (const range of ranges) writeLimits(on, range, ' ');
}

function writeQuotaRows({ w }: Describing, quota: ResourceQuota, level: number, dashes = '----'): void {
  const hard = (quota.status?.hard ?? {}) as { [name: string]: string };
  const used = (quota.status?.used ?? {}) as { [name: string]: string };
  w.write(level, 'Resource\tUsed\tHard\n');
  w.write(level, `--------\t${dashes}\t${dashes}\n`);
  for (const name of Object.keys(hard).sort()) w.write(level, `${name}\t${used[name] ?? '0'}\t${hard[name]}\n`);
}

function writeLimits({ w }: Describing, range: LimitRange, indent: string): void {
  for (const item of range.spec?.limits ?? []) {
    const lists = [item.min, item.max, item.defaultRequest, item.default, item.maxLimitRequestRatio] as (
      | { [name: string]: string }
      | undefined
    )[];
    const names = [...new Set(lists.flatMap((list) => Object.keys(list ?? {})))].sort();
    for (const name of names) {
      w.write(
        0,
        `${indent}${item.type}\t${name}\t${lists.map((list) => (list?.[name] === undefined ? '-' : canonicalQuantity(list[name]))).join('\t')}\n`,
      );
    }
  }
}

export async function describeResourceQuota(on: Describing, object: KubeObject): Promise<void> {
  writeHead(on.w, object.metadata);
  const quota = object as unknown as ResourceQuota;
  if (quota.spec?.scopes?.length) on.w.write(0, `Scopes:\t${[...quota.spec.scopes].sort().join(', ')}\n`);
  writeQuotaRows(on, quota, 0);
}

export async function describeLimitRange(on: Describing, object: KubeObject): Promise<void> {
  writeHead(on.w, object.metadata);
  on.w.write(0, 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n');
  on.w.write(0, '----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
  writeLimits(on, object as unknown as LimitRange, '');
}

export async function describePriorityClass(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const priority = object as unknown as PriorityClass;
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Value:\t${priority.value ?? 0}\n`);
  w.write(0, `GlobalDefault:\t${priority.globalDefault ?? false}\n`);
  w.write(0, `PreemptionPolicy:\t${priority.preemptionPolicy ?? ''}\n`);
  w.write(0, `Description:\t${priority.description ?? ''}\n`);
  const annotations = Object.entries(object.metadata.annotations ?? {}).sort();
  w.write(0, `Annotations:\t${annotations.map(([key, value]) => `${key}=${value}`).join(',') || '<none>'}\n`);
  await writeEvents(on, object);
}

export async function describePersistentVolume(on: Describing, object: KubeObject): Promise<void> {
  const { w, now } = on;
  const volume = object as unknown as PersistentVolume;
  const { spec } = volume;
  head(on, object, false);
  w.write(0, `Finalizers:\t[${(object.metadata.finalizers ?? []).join(' ')}]\n`);
  w.write(0, `StorageClass:\t${spec.storageClassName ?? ''}\n`);
  const { deletionTimestamp } = object.metadata;
  w.write(
    0,
    `Status:\t${deletionTimestamp ? `Terminating (lasts ${since(deletionTimestamp, now)})` : (volume.status?.phase ?? '')}\n`,
  );
  w.write(0, `Claim:\t${spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : ''}\n`);
  w.write(0, `Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ''}\n`);
  w.write(0, `Access Modes:\t${modesText(spec.accessModes)}\n`);
  if (spec.volumeMode) w.write(0, `VolumeMode:\t${spec.volumeMode}\n`);
  w.write(0, `Capacity:\t${spec.capacity?.['storage'] ?? ''}\n`);
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (!spec.nodeAffinity) w.write(0, 'Node Affinity:\t<none>\n');
  else {
    w.write(0, 'Node Affinity:\n');
    w.write(1, `Required Terms:\t${terms?.length ? '' : '<none>'}\n`);
    terms?.forEach((term, i) => {
      w.write(2, `Term ${i}:\t`);
      (term.matchExpressions ?? []).forEach((each, j) => {
        const values = each.values?.length ? ` [${each.values.join(', ')}]` : '';
        w.write(j === 0 ? 0 : 3, `${j === 0 ? '' : '\t'}${each.key} ${(each.operator ?? '').toLowerCase()}${values}\n`);
      });
    });
  }
  w.write(0, `Message:\t${volume.status?.message ?? ''}\n`);
  w.write(0, 'Source:\n');
  if (spec.hostPath) {
    w.write(2, 'Type:\tHostPath (bare host directory volume)\n');
    w.write(2, `Path:\t${spec.hostPath.path}\n`);
    w.write(2, `HostPathType:\t${spec.hostPath.type ?? '<none>'}\n`);
  } else if (spec.local) {
    w.write(2, 'Type:\tLocalVolume (a persistent volume backed by local storage on a node)\n');
    w.write(2, `Path:\t${spec.local.path}\n`);
  } else if (spec.nfs) {
    w.write(2, 'Type:\tNFS (an NFS mount that lasts the lifetime of a pod)\n');
    w.write(2, `Server:\t${spec.nfs.server}\n`);
    w.write(2, `Path:\t${spec.nfs.path}\n`);
    w.write(2, `ReadOnly:\t${spec.nfs.readOnly ?? false}\n`);
  } else if (spec.csi) {
    w.write(2, 'Type:\tCSI (a Container Storage Interface (CSI) volume source)\n');
    w.write(2, `Driver:\t${spec.csi.driver}\n`);
    w.write(2, `FSType:\t${spec.csi.fsType ?? ''}\n`);
    w.write(2, `VolumeHandle:\t${spec.csi.volumeHandle}\n`);
    w.write(2, `ReadOnly:\t${spec.csi.readOnly ?? false}\n`);
    const attributes = spec.csi.volumeAttributes ?? {};
    w.write(2, 'VolumeAttributes:\t');
    const keys = Object.keys(attributes).sort();
    if (keys.length === 0) w.write(0, '<none>\n');
    keys.forEach((key, i) => {
      w.write(i === 0 ? 0 : 2, `${i === 0 ? '' : '\t'}    ${key}=${attributes[key]}\n`);
    });
  } else w.write(1, '<unknown>\n');
  await writeEvents(on, object);
}

export async function describePersistentVolumeClaim(on: Describing, object: KubeObject): Promise<void> {
  const { w, now, kube } = on;
  const claim = object as unknown as PersistentVolumeClaim;
  writeHead(w, object.metadata);
  w.write(0, `StorageClass:\t${claim.spec.storageClassName ?? ''}\n`);
  const { deletionTimestamp } = object.metadata;
  w.write(
    0,
    `Status:\t${deletionTimestamp ? `Terminating (lasts ${since(deletionTimestamp, now)})` : (claim.status?.phase ?? '')}\n`,
  );
  w.write(0, `Volume:\t${claim.spec.volumeName ?? ''}\n`);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, `Finalizers:\t[${(object.metadata.finalizers ?? []).join(' ')}]\n`);
  const bound = claim.spec.volumeName;
  w.write(0, `Capacity:\t${bound ? (claim.status?.capacity?.['storage'] ?? '') : ''}\n`);
  w.write(0, `Access Modes:\t${bound ? modesText(claim.status?.accessModes) : ''}\n`);
  if (claim.spec.volumeMode) w.write(0, `VolumeMode:\t${claim.spec.volumeMode}\n`);
  const pods = await kube.client.json<{ items: Pod[] }>(`/api/v1/namespaces/${object.metadata.namespace}/pods`);
  const users = pods.items.filter((pod) =>
    pod.spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === object.metadata.name),
  );
  writeUsers(
    on,
    users.map((pod) => pod.metadata.name),
  );
  await writeEvents(on, object);
}

function writeUsers({ w }: Describing, names: string[]): void {
  w.write(0, 'Used By:\t');
  if (names.length === 0) w.write(0, '<none>\n');
  names.sort().forEach((name, i) => {
    w.write(0, `${i === 0 ? '' : '\t'}${name}\n`);
  });
}

export async function describeStorageClass(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const storage = object as unknown as StorageClass;
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(
    0,
    `IsDefaultClass:\t${object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? 'Yes' : 'No'}\n`,
  );
  w.write(
    0,
    `Annotations:\t${
      Object.entries(object.metadata.annotations ?? {})
        .sort()
        .map(([key, value]) => `${key}=${value}`)
        .join(',') || '<none>'
    }\n`,
  );
  w.write(0, `Provisioner:\t${storage.provisioner}\n`);
  w.write(
    0,
    `Parameters:\t${
      Object.entries(storage.parameters ?? {})
        .sort()
        .map(([key, value]) => `${key}=${value}`)
        .join(',') || '<none>'
    }\n`,
  );
  w.write(
    0,
    `AllowVolumeExpansion:\t${storage.allowVolumeExpansion === undefined ? '<unset>' : storage.allowVolumeExpansion ? 'True' : 'False'}\n`,
  );
  const options = storage.mountOptions ?? [];
  if (options.length === 0) w.write(0, 'MountOptions:\t<none>\n');
  else {
    w.write(0, 'MountOptions:\n');
    for (const option of options) w.write(1, `${option}\n`);
  }
  if (storage.reclaimPolicy) w.write(0, `ReclaimPolicy:\t${storage.reclaimPolicy}\n`);
  if (storage.volumeBindingMode) w.write(0, `VolumeBindingMode:\t${storage.volumeBindingMode}\n`);
  await writeEvents(on, object);
}

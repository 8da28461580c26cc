// Checks of the volume sources that pods and PersistentVolumes have in common (pkg/apis/core/validation: validateXVolumeSource).

import { type FieldErrorList, type FieldPath, invalid, notSupported, required, tooLong } from '../field-error.ts';
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexPersistentVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
} from '../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isInRange } from '../names.ts';
import { check, oneOf } from './common.ts';

/** One error for each of the fields that is empty. */
export function requireFields<T extends object>(
  errors: FieldErrorList,
  at: FieldPath,
  source: T,
  ...fields: (keyof T & string)[]
): void {
  for (const field of fields) {
    const value = source[field];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      errors.push(required(at.child(field)));
  }
}

/** `path` must not climb: no part of it is "..". */
export function checkNoBacksteps(errors: FieldErrorList, at: FieldPath, path: string): void {
  if (path.split('/').includes('..')) errors.push(invalid(at, path, "must not contain '..'"));
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function checkHostPath(errors: FieldErrorList, at: FieldPath, { path, type }: HostPathVolumeSource): void {
  if (!path) {
    errors.push(required(at.child('path')));
    return;
  }
  checkNoBacksteps(errors, at.child('path'), path);
  oneOf(errors, at.child('type'), type, hostPathTypes);
}

function checkPartition(errors: FieldErrorList, at: FieldPath, partition = 0): void {
  if (partition < 0 || partition > 255)
    errors.push(invalid(at.child('partition'), partition, 'must be between 1 and 255, inclusive'));
}

export function checkGceDisk(errors: FieldErrorList, at: FieldPath, source: GCEPersistentDiskVolumeSource): void {
  requireFields(errors, at, source, 'pdName');
  checkPartition(errors, at, source.partition);
}

export function checkAwsDisk(errors: FieldErrorList, at: FieldPath, source: AWSElasticBlockStoreVolumeSource): void {
  requireFields(errors, at, source, 'volumeID');
  checkPartition(errors, at, source.partition);
}

export function checkNfs(errors: FieldErrorList, at: FieldPath, source: NFSVolumeSource): void {
  requireFields(errors, at, source, 'server', 'path');
  if (!(source.path ?? '').startsWith('/'))
    errors.push(invalid(at.child('path'), source.path ?? '', 'must be an absolute path'));
}

const hostAndPort = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;
const registryMessage = 'must be a host:port pair or multiple pairs separated by commas';

export function checkQuobyte(errors: FieldErrorList, at: FieldPath, source: QuobyteVolumeSource): void {
  const { registry = '', tenant = '' } = source;
  if (registry === '') errors.push(required(at.child('registry'), registryMessage));
  else if (tenant.length >= 65)
    errors.push(required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  else
    for (const pair of registry.split(','))
      if (!hostAndPort.test(pair)) errors.push(invalid(at.child('registry'), registry, registryMessage));
  requireFields(errors, at, source, 'volume');
}

export function checkFlocker(errors: FieldErrorList, at: FieldPath, source: FlockerVolumeSource): void {
  const { datasetName, datasetUUID } = source;
  if (!datasetName && !datasetUUID) errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID)
    errors.push(invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (datasetName?.includes('/')) errors.push(invalid(at.child('datasetName'), datasetName, "must not contain '/'"));
}

function checkLun(errors: FieldErrorList, at: FieldPath, lun: number): void {
  for (const message of isInRange(lun, 0, 255)) errors.push(invalid(at.child('lun'), lun, message));
}

export function checkFibreChannel(errors: FieldErrorList, at: FieldPath, source: FCVolumeSource): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  const names = at.child('targetWWNs');
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.push(required(names, 'must specify either targetWWNs or wwids, but not both'));
  if (targetWWNs.length > 0 && wwids.length > 0)
    errors.push(invalid(names, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  if (targetWWNs.length === 0) return;
  if (lun === undefined) errors.push(required(at.child('lun'), 'lun is required if targetWWNs is specified'));
  else checkLun(errors, at, lun);
}

const qualifiedNames: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function checkQualifiedName(errors: FieldErrorList, at: FieldPath, name: string, unknown: string): void {
  const pattern = qualifiedNames[name.slice(0, 3)];
  if (!pattern) errors.push(invalid(at, name, unknown));
  else if (!pattern.test(name)) errors.push(invalid(at, name, 'must be valid format'));
}

/** What pods' and PersistentVolumes' iSCSI sources share. `volumeName` is that of a PersistentVolume. */
export function checkIscsi(
  errors: FieldErrorList,
  at: FieldPath,
  source: ISCSIVolumeSource | ISCSIPersistentVolumeSource,
  volumeName?: string,
): void {
  const unknown =
    volumeName === undefined ? 'must be valid format starting with iqn, eui, or naa' : 'must be valid format';
  const { targetPortal = '', iqn, lun = 0, initiatorName, secretRef } = source;
  requireFields(errors, at, source, 'targetPortal');
  if (volumeName !== undefined && initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > 64)
    errors.push(
      invalid(
        at.child('targetportal'),
        targetPortal,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  if (!iqn) errors.push(required(at.child('iqn')));
  else checkQualifiedName(errors, at.child('iqn'), iqn, unknown);
  checkLun(errors, at, lun);
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.push(required(at.child('secretRef')));
  if (volumeName !== undefined && secretRef) requireFields(errors, at.child('secretRef'), secretRef, 'name');
  if (initiatorName !== undefined) checkQualifiedName(errors, at.child('initiatorname'), initiatorName, unknown);
}

export function checkFlex(
  errors: FieldErrorList,
  at: FieldPath,
  source: Pick<FlexPersistentVolumeSource, 'driver' | 'options'>,
): void {
  requireFields(errors, at, source, 'driver');
  for (const key of Object.keys(source.options ?? {})) {
    const namespace = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io'))
      errors.push(invalid(at.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
}

const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function checkAzureDisk(errors: FieldErrorList, at: FieldPath, source: AzureDiskVolumeSource): void {
  const { diskURI = '', cachingMode, kind } = source;
  requireFields(errors, at, source, 'diskName', 'diskURI');
  oneOf(errors, at.child('cachingMode'), cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  oneOf(errors, at.child('kind'), kind, ['Dedicated', 'Managed', 'Shared']);
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/'))
    errors.push(notSupported(at.child('diskURI'), diskURI, [managedDisk]));
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    errors.push(notSupported(at.child('diskURI'), diskURI, [blobDisk]));
}

export function checkStorageOs(
  errors: FieldErrorList,
  at: FieldPath,
  { volumeName, volumeNamespace }: { volumeName?: string; volumeNamespace?: string },
): void {
  if (!volumeName) errors.push(required(at.child('volumeName')));
  else check(errors, at.child('volumeName'), volumeName, isDns1123Label);
  if (volumeNamespace) check(errors, at.child('volumeNamespace'), volumeNamespace, isDns1123Label);
}

/** ValidateCSIDriverName */
export function checkDriverName(errors: FieldErrorList, at: FieldPath, name = ''): void {
  if (name === '') errors.push(required(at));
  if (name.length > 63) errors.push(tooLong(at, 63));
  for (const message of isDns1123Subdomain(name.toLowerCase())) errors.push(invalid(at, name, message));
}

// Validation of a pod's volumes: exactly one source each, and that one right (pkg/apis/core/validation: ValidateVolumes, validateVolumeSource).

import { duplicate, type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type { Volume } from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../names.ts';
import { compareQuantity } from '../../quantity.ts';
import { check, requiredOneOf } from '../common.ts';
import {
  checkAwsDisk,
  checkAzureDisk,
  checkDriverName,
  checkFibreChannel,
  checkFlex,
  checkFlocker,
  checkGceDisk,
  checkHostPath,
  checkIscsi,
  checkNfs,
  checkQuobyte,
  checkStorageOs,
  requireFields,
} from '../volume-sources.ts';
import { validateClaimTemplate } from './claim-templates.ts';
import type { PodOptions } from './options.ts';
import { checkFileMode, checkLocalDescendingPath } from './paths.ts';
import { validateDownwardFile, validateItems, validateProjected } from './projected.ts';

type Source = Exclude<keyof Volume, 'name'>;
type Check<K extends Source> = (
  errors: FieldErrorList,
  source: NonNullable<Volume[K]>,
  at: FieldPath,
  options: PodOptions,
) => void;

const fields =
  <T extends object>(...names: (keyof T & string)[]) =>
  (errors: FieldErrorList, source: T, at: FieldPath) =>
    requireFields(errors, at, source, ...names);

/** Shared checks take the place before the source. */
const shared =
  <T>(test: (errors: FieldErrorList, at: FieldPath, source: T) => void) =>
  (errors: FieldErrorList, source: T, at: FieldPath) =>
    test(errors, at, source);

function checkSecretRef(errors: FieldErrorList, ref: { name?: string } | undefined, at: FieldPath): void {
  if (ref && !ref.name) errors.push(required(at.child('secretRef', 'name')));
}

/** In the order in which upstream looks for them. */
const checks: { [K in Source]-?: Check<K> } = {
  emptyDir(errors, { sizeLimit }, at) {
    if (sizeLimit !== undefined && compareQuantity(sizeLimit, 0) < 0)
      errors.push(forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  },
  hostPath: shared(checkHostPath),
  gitRepo(errors, source, at) {
    if (!source.repository) errors.push(required(at.child('repository')));
    checkLocalDescendingPath(errors, at.child('directory'), source.directory ?? '');
  },
  gcePersistentDisk: shared(checkGceDisk),
  awsElasticBlockStore: shared(checkAwsDisk),
  secret(errors, source, at) {
    if (!source.secretName) errors.push(required(at.child('secretName')));
    checkFileMode(errors, at.child('defaultMode'), source.defaultMode);
    validateItems(errors, source.items, at);
  },
  nfs: shared(checkNfs),
  iscsi: shared(checkIscsi),
  glusterfs: fields('endpoints', 'path'),
  flocker: shared(checkFlocker),
  persistentVolumeClaim: fields('claimName'),
  rbd: fields('monitors', 'image'),
  cinder(errors, source, at) {
    requireFields(errors, at, source, 'volumeID');
    checkSecretRef(errors, source.secretRef, at);
  },
  cephfs: fields('monitors'),
  quobyte: shared(checkQuobyte),
  downwardAPI(errors, source, at) {
    checkFileMode(errors, at.child('defaultMode'), source.defaultMode);
    for (const file of source.items ?? []) validateDownwardFile(errors, file, at);
  },
  fc: shared(checkFibreChannel),
  flexVolume: shared(checkFlex),
  configMap(errors, source, at) {
    if (!source.name) errors.push(required(at.child('name')));
    checkFileMode(errors, at.child('defaultMode'), source.defaultMode);
    validateItems(errors, source.items, at);
  },
  azureFile: fields('secretName', 'shareName'),
  vsphereVolume: fields('volumePath'),
  photonPersistentDisk: fields('pdID'),
  portworxVolume: fields('volumeID'),
  azureDisk: shared(checkAzureDisk),
  storageos(errors, source, at) {
    checkStorageOs(errors, at, source);
    checkSecretRef(errors, source.secretRef, at);
  },
  projected: validateProjected,
  scaleIO(errors, source, at) {
    requireFields(errors, at, source, 'gateway', 'system', 'volumeName');
  },
  csi(errors, source, at) {
    checkDriverName(errors, at.child('driver'), source.driver);
    const ref = source.nodePublishSecretRef;
    if (ref && !ref.name) errors.push(required(at.child('nodePublishSecretRef', 'name')));
    else if (ref?.name) check(errors, at.child('name'), ref.name, isDns1123Subdomain);
  },
  ephemeral(errors, source, at) {
    if (!source.volumeClaimTemplate) errors.push(required(at.child('volumeClaimTemplate')));
    else validateClaimTemplate(errors, source.volumeClaimTemplate, at.child('volumeClaimTemplate'));
  },
  image(errors, source, at, { isPod }) {
    if (isPod && !source.reference) errors.push(required(at.child('reference')));
    requiredOneOf(errors, at.child('pullPolicy'), source.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
  },
};
const order = Object.keys(checks) as Source[];

/** Where upstream spells a source's place in its own way: when there are too many, and when it is wrong. */
const tooMany: Partial<Record<Source, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };
const wrong: Partial<Record<Source, string>> = { gcePersistentDisk: 'persistentDisk' };

const maxIscsiName = 64;

function validateSource(errors: FieldErrorList, volume: Volume, at: FieldPath, options: PodOptions): void {
  let count = 0;
  for (const source of order) {
    const given = volume[source];
    if (given === undefined) continue;
    count++;
    if (count > 1) {
      errors.push(forbidden(at.child(tooMany[source] ?? source), 'may not specify more than 1 volume type'));
      continue;
    }
    (checks[source] as Check<Source>)(errors, given, at.child(wrong[source] ?? source), options);
  }
  if (count === 0) errors.push(required(at, 'must specify a volume type'));
  const { iscsi, ephemeral, name = '' } = volume;
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal ?? ''}`.length > maxIscsiName)
    errors.push(
      invalid(
        at.child('name'),
        name,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  const pod = options.metadata?.name;
  if (!ephemeral || !pod || !name) return;
  for (const message of isDns1123Subdomain(`${pod}-${name}`))
    errors.push(invalid(at.child('name'), name, `PVC name ${JSON.stringify(`${pod}-${name}`)}: ${message}`));
}

/** The volumes that are right, by name: only those can be mounted. */
export function validateVolumes(
  errors: FieldErrorList,
  volumes: readonly Volume[],
  at: FieldPath,
  options: PodOptions,
): Map<string, Volume> {
  const good = new Map<string, Volume>();
  const pod = options.metadata?.name;
  for (const [i, volume] of volumes.entries()) {
    const where = at.index(i);
    const before = errors.length;
    validateSource(errors, volume, where, options);
    const { name = '', persistentVolumeClaim: claim } = volume;
    if (name === '') errors.push(required(where.child('name')));
    else for (const message of isDns1123Label(name)) errors.push(invalid(where.child('name'), name, message));
    if (good.has(name)) errors.push(duplicate(where.child('name'), name));
    if (errors.length === before) good.set(name, volume);
    const makesIt = (other: Volume) => other.ephemeral && claim?.claimName === `${pod}-${other.name}`;
    if (claim && pod && volumes.some(makesIt))
      errors.push(
        invalid(
          where.child('persistentVolumeClaim', 'claimName'),
          claim.claimName,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      );
  }
  return good;
}

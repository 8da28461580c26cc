// Where a PersistentVolume's data is: exactly one source, checked as its kind needs (pkg/apis/core/validation: ValidatePersistentVolumeSpec and the
// validateXPersistentVolumeSource functions).

import { type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type { CSIPersistentVolumeSource, PersistentVolumeSpec, SecretReference } from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../names.ts';
import { check } from '../common.ts';
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
  checkNoBacksteps,
  checkQuobyte,
  checkStorageOs,
  requireFields,
} from '../volume-sources.ts';

export interface VolumeContext {
  /** The volume's name, of which iSCSI makes part of an interface's. */
  name: string;
  spec: PersistentVolumeSpec;
  /** Where the spec stands. */
  at: FieldPath;
}

type SourceField = Exclude<
  keyof PersistentVolumeSpec,
  | 'accessModes'
  | 'capacity'
  | 'claimRef'
  | 'mountOptions'
  | 'nodeAffinity'
  | 'persistentVolumeReclaimPolicy'
  | 'storageClassName'
  | 'volumeAttributesClassName'
  | 'volumeMode'
>;
type Check<F extends SourceField> = (
  errors: FieldErrorList,
  at: FieldPath,
  source: NonNullable<PersistentVolumeSpec[F]>,
  context: VolumeContext,
) => void;

const needs =
  (...fields: string[]) =>
  (errors: FieldErrorList, at: FieldPath, source: object): void =>
    requireFields(errors, at, source as Record<string, unknown>, ...fields);

function checkSecretReference(errors: FieldErrorList, at: FieldPath, reference: SecretReference | undefined): void {
  if (!reference) return;
  const { name, namespace } = reference;
  if (name) check(errors, at.child('name'), name, isDns1123Subdomain);
  else errors.push(required(at.child('name')));
  if (namespace) check(errors, at.child('namespace'), namespace, isDns1123Label);
  else errors.push(required(at.child('namespace')));
}

function checkCsi(errors: FieldErrorList, at: FieldPath, source: CSIPersistentVolumeSource): void {
  checkDriverName(errors, at.child('driver'), source.driver);
  requireFields(errors, at, source, 'volumeHandle');
  for (const field of [
    'controllerPublishSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const)
    checkSecretReference(errors, at.child(field), source[field]);
}

/** In the order in which upstream looks for them: the first is the one, others are too many. */
const checks: { [F in SourceField]: Check<F> } = {
  hostPath: checkHostPath,
  gcePersistentDisk: checkGceDisk,
  awsElasticBlockStore: checkAwsDisk,
  glusterfs(errors, at, source) {
    requireFields(errors, at, source, 'endpoints', 'path');
    const { endpointsNamespace: namespace } = source;
    const where = at.child('endpointsNamespace');
    if (namespace === '')
      errors.push(invalid(where, '', 'if the endpointnamespace is set, it must be a valid namespace name'));
    else if (namespace !== undefined) check(errors, where, namespace, isDns1123Label);
  },
  flocker: checkFlocker,
  nfs: checkNfs,
  rbd: needs('monitors', 'image'),
  quobyte: checkQuobyte,
  cephfs: needs('monitors'),
  iscsi: (errors, at, source, { name }) => checkIscsi(errors, at, source, name),
  cinder(errors, at, source) {
    requireFields(errors, at, source, 'volumeID');
    if (source.secretRef) requireFields(errors, at.child('secretRef'), source.secretRef, 'name', 'namespace');
  },
  fc: checkFibreChannel,
  flexVolume: checkFlex,
  azureFile(errors, at, source) {
    requireFields(errors, at, source, 'secretName', 'shareName');
    if (source.secretNamespace === '') errors.push(required(at.child('secretNamespace')));
  },
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: checkAzureDisk,
  scaleIO: needs('gateway', 'system', 'volumeName'),
  local(errors, at, { path }, { spec, at: specAt }) {
    if (path) checkNoBacksteps(errors, at.child('path'), path);
    else errors.push(required(at.child('path')));
    if (!spec.nodeAffinity) errors.push(required(specAt.child('nodeAffinity'), 'Local volume requires node affinity'));
  },
  storageos(errors, at, source) {
    checkStorageOs(errors, at, source);
    if (source.secretRef) requireFields(errors, at.child('secretRef'), source.secretRef, 'name', 'namespace');
  },
  csi: checkCsi,
};

const sourceFields = Object.keys(checks) as SourceField[];

/** Names that upstream's errors use in place of the field's. */
const checkedAs: Partial<Record<SourceField, string>> = { gcePersistentDisk: 'persistentDisk' };
const surplusAs: Partial<Record<SourceField, string>> = { cephfs: 'cephFS' };

/** The part of the spec that says where the data is. */
export function sourceOf(spec: PersistentVolumeSpec): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of sourceFields) if (spec[field] !== undefined) out[field] = spec[field];
  return out;
}

export function checkVolumeSource(errors: FieldErrorList, context: VolumeContext): void {
  const { at } = context;
  let found = false;
  for (const field of sourceFields) {
    const source = context.spec[field];
    if (source === undefined) continue;
    if (found && field !== 'flexVolume')
      errors.push(forbidden(at.child(surplusAs[field] ?? field), 'may not specify more than 1 volume type'));
    else (checks[field] as Check<never>)(errors, at.child(checkedAs[field] ?? field), source as never, context);
    found = true;
  }
  if (!found) errors.push(required(at, 'must specify a volume type'));
}

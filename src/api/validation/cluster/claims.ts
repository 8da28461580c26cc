// Validation of PersistentVolumeClaims (pkg/apis/core/validation: ValidatePersistentVolumeClaimSpec, ValidatePersistentVolumeClaimUpdate,
// ValidatePersistentVolumeClaimStatusUpdate).

import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from '../../field-error.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedObjectReference } from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { compareQuantity, quantityValue } from '../../quantity.ts';
import { check, immutable, immutableMessage, metadataPath, oneOf, semanticEqual, specPath } from '../common.ts';
import { checkQuantityOf, isNativeResource } from './resource-names.ts';
import { checkSelector } from './selectors.ts';
import { checkAccessModes, notPositive, volumeModes } from './volumes.ts';

export const validateClaim = ({ spec }: PersistentVolumeClaim): FieldErrorList => {
  const errors: FieldErrorList = [];
  checkClaimSpec(errors, specPath, spec);
  return errors;
};

/** The spec of a claim or of a template of claims. `old`: what of it may stay although it is not valid. */
export function checkClaimSpec(
  errors: FieldErrorList,
  at: FieldPath,
  spec: PersistentVolumeClaimSpec,
  old?: PersistentVolumeClaimSpec,
): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(required(at.child('accessModes'), 'at least 1 access mode is required'));
  if (spec.selector) checkSelector(errors, at.child('selector'), spec.selector, old?.selector);
  checkAccessModes(errors, at.child('accessModes'), modes);
  const storage = spec.resources?.requests?.['storage'];
  const storagePath = at.child('resources').key('storage');
  if (storage === undefined) errors.push(required(storagePath));
  else if (compareQuantity(storage, 0) <= 0) errors.push(invalid(storagePath, storage, notPositive));
  if (spec.storageClassName) check(errors, at.child('storageClassName'), spec.storageClassName, isDns1123Subdomain);
  oneOf(errors, at.child('volumeMode'), spec.volumeMode, volumeModes);
  checkDataSources(errors, at, spec, old);
  if (spec.volumeAttributesClassName)
    check(errors, at.child('volumeAttributesClassName'), spec.volumeAttributesClassName, isDns1123Subdomain);
}

function checkDataSources(
  errors: FieldErrorList,
  at: FieldPath,
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec | undefined,
): void {
  const anyGroup = old?.dataSource?.apiGroup !== undefined || old?.dataSourceRef?.apiGroup !== undefined;
  if (dataSource) checkDataSource(errors, at.child('dataSource'), dataSource, anyGroup);
  if (!dataSourceRef) return;
  const where = at.child('dataSourceRef');
  checkDataSource(errors, where, dataSourceRef, anyGroup);
  if (dataSourceRef.namespace) {
    check(errors, where.child('namespace'), dataSourceRef.namespace, isDns1123Label);
    if (dataSource) errors.push(invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (
    dataSource &&
    (dataSource.apiGroup !== dataSourceRef.apiGroup ||
      dataSource.kind !== dataSourceRef.kind ||
      dataSource.name !== dataSourceRef.name)
  ) {
    errors.push(invalid(at, {}, 'must match dataSourceRef'));
  }
}

function checkDataSource(
  errors: FieldErrorList,
  at: FieldPath,
  { name, kind = '', apiGroup }: TypedObjectReference,
  anyGroup: boolean,
): void {
  if (!name) errors.push(required(at.child('name')));
  if (!kind) errors.push(required(at.child('kind')));
  if (!apiGroup) {
    if (kind !== 'PersistentVolumeClaim')
      errors.push(invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  } else if (!anyGroup) {
    check(errors, at.child('apiGroup'), apiGroup, isDns1123Subdomain);
  }
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const sizePath = specPath.child('resources', 'requests', 'storage');
const attributesPath = specPath.child('volumeAttributesClassName');

export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldErrorList {
  const errors: FieldErrorList = [];
  checkClaimSpec(errors, specPath, claim.spec, old.spec);
  checkFrozenSpec(errors, claim, old);
  const size = claim.spec.resources?.requests?.['storage'] ?? '0';
  if (compareQuantity(size, old.spec.resources?.requests?.['storage'] ?? '0') < 0)
    if (compareQuantity(size, old.status?.capacity?.['storage'] ?? '0') <= 0)
      errors.push(forbidden(sizePath, 'field can not be less than status.capacity'));
  immutable(errors, path('volumeMode'), claim.spec.volumeMode, old.spec.volumeMode);
  const now = claim.spec.volumeAttributesClassName;
  // A change that the driver found infeasible may be taken back.
  if (old.spec.volumeAttributesClassName !== undefined && old.status?.modifyVolumeStatus?.status !== 'Infeasible') {
    if (now === undefined) errors.push(forbidden(attributesPath, 'update from non-nil value to nil is forbidden'));
    else if (now === '' && old.spec.volumeAttributesClassName !== '')
      errors.push(forbidden(attributesPath, 'update from non-nil value to an empty string is forbidden'));
  }
  return errors;
}

/** All but: the volume, once; the class, once, or from the annotation; the size and the attributes of a bound claim. */
function checkFrozenSpec(errors: FieldErrorList, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  const now: Record<string, unknown> = { ...claim.spec };
  const before: Record<string, unknown> = { ...old.spec };
  if (!old.spec.volumeName) {
    delete now['volumeName'];
    delete before['volumeName'];
  }
  const annotated = old.metadata?.annotations?.[classAnnotation];
  const annotation = claim.metadata?.annotations?.[classAnnotation];
  const name = claim.spec.storageClassName;
  const unset = old.spec.storageClassName === undefined && name !== undefined;
  const fromAnnotation = unset && annotated === name && (annotation === undefined || annotation === annotated);
  if (!fromAnnotation && (annotation ?? '') !== (annotated ?? ''))
    errors.push(invalid(metadataPath.child('annotations', classAnnotation), annotation ?? '', immutableMessage));
  if (unset && (annotated === undefined || annotated === name)) delete now['storageClassName'];
  const bound = claim.status?.phase === 'Bound';
  if (bound && claim.spec.resources?.requests) {
    const requests = { ...claim.spec.resources.requests };
    const storage = old.spec.resources?.requests?.['storage'];
    if (storage === undefined) delete requests['storage'];
    else requests['storage'] = storage;
    now['resources'] = { ...claim.spec.resources, requests };
  }
  if (bound && claim.spec.volumeAttributesClassName !== undefined) {
    delete now['volumeAttributesClassName'];
    delete before['volumeAttributesClassName'];
  }
  if (!semanticEqual(now, before))
    errors.push(
      forbidden(
        specPath,
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

export function validateClaimStatusUpdate({ spec, status }: PersistentVolumeClaim): FieldErrorList {
  const errors: FieldErrorList = [];
  if ((spec.accessModes ?? []).length === 0) errors.push(required(path('Spec', 'accessModes')));
  for (const [name, quantity] of Object.entries(status?.capacity ?? {}))
    checkBasic(errors, path('status', 'capacity').key(name), quantity);
  const states = path('status', 'allocatedResourceStatus');
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    checkResourceKey(errors, states, name);
    if (!resizeStates.includes(state)) errors.push(notSupported(states, name, resizeStates));
  }
  const allocated = path('status', 'allocatedResources');
  for (const [name, quantity] of Object.entries(status?.allocatedResources ?? {})) {
    if (!checkResourceKey(errors, allocated, name)) continue;
    if (checkBasic(errors, allocated.key(name), quantity))
      checkQuantityOf(errors, allocated.key(name), 'storage', quantity);
  }
  return errors;
}

function checkBasic(errors: FieldErrorList, at: FieldPath, quantity: string): boolean {
  const value = quantityValue(quantity);
  if (value < 0) errors.push(invalid(at, value, 'must be a valid resource quantity'));
  return value >= 0;
}

/** Native resources of a claim are its storage and nothing else. */
function checkResourceKey(errors: FieldErrorList, at: FieldPath, name: string): boolean {
  const before = errors.length;
  check(errors, at, name, isQualifiedName);
  if (errors.length === before && isNativeResource(name) && name !== 'storage')
    errors.push(notSupported(at, name, ['storage']));
  return errors.length === before;
}

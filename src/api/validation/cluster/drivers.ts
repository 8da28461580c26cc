// Validation of the kinds by which storage drivers introduce themselves (pkg/apis/storage/validation).

import {
  duplicate,
  type FieldErrorList,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from '../../field-error.ts';
import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment } from '../../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { compareQuantity } from '../../quantity.ts';
import { check, immutable, nonNegative, nonNegativeMessage, oneOf, specPath, unique } from '../common.ts';
import { checkDriverName } from '../volume-sources.ts';
import { checkSelector } from './selectors.ts';
import { checkInlineVolume } from './volumes.ts';

const maxNodeId = 256;
const lifecycleModes = ['Persistent', 'Ephemeral'];
const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];

export function validateCsiDriver({ spec }: CSIDriver): FieldErrorList {
  const errors: FieldErrorList = [];
  oneOf(errors, specPath.child('fsGroupPolicy'), spec.fsGroupPolicy, fsGroupPolicies);
  const audiences = new Set<string>();
  for (const [i, { audience, expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = specPath.child('tokenRequests').index(i);
    if (audiences.has(audience)) {
      errors.push(duplicate(at.child('audience'), audience));
      continue;
    }
    audiences.add(audience);
    if (expirationSeconds === undefined) continue;
    const seconds = at.child('expirationSeconds');
    if (expirationSeconds < 600)
      errors.push(invalid(seconds, expirationSeconds, 'may not specify a duration less than 10 minutes'));
    if (expirationSeconds > 2 ** 32)
      errors.push(invalid(seconds, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  const modes = specPath.child('volumeLifecycleModes');
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!lifecycleModes.includes(mode)) errors.push(notSupported(modes, mode, lifecycleModes));
  if (spec.serviceAccountTokenInSecrets !== undefined && (spec.tokenRequests ?? []).length === 0)
    errors.push(
      invalid(
        specPath.child('serviceAccountTokenInSecrets'),
        spec.serviceAccountTokenInSecrets,
        'may only be set when tokenRequests is set',
      ),
    );
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < 10)
    errors.push(
      invalid(
        specPath.child('nodeAllocatableUpdatePeriodSeconds'),
        period,
        'must be greater than or equal to 10 seconds',
      ),
    );
  return errors;
}

export function validateCsiDriverUpdate({ spec }: CSIDriver, old: CSIDriver): FieldErrorList {
  const errors: FieldErrorList = [];
  // the name of the field is upstream's slip
  immutable(errors, specPath.child('attachedRequired'), spec.attachRequired, old.spec.attachRequired);
  immutable(errors, specPath.child('volumeLifecycleModes'), spec.volumeLifecycleModes, old.spec.volumeLifecycleModes);
  return errors;
}

const drivers = specPath.child('drivers');

export function validateCsiNode({ spec }: CSINode): FieldErrorList {
  const errors: FieldErrorList = [];
  const names = new Set<string>();
  for (const [i, driver] of (spec.drivers ?? []).entries()) {
    const at = drivers.index(i);
    checkDriverName(errors, at.child('name'), driver.name);
    if (!driver.nodeID) errors.push(required(at.child('nodeID')));
    else if (driver.nodeID.length > maxNodeId)
      errors.push(invalid(at.child('nodeID'), driver.nodeID, `must be ${maxNodeId} characters or less`));
    nonNegative(errors, at.child('allocatable').child('count'), driver.allocatable?.count);
    unique(errors, names, at.child('name'), driver.name);
    const keys = new Set<string>();
    for (const key of driver.topologyKeys ?? []) {
      if (key === '') errors.push(required(at));
      unique(errors, keys, at, key);
      check(errors, at, key, isQualifiedName);
    }
  }
  return errors;
}

/** A driver's entry is what it was, but for how many volumes it takes. */
export function validateCsiNodeUpdate({ spec }: CSINode, old: CSINode): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const { allocatable: _before, ...before } of old.spec.drivers ?? [])
    for (const { allocatable: _after, ...after } of spec.drivers ?? [])
      if (before.name === after.name) immutable(errors, drivers, after, before);
  return errors;
}

export const validateCsiStorageCapacity = (object: CSIStorageCapacity): FieldErrorList => validateCapacity(object);

function validateCapacity(object: CSIStorageCapacity, old?: CSIStorageCapacity): FieldErrorList {
  const errors: FieldErrorList = [];
  checkSelector(errors, path('nodeTopology'), object.nodeTopology, old?.nodeTopology);
  check(errors, path('storageClassName'), object.storageClassName, isDns1123Subdomain);
  if (object.capacity !== undefined && compareQuantity(object.capacity, 0) < 0)
    errors.push(invalid(path('capacity'), object.capacity, nonNegativeMessage));
  return errors;
}

export function validateCsiStorageCapacityUpdate(now: CSIStorageCapacity, old: CSIStorageCapacity): FieldErrorList {
  const errors = validateCapacity(now, old);
  for (const field of ['nodeTopology', 'storageClassName'] as const)
    immutable(errors, path(field), now[field], old[field]);
  return errors;
}

const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
const attacherPath = specPath.child('attacher');
const volumeNamePath = specPath.child('source', 'persistentVolumeName');
const limits = { metadata: 256 * 1024, message: 1024 };

/** A new VolumeAttachment: what all are asked, and names that mean something. */
export function validateVolumeAttachment(attachment: VolumeAttachment): FieldErrorList {
  const errors: FieldErrorList = [];
  checkAttachment(errors, attachment);
  checkDriverName(errors, attacherPath, attachment.spec.attacher);
  const volume = attachment.spec.source.persistentVolumeName;
  if (volume !== undefined) check(errors, volumeNamePath, volume, isDns1123Subdomain);
  return errors;
}

function checkAttachment(errors: FieldErrorList, { spec, status }: VolumeAttachment): void {
  if (!spec.attacher) errors.push(required(attacherPath));
  const { inlineVolumeSpec, persistentVolumeName } = spec.source;
  const source = specPath.child('source');
  if (inlineVolumeSpec && persistentVolumeName !== undefined) errors.push(forbidden(source, exactlyOne));
  else if (persistentVolumeName === '')
    errors.push(required(volumeNamePath, 'must specify non empty persistentVolumeName'));
  else if (inlineVolumeSpec) checkInlineVolume(errors, source.child('inlineVolumeSpec'), inlineVolumeSpec);
  else if (persistentVolumeName === undefined) errors.push(required(source, exactlyOne));
  check(errors, specPath.child('nodeName'), spec.nodeName, isDns1123Subdomain);
  const size = Object.entries(status?.attachmentMetadata ?? {}).reduce((sum, pair) => sum + pair.join('').length, 0);
  if (size > limits.metadata) errors.push(tooLong(path('status', 'attachmentMetadata'), limits.metadata));
  for (const field of ['attachError', 'detachError'] as const) {
    const error = status?.[field];
    if (!error) continue;
    const at = path('status', field);
    // the limit that is told is not the one that counts: upstream's slip
    if ((error.message ?? '').length > limits.message) errors.push(tooLong(at.child('message'), limits.metadata));
    if (error.errorCode !== undefined && error.errorCode < 0)
      errors.push(invalid(at.child('errorCode'), error.errorCode, 'must be between 0 and 2147483647, inclusive'));
  }
}

/** Judges changes of the status too. */
export function validateVolumeAttachmentUpdate(attachment: VolumeAttachment, old: VolumeAttachment): FieldErrorList {
  const errors: FieldErrorList = [];
  checkAttachment(errors, attachment);
  immutable(errors, specPath, attachment.spec, old.spec);
  return errors;
}

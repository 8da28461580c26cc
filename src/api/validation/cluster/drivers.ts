// Validation of the kinds by which storage drivers introduce themselves (pkg/apis/storage/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from '../../field-error.ts';
import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment } from '../../generated/types.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../names.ts';
import { quantityValue, tryParseQuantity } from '../../quantity.ts';
import {
  check,
  immutable,
  nonNegative,
  nonNegativeMessage,
  oneOf,
  specPath,
  unique,
  validateLabelSelector,
} from '../common.ts';

const maxDriverName = 63;
const maxNodeId = 256;
const lifecycleModes = ['Persistent', 'Ephemeral'];
const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];

function validateDriverName(errors: FieldErrorList, at: FieldPath, name: string): void {
  if (name === '') errors.push(required(at));
  if (name.length > maxDriverName) errors.push(tooLong(at, maxDriverName));
  for (const message of isDns1123Subdomain(name.toLowerCase())) errors.push(invalid(at, name, message));
}

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
    validateDriverName(errors, at.child('name'), driver.name);
    if (driver.nodeID === '') errors.push(required(at.child('nodeID')));
    if (driver.nodeID.length > maxNodeId)
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

export function validateCsiStorageCapacity(object: CSIStorageCapacity): FieldErrorList {
  const errors: FieldErrorList = [];
  validateLabelSelector(errors, object.nodeTopology, path('nodeTopology'));
  check(errors, path('storageClassName'), object.storageClassName, isDns1123Subdomain);
  const capacity = object.capacity === undefined ? undefined : tryParseQuantity(object.capacity);
  if (capacity && quantityValue(capacity) < 0)
    errors.push(invalid(path('capacity'), object.capacity, nonNegativeMessage));
  return errors;
}

export function validateCsiStorageCapacityUpdate(now: CSIStorageCapacity, old: CSIStorageCapacity): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const field of ['nodeTopology', 'storageClassName'] as const)
    immutable(errors, path(field), now[field], old[field]);
  return errors;
}

const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

export function validateVolumeAttachment({ spec }: VolumeAttachment): FieldErrorList {
  const errors: FieldErrorList = [];
  validateDriverName(errors, specPath.child('attacher'), spec.attacher);
  const { inlineVolumeSpec, persistentVolumeName } = spec.source;
  const source = specPath.child('source');
  if (inlineVolumeSpec && persistentVolumeName !== undefined) errors.push(forbidden(source, exactlyOne));
  else if (persistentVolumeName === '')
    errors.push(required(source.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'));
  else if (!inlineVolumeSpec && persistentVolumeName === undefined) errors.push(required(source, exactlyOne));
  check(errors, specPath.child('nodeName'), spec.nodeName, isDns1123Subdomain);
  return errors;
}

export function validateVolumeAttachmentUpdate({ spec }: VolumeAttachment, old: VolumeAttachment): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, specPath, spec, old.spec);
  return errors;
}

// Validation of what a container mounts, as files and as block devices (pkg/apis/core/validation: ValidateVolumeMounts, ValidateVolumeDevices).

import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../field-error.ts';
import type { Container, Volume, VolumeDevice, VolumeMount } from '../../generated/types.ts';
import { checkLocalDescendingPath } from './paths.ts';

/** The pod's valid volumes by name. */
export type Volumes = ReadonlyMap<string, Volume>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const readOnlyModes = ['Disabled', 'Enabled', 'IfPossible'];

function validatePropagation(errors: FieldErrorList, mode: string, container: Container, at: FieldPath): void {
  if (!propagations.includes(mode)) errors.push(notSupported(at, mode, propagations));
  if (mode === 'Bidirectional' && !container.securityContext?.privileged)
    errors.push(forbidden(at, 'Bidirectional mount propagation is available only to privileged containers'));
}

function validateRecursiveReadOnly(errors: FieldErrorList, mount: VolumeMount, at: FieldPath): void {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount;
  if (mode === undefined || mode === 'Disabled') return;
  if (!readOnlyModes.includes(mode)) {
    errors.push(notSupported(at, mode, readOnlyModes));
    return;
  }
  if (!readOnly) errors.push(forbidden(at, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None')
    errors.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
}

/** Upstream names the list, not the mount, where a path or a mode is wrong. */
export function validateMounts(errors: FieldErrorList, container: Container, volumes: Volumes, at: FieldPath): void {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const { name = '', mountPath = '', subPath, subPathExpr, mountPropagation } = mount;
    const where = at.index(i);
    if (name === '') errors.push(required(where.child('name')));
    if (!volumes.has(name)) errors.push(notFound(where.child('name'), name));
    if (mountPath === '') errors.push(required(where.child('mountPath')));
    if (paths.has(mountPath)) errors.push(invalid(where.child('mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name))
      errors.push(invalid(where.child('name'), name, 'must not already exist in volumeDevices'));
    if (devices.some(({ devicePath }) => devicePath === mountPath))
      errors.push(invalid(where.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    if (subPath) checkLocalDescendingPath(errors, at.child('subPath'), subPath);
    if (subPathExpr) {
      if (subPath)
        errors.push(invalid(where.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      checkLocalDescendingPath(errors, at.child('subPathExpr'), subPathExpr);
    }
    if (mountPropagation !== undefined)
      validatePropagation(errors, mountPropagation, container, at.child('mountPropagation'));
    validateRecursiveReadOnly(errors, mount, at.child('recursiveReadOnly'));
  }
}

export function validateDevices(
  errors: FieldErrorList,
  devices: readonly VolumeDevice[],
  mounts: readonly VolumeMount[],
  volumes: Volumes,
  at: FieldPath,
): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [i, { name = '', devicePath = '' }] of devices.entries()) {
    const nameAt = at.index(i).child('name');
    const pathAt = at.index(i).child('devicePath');
    const volume = volumes.get(name);
    if (name === '') errors.push(required(nameAt));
    if (names.has(name)) errors.push(invalid(nameAt, name, 'must be unique'));
    if (!volume) errors.push(notFound(nameAt, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(
        invalid(nameAt, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'),
      );
    if (devicePath === '') errors.push(required(pathAt));
    if (paths.has(devicePath)) errors.push(invalid(pathAt, devicePath, 'must be unique'));
    if (devicePath.split('/').includes('..'))
      errors.push(invalid(pathAt, devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name))
      errors.push(invalid(nameAt, name, 'must not already exist in volumeMounts'));
    if (mounts.some(({ mountPath }) => mountPath === devicePath))
      errors.push(invalid(pathAt, devicePath, 'must not already exist as a path in volumeMounts'));
    if (name !== '') names.add(name);
  }
}

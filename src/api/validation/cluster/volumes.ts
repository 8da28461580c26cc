// Validation of PersistentVolumes (pkg/apis/core/validation: ValidatePersistentVolumeSpec, ValidatePersistentVolumeUpdate).

import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from '../../field-error.ts';
import type {
  NodeSelector,
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
} from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { compareQuantity, quantityValue } from '../../quantity.ts';
import { check, immutable, immutableMessage, oneOf, semanticEqual, specPath } from '../common.ts';
import { checkNodeSelector } from '../node-selector.ts';
import { checkVolumeSource, sourceOf } from './volume-sources.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes: readonly string[] = ['Block', 'Filesystem'];
export const notPositive = 'must be greater than zero';

/** Shared with claims: known modes, and ReadWriteOncePod alone. */
export function checkAccessModes(errors: FieldErrorList, at: FieldPath, modes: readonly string[]): void {
  for (const mode of modes) oneOf(errors, at, mode, accessModes);
  const known = modes.filter((mode) => accessModes.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'));
}

export const validateVolume = (volume: PersistentVolume): FieldErrorList => validate(volume, undefined);

function validate({ metadata, spec }: PersistentVolume, old: PersistentVolume | undefined): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = specPath;
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(required(at.child('accessModes')));
  checkAccessModes(errors, at.child('accessModes'), modes);
  checkCapacity(errors, at.child('capacity'), spec.capacity ?? {});
  oneOf(errors, at.child('persistentVolumeReclaimPolicy'), spec.persistentVolumeReclaimPolicy || undefined, [
    'Delete',
    'Recycle',
    'Retain',
  ]);
  if (spec.nodeAffinity) checkAffinity(errors, at.child('nodeAffinity', 'required'), spec.nodeAffinity, old);
  checkVolumeSource(errors, { name: metadata?.name ?? '', spec, at });
  if (spec.persistentVolumeReclaimPolicy === 'Recycle' && isRoot(spec.hostPath?.path))
    errors.push(
      forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"),
    );
  if (spec.storageClassName) check(errors, at.child('storageClassName'), spec.storageClassName, isDns1123Subdomain);
  oneOf(errors, at.child('volumeMode'), spec.volumeMode, volumeModes);
  checkAttributesClass(errors, at, spec);
  return errors;
}

/** Whether a path is "/" once it is cleaned. */
const isRoot = (text: string | undefined): boolean =>
  text?.startsWith('/') === true && text.split('/').every((part) => part === '' || part === '.' || part === '..');

function checkCapacity(errors: FieldErrorList, at: FieldPath, capacity: Record<string, string>): void {
  const entries = Object.entries(capacity);
  if (entries.length === 0) errors.push(required(at));
  if (capacity['storage'] === undefined || entries.length > 1)
    errors.push(notSupported(at, entries.length > 0 ? capacity : null, ['storage']));
  for (const [name, quantity] of entries) {
    const value = quantityValue(quantity);
    if (value < 0) errors.push(invalid(at.key(name), value, 'must be a valid resource quantity'));
    if (compareQuantity(quantity, 0) <= 0) errors.push(invalid(at.key(name), quantity, notPositive));
  }
}

function checkAffinity(
  errors: FieldErrorList,
  at: FieldPath,
  affinity: VolumeNodeAffinity,
  old: PersistentVolume | undefined,
): void {
  if (!affinity.required) {
    errors.push(required(at, 'must specify required node constraints'));
    return;
  }
  checkNodeSelector(errors, at, affinity.required, hasBadValues(old?.spec.nodeAffinity?.required));
}

function hasBadValues(selector: NodeSelector | undefined): boolean {
  if (!selector) return false;
  const errors: FieldErrorList = [];
  checkNodeSelector(errors, path(), selector);
  return errors.some(({ field }) => field.includes('.values['));
}

function checkAttributesClass(errors: FieldErrorList, at: FieldPath, spec: PersistentVolumeSpec): void {
  const name = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const where = at.child('volumeAttributesClassName');
  if (name === '') errors.push(required(where, 'an empty string is disallowed'));
  else check(errors, where, name, isDns1123Subdomain);
  if (!spec.csi) errors.push(required(at.child('csi'), 'has to be specified when using volumeAttributesClassName'));
}

/** A volume inside a VolumeAttachment: only of a CSI driver, and without what concerns claims. */
export function checkInlineVolume(errors: FieldErrorList, at: FieldPath, spec: PersistentVolumeSpec): void {
  const context = 'in the context of inline volumes';
  const never = (field: string) => errors.push(forbidden(at.child(field), `may not be specified ${context}`));
  if (spec.claimRef) never('claimRef');
  if (Object.keys(spec.capacity ?? {}).length > 0) never('capacity');
  if (!spec.csi) errors.push(required(at.child('csi'), `has to be specified ${context}`));
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(required(at.child('accessModes')));
  checkAccessModes(errors, at.child('accessModes'), modes);
  if (spec.persistentVolumeReclaimPolicy && spec.persistentVolumeReclaimPolicy !== 'Retain')
    errors.push(forbidden(at.child('persistentVolumeReclaimPolicy'), `may only be Retain ${context}`));
  if (spec.nodeAffinity) never('nodeAffinity');
  checkVolumeSource(errors, { name: '', spec, at });
  if (spec.storageClassName) never('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    errors.push(forbidden(at.child('volumeMode'), `may not specify volumeMode other than Filesystem ${context}`));
}

export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldErrorList {
  const errors = validate(volume, old);
  const source = sourceOf(volume.spec);
  // A secret for growing the volume may be named later.
  if (volume.spec.csi?.controllerExpandSecretRef && old.spec.csi && !old.spec.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = volume.spec.csi;
    source['csi'] = csi;
  }
  if (!semanticEqual(source, sourceOf(old.spec)))
    errors.push(
      forbidden(specPath.child('persistentvolumesource'), 'spec.persistentvolumesource is immutable after creation'),
    );
  immutable(errors, path('volumeMode'), volume.spec.volumeMode, old.spec.volumeMode);
  if (old.spec.nodeAffinity && !sameAffinity(volume.spec.nodeAffinity, old.spec.nodeAffinity))
    errors.push(
      invalid(
        path('nodeAffinity'),
        volume.spec.nodeAffinity ?? null,
        `${immutableMessage}, except for updating from beta label to GA`,
      ),
    );
  if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined)
    errors.push(
      forbidden(specPath.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'),
    );
  return errors;
}

const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The same, but for labels that are named by their stable names now. */
function sameAffinity(now: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): boolean {
  const follow = (list: NodeSelectorRequirement[] | undefined, other: NodeSelectorRequirement[] | undefined) =>
    list?.map((each, i) => {
      const key = other?.[i]?.key;
      return key !== undefined && stableLabels[each.key] === key ? { ...each, key } : each;
    });
  const terms = old.required?.nodeSelectorTerms?.map((term, i) => {
    const after = now?.required?.nodeSelectorTerms?.[i];
    const matchExpressions = follow(term.matchExpressions, after?.matchExpressions);
    return matchExpressions ? { ...term, matchExpressions } : term;
  });
  const renamed = old.required && terms ? { ...old, required: { ...old.required, nodeSelectorTerms: terms } } : old;
  return semanticEqual(now, renamed);
}

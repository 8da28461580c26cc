// Validation of the claims that a pod's ephemeral volumes are made with (pkg/apis/core/validation: ValidatePersistentVolumeClaimTemplate).

import { type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type { PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate } from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { compareQuantity } from '../../quantity.ts';
import { check, oneOf, validateAnnotations, validateLabelSelector, validateLabels } from '../common.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function validateSpec(errors: FieldErrorList, spec: PersistentVolumeClaimSpec, at: FieldPath): void {
  const { accessModes: modes = [], storageClassName } = spec;
  const where = at.child('accessModes');
  if (modes.length === 0) errors.push(required(where, 'at least 1 access mode is required'));
  validateLabelSelector(errors, spec.selector, at.child('selector'));
  for (const mode of modes) oneOf(errors, where, mode, accessModes);
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(where, 'may not use ReadWriteOncePod with other access modes'));
  const storage = spec.resources?.requests?.['storage'];
  const size = at.child('resources').key('storage');
  if (storage === undefined) errors.push(required(size));
  else if (compareQuantity(storage, 0) <= 0) errors.push(invalid(size, storage, 'must be greater than zero'));
  if (storageClassName) check(errors, at.child('storageClassName'), storageClassName, isDns1123Subdomain);
  oneOf(errors, at.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']);
}

/** Of the metadata only labels and annotations are used: nothing else may be there. */
export function validateClaimTemplate(
  errors: FieldErrorList,
  { metadata = {} as NonNullable<PersistentVolumeClaimTemplate['metadata']>, spec }: PersistentVolumeClaimTemplate,
  at: FieldPath,
): void {
  const where = at.child('metadata');
  validateAnnotations(errors, metadata.annotations, where.child('annotations'));
  validateLabels(errors, metadata.labels, where.child('labels'));
  for (const [field, value] of Object.entries(metadata))
    if (field !== 'annotations' && field !== 'labels' && value !== undefined && value !== null)
      errors.push(forbidden(where.child(field), 'cannot be set'));
  validateSpec(errors, spec ?? {}, at.child('spec'));
}

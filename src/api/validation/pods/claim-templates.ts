// Validation of the claims that a pod's ephemeral volumes are made with (pkg/apis/core/validation: ValidatePersistentVolumeClaimTemplate).

import { type FieldErrorList, type FieldPath, forbidden } from '../../field-error.ts';
import type { PersistentVolumeClaimTemplate } from '../../generated/types.ts';
import { checkClaimSpec } from '../cluster/claims.ts';
import { validateAnnotations, validateLabels } from '../common.ts';

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
  checkClaimSpec(errors, at.child('spec'), spec ?? {});
}

// Validation of new pods and of pod templates (pkg/apis/core/validation: ValidatePodCreate, ValidatePodTemplateSpec).

import { type FieldErrorList, type FieldPath, forbidden, path } from '../../field-error.ts';
import type { Pod, PodSpec, PodTemplate, PodTemplateSpec } from '../../generated/types.ts';
import { metadataPath, specPath, validateAnnotations, validateLabels } from '../common.ts';
import { validatePodAnnotations, validateProfilesMatch } from './annotations.ts';
import { validateImagePadding } from './containers.ts';
import type { PodOptions } from './options.ts';
import { validatePodSpec } from './spec.ts';

const annotationsPath = metadataPath.child('annotations');

/** A pod as it is, new or changed: annotations, spec, and what is asked of pods but not of templates. */
export function validateWholePod(errors: FieldErrorList, pod: Pod, old?: Pod): void {
  const { metadata, spec } = pod;
  const options: PodOptions = {
    isPod: true,
    metadata,
    ...(old && { old: old.spec, oldAnnotations: old.metadata.annotations ?? {} }),
  };
  validatePodAnnotations(errors, metadata.annotations, spec, annotationsPath, options);
  validatePodSpec(errors, spec, specPath, options);
  if (!spec.serviceAccountName) forbidTokens(errors, spec);
  validateImagePadding(errors, spec.containers, specPath.child('containers'));
  validateImagePadding(errors, spec.initContainers, specPath.child('initContainers'));
}

/** Tokens are somebody's. */
function forbidTokens(errors: FieldErrorList, spec: PodSpec): void {
  for (const [i, { projected }] of (spec.volumes ?? []).entries())
    for (const [j, { serviceAccountToken }] of (projected?.sources ?? []).entries())
      if (serviceAccountToken)
        errors.push(
          forbidden(
            specPath.child('volumes').index(i).child('projected', 'sources').index(j).child('serviceAccountToken'),
            'must not be specified when serviceAccountName is not set',
          ),
        );
}

export function validatePod(pod: Pod): FieldErrorList {
  const errors: FieldErrorList = [];
  validateWholePod(errors, pod);
  const { metadata, spec } = pod;
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'));
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0)
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  validateProfilesMatch(errors, metadata.annotations, spec, specPath);
  return errors;
}

/** A template at `at`; on an update with the one before, which may keep flaws that were accepted once. */
export function validatePodTemplate(
  errors: FieldErrorList,
  template: PodTemplateSpec | undefined,
  at: FieldPath,
  old?: PodTemplateSpec,
): void {
  const { labels, annotations } = template?.metadata ?? {};
  if (labels) validateLabels(errors, labels, at.child('labels'));
  if (annotations) validateAnnotations(errors, annotations, at.child('annotations'));
  const spec = template?.spec;
  if (!spec) return;
  const options: PodOptions = old?.spec ? { old: old.spec, oldAnnotations: old.metadata?.annotations ?? {} } : {};
  validatePodAnnotations(errors, annotations, spec, at.child('annotations'), options);
  validatePodSpec(errors, spec, at.child('spec'), options);
  validateProfilesMatch(errors, annotations, spec, at.child('spec'));
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
}

const templatePath = path('template');

export function validateTemplateObject({ template }: PodTemplate, old?: PodTemplate): FieldErrorList {
  const errors: FieldErrorList = [];
  validatePodTemplate(errors, template, templatePath, old?.template);
  return errors;
}

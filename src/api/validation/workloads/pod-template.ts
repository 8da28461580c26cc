// What the kinds that keep pods running ask of their selector and their template (pkg/apis/apps/validation, pkg/apis/core/validation).

import { type FieldErrorList, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { LabelSelector, PodTemplateSpec } from '../../generated/types.ts';
import { labelSelectorAsSelector, type Selector, selectorMatches } from '../../labels.ts';
import { immutable, specPath, validateLabelSelector } from '../common.ts';
import { validatePodTemplate } from '../pods/pods.ts';

export const templatePath = specPath.child('template');
const selectorPath = specPath.child('selector');

export const isEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;

/** Reports what is wrong with a selector and returns it parsed, or undefined where it cannot be. None at all selects nothing. */
export function parsedSelector(errors: FieldErrorList, selector: LabelSelector | undefined): Selector | undefined {
  const before = errors.length;
  validateLabelSelector(errors, selector, selectorPath);
  return errors.length > before ? undefined : labelSelectorAsSelector(selector);
}

/** Present, valid and not empty; `kind` is the word in the message. Returns it parsed where it can be. */
export function requiredSelector(
  errors: FieldErrorList,
  selector: LabelSelector | undefined,
  kind: string,
  unparsable: string,
): Selector | undefined {
  if (!selector) errors.push(required(selectorPath));
  const parsed = parsedSelector(errors, selector);
  if (selector && isEmpty(selector))
    errors.push(invalid(selectorPath, selector, `empty selector is invalid for ${kind}`));
  if (!parsed) errors.push(invalid(selectorPath, selector ?? null, unparsable));
  return parsed;
}

/** The template's labels are what the selector looks for. */
export function selectsTemplate(
  errors: FieldErrorList,
  selector: Selector,
  template: PodTemplateSpec | undefined,
  at = templatePath,
): void {
  const labels = template?.metadata?.labels;
  if (!selectorMatches(selector, labels))
    errors.push(invalid(at.child('metadata', 'labels'), labels ?? null, '`selector` does not match template `labels`'));
}

/** Pods of these kinds run for ever; `kind` is the word in the message. */
export function runsForEver(errors: FieldErrorList, template: PodTemplateSpec | undefined, kind: string): void {
  const spec = template?.spec;
  if (spec?.restartPolicy !== 'Always')
    errors.push(notSupported(templatePath.child('spec', 'restartPolicy'), spec?.restartPolicy ?? '', ['Always']));
  if (spec?.activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden(
        templatePath.child('spec', 'activeDeadlineSeconds'),
        `activeDeadlineSeconds in ${kind} is not Supported`,
      ),
    );
}

/** The template of ReplicaSets, and so of Deployments (ValidatePodTemplateSpecForReplicaSet). */
export function replicatedTemplate(
  errors: FieldErrorList,
  template: PodTemplateSpec | undefined,
  selector: Selector,
  kind = 'ReplicaSet',
): void {
  if (selector.length > 0) selectsTemplate(errors, selector, template);
  validatePodTemplate(errors, template, templatePath);
  runsForEver(errors, template, kind);
}

/** A selector stays what it is. */
export function validateSelectorUpdate(
  object: { spec: { selector?: unknown } },
  old: { spec: { selector?: unknown } },
): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, selectorPath, object.spec.selector, old.spec.selector);
  return errors;
}

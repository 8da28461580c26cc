// Validation of Jobs, new and changed (pkg/apis/batch/validation, pkg/registry/batch/job).

import { type FieldErrorList, type FieldPath, invalid, notSupported, required, tooLong } from '../../field-error.ts';
import type { Affinity, Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts';
import { selectorMatches } from '../../labels.ts';
import { isDns1123Label } from '../../names.ts';
import { domainPrefixedPath, immutable, metadataPath, nonNegative, semanticEqual, specPath } from '../common.ts';
import { validatePodTemplate } from '../pods/pods.ts';
import { validateFailurePolicy, validateReplacementPolicy, validateSuccessPolicy } from './job-policies.ts';
import { parsedSelector, selectsTemplate, templatePath } from './pod-template.ts';

const maxParallelism = 100_000;
const maxFailedIndexes = 100_000;
const manyCompletions = 100_000;
const limitForMany = 10_000;
const maxManagedBy = 63;

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
] as const;

/** What is the same for Jobs and for the template of a CronJob. */
export function validateJobSpec(errors: FieldErrorList, spec: JobSpec, at: FieldPath): void {
  for (const name of counts) if ((spec[name] ?? 0) < 0) nonNegative(errors, at.child(name), spec[name]);
  if (spec.maxFailedIndexes !== undefined) {
    nonNegative(errors, at.child('maxFailedIndexes'), spec.maxFailedIndexes);
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) {
    const where = at.child('managedBy');
    domainPrefixedPath(errors, where, spec.managedBy);
    if (spec.managedBy.length > maxManagedBy) errors.push(tooLong(where, maxManagedBy));
  }
  validateCompletionMode(errors, spec, at);
  if (spec.podFailurePolicy) validateFailurePolicy(errors, spec, at.child('podFailurePolicy'));
  if (spec.successPolicy) {
    const where = at.child('successPolicy');
    if (spec.completionMode === 'Indexed') validateSuccessPolicy(errors, spec, where);
    else errors.push(invalid(where, shownSuccessPolicy(spec), 'requires indexed completion mode'));
  }
  validateReplacementPolicy(errors, spec, at.child('podReplacementPolicy'));
  validatePodTemplate(errors, spec.template, at.child('template'));
  const restart = spec.template?.spec?.restartPolicy;
  const where = at.child('template', 'spec', 'restartPolicy');
  if (!restart || restart === 'Always') errors.push(required(where, 'valid values: "OnFailure", "Never"'));
  else if (restart !== 'OnFailure' && restart !== 'Never')
    errors.push(notSupported(where, restart, ['OnFailure', 'Never']));
  else if (spec.podFailurePolicy && restart !== 'Never')
    errors.push(invalid(where, restart, 'only "Never" is supported when podFailurePolicy is specified'));
}

/** As upstream's errors show it: its internal type. */
const shownSuccessPolicy = ({ successPolicy }: JobSpec) => ({
  Rules:
    successPolicy?.rules?.map(({ succeededIndexes, succeededCount }) => ({
      SucceededIndexes: succeededIndexes ?? null,
      SucceededCount: succeededCount ?? null,
    })) ?? null,
});

function validateCompletionMode(errors: FieldErrorList, spec: JobSpec, at: FieldPath): void {
  const { completionMode: mode, completions, parallelism, backoffLimitPerIndex, maxFailedIndexes: failed } = spec;
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed')
    errors.push(notSupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed']));
  const needsIndexed = 'requires indexed completion mode';
  if (mode === undefined || mode === 'NonIndexed') {
    if (backoffLimitPerIndex !== undefined)
      errors.push(invalid(at.child('backoffLimitPerIndex'), backoffLimitPerIndex, needsIndexed));
    if (failed !== undefined) errors.push(invalid(at.child('maxFailedIndexes'), failed, needsIndexed));
  }
  if (mode !== 'Indexed') return;
  const tooHigh = (field: 'parallelism' | 'maxFailedIndexes', most: number, why = '') => {
    const value = spec[field];
    if (value !== undefined && value > most)
      errors.push(invalid(at.child(field), value, `must be less than or equal to ${most}${why}`));
  };
  if (completions === undefined) errors.push(required(at.child('completions'), 'when completion mode is Indexed'));
  if (parallelism !== undefined) tooHigh('parallelism', maxParallelism, ' when completion mode is Indexed');
  if (completions !== undefined && failed !== undefined && failed > completions)
    errors.push(invalid(at.child('maxFailedIndexes'), failed, 'must be less than or equal to completions'));
  tooHigh('maxFailedIndexes', maxFailedIndexes);
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return;
  if (failed === undefined)
    errors.push(
      required(at.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`),
    );
  const why = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  tooHigh('parallelism', limitForMany, why);
  tooHigh('maxFailedIndexes', limitForMany, why);
}

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';

/** A selector that the server made looks for what it has put into the template. */
function validateGeneratedSelector(errors: FieldErrorList, { spec, metadata }: Job, prefixed: boolean): void {
  if (spec.manualSelector || !spec.selector) return;
  const { uid = '', name = '' } = metadata;
  if (uid === '') errors.push(required(metadataPath.child('uid')));
  const expected: Record<string, string> = {
    'controller-uid': uid,
    'job-name': name,
    ...(prefixed && { [uidLabel]: uid, [nameLabel]: name }),
  };
  const labels = spec.template?.metadata?.labels;
  for (const [key, value] of Object.entries(expected)) {
    const actual = labels?.[key];
    if (actual === value) continue;
    const at = templatePath.child('metadata', 'labels').key(key);
    errors.push(actual === undefined ? required(at, `must be '${value}'`) : invalid(at, labels, `must be '${value}'`));
  }
  const selector = parsedSelector([], spec.selector);
  if (selector && !selectorMatches(selector, expected))
    errors.push(invalid(specPath.child('selector'), spec.selector, '`selector` not auto-generated'));
}

function validate(job: Job, prefixed: boolean): FieldErrorList {
  const { spec, metadata } = job;
  const errors: FieldErrorList = [];
  validateGeneratedSelector(errors, job, prefixed);
  validateJobSpec(errors, spec, specPath);
  if (!spec.selector) errors.push(required(specPath.child('selector')));
  const selector = parsedSelector(errors, spec.selector);
  if (selector) selectsTemplate(errors, selector, spec.template);
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const longest = `${metadata.name}-${(spec.completions ?? 1) - 1}`;
    if (isDns1123Label(longest).length > 0)
      errors.push(
        invalid(
          metadataPath.child('name'),
          metadata.name,
          `will not able to create pod with invalid DNS label: ${longest}`,
        ),
      );
  }
  return errors;
}

export const validateJob = (job: Job): FieldErrorList => validate(job, true);

export function validateJobUpdate(job: Job, old: Job): FieldErrorList {
  const labels = old.spec.template?.metadata?.labels ?? {};
  const errors = validate(job, nameLabel in labels && uidLabel in labels);
  const { spec } = job;
  validateCompletions(errors, spec, old.spec);
  immutable(errors, specPath.child('selector'), spec.selector, old.spec.selector);
  immutable(errors, templatePath, spec.template, allowedTemplate(spec.template, old));
  for (const name of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const)
    immutable(errors, specPath.child(name), spec[name], old.spec[name]);
  return errors;
}

/** The number of indexes may change with that of pods at once. */
function validateCompletions(errors: FieldErrorList, spec: JobSpec, old: JobSpec): void {
  const at = specPath.child('completions');
  if (spec.completionMode !== 'Indexed') immutable(errors, at, spec.completions, old.completions);
  else if (spec.completions !== undefined && spec.completions !== old.completions) {
    if (spec.completions !== spec.parallelism)
      errors.push(invalid(at, spec.completions, 'can only be modified in tandem with spec.parallelism'));
  }
}

/** The old template with what may change put in from the new one: where its pods go and what they get, while the Job is held and has no pods. */
function allowedTemplate(template: PodTemplateSpec, { spec, status }: Job): PodTemplateSpec {
  const held = spec.suspend && (status?.startTime === undefined || (status.active ?? 0) === 0);
  if (!held || semanticEqual(template, spec.template)) return spec.template;
  const { spec: pod, metadata } = template;
  const before = spec.template;
  const allowed: Record<string, unknown> = { ...before.spec };
  for (const name of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) allowed[name] = pod?.[name];
  allowed['affinity'] = allowedAffinity(pod?.affinity, before.spec?.affinity);
  for (const list of ['containers', 'initContainers'] as const)
    allowed[list] = before.spec?.[list]?.map((container, i) => {
      const now = pod?.[list]?.[i];
      return now ? { ...container, resources: now.resources } : container;
    });
  return {
    metadata: { ...before.metadata, labels: metadata?.labels, annotations: metadata?.annotations },
    spec: allowed,
  } as unknown as PodTemplateSpec;
}

function allowedAffinity(now: Affinity | undefined, before: Affinity | undefined): Affinity | undefined {
  if (!now && !before) return undefined;
  const { nodeAffinity: _, ...others } = before ?? {};
  if (!now) return Object.keys(others).length === 0 ? undefined : others;
  return now.nodeAffinity ? { ...others, nodeAffinity: now.nodeAffinity } : others;
}

// Validation of workload controllers (pkg/apis/{apps,batch,autoscaling,policy}/validation).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  LabelSelector,
  PodDisruptionBudget,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  V2HorizontalPodAutoscaler,
} from '../../generated/types.ts';
import { type IntOrString, parsePercent } from '../../int-or-string.ts';
import { labelSelectorAsSelector, selectorFromSet, selectorMatches } from '../../labels.ts';
import { isValidPercent } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { immutable, metadataPath, nonNegative, requiredOneOf, specPath, validateLabelSelector } from '../common.ts';
import { validatePodTemplate } from '../pods/pods.ts';

const isEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;

/** Selector and template of Deployment, ReplicaSet, DaemonSet and StatefulSet; `kind` is the word in the messages. */
function validateTemplate(
  errors: FieldErrorList,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
): void {
  const at = specPath.child('selector');
  if (!selector) errors.push(required(at));
  else {
    validateLabelSelector(errors, selector, at);
    if (isEmpty(selector)) errors.push(invalid(at, selector, `empty selector is invalid for ${kind}`));
  }
  const labels = template?.metadata?.labels;
  if (selector && !isEmpty(selector)) {
    try {
      if (!selectorMatches(labelSelectorAsSelector(selector), labels))
        errors.push(
          invalid(
            specPath.child('template', 'metadata', 'labels'),
            labels ?? null,
            '`selector` does not match template `labels`',
          ),
        );
    } catch {
      errors.push(invalid(at, selector, 'invalid label selector'));
    }
  }
  // A stateful set's pods may mount claims that only its controller adds: their spec is checked when they are made.
  const checked = kind === 'statefulset' && template ? { ...template, spec: undefined } : template;
  validatePodTemplate(errors, checked, specPath.child('template'));
  const spec = template?.spec;
  if (spec?.restartPolicy && spec.restartPolicy !== 'Always')
    errors.push(notSupported(specPath.child('template', 'spec', 'restartPolicy'), spec.restartPolicy, ['Always']));
  if (spec?.activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden(
        specPath.child('template', 'spec', 'activeDeadlineSeconds'),
        'activeDeadlineSeconds in ReplicaSet is not Supported',
      ),
    );
}

function intOrPercent(errors: FieldErrorList, value: IntOrString | undefined, at: FieldPath): void {
  if (typeof value === 'number') nonNegative(errors, at, value);
  else if (value !== undefined) for (const message of isValidPercent(value)) errors.push(invalid(at, value, message));
}
const asNumber = (value: IntOrString | undefined): number =>
  typeof value === 'number' ? value : (parsePercent(value ?? '0%') ?? 0);

export function validateDeployment({ spec }: Deployment): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  validateTemplate(errors, spec.selector, spec.template, 'deployment');
  const at = specPath.child('strategy');
  const { type, rollingUpdate } = spec.strategy ?? {};
  if (type === 'Recreate') {
    if (rollingUpdate)
      errors.push(forbidden(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type === 'RollingUpdate') {
    const where = at.child('rollingUpdate');
    if (!rollingUpdate) errors.push(required(where, 'this should be defaulted and never be nil'));
    else {
      const { maxUnavailable, maxSurge } = rollingUpdate;
      intOrPercent(errors, maxUnavailable, where.child('maxUnavailable'));
      intOrPercent(errors, maxSurge, where.child('maxSurge'));
      if (asNumber(maxUnavailable) === 0 && asNumber(maxSurge) === 0)
        errors.push(invalid(where.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
      if (typeof maxUnavailable === 'string' && asNumber(maxUnavailable) > 100)
        errors.push(invalid(where.child('maxUnavailable'), maxUnavailable, 'must not be greater than 100%'));
    }
  } else errors.push(notSupported(at.child('type'), type ?? '', ['Recreate', 'RollingUpdate']));
  for (const name of ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'] as const)
    nonNegative(errors, specPath.child(name), spec[name]);
  if (spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0))
    errors.push(
      invalid(
        specPath.child('progressDeadlineSeconds'),
        spec.progressDeadlineSeconds,
        'must be greater than minReadySeconds',
      ),
    );
  return errors;
}

export function validateReplicaSet({ spec }: ReplicaSet): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  validateTemplate(errors, spec.selector, spec.template as PodTemplateSpec, 'deployment');
  return errors;
}

export function validateReplicationController({ spec }: ReplicationController): FieldErrorList {
  const errors: FieldErrorList = [];
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  if (Object.keys(spec.selector ?? {}).length === 0) errors.push(required(specPath.child('selector')));
  else if (!selectorMatches(selectorFromSet(spec.selector), spec.template?.metadata?.labels))
    errors.push(
      invalid(
        specPath.child('template', 'metadata', 'labels'),
        spec.template?.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    );
  if (!spec.template) errors.push(required(specPath.child('template')));
  else validatePodTemplate(errors, spec.template, specPath.child('template'));
  return errors;
}

export function validateDaemonSet({ spec }: DaemonSet): FieldErrorList {
  const errors: FieldErrorList = [];
  validateTemplate(errors, spec.selector, spec.template, 'daemonset');
  const at = specPath.child('updateStrategy');
  requiredOneOf(errors, at.child('type'), spec.updateStrategy?.type, ['RollingUpdate', 'OnDelete']);
  const rolling = spec.updateStrategy?.rollingUpdate;
  if (rolling && spec.updateStrategy?.type === 'RollingUpdate') {
    const where = at.child('rollingUpdate');
    intOrPercent(errors, rolling.maxUnavailable, where.child('maxUnavailable'));
    intOrPercent(errors, rolling.maxSurge, where.child('maxSurge'));
    if (asNumber(rolling.maxUnavailable) === 0 && asNumber(rolling.maxSurge) === 0)
      errors.push(required(where, 'cannot be 0 when maxSurge is 0'));
    if (asNumber(rolling.maxUnavailable) > 0 && asNumber(rolling.maxSurge) > 0)
      errors.push(invalid(where.child('maxSurge'), rolling.maxSurge, 'may not be set when maxUnavailable is non-zero'));
  }
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  return errors;
}

export function validateStatefulSet({ spec }: StatefulSet): FieldErrorList {
  const errors: FieldErrorList = [];
  const policy = specPath.child('podManagementPolicy');
  if (!spec.podManagementPolicy) errors.push(required(policy));
  else if (!['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy))
    errors.push(invalid(policy, spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const at = specPath.child('updateStrategy');
  if (!type) errors.push(required(at));
  else if (type === 'OnDelete') {
    if (rollingUpdate)
      errors.push(invalid(at.child('rollingUpdate'), rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (type !== 'RollingUpdate')
    errors.push(invalid(at, spec.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"));
  nonNegative(errors, at.child('rollingUpdate', 'partition'), rollingUpdate?.partition);
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  validateTemplate(errors, spec.selector, spec.template, 'statefulset');
  return errors;
}

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldErrorList {
  const mutable = [
    'replicas',
    'ordinals',
    'template',
    'updateStrategy',
    'revisionHistoryLimit',
    'persistentVolumeClaimRetentionPolicy',
    'minReadySeconds',
  ] as const;
  const masked = { ...set.spec } as Record<string, unknown>;
  for (const name of mutable) masked[name] = old.spec[name];
  return equalJson(JSON.parse(JSON.stringify(masked)), JSON.parse(JSON.stringify(old.spec)))
    ? []
    : [
        forbidden(
          specPath,
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      ];
}

function validateJobSpec(errors: FieldErrorList, spec: Job['spec'], at: FieldPath): void {
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const)
    nonNegative(errors, at.child(name), spec[name]);
  if (spec.completionMode === 'Indexed' && spec.completions === undefined)
    errors.push(required(at.child('completions'), 'when completion mode is Indexed'));
  if (spec.completionMode && !['NonIndexed', 'Indexed'].includes(spec.completionMode))
    errors.push(notSupported(at.child('completionMode'), spec.completionMode, ['Indexed', 'NonIndexed']));
  if (spec.backoffLimitPerIndex !== undefined && spec.completionMode !== 'Indexed')
    errors.push(
      invalid(at.child('backoffLimitPerIndex'), spec.backoffLimitPerIndex, 'requires indexed completion mode'),
    );
  validatePodTemplate(errors, spec.template, at.child('template'));
  const restart = spec.template?.spec?.restartPolicy;
  if (!restart || restart === 'Always')
    errors.push(
      restart
        ? notSupported(at.child('template', 'spec', 'restartPolicy'), restart, ['OnFailure', 'Never'])
        : required(at.child('template', 'spec', 'restartPolicy'), 'valid values: "OnFailure", "Never"'),
    );
}

export function validateJob({ spec, metadata }: Job): FieldErrorList {
  const errors: FieldErrorList = [];
  validateJobSpec(errors, spec, specPath);
  if (!spec.selector) errors.push(required(specPath.child('selector')));
  else if (!selectorMatches(labelSelectorAsSelector(spec.selector), spec.template?.metadata?.labels))
    errors.push(
      invalid(
        specPath.child('template', 'metadata', 'labels'),
        spec.template?.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    );
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const longest = `${metadata.name}-${(spec.completions ?? 1) - 1}`;
    if (longest.length > 63)
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

export function validateJobUpdate(job: Job, old: Job): FieldErrorList {
  const errors: FieldErrorList = [];
  if (!(old.spec.completionMode === 'Indexed' && job.spec.completions === job.spec.parallelism))
    immutable(errors, specPath.child('completions'), job.spec.completions, old.spec.completions);
  immutable(errors, specPath.child('selector'), job.spec.selector, old.spec.selector);
  const suspended = old.spec.suspend && !old.status?.startTime;
  if (!suspended) immutable(errors, specPath.child('template'), job.spec.template, old.spec.template);
  for (const name of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const)
    immutable(errors, specPath.child(name), job.spec[name], old.spec[name]);
  return errors;
}

const cronNames = ['sun|mon|tue|wed|thu|fri|sat', 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec'];
const cronRanges: [number, number, string][] = [
  [0, 59, ''],
  [0, 23, ''],
  [1, 31, ''],
  [1, 12, cronNames[1] as string],
  [0, 6, cronNames[0] as string],
];

/** What is wrong with a cron schedule, in the words of the parser that upstream uses; undefined if nothing. */
export function cronScheduleError(schedule: string): string | undefined {
  if (/^TZ=|^CRON_TZ=/.test(schedule)) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@'))
    return /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(schedule)
      ? undefined
      : `unrecognized descriptor: ${schedule}`;
  const fields = schedule.trim().split(/\s+/).filter(Boolean);
  if (fields.length === 0) return 'empty spec string';
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [i, field] of fields.entries()) {
    const [low, high, names] = cronRanges[i] as [number, number, string];
    for (const part of field.split(',')) {
      const [range = '', step, more] = part.split('/');
      if (more !== undefined) return `too many slashes: ${part}`;
      if (step !== undefined && !/^\d+$/.test(step))
        return `failed to parse int from ${step}: strconv.Atoi: parsing ${JSON.stringify(step)}: invalid syntax`;
      if (step === '0') return `step of range should be a positive number: ${part}`;
      if (range === '*' || range === '?') continue;
      const ends = range.split('-');
      if (ends.length > 2) return `too many hyphens: ${part}`;
      const values: number[] = [];
      for (const end of ends) {
        const index = names.split('|').indexOf(end.toLowerCase());
        if (index >= 0 && names) values.push(index + (i === 3 ? 1 : 0));
        else if (/^\d+$/.test(end)) values.push(Number(end));
        else return `failed to parse int from ${end}: strconv.Atoi: parsing ${JSON.stringify(end)}: invalid syntax`;
      }
      const [first = 0, last = first] = values;
      if (first < low) return `beginning of range (${first}) below minimum (${low}): ${part}`;
      if (last > high) return `end of range (${last}) above maximum (${high}): ${part}`;
      if (first > last) return `beginning of range (${first}) beyond end of range (${last}): ${part}`;
    }
  }
  return undefined;
}

export function validateCronJob({ spec, metadata }: CronJob): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = specPath.child('schedule');
  if (!spec.schedule) errors.push(required(at));
  else {
    const message = cronScheduleError(spec.schedule);
    if (message) errors.push(invalid(at, spec.schedule, message));
  }
  nonNegative(errors, specPath.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds);
  requiredOneOf(errors, specPath.child('concurrencyPolicy'), spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  nonNegative(errors, specPath.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit);
  nonNegative(errors, specPath.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit);
  if (spec.timeZone === '')
    errors.push(invalid(specPath.child('timeZone'), spec.timeZone, 'timeZone must be nil or non-empty string'));
  if (spec.jobTemplate?.spec) validateJobSpec(errors, spec.jobTemplate.spec, specPath.child('jobTemplate', 'spec'));
  if ((metadata.name ?? '').length > 52)
    errors.push(invalid(metadataPath.child('name'), metadata.name, 'must be no more than 52 characters'));
  return errors;
}

export function validateAutoscaler({ spec }: V2HorizontalPodAutoscaler): FieldErrorList {
  const errors: FieldErrorList = [];
  if (spec.minReplicas !== undefined && spec.minReplicas < 1)
    errors.push(invalid(specPath.child('minReplicas'), spec.minReplicas, 'must be greater than or equal to 1'));
  if (spec.maxReplicas < 1)
    errors.push(invalid(specPath.child('maxReplicas'), spec.maxReplicas, 'must be greater than 0'));
  if (spec.minReplicas !== undefined && spec.maxReplicas < spec.minReplicas)
    errors.push(
      invalid(specPath.child('maxReplicas'), spec.maxReplicas, 'must be greater than or equal to `minReplicas`'),
    );
  for (const name of ['kind', 'name'] as const)
    if (!spec.scaleTargetRef?.[name]) errors.push(required(specPath.child('scaleTargetRef', name)));
  for (const [i, metric] of (spec.metrics ?? []).entries()) {
    const where = specPath.child('metrics').index(i);
    requiredOneOf(
      errors,
      where.child('type'),
      metric.type,
      ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'],
      'must specify a metric source type',
    );
    const target = metric.resource?.target;
    if (metric.resource && !metric.resource.name)
      errors.push(required(where.child('resource', 'name'), 'must specify a resource name'));
    if (target && target.averageUtilization === undefined && target.averageValue === undefined)
      errors.push(
        required(
          where.child('resource', 'target', 'averageUtilization'),
          'must set either a target raw value or a target utilization',
        ),
      );
    if (target?.averageUtilization !== undefined && target.averageUtilization < 1)
      errors.push(
        invalid(
          where.child('resource', 'target', 'averageUtilization'),
          target.averageUtilization,
          'must be greater than 0',
        ),
      );
  }
  return errors;
}

export function validateDisruptionBudget({ spec }: PodDisruptionBudget): FieldErrorList {
  const errors: FieldErrorList = [];
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined)
    errors.push(invalid(specPath, spec, 'minAvailable and maxUnavailable cannot be both set'));
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec?.[name];
    intOrPercent(errors, value, specPath.child(name));
    if (typeof value === 'string' && asNumber(value) > 100)
      errors.push(invalid(specPath.child(name), value, 'must not be greater than 100%'));
  }
  validateLabelSelector(errors, spec?.selector, specPath.child('selector'));
  return errors;
}

/** Selector and anything else that may not change once set, for kinds with only that rule. */
export function validateSelectorUpdate(
  object: { spec: { selector?: unknown } },
  old: { spec: { selector?: unknown } },
): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, specPath.child('selector'), object.spec.selector, old.spec.selector);
  return errors;
}

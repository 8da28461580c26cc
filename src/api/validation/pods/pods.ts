// Validation of pods and pod templates, on create and on update (pkg/apis/core/validation: ValidatePodSpec, ValidatePodUpdate).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  Affinity,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
  TopologySpreadConstraint,
  Volume,
} from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isInRange, isQualifiedName, isValidLabelValue } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import {
  check,
  requiredOneOf,
  specPath,
  unique,
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
} from '../common.ts';
import { type ContainerContext, validateContainers, validateInitContainers } from './containers.ts';
import { validateHostAliases, validatePodSecurity } from './security.ts';

function validateVolume(errors: FieldErrorList, volume: Volume, at: FieldPath): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && volume[key as keyof Volume] !== undefined);
  if (sources.length === 0) errors.push(required(at, 'must specify a volume type'));
  for (const extra of sources.slice(1))
    errors.push(forbidden(at.child(extra), 'may not specify more than 1 volume type'));
  const mode = (value: number | undefined, where: FieldPath) => {
    if (value !== undefined && (value < 0 || value > 0o777))
      errors.push(invalid(where, value, 'must be a number between 0 and 0777 (octal), both inclusive'));
  };
  if (volume.configMap) {
    if (!volume.configMap.name) errors.push(required(at.child('configMap', 'name')));
    mode(volume.configMap.defaultMode, at.child('configMap', 'defaultMode'));
  }
  if (volume.secret) {
    if (!volume.secret.secretName) errors.push(required(at.child('secret', 'secretName')));
    mode(volume.secret.defaultMode, at.child('secret', 'defaultMode'));
  }
  for (const [name, source] of [
    ['configMap', volume.configMap],
    ['secret', volume.secret],
  ] as const)
    for (const [i, item] of (source?.items ?? []).entries()) {
      const where = at.child(name, 'items').index(i);
      if (!item.key) errors.push(required(where.child('key')));
      if (!item.path) errors.push(required(where.child('path')));
      else if (item.path.startsWith('/'))
        errors.push(invalid(where.child('path'), item.path, 'must be a relative path'));
      else if (item.path.split('/').includes('..'))
        errors.push(invalid(where.child('path'), item.path, "must not contain '..'"));
      mode(item.mode, where.child('mode'));
    }
  if (volume.persistentVolumeClaim && !volume.persistentVolumeClaim.claimName)
    errors.push(required(at.child('persistentVolumeClaim', 'claimName')));
  if (volume.hostPath) {
    if (!volume.hostPath.path) errors.push(required(at.child('hostPath', 'path')));
    else if (volume.hostPath.path.split('/').includes('..'))
      errors.push(invalid(at.child('hostPath', 'path'), volume.hostPath.path, "must not contain '..'"));
  }
  if (volume.nfs) {
    if (!volume.nfs.server) errors.push(required(at.child('nfs', 'server')));
    if (!volume.nfs.path) errors.push(required(at.child('nfs', 'path')));
  }
}

function validateNodeTerm(errors: FieldErrorList, term: NodeSelectorTerm, at: FieldPath): void {
  for (const [list, requirements] of [
    ['matchExpressions', term.matchExpressions],
    ['matchFields', term.matchFields],
  ] as const)
    for (const [i, { key, operator, values = [] }] of (requirements ?? []).entries()) {
      const where = at.child(list).index(i);
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0)
          errors.push(required(where.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0)
          errors.push(
            forbidden(where.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
      } else if (operator === 'Gt' || operator === 'Lt') {
        if (values.length !== 1)
          errors.push(
            required(where.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"),
          );
      } else errors.push(invalid(where.child('operator'), operator, 'not a valid selector operator'));
      if (list === 'matchExpressions') check(errors, where.child('key'), key, isQualifiedName);
    }
}

function validateAffinityTerm(errors: FieldErrorList, term: PodAffinityTerm, at: FieldPath): void {
  validateLabelSelector(errors, term.labelSelector, at.child('labelSelector'));
  validateLabelSelector(errors, term.namespaceSelector, at.child('namespaceSelector'));
  for (const name of term.namespaces ?? []) check(errors, at.child('namespace'), name, isDns1123Label);
  if (!term.topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'));
  else check(errors, at.child('topologyKey'), term.topologyKey, isQualifiedName);
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

function validateAffinity(errors: FieldErrorList, affinity: Affinity, at: FieldPath): void {
  const weight = (value: number, where: FieldPath) => {
    if (value < 1 || value > 100) errors.push(invalid(where.child('weight'), value, 'must be in the range 1-100'));
  };
  const node = affinity.nodeAffinity;
  const terms = node?.[hard]?.nodeSelectorTerms;
  if (node?.[hard] && (terms ?? []).length === 0)
    errors.push(
      required(at.child('nodeAffinity', hard, 'nodeSelectorTerms'), 'must have at least one node selector term'),
    );
  for (const [i, term] of (terms ?? []).entries())
    validateNodeTerm(errors, term, at.child('nodeAffinity', hard, 'nodeSelectorTerms').index(i));
  for (const [i, term] of (node?.[soft] ?? []).entries()) {
    const where = at.child('nodeAffinity', soft).index(i);
    weight(term.weight, where);
    validateNodeTerm(errors, term.preference, where.child('preference'));
  }
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    for (const [i, term] of (affinity[name]?.[hard] ?? []).entries())
      validateAffinityTerm(errors, term, at.child(name, hard).index(i));
    for (const [i, term] of (affinity[name]?.[soft] ?? []).entries()) {
      const where = at.child(name, soft).index(i);
      weight(term.weight, where);
      validateAffinityTerm(errors, term.podAffinityTerm, where.child('podAffinityTerm'));
    }
  }
}

export function validateTolerations(
  errors: FieldErrorList,
  tolerations: readonly Toleration[] | undefined,
  at: FieldPath,
): void {
  for (const [i, { key, operator, value, effect, tolerationSeconds }] of (tolerations ?? []).entries()) {
    const where = at.index(i);
    if (key) check(errors, where.child('key'), key, isQualifiedName);
    else if (operator !== 'Exists')
      errors.push(
        invalid(
          where.child('operator'),
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(
        invalid(where.child('effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    if (!operator || operator === 'Equal') {
      const [message] = isValidLabelValue(value ?? '');
      if (message) errors.push(invalid(where.child('operator'), value, message));
    } else if (operator === 'Exists') {
      if (value)
        errors.push(
          invalid(
            where.child('operator'),
            { key, operator, value, effect },
            "value must be empty when `operator` is 'Exists'",
          ),
        );
    } else errors.push(notSupported(where.child('operator'), operator, ['Equal', 'Exists']));
    if (effect && !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect))
      errors.push(notSupported(where.child('effect'), effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
  }
}

function validateSpread(
  errors: FieldErrorList,
  constraints: readonly TopologySpreadConstraint[] | undefined,
  at: FieldPath,
): void {
  for (const [i, constraint] of (constraints ?? []).entries()) {
    const where = at.index(i);
    if (constraint.maxSkew <= 0)
      errors.push(invalid(where.child('maxSkew'), constraint.maxSkew, 'must be greater than zero'));
    if (!constraint.topologyKey) errors.push(required(where.child('topologyKey'), 'can not be empty'));
    else check(errors, where.child('topologyKey'), constraint.topologyKey, isQualifiedName);
    if (!['DoNotSchedule', 'ScheduleAnyway'].includes(constraint.whenUnsatisfiable))
      errors.push(
        notSupported(where.child('whenUnsatisfiable'), constraint.whenUnsatisfiable, [
          'DoNotSchedule',
          'ScheduleAnyway',
        ]),
      );
    if (constraint.minDomains !== undefined && constraint.minDomains <= 0)
      errors.push(invalid(where.child('minDomains'), constraint.minDomains, 'must be greater than zero'));
    validateLabelSelector(errors, constraint.labelSelector, where.child('labelSelector'));
  }
}

export function validatePodSpec(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const volumes = new Set<string>();
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    const where = at.child('volumes').index(i);
    if (!volume.name) errors.push(required(where.child('name')));
    else {
      check(errors, where.child('name'), volume.name, isDns1123Label);
      unique(errors, volumes, where.child('name'), volume.name);
    }
    validateVolume(errors, volume, where);
  }
  const context: ContainerContext = {
    volumes,
    hostNetwork: spec.hostNetwork ?? false,
    names: new Set(),
    hostPorts: new Set(),
  };
  const grace = spec.terminationGracePeriodSeconds;
  validateContainers(errors, spec.containers ?? [], at.child('containers'), context, grace);
  validateInitContainers(
    errors,
    spec.initContainers ?? [],
    at.child('initContainers'),
    { ...context, hostPorts: new Set() },
    grace,
  );
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const where = at.child('ephemeralContainers').index(i);
    if (!container.name) errors.push(required(where.child('name')));
    else unique(errors, context.names, where.child('name'), container.name);
    if (!container.image) errors.push(required(where.child('image')));
    for (const name of ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const)
      if (container[name]) errors.push(forbidden(where.child(name), 'cannot be set for an Ephemeral Container'));
  }
  requiredOneOf(errors, at.child('restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  requiredOneOf(errors, at.child('dnsPolicy'), spec.dnsPolicy, [
    'ClusterFirst',
    'ClusterFirstWithHostNet',
    'Default',
    'None',
  ]);
  if (spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0)
    errors.push(required(at.child('dnsConfig'), 'must provide `dnsConfig` when `dnsPolicy` is None'));
  validateLabels(errors, spec.nodeSelector, at.child('nodeSelector'));
  if (spec.serviceAccountName)
    check(errors, at.child('serviceAccountName'), spec.serviceAccountName, isDns1123Subdomain);
  if (spec.nodeName) check(errors, at.child('nodeName'), spec.nodeName, isDns1123Subdomain);
  if (spec.activeDeadlineSeconds !== undefined)
    for (const message of isInRange(spec.activeDeadlineSeconds, 1, 2147483647))
      errors.push(invalid(at.child('activeDeadlineSeconds'), spec.activeDeadlineSeconds, message));
  if (spec.hostname) check(errors, at.child('hostname'), spec.hostname, isDns1123Label);
  if (spec.subdomain) check(errors, at.child('subdomain'), spec.subdomain, isDns1123Label);
  if (spec.priorityClassName) check(errors, at.child('priorityClassName'), spec.priorityClassName, isDns1123Subdomain);
  if (spec.runtimeClassName) check(errors, at.child('runtimeClassName'), spec.runtimeClassName, isDns1123Subdomain);
  for (const [i, ref] of (spec.imagePullSecrets ?? []).entries())
    if (!ref.name) errors.push(required(at.child('imagePullSecrets').index(i).child('name')));
  if (spec.affinity) validateAffinity(errors, spec.affinity, at.child('affinity'));
  validateTolerations(errors, spec.tolerations, at.child('tolerations'));
  validateSpread(errors, spec.topologySpreadConstraints, at.child('topologySpreadConstraints'));
  const gates = new Set<string>();
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    check(errors, at.child('schedulingGates').index(i), gate.name, isQualifiedName);
    unique(errors, gates, at.child('schedulingGates').index(i), gate.name);
  }
  validatePodSecurity(errors, spec, at);
  validateHostAliases(errors, spec, at);
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
}

export function validatePodTemplate(
  errors: FieldErrorList,
  template: PodTemplateSpec | undefined,
  at: FieldPath,
): void {
  validateLabels(errors, template?.metadata?.labels, at.child('labels'));
  validateAnnotations(errors, template?.metadata?.annotations, at.child('annotations'));
  if (template?.spec) validatePodSpec(errors, template.spec, at.child('spec'));
  if ((template?.spec?.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
}

export function validatePod(pod: Pod): FieldErrorList {
  const errors: FieldErrorList = [];
  validatePodSpec(errors, pod.spec, specPath);
  return errors;
}

const mutableFields =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What changed, a line for each leaf: the reader's help after "may not change fields other than". */
export function describeChange(old: unknown, now: unknown, at = ''): string[] {
  if (equalJson(old ?? null, now ?? null)) return [];
  if (typeof old === 'object' && typeof now === 'object' && old && now && Array.isArray(old) === Array.isArray(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return keys.flatMap((key) =>
      describeChange(
        (old as Record<string, unknown>)[key],
        (now as Record<string, unknown>)[key],
        Array.isArray(old) ? `${at}[${key}]` : at ? `${at}.${key}` : key,
      ),
    );
  }
  const lines: string[] = [];
  if (old !== undefined) lines.push(`- ${at}: ${JSON.stringify(old)}`);
  if (now !== undefined) lines.push(`+ ${at}: ${JSON.stringify(now)}`);
  return lines;
}

/** What a PUT or PATCH of the pod itself (no subresource) may change. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const list of ['containers', 'initContainers'] as const) {
    const before = old.spec[list] ?? [];
    const after = pod.spec[list] ?? [];
    if (before.length !== after.length) {
      errors.push(forbidden(specPath.child(list), 'pod updates may not add or remove containers'));
      return errors;
    }
    for (const [i, container] of after.entries())
      if (!container.image?.trim()) errors.push(required(specPath.child(list).index(i).child('image')));
  }
  const deadline = pod.spec.activeDeadlineSeconds;
  const oldDeadline = old.spec.activeDeadlineSeconds;
  if (oldDeadline !== undefined && deadline !== undefined && deadline > oldDeadline)
    errors.push(
      invalid(specPath.child('activeDeadlineSeconds'), deadline, `must be less than or equal to previous value`),
    );
  const gated = (old.spec.schedulingGates ?? []).length > 0;
  const added = (pod.spec.schedulingGates ?? []).filter(
    (gate) => !(old.spec.schedulingGates ?? []).some((known) => known.name === gate.name),
  );
  if (added.length > 0)
    errors.push(
      forbidden(
        specPath.child('schedulingGates').index(0),
        `only deletion is allowed, but found new scheduling gate '${added[0]?.name}'`,
      ),
    );
  const kept = (old.spec.tolerations ?? []).every((toleration) =>
    (pod.spec.tolerations ?? []).some((now) =>
      equalJson({ ...now, tolerationSeconds: 0 }, { ...toleration, tolerationSeconds: 0 }),
    ),
  );
  if (!kept)
    errors.push(
      forbidden(specPath.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds'),
    );
  const images = (spec: PodSpec, list: 'containers' | 'initContainers') =>
    spec[list]?.map((container, i) => ({ ...container, image: old.spec[list]?.[i]?.image }));
  const masked: Record<string, unknown> = {
    ...pod.spec,
    containers: images(pod.spec, 'containers'),
    initContainers: images(pod.spec, 'initContainers'),
    activeDeadlineSeconds: oldDeadline,
    tolerations: old.spec.tolerations,
    schedulingGates: old.spec.schedulingGates,
    ...(gated ? { nodeSelector: old.spec.nodeSelector, affinity: old.spec.affinity } : {}),
  };
  if ((old.spec.terminationGracePeriodSeconds ?? 0) < 0 && pod.spec.terminationGracePeriodSeconds === 1)
    masked['terminationGracePeriodSeconds'] = old.spec.terminationGracePeriodSeconds;
  const changes = describeChange(old.spec, JSON.parse(JSON.stringify(masked)));
  if (changes.length > 0 && errors.length === 0)
    errors.push(
      forbidden(specPath, `pod updates may not change fields other than ${mutableFields}\n${changes.join('\n')}\n`),
    );
  return errors;
}

// Validation of the spec of a pod, alone or in a template (pkg/apis/core/validation: ValidatePodSpec).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../field-error.ts';
import type { PodResourceClaim, PodSpec, Volume } from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isInRange, isQualifiedName, type NameCheck } from '../../names.ts';
import { check, requiredOneOf, validateLabels } from '../common.ts';
import { validateAffinity } from './affinity.ts';
import { mirrorAnnotation } from './annotations.ts';
import {
  type Surroundings,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.ts';
import { goValue } from './go-values.ts';
import {
  validateDns,
  validateDnsPolicy,
  validateHostAliases,
  validateHostNetwork,
  validateHostnameOverride,
} from './network.ts';
import { hadFlaw, type PodOptions } from './options.ts';
import { validatePodResources, validateResources } from './resources.ts';
import { validateSpread, validateTolerations } from './scheduling.ts';
import { validatePodSecurity } from './security-context.ts';
import { visitContainers } from './visit.ts';
import { validateVolumes } from './volumes.ts';
import { validateHostProcess, validateOs } from './windows.ts';

const maxInt32 = 2147483647;

/** Returns the names. */
function validateClaims(
  errors: FieldErrorList,
  claims: readonly PodResourceClaim[],
  at: FieldPath,
  { metadata }: PodOptions,
): Set<string> {
  const names = new Set<string>();
  for (const [i, claim] of claims.entries()) {
    const where = at.index(i);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    if (metadata?.annotations?.[mirrorAnnotation] !== undefined) {
      errors.push({ ...forbidden(at, 'static pods do not support resource claims'), field: '' });
      if (name) names.add(name);
      continue;
    }
    if (!name) errors.push(required(where.child('name')));
    else if (names.has(name)) errors.push(duplicate(where.child('name'), name));
    else {
      check(errors, where.child('name'), name, isDns1123Label);
      names.add(name);
    }
    const shown = goValue('PodResourceClaim', claim);
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      errors.push(
        invalid(where, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
      );
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      errors.push(invalid(where, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const value = claim[field];
      if (value !== undefined) check(errors, where.child(field), value, isDns1123Subdomain);
    }
  }
  return names;
}

const hasDevices = (spec: PodSpec): boolean =>
  [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some((c) => (c.volumeDevices ?? []).length > 0);

/** Users of their own, and what of the host's does not go with it. */
function validateHostUsers(errors: FieldErrorList, spec: PodSpec, at: FieldPath, options: PodOptions): void {
  if (spec.hostUsers !== false) return;
  const why = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(forbidden(at.child('hostNetwork'), why));
  if (spec.hostPID) errors.push(forbidden(at.child('HostPID'), why));
  if (spec.hostIPC) errors.push(forbidden(at.child('HostIPC'), why));
  if (hadFlaw(options, (old) => old.hostUsers === false && hasDevices(old))) return;
  visitContainers(spec, at, ({ volumeDevices = [] }, where) => {
    if (volumeDevices.length > 0) errors.push(forbidden(where().child('volumeDevices'), why));
  });
}

/** Variables come from files in empty directories only. */
function validateFileVolumes(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  let volumes: Map<string, Volume> | undefined;
  visitContainers(spec, at, ({ env }, where) => {
    for (const [i, { valueFrom }] of (env ?? []).entries()) {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) continue;
      volumes ??= new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
      const volume = volumes.get(name);
      const place = where().child('env').index(i).child('valueFrom', 'fileKeyRef', 'volumeName');
      if (!volume) errors.push(notFound(place, name));
      else if (!volume.emptyDir) errors.push(invalid(place, name, 'referenced volume must be of type emptyDir'));
    }
  });
}

function validateNames(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const name = (field: keyof PodSpec & string, test: NameCheck) => {
    const value = spec[field];
    if (typeof value === 'string' && value !== '')
      for (const message of test(value)) errors.push(invalid(at.child(field), value, message));
  };
  name('serviceAccountName', isDns1123Subdomain);
  const { serviceAccount = '', serviceAccountName = '', activeDeadlineSeconds: deadline } = spec;
  if (serviceAccount !== serviceAccountName)
    errors.push(
      invalid(
        at.child('deprecatedServiceAccount'),
        serviceAccount,
        `must be the same as serviceAccountName: ${JSON.stringify(serviceAccountName)}`,
      ),
    );
  name('nodeName', isDns1123Subdomain);
  if (deadline !== undefined)
    for (const message of isInRange(deadline, 1, maxInt32))
      errors.push(invalid(at.child('activeDeadlineSeconds'), deadline, message));
  name('hostname', isDns1123Label);
  name('subdomain', isDns1123Label);
}

export function validatePodSpec(errors: FieldErrorList, spec: PodSpec, at: FieldPath, options: PodOptions = {}): void {
  const { containers = [], initContainers, ephemeralContainers, volumes, resourceClaims } = spec;
  if (spec.terminationGracePeriodSeconds === undefined)
    errors.push(required(at.child('terminationGracePeriodSeconds')));
  const around: Surroundings = {
    spec,
    volumes: validateVolumes(errors, volumes ?? [], at.child('volumes'), options),
    claims: validateClaims(errors, resourceClaims ?? [], at.child('resourceClaims'), options),
    options,
  };
  validateContainers(errors, containers, at.child('containers'), around);
  if (initContainers) validateInitContainers(errors, initContainers, at.child('initContainers'), around);
  if (ephemeralContainers)
    validateEphemeralContainers(errors, ephemeralContainers, at.child('ephemeralContainers'), around);
  if (spec.resources) validatePodResources(errors, spec, at.child('resources'), around.claims, options);
  validateHostNetwork(errors, spec, at, options);
  requiredOneOf(errors, at.child('restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  validateDnsPolicy(errors, spec.dnsPolicy, at.child('dnsPolicy'));
  if (spec.nodeSelector) validateLabels(errors, spec.nodeSelector, at.child('nodeSelector'));
  validatePodSecurity(errors, spec, at.child('securityContext'), options);
  if (spec.affinity) validateAffinity(errors, spec.affinity, at.child('affinity'), options);
  validateDns(errors, spec, at);
  for (const [i, { conditionType = '' }] of (spec.readinessGates ?? []).entries())
    check(errors, at.child('readinessGates').index(i).child('conditionType'), conditionType, isQualifiedName);
  const gates = new Set<string>();
  for (const [i, { name = '' }] of (spec.schedulingGates ?? []).entries()) {
    const where = at.child('schedulingGates').index(i);
    check(errors, where, name, isQualifiedName);
    if (gates.has(name)) errors.push(duplicate(where, name));
    gates.add(name);
  }
  const { topologySpreadConstraints: spread, tolerations } = spec;
  if (spread) validateSpread(errors, spread, at.child('topologySpreadConstraints'), options);
  validateHostProcess(errors, spec, at);
  validateHostUsers(errors, spec, at, options);
  validateHostnameOverride(errors, spec, at);
  validateNames(errors, spec, at);
  if (tolerations) validateTolerations(errors, tolerations, at.child('tolerations'));
  validateHostAliases(errors, spec, at);
  const { priorityClassName, runtimeClassName, preemptionPolicy, overhead } = spec;
  if (priorityClassName) check(errors, at.child('priorityClassName'), priorityClassName, isDns1123Subdomain);
  if (runtimeClassName !== undefined) check(errors, at.child('runtimeClassName'), runtimeClassName, isDns1123Subdomain);
  if (preemptionPolicy !== undefined && preemptionPolicy !== 'PreemptLowerPriority' && preemptionPolicy !== 'Never')
    errors.push(
      preemptionPolicy === ''
        ? required(at.child('preemptionPolicy'))
        : notSupported(at.child('preemptionPolicy'), preemptionPolicy, ['PreemptLowerPriority', 'Never']),
    );
  if (overhead) validateResources(errors, { limits: overhead }, at.child('overhead'), around.claims, options);
  validateOs(errors, spec, at);
  validateFileVolumes(errors, spec, at);
}

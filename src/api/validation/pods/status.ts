// What a change of a pod's status may say (pkg/apis/core/validation: ValidatePodStatusUpdate).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from '../../field-error.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types.ts';
import { isDns1123Subdomain, isInRange, isIpv6, isQualifiedName } from '../../names.ts';
import { check, immutable, metadataPath } from '../common.ts';
import { checkIp } from '../ip.ts';
import { validateAnnotationChanges, validatePodAnnotations } from './annotations.ts';
import { goValue } from './go-values.ts';
import { allContainersCouldRestart, shouldRestart } from './restart-rules.ts';

const statusPath = path('status');
const maxId = 2147483647;
const maxUid = 4294967295;
const systemConditions = ['PodScheduled', 'Ready', 'Initialized'];
const healths = ['Healthy', 'Unhealthy', 'Unknown'];
const notNegative = 'must be a non-negative integer';

/** No container that is done for good comes back. `containers` undefined: none of the list ever does. */
function validateTransitions(
  errors: FieldErrorList,
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  at: FieldPath,
  spec: PodSpec,
  containers: readonly Container[] | undefined,
): void {
  if (!old || !now) return;
  for (const [i, { name, state }] of old.entries()) {
    if (!state?.terminated) continue;
    const next = now.find((each) => each.name === name);
    if (!next || next.state?.terminated) continue;
    const container = containers?.find((each) => each.name === name);
    const allowed =
      containers !== undefined &&
      (allContainersCouldRestart(spec) ||
        (container !== undefined && shouldRestart(container, spec, state.terminated.exitCode)));
    if (!allowed) errors.push(forbidden(at.index(i).child('state'), 'may not be transitioned to non-terminated state'));
  }
}

function validateIps(
  errors: FieldErrorList,
  list: readonly { ip?: string }[],
  old: readonly { ip?: string }[],
  at: FieldPath,
): void {
  const known = old.map(({ ip = '' }) => ip);
  for (const [i, { ip = '' }] of list.entries()) checkIp(errors, at.index(i), ip, known);
  if (list.length > 1 && (list.length > 2 || isIpv6(list[0]?.ip ?? '') === isIpv6(list[1]?.ip ?? '')))
    errors.push(invalid(at, goValue('IP', list as object[]), 'may specify no more than one IP for each IP family'));
}

function validateUser(errors: FieldErrorList, { user }: ContainerStatus, at: FieldPath, os: string): void {
  if (!user?.linux) return;
  const where = at.child('user', 'linux');
  if (os === 'windows') errors.push(forbidden(where, 'cannot be set for a windows pod'));
  if (os !== 'linux') return;
  const { uid = 0, gid = 0, supplementalGroups = [] } = user.linux;
  for (const message of isInRange(uid, 0, maxUid)) errors.push(invalid(where.child('uid'), uid, message));
  for (const message of isInRange(gid, 0, maxId)) errors.push(invalid(where.child('gid'), gid, message));
  for (const [i, group] of supplementalGroups.entries())
    for (const message of isInRange(group, 0, maxId))
      errors.push(invalid(where.child('supplementalGroups').index(i), group, message));
}

/** Health of devices: of resources that the container asked for. */
function validateHealth(
  errors: FieldErrorList,
  { allocatedResourcesStatus: list = [] }: ContainerStatus,
  container: Container | undefined,
  at: FieldPath,
): void {
  for (const [i, { name, resources = [] }] of list.entries()) {
    const where = at.child('allocatedResourcesStatus').index(i);
    const { requests = {}, claims = [] } = container?.resources ?? {};
    const ofClaim = name.startsWith('claim:');
    const known = ofClaim
      ? claims.some((claim) => name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`)
      : Object.hasOwn(requests, name);
    if (container && !known)
      errors.push(
        invalid(
          where.child('name'),
          name,
          ofClaim
            ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
            : "must match one of the container's resource requests",
        ),
      );
    const ids = new Set<string>();
    for (const [j, { resourceID, health = '' }] of resources.entries()) {
      const place = where.child('resources').index(j);
      if (!healths.includes(health)) errors.push(notSupported(place.child('health'), health, healths));
      if (ids.has(resourceID)) errors.push(duplicate(place.child('resourceID'), resourceID));
      ids.add(resourceID);
    }
  }
}

function validateClaimStatuses(
  errors: FieldErrorList,
  { resourceClaimStatuses: list }: PodStatus,
  spec: PodSpec,
): void {
  const names = new Set<string>();
  for (const [i, { name, resourceClaimName }] of (list ?? []).entries()) {
    const where = statusPath.child('resourceClaimStatuses').index(i);
    if (!(spec.resourceClaims ?? []).some((claim) => claim.name === name))
      errors.push(invalid(where.child('name'), name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (names.has(name)) errors.push(duplicate(where.child('name'), name));
    names.add(name);
    if (resourceClaimName !== undefined)
      check(errors, where.child('resourceClaimName'), resourceClaimName, isDns1123Subdomain);
  }
}

function validateContainerStatuses(errors: FieldErrorList, status: PodStatus, spec: PodSpec): void {
  const os = spec.os ? spec.os.name : 'linux';
  const lists = [
    ['containerStatuses', spec.containers],
    ['initContainerStatuses', spec.initContainers],
    ['ephemeralContainerStatuses', undefined],
  ] as const;
  for (const [list] of lists)
    for (const [i, each] of (status[list] ?? []).entries())
      if (each.user) validateUser(errors, each, statusPath.child(list).index(i), os);
  for (const [list, containers] of lists)
    for (const [i, each] of (status[list] ?? []).entries()) {
      if ((each.allocatedResourcesStatus ?? []).length === 0) continue;
      const where = statusPath.child(list).index(i);
      if (list === 'ephemeralContainerStatuses')
        errors.push(forbidden(where.child('allocatedResourcesStatus'), 'must not be specified in container status'));
      else
        validateHealth(
          errors,
          each,
          containers?.find(({ name }) => name === each.name),
          where,
        );
    }
}

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldErrorList {
  const errors: FieldErrorList = [];
  const at = metadataPath.child('annotations');
  const { annotations } = pod.metadata;
  const was = old.metadata.annotations;
  validateAnnotationChanges(errors, annotations, was, at);
  validatePodAnnotations(errors, annotations, pod.spec, at, { old: old.spec, oldAnnotations: was ?? {} });
  const status: PodStatus = pod.status ?? {};
  const before: PodStatus = old.status ?? {};
  for (const [i, { type = '', observedGeneration = 0 }] of (status.conditions ?? []).entries()) {
    if (observedGeneration < 0)
      errors.push(
        invalid(statusPath.child('conditions').index(i).child('observedGeneration'), observedGeneration, notNegative),
      );
    if (!systemConditions.includes(type))
      for (const message of isQualifiedName(type))
        errors.push(invalid(statusPath.child('conditions').index(i).child('Type'), type, message));
  }
  const { nominatedNodeName: nominated, observedGeneration = 0 } = status;
  if (nominated && nominated !== before.nominatedNodeName) {
    check(errors, statusPath.child('nominatedNodeName'), nominated, isDns1123Subdomain);
    if (old.spec.nodeName)
      errors.push(
        forbidden(statusPath.child('nominatedNodeName'), 'may not be set on pods that are already bound to a node'),
      );
  }
  if (observedGeneration < 0)
    errors.push(invalid(statusPath.child('observedGeneration'), observedGeneration, notNegative));
  immutable(errors, statusPath.child('qosClass'), status.qosClass, before.qosClass);
  const transitions = (
    list: 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses',
    containers: readonly Container[] | undefined,
  ) => validateTransitions(errors, status[list], before[list], statusPath.child(list), old.spec, containers);
  transitions('containerStatuses', old.spec.containers ?? []);
  transitions('initContainerStatuses', old.spec.initContainers ?? []);
  transitions('ephemeralContainerStatuses', undefined);
  validateClaimStatuses(errors, status, pod.spec);
  validateExtended(errors, status, pod.spec);
  if (status.podIPs) validateIps(errors, status.podIPs, before.podIPs ?? [], statusPath.child('podIPs'));
  const { hostIPs } = status;
  if (hostIPs && hostIPs.length > 0) {
    const where = statusPath.child('hostIPs');
    const first = hostIPs[0]?.ip ?? '';
    if ((status.hostIP ?? '') !== first)
      errors.push(invalid(where.index(0).child('ip'), first, 'must be equal to `hostIP`'));
    validateIps(errors, hostIPs, before.hostIPs ?? [], where);
  }
  validateContainerStatuses(errors, status, pod.spec);
  return errors;
}

/** Devices given for extended resources: each mapping names a container and a resource that it asks for. */
function validateExtended(
  errors: FieldErrorList,
  { extendedResourceClaimStatus: extended }: PodStatus,
  spec: PodSpec,
): void {
  if (!extended) return;
  const at = statusPath.child('extendedResourceClaimStatus');
  const mappings = extended.requestMappings ?? [];
  if (mappings.length === 0)
    errors.push(required(at.child('requestMappings'), 'at least one request mapping is required'));
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  for (const [i, { containerName, resourceName }] of mappings.entries()) {
    const where = at.child('requestMappings').index(i);
    const container = containers.find(({ name }) => name === containerName);
    if (!container)
      errors.push(
        invalid(
          where.child('containerName'),
          containerName,
          'must match the name of an entry in spec.initContainers.name or spec.containers.name',
        ),
      );
    else if (!Object.hasOwn(container.resources?.requests ?? {}, resourceName))
      errors.push(
        invalid(
          where.child('resourceName'),
          resourceName,
          'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
        ),
      );
  }
  if (!extended.resourceClaimName) errors.push(required(at.child('resourceClaimName')));
  else check(errors, at.child('resourceClaimName'), extended.resourceClaimName, isDns1123Subdomain);
}

// Validation of a pod's security context (pkg/apis/core/validation: ValidatePodSecurityContext and what it calls).

import { duplicate, type FieldErrorList, type FieldPath, invalid, notSupported, required } from '../../field-error.ts';
import type { PodSpec, SeccompProfile } from '../../generated/types.ts';
import { isDns1123Subdomain, isInRange, isValidIp } from '../../names.ts';

const maxId = 2147483647;
const maxSysctlName = 253;
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `^(${segment}[\\./])*${segment}$`;
const sysctlName = new RegExp(sysctlPattern);
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
// Upstream leaves it to the runtime to know a sysctl; these it refuses to pods that share the host's namespace of that kind.
const ipcSysctls = /^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/;
const netSysctls = /^net[./]/;

export function validateSeccompProfile(
  errors: FieldErrorList,
  profile: SeccompProfile | undefined,
  at: FieldPath,
): void {
  if (!profile) return;
  if (!profileTypes.includes(profile.type)) {
    errors.push(
      profile.type
        ? notSupported(at.child('type'), profile.type, profileTypes)
        : required(at.child('type'), 'type is required when seccompProfile is set'),
    );
    return;
  }
  const file = profile.localhostProfile;
  if (profile.type === 'Localhost') {
    if (!file) errors.push(required(at.child('localhostProfile'), 'must be set when seccomp type is Localhost '));
    else if (file.startsWith('/')) errors.push(invalid(at.child('localhostProfile'), file, 'must be a relative path'));
    else if (file.split('/').includes('..'))
      errors.push(invalid(at.child('localhostProfile'), file, "must not contain '..'"));
  } else if (file !== undefined)
    errors.push(invalid(at.child('localhostProfile'), file, 'can only be set when seccomp type is Localhost'));
}

export function validatePodSecurity(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const security = spec.securityContext;
  if (!security) return;
  const where = at.child('securityContext');
  const id = (value: number | undefined, place: FieldPath) => {
    if (value !== undefined)
      for (const message of isInRange(value, 0, maxId)) errors.push(invalid(place, value, message));
  };
  for (const name of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) id(security[name], where.child(name));
  for (const [i, group] of (security.supplementalGroups ?? []).entries())
    id(group, where.child('supplementalGroups').index(i));
  const change = security.fsGroupChangePolicy;
  if (change !== undefined && !['Always', 'OnRootMismatch'].includes(change))
    errors.push(notSupported(where.child('fsGroupChangePolicy'), change, ['Always', 'OnRootMismatch']));
  validateSeccompProfile(errors, security.seccompProfile, where.child('seccompProfile'));
  const seen = new Set<string>();
  for (const [i, { name }] of (security.sysctls ?? []).entries()) {
    const place = where.child('sysctls').index(i).child('name');
    if (!name) errors.push(required(place));
    else if (name.length > maxSysctlName || !sysctlName.test(name))
      errors.push(
        invalid(place, name, `must have at most ${maxSysctlName} characters and match regex ${sysctlPattern}`),
      );
    else if (seen.has(name)) errors.push(duplicate(place, name));
    else if (spec.hostIPC && ipcSysctls.test(name))
      errors.push(invalid(place, name, "may not be specified when 'hostIPC' is true"));
    else if (spec.hostNetwork && netSysctls.test(name))
      errors.push(invalid(place, name, "may not be specified when 'hostNetwork' is true"));
    seen.add(name);
  }
}

/** hostAliases: addresses that are addresses, names that are names. */
export function validateHostAliases(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  for (const [i, { ip, hostnames }] of (spec.hostAliases ?? []).entries()) {
    const where = at.child('hostAliases').index(i);
    for (const message of isValidIp(ip ?? '')) errors.push(invalid(where.child('ip'), ip, message));
    for (const name of hostnames ?? [])
      for (const message of isDns1123Subdomain(name)) errors.push(invalid(where.child('hostnames'), name, message));
  }
}

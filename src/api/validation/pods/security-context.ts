// Validation of security contexts (pkg/apis/core/validation: ValidateSecurityContext, validatePodSpecSecurityContext and what they call).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../field-error.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../generated/types.ts';
import { isInRange } from '../../names.ts';
import { oneOf } from '../common.ts';
import { goValue } from './go-values.ts';
import { hadFlaw, type PodOptions } from './options.ts';
import { checkLocalDescendingPath } from './paths.ts';
import { validateWindowsOptions } from './windows.ts';

const maxId = 2147483647;
const maxSysctlName = 253;
const maxAppArmorProfile = 4095;
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `^(${segment}[\\./])*${segment}$`;
const sysctlName = new RegExp(sysctlPattern);
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function checkId(errors: FieldErrorList, at: FieldPath, id: number): void {
  for (const message of isInRange(id, 0, maxId)) errors.push(invalid(at, id, message));
}

function validateSeccompProfile(errors: FieldErrorList, profile: SeccompProfile, at: FieldPath): void {
  const { type, localhostProfile: file } = profile;
  if (!type) errors.push(required(at.child('type'), 'type is required when seccompProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(at.child('type'), type, profileTypes));
  const where = at.child('localhostProfile');
  if (type === 'Localhost') {
    if (file === undefined) errors.push(required(where, 'must be set when seccomp type is Localhost'));
    else checkLocalDescendingPath(errors, where, file);
  } else if (file !== undefined)
    errors.push(invalid(where, goValue('SeccompProfile', profile), 'can only be set when seccomp type is Localhost'));
}

/** What is wrong with an AppArmor profile. */
export function validateAppArmorProfile(errors: FieldErrorList, profile: AppArmorProfile, at: FieldPath): void {
  const { type, localhostProfile: name } = profile;
  const where = at.child('localhostProfile');
  if (!type) errors.push(required(at.child('type'), 'type is required when appArmorProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(at.child('type'), type, profileTypes));
  else if (type !== 'Localhost') {
    if (name !== undefined) errors.push(invalid(where, name, 'can only be set when AppArmor type is Localhost'));
  } else {
    if (name !== undefined && name !== name.trim())
      errors.push(invalid(where, name, 'must not be padded with whitespace'));
    else if (!name) errors.push(required(where, 'must be set when AppArmor type is Localhost'));
    if ((name ?? '').length > maxAppArmorProfile) errors.push(tooLong(where, maxAppArmorProfile));
  }
}

// Which namespace of the node a sysctl belongs to; upstream leaves it to the kubelet to know whether it is allowed.
const ipcSysctls = /^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/;
const netSysctls = /^net[./]/;
const hostSysctl = (name: string, { hostNetwork, hostIPC }: PodSpec): string | undefined =>
  hostNetwork && netSysctls.test(name) ? 'hostNetwork' : hostIPC && ipcSysctls.test(name) ? 'hostIPC' : undefined;

function validateSysctls(errors: FieldErrorList, spec: PodSpec, at: FieldPath, options: PodOptions): void {
  const seen = new Set<string>();
  for (const [i, { name = '' }] of (spec.securityContext?.sysctls ?? []).entries()) {
    const where = at.index(i).child('name');
    if (name === '') errors.push(required(where));
    else if (name.length > maxSysctlName || !sysctlName.test(name))
      errors.push(
        invalid(where, name, `must have at most ${maxSysctlName} characters and match regex ${sysctlPattern}`),
      );
    else if (seen.has(name)) errors.push(duplicate(where, name));
    const shared = hostSysctl(name, spec);
    const had = (old: PodSpec) =>
      (old.securityContext?.sysctls ?? []).some((each) => hostSysctl(each.name, old) !== undefined);
    if (shared && !hadFlaw(options, had))
      errors.push(invalid(where, name, `may not be specified when '${shared}' is true`));
    seen.add(name);
  }
}

/** Of the pod; `at` is the context's place. */
export function validatePodSecurity(errors: FieldErrorList, spec: PodSpec, at: FieldPath, options: PodOptions): void {
  const { securityContext: context, shareProcessNamespace, hostPID } = spec;
  if (context) {
    const { fsGroup, runAsUser, runAsGroup, supplementalGroups, sysctls, fsGroupChangePolicy } = context;
    if (fsGroup !== undefined) checkId(errors, at.child('fsGroup'), fsGroup);
    if (runAsUser !== undefined) checkId(errors, at.child('runAsUser'), runAsUser);
    if (runAsGroup !== undefined) checkId(errors, at.child('runAsGroup'), runAsGroup);
    for (const [i, group] of (supplementalGroups ?? []).entries())
      checkId(errors, at.child('supplementalGroups').index(i), group);
    if (shareProcessNamespace && hostPID)
      errors.push(
        invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
      );
    if (sysctls) validateSysctls(errors, spec, at.child('sysctls'), options);
    if (fsGroupChangePolicy !== undefined)
      oneOf(errors, at.child('fsGroupChangePolicy'), fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
    const { seccompProfile, windowsOptions, appArmorProfile, supplementalGroupsPolicy, seLinuxChangePolicy } = context;
    if (seccompProfile) validateSeccompProfile(errors, seccompProfile, at.child('seccompProfile'));
    if (windowsOptions) validateWindowsOptions(errors, windowsOptions, at.child('windowsOptions'));
    if (appArmorProfile) validateAppArmorProfile(errors, appArmorProfile, at.child('appArmorProfile'));
    if (supplementalGroupsPolicy !== undefined)
      oneOf(errors, at.child('supplementalGroupsPolicy'), supplementalGroupsPolicy, ['Merge', 'Strict']);
    // MountOption waits for a feature that is off by default.
    if (seLinuxChangePolicy !== undefined && options.old?.securityContext?.seLinuxChangePolicy === undefined)
      oneOf(errors, at.child('seLinuxChangePolicy'), seLinuxChangePolicy, ['Recursive']);
  }
}

/** Of a container. `userNamespace`: the pod's users are not the host's. */
export function validateSecurityContext(
  errors: FieldErrorList,
  context: SecurityContext,
  at: FieldPath,
  userNamespace: boolean,
): void {
  const { runAsUser, runAsGroup, procMount, seccompProfile, windowsOptions, appArmorProfile } = context;
  if (runAsUser !== undefined) checkId(errors, at.child('runAsUser'), runAsUser);
  if (runAsGroup !== undefined) checkId(errors, at.child('runAsGroup'), runAsGroup);
  if (procMount !== undefined) {
    oneOf(errors, at.child('procMount'), procMount, ['Default', 'Unmasked']);
    if (procMount === 'Unmasked' && !userNamespace)
      errors.push(invalid(at.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  if (seccompProfile) validateSeccompProfile(errors, seccompProfile, at.child('seccompProfile'));
  if (context.allowPrivilegeEscalation === false) {
    const cannot = (what: string) =>
      errors.push(
        invalid(
          at,
          goValue('SecurityContext', context),
          `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
        ),
      );
    if (context.privileged) cannot('`privileged` to true');
    for (const name of context.capabilities?.add ?? [])
      if (name === 'CAP_SYS_ADMIN') cannot('`capabilities.Add` CAP_SYS_ADMIN');
  }
  if (windowsOptions) validateWindowsOptions(errors, windowsOptions, at.child('windowsOptions'));
  if (appArmorProfile) validateAppArmorProfile(errors, appArmorProfile, at.child('appArmorProfile'));
}

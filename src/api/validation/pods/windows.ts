// Options of Windows pods, and what the pod's operating system forbids (pkg/apis/core/validation: validateWindowsSecurityContextOptions,
// validateWindowsHostProcessPod, validateOS, validateLinux, validateWindows).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { PodSpec, WindowsSecurityContextOptions } from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { check } from '../common.ts';
import { visitContainers } from './visit.ts';

const maxSpecKiB = 64;
const domainLimit = 256;
const maxUser = 104;
const control = /[\x00-\x1f\x7f]/;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsName = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const noUserCharacters = /["/\\:;|=,+*?<>@[\]]/;
const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** What is wrong with "user" or "DOMAIN\user". */
function userNameErrors(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (control.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const errors: string[] = [];
  if ((domain ?? '').length >= domainLimit)
    errors.push(`runAsUserName's Domain length must be under ${domainLimit} characters`);
  if (domain !== undefined && !netBios.test(domain) && !dnsName.test(domain))
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') errors.push("runAsUserName's User cannot be empty");
  else if (user.length > maxUser)
    errors.push(`runAsUserName's User length must not be longer than ${maxUser} characters`);
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (noUserCharacters.test(user))
    errors.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return errors;
}

export function validateWindowsOptions(
  errors: FieldErrorList,
  { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user }: WindowsSecurityContextOptions,
  at: FieldPath,
): void {
  if (name !== undefined) check(errors, at.child('gmsaCredentialSpecName'), name, isDns1123Subdomain);
  const where = at.child('gmsaCredentialSpec');
  if (spec === '') errors.push(invalid(where, spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec !== undefined && bytes(spec) > maxSpecKiB * 1024)
    errors.push(invalid(where, spec, `gmsaCredentialSpec size must be under ${maxSpecKiB} KiB`));
  if (user !== undefined)
    for (const message of userNameErrors(user)) errors.push(invalid(at.child('runAsUserName'), user, message));
}

/** HostProcess containers: all or none, and on the host's network. */
export function validateHostProcess(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let all = 0;
  let hosts = 0;
  visitContainers(spec, at, (container, where) => {
    all++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      errors.push(
        invalid(
          where().child('securityContext', 'windowsOptions', 'hostProcess'),
          own,
          `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
        ),
      );
    if (own ?? ofPod) hosts++;
  });
  if (hosts === 0) return;
  if (hosts !== all)
    errors.push(
      invalid(at, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'),
    );
  if (!spec.hostNetwork)
    errors.push(
      invalid(at.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'),
    );
}

const linuxContext = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const linuxContainerContext = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

function validateWindows(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const no = (where: FieldPath) => errors.push(forbidden(where, 'cannot be set for a windows pod'));
  const { securityContext: context } = spec;
  for (const name of linuxContext)
    if (context?.[name] !== undefined && (name !== 'sysctls' || (context.sysctls ?? []).length > 0))
      no(at.child('securityContext', name));
  if (spec.hostUsers !== undefined) no(at.child('hostUsers'));
  if (spec.hostPID) no(at.child('hostPID'));
  if (spec.hostIPC) no(at.child('hostIPC'));
  if (spec.shareProcessNamespace !== undefined) no(at.child('shareProcessNamespace'));
  visitContainers(spec, at, ({ securityContext: own }, where) => {
    for (const name of linuxContainerContext) if (own?.[name] !== undefined) no(where().child('securityContext', name));
  });
}

function validateLinux(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  const no = (where: FieldPath) =>
    errors.push(
      forbidden(where.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod'),
    );
  if (spec.securityContext?.windowsOptions) no(at);
  visitContainers(spec, at, (container, where) => {
    if (container.securityContext?.windowsOptions) no(where());
  });
}

/** spec.os, and what does not go with it. */
export function validateOs(errors: FieldErrorList, spec: PodSpec, at: FieldPath): void {
  if (!spec.os) return;
  const { name } = spec.os;
  if (!name) errors.push(required(at.child('os', 'name')));
  else if (name === 'linux') validateLinux(errors, spec, at);
  else if (name === 'windows') validateWindows(errors, spec, at);
  else errors.push(notSupported(at.child('os'), name, ['linux', 'windows']));
}

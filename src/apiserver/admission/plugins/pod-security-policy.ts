// What Pod Security asks of the pods of a namespace: its labels over the defaults of the server; and the configuration of the server, defaults and exemptions
// (pod-security-admission/api, .../admission/api).

import { duplicate, type FieldErrorList, type FieldPath, invalid, path } from '../../../api/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../api/names.ts';
import type { Level } from './pod-security-checks.ts';

export const labelPrefix = 'pod-security.kubernetes.io/';
export const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];
export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];

export interface Standard {
  level: Level;
  version: string;
}
export type Policy = Record<Mode, Standard>;

/** PodSecurityConfiguration, checked. */
export interface PodSecurityConfiguration {
  defaults: Policy;
  exemptions: { usernames: readonly string[]; namespaces: readonly string[]; runtimeClasses: readonly string[] };
}

const anything: Standard = { level: 'privileged', version: 'latest' };
export const defaultConfiguration: PodSecurityConfiguration = {
  defaults: { enforce: anything, audit: anything, warn: anything },
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

/** "restricted:latest" */
export const shown = ({ level, version }: Standard): string => `${level}:${version}`;
const strictness = ({ level }: Standard): number => levels.indexOf(level);
export const stricter = (a: Standard, b: Standard): boolean => strictness(a) > strictness(b);
export const isPrivileged = (policy: Policy): boolean => modes.every((mode) => policy[mode].level === 'privileged');

const isVersion = (text: string): boolean => text === 'latest' || /^v1\.([0-9]|[1-9][0-9]*)$/.test(text);
const levelProblem = `must be one of ${levels.join(', ')}`;
const versionProblem = 'must be "latest" or "v1.x"';

/** What labels ask for over the defaults. An enforced level that is none counts as restricted, a version that is none as the latest (PolicyToEvaluate). */
export function policyOf(
  labels: Readonly<Record<string, string>>,
  defaults: Policy,
): { policy: Policy; errors: FieldErrorList } {
  const errors: FieldErrorList = [];
  const at = path('metadata', 'labels');
  const standard = (mode: Mode): Standard => {
    const level = labels[labelPrefix + mode] ?? defaults[mode].level;
    const version = labels[`${labelPrefix}${mode}-version`] ?? defaults[mode].version;
    const known = levels.includes(level);
    if (!known) errors.push(invalid(at.key(labelPrefix + mode), level, levelProblem));
    if (!isVersion(version)) errors.push(invalid(at.key(`${labelPrefix}${mode}-version`), version, versionProblem));
    const otherwise = mode === 'enforce' ? 'restricted' : 'privileged';
    return { level: known ? (level as Level) : otherwise, version: isVersion(version) ? version : 'latest' };
  };
  const policy = { enforce: standard('enforce'), audit: standard('audit'), warn: standard('warn') };
  // Whoever enforces more than is warned of, and does not say otherwise, is warned by the same measure.
  const explicit = levels.includes(labels[`${labelPrefix}enforce`] ?? '');
  if (labels[`${labelPrefix}warn`] === undefined && explicit && stricter(policy.enforce, policy.warn)) {
    const own = labels[`${labelPrefix}warn-version`] !== undefined;
    policy.warn = { level: policy.enforce.level, version: own ? policy.warn.version : policy.enforce.version };
  }
  return { policy, errors };
}

/** What the labels of a namespace say that is exempt, to be told that it is ignored; undefined when they say nothing (exemptNamespaceWarning). */
export function exemptionWarning(
  name: string,
  labels: Readonly<Record<string, string>>,
  policy: Policy,
  defaults: Policy,
): string | undefined {
  const same = (mode: Mode) =>
    shown(policy[mode]) === shown(defaults[mode]) ||
    (policy[mode].level === 'privileged' && defaults[mode].level === 'privileged');
  if (isPrivileged(policy) || modes.every(same)) return undefined;
  const said = modes.filter(
    (mode) =>
      policy[mode].level !== 'privileged' &&
      (labels[labelPrefix + mode] !== undefined || labels[`${labelPrefix}${mode}-version`] !== undefined),
  );
  const text = said.map((mode) => `${mode}=${shown(policy[mode])}`).join(', ');
  return `namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`;
}

/** The PodSecurityConfiguration of a file as it was written: every field that there may be. */
export interface PodSecurityDocument {
  defaults?: Partial<Record<string, string>>;
  exemptions?: { usernames?: string[]; namespaces?: string[]; runtimeClasses?: string[] };
}

/** Fills in defaults and checks (ValidatePodSecurityConfiguration). */
export function configurationOf({ defaults = {}, exemptions = {} }: PodSecurityDocument): {
  configuration: PodSecurityConfiguration;
  errors: FieldErrorList;
} {
  const errors: FieldErrorList = [];
  const standard = (mode: Mode): Standard => {
    const level = defaults[mode] || anything.level;
    const version = defaults[`${mode}-version`] || anything.version;
    if (!levels.includes(level)) errors.push(invalid(path('defaults', mode), level, levelProblem));
    if (!isVersion(version)) errors.push(invalid(path('defaults', `${mode}-version`), version, versionProblem));
    return { level: level as Level, version };
  };
  const { usernames = [], namespaces = [], runtimeClasses = [] } = exemptions;
  const policy = { enforce: standard('enforce'), warn: standard('warn'), audit: standard('audit') };
  const at = path('exemptions');
  checkNames(errors, at.child('namespaces'), namespaces, isDns1123Label);
  checkNames(errors, at.child('runtimeClasses'), runtimeClasses, isDns1123Subdomain);
  checkNames(errors, at.child('usernames'), usernames, (name) => (name === '' ? ['username must not be empty'] : []));
  return { configuration: { defaults: policy, exemptions: { usernames, namespaces, runtimeClasses } }, errors };
}

function checkNames(
  errors: FieldErrorList,
  at: FieldPath,
  names: readonly string[],
  problems: (name: string) => string[],
): void {
  for (const [i, name] of names.entries()) {
    const found = problems(name);
    if (found.length > 0) errors.push(invalid(at.index(i), name, found.join(', ')));
    else if (names.indexOf(name) < i) errors.push(duplicate(at.index(i), name));
  }
}

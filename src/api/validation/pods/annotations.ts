// Annotations that mean something to pods (pkg/apis/core/validation: ValidatePodSpecificAnnotations and its update, seccomp and AppArmor annotations
// beside their fields).

import { type FieldErrorList, type FieldPath, forbidden, invalid } from '../../field-error.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, Toleration } from '../../generated/types.ts';
import type { PodOptions } from './options.ts';
import { checkLocalDescendingPath } from './paths.ts';
import { validateTolerations } from './scheduling.ts';
import { visitContainers } from './visit.ts';

type Annotations = Readonly<Record<string, string>> | undefined;

export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
export const containerAppArmor = 'container.apparmor.security.beta.kubernetes.io/';
const localhost = 'localhost/';

/** A decimal integer of 32 bits without a plus sign or leading zeros. */
function isCost(text: string): boolean {
  const value = Number(text);
  return /^(0|-?[1-9]\d*)$/.test(text) && value >= -(2 ** 31) && value < 2 ** 31;
}

function validateSeccomp(errors: FieldErrorList, profile: string, at: FieldPath): void {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return;
  if (profile.startsWith(localhost)) checkLocalDescendingPath(errors, at, profile.slice(localhost.length));
  else errors.push(invalid(at, profile, 'must be a valid seccomp profile'));
}

function validateTolerationsText(errors: FieldErrorList, text: string, at: FieldPath): void {
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(text);
  } catch {
    tolerations = undefined;
  }
  if (Array.isArray(tolerations))
    validateTolerations(errors, tolerations as Toleration[], at.child(tolerationsAnnotation));
  else errors.push(invalid(at, tolerationsAnnotation, 'cannot be parsed as a list of tolerations'));
}

/** `at` is the annotations' place. */
export function validatePodAnnotations(
  errors: FieldErrorList,
  annotations: Annotations,
  spec: PodSpec,
  at: FieldPath,
  { oldAnnotations }: PodOptions,
): void {
  if (!annotations) return;
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName)
    errors.push(invalid(at.key(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  const tolerations = annotations[tolerationsAnnotation];
  if (tolerations) validateTolerationsText(errors, tolerations, at);
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isCost(cost)) {
    const old = oldAnnotations?.[deletionCost];
    if (old === undefined || isCost(old)) errors.push(invalid(at.key(deletionCost), cost, 'must be a 32bit integer'));
  }
  const ofPod = annotations[podSeccomp];
  if (ofPod !== undefined) validateSeccomp(errors, ofPod, at.child(podSeccomp));
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(containerSeccomp)) validateSeccomp(errors, value, at.child(key));
    if (!key.startsWith(containerAppArmor)) continue;
    const name = key.slice(containerAppArmor.length);
    let found = false;
    visitContainers(spec, at, (container) => {
      found ||= container.name === name;
    });
    if (!found) errors.push(invalid(at.key(key), name, 'container not found'));
    if (value !== '' && value !== 'runtime/default' && value !== 'unconfined' && !value.startsWith(localhost))
      errors.push(invalid(at.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
  }
}

/** AppArmor and mirror annotations stay what they were. */
export function validateAnnotationChanges(
  errors: FieldErrorList,
  annotations: Annotations,
  old: Annotations,
  at: FieldPath,
): void {
  if (!annotations && !old) return;
  for (const key of new Set([...Object.keys(old ?? {}), ...Object.keys(annotations ?? {})])) {
    const name = key === mirrorAnnotation ? 'mirror pod annotation' : 'AppArmor annotations';
    if (name === 'AppArmor annotations' && !key.startsWith(containerAppArmor)) continue;
    const before = old?.[key];
    if (before === annotations?.[key]) continue;
    const what = before === undefined ? 'add' : 'remove or update';
    errors.push(forbidden(at.key(key), `may not ${what} ${name}`));
  }
}

/** Where field and annotation of a security profile disagree: 'type', 'profile' or nowhere. */
function disagreement(
  { type, localhostProfile }: SeccompProfile | AppArmorProfile,
  annotation: string,
  defaults: readonly string[],
): 'type' | 'localhostProfile' | undefined {
  if (type === 'Unconfined') return annotation === 'unconfined' ? undefined : 'type';
  if (type === 'RuntimeDefault') return defaults.includes(annotation) ? undefined : 'type';
  if (type !== 'Localhost') return undefined;
  if (!annotation.startsWith(localhost)) return 'type';
  return annotation.slice(localhost.length) === localhostProfile ? undefined : 'localhostProfile';
}

/** Profiles that are given both ways are the same. `at` is the spec's place. */
export function validateProfilesMatch(
  errors: FieldErrorList,
  annotations: Annotations,
  spec: PodSpec,
  at: FieldPath,
): void {
  if (!annotations) return;
  const compare = (
    word: string,
    profile: SeccompProfile | AppArmorProfile | undefined,
    key: string,
    where: () => FieldPath,
    defaults: readonly string[],
  ) => {
    const annotation = annotations[key];
    if (!profile || annotation === undefined) return;
    const field = disagreement(profile, annotation, defaults);
    if (field)
      errors.push(
        forbidden(
          where().child(field),
          `${word} ${field === 'type' ? 'type' : 'profile'} in annotation and field must match`,
        ),
      );
  };
  const seccompDefaults = ['runtime/default', 'docker/default'];
  const context = spec.securityContext;
  compare(
    'seccomp',
    context?.seccompProfile,
    podSeccomp,
    () => at.child('securityContext', 'seccompProfile'),
    seccompDefaults,
  );
  visitContainers(spec, at, ({ name, securityContext: own }, where) => {
    const place = (field: string) => () => where().child('securityContext', field);
    compare('seccomp', own?.seccompProfile, `${containerSeccomp}${name}`, place('seccompProfile'), seccompDefaults);
  });
  if (spec.os?.name === 'windows') return;
  visitContainers(spec, at, ({ name, securityContext: own }, where) => {
    const profile = own?.appArmorProfile ?? context?.appArmorProfile;
    const place = () => where().child('securityContext', 'appArmorProfile');
    compare('apparmor', profile, `${containerAppArmor}${name}`, place, ['runtime/default']);
  });
}

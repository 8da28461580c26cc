// Validation of containers of the three kinds (pkg/apis/core/validation: validateContainers, validateInitContainers, validateEphemeralContainers).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  required,
} from '../../field-error.ts';
import type { Container, EphemeralContainer, PodSpec } from '../../generated/types.ts';
import { isDns1123Label } from '../../names.ts';
import { requiredOneOf } from '../common.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { type Volumes, validateDevices, validateMounts } from './mounts.ts';
import { validateHostPorts, validatePorts } from './network.ts';
import { hadFlaw, type PodOptions } from './options.ts';
import { validateHooks } from './probes.ts';
import { validateResizePolicy, validateResources } from './resources.ts';
import { validateRestartPolicy } from './restart-rules.ts';
import { validateSecurityContext } from './security-context.ts';

/** What containers are judged by beside themselves. */
export interface Surroundings {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  /** Names of the pod's resource claims. */
  readonly claims: ReadonlySet<string>;
  readonly options: PodOptions;
}

function validateCommon(errors: FieldErrorList, container: Container, at: FieldPath, around: Surroundings): void {
  const { spec, volumes, claims, options } = around;
  const { name, image, terminationMessagePolicy, imagePullPolicy, ports, env, envFrom } = container;
  if (!name) errors.push(required(at.child('name')));
  else for (const message of isDns1123Label(name)) errors.push(invalid(at.child('name'), name, message));
  if (!image) errors.push(required(at.child('image')));
  if (terminationMessagePolicy !== 'File')
    requiredOneOf(errors, at.child('terminationMessagePolicy'), terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]);
  if (ports) validatePorts(errors, ports, at.child('ports'));
  if (env) validateEnv(errors, env, at.child('env'));
  if (envFrom) validateEnvFrom(errors, envFrom, at.child('envFrom'));
  const { volumeMounts, volumeDevices, resources, resizePolicy, securityContext } = container;
  if (volumeMounts) validateMounts(errors, container, volumes, at.child('volumeMounts'));
  if (volumeDevices) validateDevices(errors, volumeDevices, volumeMounts ?? [], volumes, at.child('volumeDevices'));
  if (imagePullPolicy !== 'Always')
    requiredOneOf(errors, at.child('imagePullPolicy'), imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  if (resources) validateResources(errors, resources, at.child('resources'), claims, options);
  if (resizePolicy) validateResizePolicy(errors, resizePolicy, at.child('resizePolicy'), spec.restartPolicy);
  if (securityContext)
    validateSecurityContext(errors, securityContext, at.child('securityContext'), spec.hostUsers === false);
}

/** Images without padding: of pods only, since templates were never asked for it. */
export function validateImagePadding(
  errors: FieldErrorList,
  containers: readonly Container[] | undefined,
  at: FieldPath,
): void {
  for (const [i, { image = '' }] of (containers ?? []).entries())
    if (image !== image.trim())
      errors.push(invalid(at.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
}

export function validateContainers(
  errors: FieldErrorList,
  containers: readonly Container[],
  at: FieldPath,
  around: Surroundings,
): void {
  if (containers.length === 0) {
    errors.push(required(at));
    return;
  }
  const { terminationGracePeriodSeconds: grace, os } = around.spec;
  const names = new Set<string>();
  for (const [i, container] of containers.entries()) {
    const where = at.index(i);
    validateCommon(errors, container, where, around);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(where.child('name'), name));
    names.add(name);
    validateHooks(errors, container, where, grace, os);
    validateRestartPolicy(errors, container, where);
  }
  validateHostPorts(errors, containers, at);
}

const hooks = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

const restartsOnResize = ({ resizePolicy = [] }: Container): boolean =>
  resizePolicy.some(({ restartPolicy }) => restartPolicy === 'RestartContainer');
const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

export function validateInitContainers(
  errors: FieldErrorList,
  containers: readonly Container[],
  at: FieldPath,
  around: Surroundings,
): void {
  const { terminationGracePeriodSeconds: grace, os, containers: regular = [] } = around.spec;
  const names = new Set(regular.map(({ name }) => name));
  for (const [i, container] of containers.entries()) {
    const where = at.index(i);
    validateCommon(errors, container, where, around);
    validateRestartPolicy(errors, container, where);
    if (names.has(container.name)) errors.push(duplicate(where.child('name'), container.name));
    else if (container.name) names.add(container.name);
    validateHostPorts(errors, [container], at);
    if (isSidecar(container)) {
      validateHooks(errors, container, where, grace, os);
      continue;
    }
    for (const name of hooks)
      if (container[name])
        errors.push(forbidden(where.child(name), 'may not be set for init containers without restartPolicy=Always'));
    const had = (old: PodSpec) => (old.initContainers ?? []).some((each) => !isSidecar(each) && restartsOnResize(each));
    if (!restartsOnResize(container) || hadFlaw(around.options, had)) continue;
    for (const [j, { restartPolicy }] of (container.resizePolicy ?? []).entries())
      if (restartPolicy === 'RestartContainer')
        errors.push(
          invalid(
            where.child('resizePolicy').index(j).child('restartPolicy'),
            restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          ),
        );
  }
}

const ephemeralFields = new Set([
  ...['name', 'image', 'command', 'args', 'workingDir', 'envFrom', 'env', 'volumeMounts', 'volumeDevices'],
  ...['terminationMessagePath', 'terminationMessagePolicy', 'imagePullPolicy', 'securityContext'],
  ...['stdin', 'stdinOnce', 'tty', 'targetContainerName'],
]);
const cannot = 'cannot be set for an Ephemeral Container';

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0);

export function validateEphemeralContainers(
  errors: FieldErrorList,
  containers: readonly EphemeralContainer[],
  at: FieldPath,
  around: Surroundings,
): void {
  const others = new Set([...(around.spec.containers ?? []), ...(around.spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set(others);
  for (const [i, container] of containers.entries()) {
    const where = at.index(i);
    const { name, targetContainerName: target, volumeMounts } = container;
    validateCommon(errors, container as Container, where, around);
    if (container.image !== container.image?.trim())
      errors.push(invalid(where.child('image'), container.image, 'must not have leading or trailing whitespace'));
    if (names.has(name)) errors.push(duplicate(where.child('name'), name));
    names.add(name);
    if (target && !others.has(target)) errors.push(notFound(where.child('targetContainerName'), target));
    for (const [field, value] of Object.entries(container))
      if (!ephemeralFields.has(field) && !(field === 'resources' ? isEmpty(value) : value === undefined))
        errors.push(forbidden(where.child(field), cannot));
    for (const [j, mount] of (volumeMounts ?? []).entries())
      for (const field of ['subPath', 'subPathExpr'] as const)
        if (mount[field]) errors.push(forbidden(where.child('volumeMounts').index(j).child(field), cannot));
  }
}

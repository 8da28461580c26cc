// Validation of resource requests and limits, of containers and of pods as a whole (pkg/apis/core/validation: validateResourceRequirements,
// validateResourceClaimNames, validatePodResources, validateResizePolicy).

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
import type {
  ContainerResizePolicy,
  Pod,
  PodSpec,
  ResourceClaim,
  ResourceRequirements,
} from '../../generated/types.ts';
import { isDns1123Label } from '../../names.ts';
import { compareQuantity, formatQuantity, parseQuantity, type Quantity, tryParseQuantity } from '../../quantity.ts';
import { podAmounts } from '../../quota/pod-resources.ts';
import { check, nonNegativeMessage } from '../common.ts';
import { hadFlaw, type PodOptions } from './options.ts';
import {
  checkContainerResource,
  checkPodResource,
  isExtendedResource,
  isHugePages,
  isOvercommitAllowed,
  isWholePages,
} from './resource-names.ts';

type CheckName = typeof checkContainerResource;

const milli = 1_000_000n;
const one = 1_000_000_000n;

function hasPartialPages(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(({ resources }) =>
    [...Object.entries(resources?.limits ?? {}), ...Object.entries(resources?.requests ?? {})].some(([name, text]) => {
      const quantity = tryParseQuantity(text);
      return isHugePages(name) && quantity !== undefined && !isWholePages(name, quantity);
    }),
  );
}

function checkAmount(errors: FieldErrorList, at: FieldPath, name: string, quantity: Quantity): void {
  if (quantity.nanos < 0n) errors.push(invalid(at, formatQuantity(quantity), nonNegativeMessage));
  // Thousandths are rounded up first, so that a little more than a whole number passes for the next.
  if (isExtendedResource(name) && (((quantity.nanos + milli - 1n) / milli) * milli) % one !== 0n)
    errors.push(invalid(at, formatQuantity(quantity), 'must be an integer'));
}

/** Requests against limits: no more, and where nothing can be shared, neither less. */
function checkLimit(
  errors: FieldErrorList,
  at: FieldPath,
  name: string,
  request: string,
  limit: string | undefined,
): void {
  const shared = isOvercommitAllowed(name);
  if (limit === undefined) {
    if (!shared) errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
    return;
  }
  const difference = compareQuantity(request, limit);
  if (difference !== 0 && !shared)
    errors.push(invalid(at.child('requests'), request, `must be equal to ${name} limit of ${limit}`));
  else if (difference > 0)
    errors.push(invalid(at.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`));
}

function validateRequirements(
  errors: FieldErrorList,
  resources: ResourceRequirements,
  at: FieldPath,
  checkName: CheckName,
  claims: ReadonlySet<string>,
  options: PodOptions,
): void {
  const { limits = {}, requests = {} } = resources;
  const checkPages = (where: FieldPath, name: string, quantity: Quantity) => {
    if (!isHugePages(name) || isWholePages(name, quantity) || hadFlaw(options, hasPartialPages)) return;
    const text = formatQuantity(quantity);
    errors.push(invalid(where, text, `${text} is not positive integer multiple of ${name}`));
  };
  for (const [name, text] of Object.entries(limits)) {
    const where = at.child('limits').key(name);
    checkName(errors, where, name);
    const quantity = parseQuantity(text);
    checkAmount(errors, where, name, quantity);
    checkPages(where, name, quantity);
  }
  for (const [name, text] of Object.entries(requests)) {
    const where = at.child('requests').key(name);
    checkName(errors, where, name);
    const quantity = parseQuantity(text);
    checkAmount(errors, where, name, quantity);
    checkLimit(errors, at, name, text, limits[name]);
    checkPages(where, name, quantity);
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbidden(at, 'HugePages require cpu or memory'));
  if (resources.claims) validateClaims(errors, resources.claims, claims, at.child('claims'));
}

/** Each entry names a claim of the pod, or one request in it, and none what another entry covers already. */
function validateClaims(
  errors: FieldErrorList,
  entries: readonly ResourceClaim[],
  claims: ReadonlySet<string>,
  at: FieldPath,
): void {
  const seen = new Set<string>();
  for (const [i, { name, request }] of entries.entries()) {
    const where = at.index(i);
    if (!name) {
      errors.push(required(where));
      continue;
    }
    if (seen.has(name)) errors.push(duplicate(where, name));
    else {
      const key = request ? `${name}/${request}` : name;
      if (request) check(errors, where.child('request'), request, isDns1123Label);
      if (seen.has(key)) errors.push(duplicate(where, key));
      else if (!request)
        for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(where, name));
      seen.add(key);
    }
    if (!claims.has(name)) {
      const list = claims.size === 0 ? ' which is empty' : `: ${[...claims].sort().join(', ')}`;
      errors.push({ ...notFound(where, name), detail: `must be one of the names in pod.spec.resourceClaims${list}` });
    }
  }
}

/** Of a container; also `overhead`, as limits. */
export function validateResources(
  errors: FieldErrorList,
  resources: ResourceRequirements,
  at: FieldPath,
  claims: ReadonlySet<string>,
  options: PodOptions,
): void {
  validateRequirements(errors, resources, at, checkContainerResource, claims, options);
}

/** What the containers ask for, or are limited to, together. */
function aggregate({ containers, initContainers = [] }: PodSpec, field: 'requests' | 'limits'): [string, string][] {
  const amounts = podAmounts({ spec: { containers: containers ?? [], initContainers } } as Pod, field);
  return [...amounts].map(([name, quantity]) => [name, formatQuantity(quantity)]);
}

/** spec.resources: bounds for the containers together. */
export function validatePodResources(
  errors: FieldErrorList,
  spec: PodSpec,
  at: FieldPath,
  claims: ReadonlySet<string>,
  options: PodOptions,
): void {
  const { resources } = spec;
  if (!resources) return;
  if (spec.os?.name === 'windows') {
    errors.push(forbidden(at, 'may not be set for a windows pod'));
    return;
  }
  if (resources.claims) errors.push(forbidden(at.child('claims'), 'claims may not be set for Resources at pod-level'));
  validateRequirements(errors, resources, at, checkPodResource, claims, options);
  const { requests = {}, limits = {} } = resources;
  for (const [name, sum] of aggregate(spec, 'requests')) {
    const asked = requests[name];
    if (asked !== undefined && compareQuantity(sum, asked) > 0)
      errors.push(
        invalid(
          at.child('requests').key(name),
          asked,
          `must be greater than or equal to aggregate container requests of ${sum}`,
        ),
      );
  }
  for (const [name, sum] of aggregate(spec, 'limits')) {
    const limit = limits[name];
    if (isHugePages(name) && limit !== undefined && compareQuantity(sum, limit) > 0)
      errors.push(
        invalid(
          at.child('limits').key(name),
          limit,
          `must be greater than or equal to aggregate container limits of ${sum}`,
        ),
      );
  }
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [name, own] of Object.entries(container.resources?.limits ?? {})) {
      const limit = limits[name];
      if (limit !== undefined && compareQuantity(own, limit) > 0)
        errors.push(
          invalid(
            at.child('containers').index(i).key(name).child('limits'),
            own,
            `must be less than or equal to pod limits of ${limit}`,
          ),
        );
    }
}

/** Upstream names the list in all but duplicates. */
export function validateResizePolicy(
  errors: FieldErrorList,
  policies: readonly ContainerResizePolicy[],
  at: FieldPath,
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>();
  for (const [i, { resourceName = '', restartPolicy = '' }] of policies.entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(at.index(i), resourceName));
    seen.add(resourceName);
    if (resourceName === '') errors.push(required(at));
    else if (resourceName !== 'cpu' && resourceName !== 'memory')
      errors.push(notSupported(at, resourceName, ['cpu', 'memory']));
    if (restartPolicy === '') errors.push(required(at));
    else if (restartPolicy !== 'NotRequired' && restartPolicy !== 'RestartContainer')
      errors.push(notSupported(at, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.push(invalid(at, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
  }
}

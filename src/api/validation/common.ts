// Checks that many kinds share: metadata, labels, selectors, numbers (apimachinery/pkg/api/validation, pkg/apis/core/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from '../field-error.ts';
import type { LabelSelector, ObjectMeta, OwnerReference } from '../generated/types.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
  isValidPathSegmentName,
  type NameCheck,
  regexError,
} from '../names.ts';
import { parseGroupVersion } from '../resources.ts';
import { isIpAddressName } from './ip.ts';

export const immutableMessage = 'field is immutable';
export const nonNegativeMessage = 'must be greater than or equal to 0';
export const metadataPath = path('metadata');
export const specPath = path('spec');
export const statusPath = path('status');

export const check = (errors: FieldErrorList, at: FieldPath, value: string, test: NameCheck): void => {
  for (const message of test(value)) errors.push(invalid(at, value, message));
};

export function nonNegative(errors: FieldErrorList, at: FieldPath, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalid(at, value, nonNegativeMessage));
}

export function oneOf(
  errors: FieldErrorList,
  at: FieldPath,
  value: string | undefined,
  valid: readonly string[],
): void {
  if (value !== undefined && !valid.includes(value)) errors.push(notSupported(at, value, valid));
}

/** Required when empty, otherwise one of the given. */
export function requiredOneOf(
  errors: FieldErrorList,
  at: FieldPath,
  value: string | undefined,
  valid: readonly string[],
  detail = '',
): void {
  if (!value) errors.push(required(at, detail));
  else oneOf(errors, at, value, valid);
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/** Whether two values mean the same: absent, null and an empty list do (apiequality.Semantic.DeepEqual). */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));
  if (Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key in left) if (!semanticEqual(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && !isNothing(right[key])) return false;
  return true;
}

export function immutable(errors: FieldErrorList, at: FieldPath, value: unknown, old: unknown): void {
  if (!semanticEqual(value, old)) errors.push(invalid(at, value ?? null, immutableMessage));
}

export function validateLabels(
  errors: FieldErrorList,
  labels: Record<string, string> | undefined,
  at: FieldPath,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    check(errors, at, key, isQualifiedName);
    check(errors, at, value, isValidLabelValue);
  }
}

export function validateAnnotations(
  errors: FieldErrorList,
  annotations: Record<string, string> | undefined,
  at: FieldPath,
): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(at, key, message));
    size += key.length + value.length;
  }
  if (size > 256 * 1024) errors.push(tooLong(at, 256 * 1024));
}

function validateOwners(errors: FieldErrorList, owners: readonly OwnerReference[] | undefined, at: FieldPath): void {
  let controller: OwnerReference | undefined;
  for (const [i, owner] of (owners ?? []).entries()) {
    const where = at.index(i);
    const must = (name: 'apiVersion' | 'kind' | 'name' | 'uid') => {
      if (!owner[name]) errors.push(required(where.child(name), 'must not be empty'));
    };
    must('apiVersion');
    if (owner.apiVersion && !parseGroupVersion(owner.apiVersion))
      errors.push(invalid(where.child('apiVersion'), owner.apiVersion, 'must be <group>/<version> or <version>'));
    must('kind');
    must('name');
    must('uid');
    if (owner.kind === 'Event' && (owner.apiVersion === 'v1' || owner.apiVersion === 'events.k8s.io/v1'))
      errors.push(invalid(where, owner, `${owner.apiVersion}, Kind=Event is disallowed from being an owner`));
    if (!owner.controller) continue;
    if (controller)
      errors.push(
        invalid(
          at,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`,
        ),
      );
    controller ??= owner;
  }
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function validateFinalizers(
  errors: FieldErrorList,
  finalizers: readonly string[] | undefined,
  at: FieldPath,
  any = false,
): void {
  for (const [i, finalizer] of (finalizers ?? []).entries()) {
    check(errors, at, finalizer, isQualifiedName);
    if (!any && !finalizer.includes('/') && !standardFinalizers.includes(finalizer))
      errors.push(
        invalid(at.index(i), finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
  }
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
}

/** How the name of a kind is checked; DNS subdomain unless it says otherwise. */
const nameChecks: Record<string, NameCheck> = {
  Namespace: isDns1123Label,
  Service: isDns1123Label,
  IPAddress: isIpAddressName,
  CoreV1Event: isValidPathSegmentName,
  Role: isValidPathSegmentName,
  ClusterRole: isValidPathSegmentName,
  RoleBinding: isValidPathSegmentName,
  ClusterRoleBinding: isValidPathSegmentName,
  StatefulSet: isDns1123Label,
  CertificateSigningRequest: isValidPathSegmentName,
  APIService: isValidPathSegmentName,
};

export function validateMeta(metadata: ObjectMeta, type: string, namespaced: boolean): FieldErrorList {
  const errors: FieldErrorList = [];
  const name = nameChecks[type] ?? isDns1123Subdomain;
  if (metadata.generateName) {
    // A generated suffix follows: a trailing dash is fine.
    const prefix = metadata.generateName.endsWith('-')
      ? `${metadata.generateName.slice(0, -1)}a`
      : metadata.generateName;
    for (const message of name(prefix))
      errors.push(invalid(metadataPath.child('generateName'), metadata.generateName, message));
  }
  if (!metadata.name) errors.push(required(metadataPath.child('name'), 'name or generateName is required'));
  else check(errors, metadataPath.child('name'), metadata.name, name);
  if (namespaced) {
    if (!metadata.namespace) errors.push(required(metadataPath.child('namespace')));
    else check(errors, metadataPath.child('namespace'), metadata.namespace, isDns1123Label);
  } else if (metadata.namespace) errors.push(forbidden(metadataPath.child('namespace'), 'not allowed on this type'));
  if ((metadata.generation ?? 0) < 0)
    errors.push(invalid(metadataPath.child('generation'), metadata.generation, nonNegativeMessage));
  validateLabels(errors, metadata.labels, metadataPath.child('labels'));
  validateAnnotations(errors, metadata.annotations, metadataPath.child('annotations'));
  validateOwners(errors, metadata.ownerReferences, metadataPath.child('ownerReferences'));
  // The extension API server's kinds and custom resources may have finalizers of any qualified name.
  const anyFinalizer = type === '' || type === 'CustomResourceDefinition' || type === 'APIService';
  validateFinalizers(errors, metadata.finalizers, metadataPath.child('finalizers'), anyFinalizer);
  return errors;
}

export function validateMetaUpdate(metadata: ObjectMeta, old: ObjectMeta): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const name of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const)
    if (metadata[name] !== undefined || old[name] !== undefined)
      immutable(errors, metadataPath.child(name), metadata[name], old[name]);
  if (old.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter((f) => !(old.finalizers ?? []).includes(f));
    if (added.length > 0)
      errors.push(
        forbidden(
          metadataPath.child('finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`,
        ),
      );
  }
  return errors;
}

export function validateLabelSelector(
  errors: FieldErrorList,
  selector: LabelSelector | undefined,
  at: FieldPath,
): void {
  if (!selector) return;
  validateLabels(errors, selector.matchLabels, at.child('matchLabels'));
  for (const [i, { key, operator, values }] of (selector.matchExpressions ?? []).entries()) {
    const where = at.child('matchExpressions').index(i);
    if (operator === 'In' || operator === 'NotIn') {
      if ((values ?? []).length === 0)
        errors.push(required(where.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if ((values ?? []).length > 0)
        errors.push(
          forbidden(where.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
    } else errors.push(invalid(where.child('operator'), operator, 'not a valid selector operator'));
    check(errors, where.child('key'), key, isQualifiedName);
    for (const [j, value] of (values ?? []).entries())
      check(errors, where.child('values').index(j), value, isValidLabelValue);
  }
}

/** A domain, a slash, a path (IsDomainPrefixedPath): "acme.io/foo". */
export function domainPrefixedPath(errors: FieldErrorList, at: FieldPath, value: string): void {
  if (value === '') return void errors.push(required(at));
  const slash = value.indexOf('/');
  const [host, rest] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (host === '' || rest === '')
    return void errors.push(invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  for (const message of isDns1123Subdomain(host)) errors.push(invalid(at, host, message));
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest))
    errors.push(invalid(at, rest, regexError('Invalid path', "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")));
}

/** Notes names that come twice. */
export function unique(errors: FieldErrorList, seen: Set<string>, at: FieldPath, value: string): void {
  if (seen.has(value)) errors.push(duplicate(at, value));
  seen.add(value);
}

// The body of a create, update or patch, read against the resource it was sent to: version and kind checks, type errors and field validation with the
// texts that the API server answers.

import {
  type Decoded,
  DecodeError,
  decodeTyped,
  type FieldValidation,
  isObject,
  type RawDocument,
  strictDecodingError,
} from './decode.ts';
import { findKind, groupVersion, parseGroupVersion } from './resources.ts';
import { newBadRequest, quote } from './status.ts';
import { inTextOrder } from './strict-errors.ts';

/** What a request expects in its body. */
export interface ExpectedKind {
  group: string;
  version: string;
  kind: string;
  /** Schema type: "Deployment". */
  type: string;
}

export interface DecodedRequest<T> {
  object: T;
  /** For `Warning: 299` headers. */
  warnings: string[];
}

/** The kind and version that the object names, filled in from what is expected when it names none. */
export function checkKind(value: unknown, expected: ExpectedKind): { apiVersion: string; kind: string } {
  if (!isObject(value)) {
    const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    if (value !== null)
      throw newBadRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${got} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      );
  }
  const source = (value ?? {}) as Record<string, unknown>;
  for (const name of ['apiVersion', 'kind'] as const) {
    const given = source[name];
    if (given !== undefined && given !== null && typeof given !== 'string')
      throw newBadRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof given === 'boolean' ? 'bool' : Array.isArray(given) ? 'array' : typeof given} into Go struct field .${name} of type string`,
      );
  }
  const apiVersion = (source['apiVersion'] as string | undefined) || groupVersion(expected);
  const kind = (source['kind'] as string | undefined) || expected.kind;
  const gv = parseGroupVersion(apiVersion);
  if (!gv) throw newBadRequest(`unexpected GroupVersion string: ${apiVersion}`);
  const ours = gv.group === expected.group && gv.version === expected.version;
  if (ours && kind === expected.kind) return { apiVersion, kind };
  const refuse = (why: string) => newBadRequest(cannotBeHandled(kind, apiVersion, expected.kind, why));
  if (!isKnown(gv, kind))
    throw refuse(
      `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  if (kind !== expected.kind || gv.group !== expected.group)
    throw refuse(
      `converting (${gv.version}.${kind}) to (${expected.group.split('.')[0] || 'core'}.${expected.kind}): unknown conversion`,
    );
  throw newBadRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${groupVersion(expected)})`,
  );
}

// Versions that upstream's scheme knows of groups whose objects are served in newer ones only.
const formerVersions: Record<string, readonly string[]> = {
  apps: ['v1beta1', 'v1beta2'],
  autoscaling: ['v2beta1', 'v2beta2'],
  batch: ['v1beta1'],
  policy: ['v1beta1'],
  extensions: ['v1beta1'],
  'admissionregistration.k8s.io': ['v1alpha1', 'v1beta1'],
  'authentication.k8s.io': ['v1alpha1', 'v1beta1'],
  'authorization.k8s.io': ['v1beta1'],
  'certificates.k8s.io': ['v1alpha1', 'v1beta1'],
  'coordination.k8s.io': ['v1alpha2', 'v1beta1'],
  'discovery.k8s.io': ['v1beta1'],
  'events.k8s.io': ['v1beta1'],
  'flowcontrol.apiserver.k8s.io': ['v1beta1', 'v1beta2', 'v1beta3'],
  'networking.k8s.io': ['v1beta1'],
  'node.k8s.io': ['v1alpha1', 'v1beta1'],
  'rbac.authorization.k8s.io': ['v1alpha1', 'v1beta1'],
  'scheduling.k8s.io': ['v1alpha1', 'v1beta1'],
  'storage.k8s.io': ['v1alpha1', 'v1beta1'],
};

/** Whether upstream's scheme would know the kind, by the kinds that are here and the versions that some groups had before. */
function isKnown({ group, version }: { group: string; version: string }, kind: string): boolean {
  if (findKind(groupVersion({ group, version }), kind)) return true;
  if (!formerVersions[group]?.includes(version)) return false;
  return ['v1', 'v2'].some((now) => findKind(groupVersion({ group, version: now }), kind)) || group === 'extensions';
}

/** Decodes a whole object. Throws BadRequest, or what `refuse` makes of a complaint. */
export function decodeRequest<T = Record<string, unknown>>(
  document: RawDocument,
  expected: ExpectedKind,
  validation: FieldValidation,
  refuse?: (why: string) => Error,
): DecodedRequest<T> {
  const { apiVersion, kind } = checkKind(document.value, expected);
  const refusal = refuse ?? ((why) => newBadRequest(cannotBeHandled(kind, apiVersion, expected.kind, why)));
  let decoded: Decoded<T>;
  try {
    decoded = decodeTyped<T>(expected.type, document.value);
  } catch (error) {
    throw error instanceof DecodeError ? refusal(error.message) : error;
  }
  const strict = inTextOrder(document.value, [...document.strictErrors, ...decoded.strictErrors]);
  if (strict.length > 0 && validation === 'Strict') throw refusal(strictDecodingError(strict));
  const object = { ...decoded.object, apiVersion, kind };
  return { object, warnings: validation === 'Warn' ? strict : [] };
}

function cannotBeHandled(kind: string, apiVersion: string, expectedKind: string, why: string): string {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  return `${kind} in version ${quote(version)} cannot be handled as a ${expectedKind}: ${why}`;
}

const validations = ['', 'Ignore', 'Strict', 'Warn'];

/** The fieldValidation query parameter; absent means Warn, as for built-in kinds upstream. */
export function parseFieldValidation(value: string | null | undefined): FieldValidation {
  if (value && !validations.includes(value))
    throw newBadRequest(
      `fieldValidation: Unsupported value: ${quote(value)}: supported values: "", "Ignore", "Strict", "Warn"`,
    );
  return (value || 'Warn') as FieldValidation;
}

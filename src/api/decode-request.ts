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
import { groupVersion, parseGroupVersion } from './resources.ts';
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
  if (kind !== expected.kind && gv.group === expected.group && gv.version === expected.version)
    throw newBadRequest(
      `${kind} in version ${quote(gv.version)} cannot be handled as a ${expected.kind}: converting (${gv.version}.${kind}) to (${expected.group || 'core'}.${expected.kind}): unknown conversion`,
    );
  if (gv.group !== expected.group || gv.version !== expected.version)
    throw newBadRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${groupVersion(expected)})`,
    );
  return { apiVersion, kind };
}

/** Decodes a whole object. Throws BadRequest. */
export function decodeRequest<T = Record<string, unknown>>(
  document: RawDocument,
  expected: ExpectedKind,
  validation: FieldValidation,
): DecodedRequest<T> {
  const { apiVersion, kind } = checkKind(document.value, expected);
  let decoded: Decoded<T>;
  try {
    decoded = decodeTyped<T>(expected.type, document.value);
  } catch (error) {
    if (error instanceof DecodeError)
      throw newBadRequest(cannotBeHandled(kind, apiVersion, expected.kind, error.message));
    throw error;
  }
  const strict = inTextOrder(document.value, [...document.strictErrors, ...decoded.strictErrors]);
  if (strict.length > 0 && validation === 'Strict')
    throw newBadRequest(cannotBeHandled(kind, apiVersion, expected.kind, strictDecodingError(strict)));
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

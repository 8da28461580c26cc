// The three patch types that need no ownership, applied to an object as the API server does: errors become the answers that clients see.

import { isObject, parseDocument } from '../decode.ts';
import { ApiError, newBadRequest, newGenericServerResponse, newRequestEntityTooLarge, quote } from '../status.ts';
import {
  applyJsonPatch,
  type JsonPatchOperation,
  maxJsonPatchOperations,
  PatchError,
  parseJsonPatch,
} from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

export { applyJsonPatch, cloneJson, equalJson, PatchError } from './json-patch.ts';
export { applyMergePatch, createMergePatch, createThreeWayJsonMergePatch } from './merge-patch.ts';
export { applyStrategicMergePatch, goMap } from './strategic-merge.ts';
export { conversionError } from './unfit.ts';

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface PatchResult<T> {
  object: T;
  /** Repeated keys in the patch, for field validation. */
  strictErrors: string[];
}

/**
 * Applies the body of a PATCH request (any type but apply) to `document` of schema type `type`. The result is untyped: decode it afterwards.
 * Throws an ApiError: 400 for a malformed patch, 422 for one that does not apply, 413 for one that is too long.
 */
export function applyPatch<T extends object>(
  mediaType: string,
  type: string,
  document: T,
  body: string,
): PatchResult<T> {
  const { value, strictErrors } = parsePatch(body, mediaType);
  if (mediaType === patchTypes.json) {
    const operations = readOperations(value);
    try {
      return {
        object: applyJsonPatch(document, operations.known),
        strictErrors: [...strictErrors, ...operations.unknown].map((error) => `json patch ${error}`),
      };
    } catch (error) {
      if (error instanceof PatchError) throw doesNotApply();
      throw error;
    }
  }
  if (value !== null && !isObject(value)) throw malformed(mediaType, value, 'map[string]interface {}');
  if (mediaType === patchTypes.merge) return { object: applyMergePatch(document, value) as T, strictErrors };
  try {
    return { object: applyStrategicMergePatch(type, document, value ?? {}), strictErrors };
  } catch (error) {
    throw error instanceof PatchError ? strategicError(error.message) : error;
  }
}

/** A patch that is right in itself and does not apply to this object. */
const doesNotApply = () => newGenericServerResponse(422, '');

const prefixOf = (mediaType: string) => (mediaType === patchTypes.strategic ? '' : 'error decoding patch: ');

const malformed = (mediaType: string, value: unknown, goType: string) => {
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return newBadRequest(`${prefixOf(mediaType)}json: cannot unmarshal ${got} into Go value of type ${goType}`);
};

/** handlers/patch.go, interpretStrategicMergePatchError; what upstream knows no code for is the client's fault all the same. */
function strategicError(message: string): ApiError {
  return message === "patch content doesn't match retainKeys list" ? doesNotApply() : newBadRequest(message);
}

const operationFields = ['op', 'path', 'from', 'value'];

/** The operations of a JSON patch, and what they have that operations do not have. */
function readOperations(value: unknown): { known: JsonPatchOperation[]; unknown: string[] } {
  if (value === null) return { known: [], unknown: [] };
  if (!Array.isArray(value)) throw malformed(patchTypes.json, value, '[]handlers.jsonPatchOp');
  const unknown: string[] = [];
  for (const [i, operation] of value.entries()) {
    if (!isObject(operation)) throw malformed(patchTypes.json, operation, 'handlers.jsonPatchOp');
    for (const field of Object.keys(operation)) {
      const given = operation[field];
      if (!operationFields.includes(field)) unknown.push(`unknown field ${quote(`[${i}].${field}`)}`);
      else if (field !== 'value' && typeof given !== 'string' && given !== null) {
        const got = Array.isArray(given) ? 'array' : typeof given === 'boolean' ? 'bool' : typeof given;
        throw newBadRequest(
          `error decoding patch: json: cannot unmarshal ${got} into Go struct field jsonPatchOp.${field} of type string`,
        );
      }
    }
  }
  if (value.length > maxJsonPatchOperations)
    throw newRequestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${value.length}`,
    );
  try {
    return { known: parseJsonPatch(value), unknown };
  } catch (error) {
    throw error instanceof PatchError ? doesNotApply() : error;
  }
}

function parsePatch(body: string, mediaType: string): { value: unknown; strictErrors: string[] } {
  try {
    return parseDocument(body, 'json');
  } catch (error) {
    if (error instanceof ApiError)
      throw newBadRequest(error.message.replace("couldn't get version/kind; json parse error: ", prefixOf(mediaType)));
    throw error;
  }
}

// The three patch types that need no ownership, applied to an object as the API server does: errors become the answers that clients see.

import { isObject, parseDocument } from '../decode.ts';
import { ApiError, newBadRequest, newGenericServerResponse, newRequestEntityTooLarge } from '../status.ts';
import { applyJsonPatch, maxJsonPatchOperations, PatchError, parseJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

export { applyJsonPatch, cloneJson, equalJson, PatchError } from './json-patch.ts';
export { applyMergePatch, createMergePatch, createThreeWayJsonMergePatch } from './merge-patch.ts';
export { applyStrategicMergePatch } from './strategic-merge.ts';

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
 * Throws an ApiError: 400 for a malformed patch, 422 for a JSON patch that does not apply, 413 for one that is too long.
 */
export function applyPatch<T extends object>(
  mediaType: string,
  type: string,
  document: T,
  body: string,
): PatchResult<T> {
  try {
    const { value, strictErrors } = parsePatch(body);
    if (mediaType === patchTypes.json) {
      const operations = parseJsonPatch(value);
      if (operations.length > maxJsonPatchOperations)
        throw newRequestEntityTooLarge(
          `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${operations.length}`,
        );
      try {
        return { object: applyJsonPatch(document, operations), strictErrors };
      } catch (error) {
        if (error instanceof PatchError) throw newGenericServerResponse(422, '');
        throw error;
      }
    }
    if (!isObject(value))
      throw newBadRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
    if (mediaType === patchTypes.merge) return { object: applyMergePatch(document, value) as T, strictErrors };
    return { object: applyStrategicMergePatch(type, document, value), strictErrors };
  } catch (error) {
    if (error instanceof PatchError) throw newBadRequest(error.message);
    throw error;
  }
}

function parsePatch(body: string): { value: unknown; strictErrors: string[] } {
  try {
    return parseDocument(body, 'json');
  } catch (error) {
    if (error instanceof ApiError)
      throw newBadRequest(
        error.message.replace("couldn't get version/kind; json parse error: ", 'error decoding patch: '),
      );
    throw error;
  }
}

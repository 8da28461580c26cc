// What a call to the API server rejects with: the Status it answered, as an ApiError (src/api/status.ts), and questions about it.
// Upstream: k8s.io/apimachinery/pkg/api/errors.
//
// A request that never got an answer rejects with whatever fetch threw (a TypeError), not with an ApiError: the outcome of a write is then unknown.

import { ApiError } from '../api/status.ts';

export { ApiError, isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound } from '../api/status.ts';

/** 410: the resourceVersion asked for is no longer kept; list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.reason === 'Expired' || error.reason === 'Gone' || error.code === 410);
}

/** Whether a Status cause of this type is there; create in a namespace that is being deleted has "NamespaceTerminating". */
export function hasStatusCause(error: unknown, type: string): boolean {
  return error instanceof ApiError && (error.status.details?.causes ?? []).some((cause) => cause.reason === type);
}

/** 504 with cause ResourceVersionTooLarge: this server has not yet seen the revision asked for. */
export function isTooLargeResourceVersion(error: unknown): boolean {
  return hasStatusCause(error, 'ResourceVersionTooLarge');
}

// Errors as the API server reports them: metav1.Status objects with upstream's reason, code, message wording and details.
//
// Every constructor follows the function of the same name in k8s.io/apimachinery/pkg/api/errors. An ApiError is thrown by components and turned into
// a response body by the server; clients turn a response body back into an ApiError with `ApiError.from`.

import { type FieldErrorList, renderErrorBody, renderErrors } from './field-error.ts';
import type { Status, StatusCause, StatusDetails } from './generated/types.ts';

/** A resource or kind with its group, as messages name it: "pods", "deployments.apps". */
export interface GroupResource {
  group: string;
  resource: string;
}
export interface GroupKind {
  group: string;
  kind: string;
}

export const qualifiedResource = (r: GroupResource): string => (r.group ? `${r.resource}.${r.group}` : r.resource);
export const qualifiedKind = (k: GroupKind): string => (k.group ? `${k.kind}.${k.group}` : k.kind);

/** Go's %q of a string: double quotes with escapes. */
export function quote(text: string): string {
  return JSON.stringify(text)
    .replace(/\\u00([01][0-9a-f])/g, '\\x$1')
    .replaceAll('\u007f', '\\x7f');
}

export class ApiError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown');
    this.name = 'ApiError';
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }
  get reason(): string {
    return this.status.reason ?? '';
  }

  /** The error in a response body, or a generic one (upstream's NewGenericServerResponse) when the body is no Status. */
  static from(code: number, body: unknown): ApiError {
    if (typeof body === 'object' && body !== null && (body as Status).kind === 'Status')
      return new ApiError(body as Status);
    return newGenericServerResponse(code, typeof body === 'string' ? body : '');
  }
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): ApiError {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  if (details) status.details = details;
  status.code = code;
  return new ApiError(status);
}

function resourceDetails(r: GroupResource, name: string, extra: StatusDetails = {}): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(r.group ? { group: r.group } : {}),
    ...(r.resource ? { kind: r.resource } : {}),
    ...extra,
  };
}

export const newNotFound = (r: GroupResource, name: string): ApiError =>
  failure(404, 'NotFound', `${qualifiedResource(r)} ${quote(name)} not found`, resourceDetails(r, name));

/** What the server answers on a path that serves nothing. */
export const newPathNotFound = (): ApiError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});

export const newAlreadyExists = (r: GroupResource, name: string): ApiError =>
  failure(409, 'AlreadyExists', `${qualifiedResource(r)} ${quote(name)} already exists`, resourceDetails(r, name));

export const newGenerateNameConflict = (r: GroupResource, name: string, retryAfterSeconds = 1): ApiError =>
  failure(
    409,
    'AlreadyExists',
    `${qualifiedResource(r)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`,
    resourceDetails(r, name, { retryAfterSeconds }),
  );

export const newConflict = (r: GroupResource, name: string, why: string): ApiError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(r)} ${quote(name)}: ${why}`,
    resourceDetails(r, name),
  );

/** The text of a lost compare-and-swap (registry/generic/registry.OptimisticLockErrorMsg). */
export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

export const newApplyConflict = (causes: StatusCause[], message: string): ApiError =>
  failure(409, 'Conflict', message, { causes });

export function newInvalid(kind: GroupKind, name: string, errors: FieldErrorList): ApiError {
  const causes = errors.map((e) => ({ reason: e.type, message: renderErrorBody(e), field: e.field }));
  const subject = `${qualifiedKind(kind)} ${quote(name)} is invalid`;
  return failure(422, 'Invalid', errors.length > 0 ? `${subject}: ${renderErrors(errors)}` : subject, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    ...(kind.kind ? { kind: kind.kind } : {}),
    causes,
  });
}

export const newBadRequest = (message: string): ApiError => failure(400, 'BadRequest', message);

export function newForbidden(r: GroupResource, name: string, why: string): ApiError {
  let message: string;
  if (r.resource === '') message = `forbidden: ${why}`;
  else if (name === '') message = `${qualifiedResource(r)} is forbidden: ${why}`;
  else message = `${qualifiedResource(r)} ${quote(name)} is forbidden: ${why}`;
  return failure(403, 'Forbidden', message, resourceDetails(r, name));
}

export const newUnauthorized = (message = 'Unauthorized'): ApiError =>
  failure(401, 'Unauthorized', message || 'not authorized');

export const newMethodNotSupported = (r: GroupResource, action: string): ApiError =>
  failure(405, 'MethodNotAllowed', `${action} is not supported on resources of kind ${quote(qualifiedResource(r))}`, {
    ...(r.group ? { group: r.group } : {}),
    kind: r.resource,
  });

/** For a verb that a served path does not have (endpoints/handlers/responsewriters). */
export const newMethodNotAllowed = (): ApiError =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const newGone = (message: string): ApiError => failure(410, 'Gone', message);
export const newExpired = (message: string): ApiError => failure(410, 'Expired', message);

/** A resourceVersion older than the watch window. */
export const newTooOldResourceVersion = (requested: string | number, oldest: string | number): ApiError =>
  newExpired(`too old resource version: ${requested} (${oldest})`);

/** A resourceVersion that the server has not reached within the time it waits (storage.NewTooLargeResourceVersionError). */
export const newTooLargeResourceVersion = (requested: string | number, current: string | number, retry = 1): ApiError =>
  failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: retry,
  });

export const newTimeout = (message: string, retryAfterSeconds = 0): ApiError =>
  failure(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds ? { retryAfterSeconds } : {});

export const newServerTimeout = (r: GroupResource, operation: string, retryAfterSeconds = 0): ApiError =>
  failure(
    500,
    'ServerTimeout',
    `The ${operation} operation against ${qualifiedResource(r)} could not be completed at this time, please try again.`,
    resourceDetails(r, '', retryAfterSeconds ? { retryAfterSeconds } : {}),
  );

export const newTooManyRequests = (message: string, retryAfterSeconds = 1): ApiError =>
  failure(429, 'TooManyRequests', message, retryAfterSeconds ? { retryAfterSeconds } : {});

export const newServiceUnavailable = (message: string): ApiError => failure(503, 'ServiceUnavailable', message);

export const newInternalError = (message: string): ApiError =>
  failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** An error that nobody gave a reason (responsewriters.ErrorToAPIStatus of an error that is no Status). */
export const newUnclassifiedError = (message: string): ApiError =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });

export const newRequestEntityTooLarge = (message: string): ApiError =>
  failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);

export const newUnsupportedMediaType = (accepted: readonly string[]): ApiError =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export const newNotAcceptable = (accepted: readonly string[]): ApiError =>
  failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

/** A form that an answer does not have. */
export const newNotAcceptableForm = (message: string): ApiError => failure(406, 'NotAcceptable', message);

/** A failure built from an HTTP code alone, as a client reports answers that are no Status. */
export function newGenericServerResponse(code: number, body: string): ApiError {
  const known: Record<number, [string, string]> = {
    400: ['BadRequest', 'the server rejected our request for an unknown reason'],
    401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
    403: ['Forbidden', body || 'unknown'],
    404: ['NotFound', 'the server could not find the requested resource'],
    405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
    406: ['NotAcceptable', body || 'the server was unable to respond with a content type that the client supports'],
    409: ['Conflict', 'the server reported a conflict'],
    413: ['RequestEntityTooLarge', 'the request entity is too large'],
    415: [
      'UnsupportedMediaType',
      body || 'the server was unable to respond with a content type that the client supports',
    ],
    422: ['Invalid', 'the server rejected our request due to an error in our request'],
    429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
    504: [
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
    ],
  };
  const [reason, message] = known[code] ?? [
    code >= 500 ? 'InternalError' : '',
    code >= 500
      ? `an error on the server (${quote(body || 'unknown')}) has prevented the request from succeeding`
      : `the server responded with the status code ${code} but did not return more information`,
  ];
  return failure(
    code,
    reason,
    message,
    body ? { causes: [{ reason: 'UnexpectedServerResponse', message: body }] } : {},
  );
}

/** The Status that answers a successful deletion whose object is gone at once. */
export function successStatus(details: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

const hasReason = (error: unknown, reason: string) => error instanceof ApiError && error.reason === reason;
export const isNotFound = (error: unknown): error is ApiError => hasReason(error, 'NotFound');
export const isAlreadyExists = (error: unknown): error is ApiError => hasReason(error, 'AlreadyExists');
export const isConflict = (error: unknown): error is ApiError => hasReason(error, 'Conflict');
export const isInvalid = (error: unknown): error is ApiError => hasReason(error, 'Invalid');
export const isForbidden = (error: unknown): error is ApiError => hasReason(error, 'Forbidden');
export const isGone = (error: unknown): error is ApiError => hasReason(error, 'Gone') || hasReason(error, 'Expired');

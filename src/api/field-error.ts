// Validation errors that name a field, and the paths they name it by (k8s.io/apimachinery/pkg/util/validation/field).
//
// Invariant: a path is immutable; child, index and key return new ones. Rendering follows upstream's wording, including how a bad value is shown.

/** A place in an object: spec.containers[0].ports, metadata.labels[app]. */
export class FieldPath {
  readonly text: string;

  constructor(text = '') {
    this.text = text;
  }
  child(...names: string[]): FieldPath {
    let text = this.text;
    for (const name of names) text = text === '' ? name : `${text}.${name}`;
    return new FieldPath(text);
  }
  index(i: number): FieldPath {
    return new FieldPath(`${this.text}[${i}]`);
  }
  key(k: string): FieldPath {
    return new FieldPath(`${this.text}[${k}]`);
  }
  toString(): string {
    return this.text === '' ? '<nil>' : this.text;
  }
}

/** Starts a path: `path('spec', 'replicas')`. */
export const path = (...names: string[]): FieldPath => new FieldPath().child(...names);

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTooShort'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  type: FieldErrorType;
  field: string;
  /** The value that was wrong; absent for errors that show none. */
  value?: unknown;
  detail: string;
}
export type FieldErrorList = FieldError[];

const titles: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTooShort: 'Too short',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
};
const valueless = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

/** Stands for a value that errors do not show. */
export const omitValue: unique symbol = Symbol('omitted');

const items = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

export const invalid = (at: FieldPath, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: at.toString(),
  value,
  detail,
});
export const typeInvalid = (at: FieldPath, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field: at.toString(),
  value,
  detail,
});
export const required = (at: FieldPath, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field: at.toString(),
  detail,
});
export const duplicate = (at: FieldPath, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field: at.toString(),
  value,
  detail: '',
});
export const notFound = (at: FieldPath, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field: at.toString(),
  value,
  detail: '',
});
export const forbidden = (at: FieldPath, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field: at.toString(),
  detail,
});
export const notSupported = (at: FieldPath, value: unknown, valid: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: at.toString(),
  value,
  detail: valid.length > 0 ? `supported values: ${valid.map((v) => JSON.stringify(v)).join(', ')}` : '',
});
export const tooLong = (at: FieldPath, maxLength: number): FieldError => ({
  type: 'FieldValueTooLong',
  field: at.toString(),
  detail: maxLength >= 0 ? `may not be more than ${items(maxLength, 'byte')}` : 'value is too long',
});
export const tooMany = (at: FieldPath, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field: at.toString(),
  value: actual,
  detail: max >= 0 ? `must have at most ${items(max, 'item')}` : 'has too many items',
});
export const internalError = (at: FieldPath, message: string): FieldError => ({
  type: 'InternalError',
  field: at.toString(),
  detail: message,
});

/** The message without the field: `Invalid value: "x": must be ...`. */
export function renderErrorBody(error: FieldError): string {
  let text = titles[error.type];
  if (!valueless.has(error.type) && 'value' in error && error.value !== omitValue)
    text += `: ${renderValue(error.value)}`;
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

export const renderError = (error: FieldError): string => `${error.field}: ${renderErrorBody(error)}`;

/** All of them as one message: alone as it is, several in brackets, repeated messages once (utilerrors.Aggregate). */
export function renderErrors(errors: FieldErrorList): string {
  const messages = [...new Set(errors.map(renderError))];
  return messages.length === 1 ? (messages[0] as string) : `[${messages.join(', ')}]`;
}

function renderValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'object') return goJson(value);
  // Go's uint64
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** JSON as Go writes it: <, > and & as escapes. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);

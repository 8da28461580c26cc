// For table tests of everything that is no workload: errors of objects as the server judges them, decoded and with their defaults.

import { decodeTyped } from '../../decode.ts';
import { setDefaults } from '../../defaulting/index.ts';
import { type FieldErrorList, renderErrors } from '../../field-error.ts';
import { resources } from '../../resources.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../index.ts';

type Loaded = { metadata: { name: string } };

const isNamespaced = (type: string): boolean => resources.some((row) => row.type === type && row.namespaced);

const metadata = (type: string) => ({
  name: 'x',
  uid: 'u',
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...(isNamespaced(type) && { namespace: 'default' }),
});

export function load(type: string, given: object): Loaded {
  const { metadata: more, ...value } = given as { metadata?: object };
  const { object } = decodeTyped<Loaded>(type, { metadata: { ...metadata(type), ...more }, ...value });
  setDefaults(type, object);
  return object;
}

/** One text for all; '' for none. */
const render = (errors: FieldErrorList) => (errors.length === 0 ? '' : renderErrors(errors));

export const created = (type: string, value: object): string =>
  render(validateCreate(type, load(type, value), isNamespaced(type)));

/** Errors of `value` in place of `old`. */
export const updated = (type: string, old: object, value: object): string =>
  render(validateUpdate(type, load(type, value), load(type, old), isNamespaced(type)));

/** Errors of a change through the status endpoint. */
export const statusUpdated = (type: string, old: object, value: object): string =>
  render(validateStatusUpdate(type, load(type, value), load(type, old), isNamespaced(type)));

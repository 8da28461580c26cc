// Objects for tests of validation, as the server judges them: decoded, with their defaults.

import { decodeTyped } from '../../../decode.ts';
import { setDefaults } from '../../../defaulting/index.ts';
import { renderErrors } from '../../../field-error.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../index.ts';

type Loaded = { metadata: { name: string } };

const metadata = { name: 'x', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };

export function load(type: string, value: object): Loaded {
  const { object } = decodeTyped<Loaded>(type, { metadata, ...value });
  setDefaults(type, object);
  return object;
}

/** Errors of a new object, as one text. */
export const created = (type: string, value: object): string =>
  renderErrors(validateCreate(type, load(type, value), true));

/** Errors of `value` in place of `old`. */
export const updated = (type: string, old: object, value: object): string =>
  renderErrors(validateUpdate(type, load(type, value), load(type, old), true));

/** Errors of a change of status; `spec` is that of both. */
export const statusChanged = (type: string, spec: object, old: object, status: object): string =>
  renderErrors(validateStatusUpdate(type, load(type, { spec, status }), load(type, { spec, status: old }), true));

export const container = { name: 'c', image: 'nginx' };
export const labels = { app: 'x' };
export const selector = { matchLabels: labels };
export const template = (spec: object = {}, more: object = labels) => ({
  metadata: { labels: more },
  spec: { containers: [container], ...spec },
});

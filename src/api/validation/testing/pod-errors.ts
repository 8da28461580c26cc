// For table tests of pods: errors of a pod that is fine but for what a row says.

import { decodeTyped } from '../../decode.ts';
import { setDefaults } from '../../defaulting/index.ts';
import { type FieldErrorList, renderError } from '../../field-error.ts';
import type { Pod } from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidLabelValue } from '../../names.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../index.ts';

export const container = { name: 'c', image: 'nginx' };

export interface Part {
  metadata?: object;
  spec?: object;
  status?: object;
}

/** A pod of the namespace "n" with one container, decoded and defaulted. */
export function podOf({ metadata = {}, spec = {}, status = {} }: Part): Pod {
  const { object } = decodeTyped<Pod>('Pod', {
    metadata: { name: 'p', namespace: 'n', uid: 'u', ...metadata },
    spec: { containers: [container], ...spec },
    status,
  });
  setDefaults('Pod', object);
  return object;
}

const explanations: readonly (readonly [text: string, name: string])[] = [
  [isDns1123Label('A')[0] ?? '', '<label>'],
  [isDns1123Subdomain('A')[0] ?? '', '<subdomain>'],
  [isQualifiedName('-')[0] ?? '', '<qualified>'],
  [isValidLabelValue('-')[0] ?? '', '<value>'],
];

/** Each error as a server shows it, long explanations of what a name must look like by name. */
const brief = (errors: FieldErrorList): string[] =>
  errors.map((error) => explanations.reduce((text, [long, name]) => text.replaceAll(long, name), renderError(error)));

export const createErrors = (part: Part): string[] => brief(validateCreate('Pod', podOf(part), true));
export const specErrors = (spec: object): string[] => createErrors({ spec });
/** With one container, of which the row says more. */
export const containerErrors = (more: object): string[] => specErrors({ containers: [{ ...container, ...more }] });
/** With one volume `v`. */
export const volumeErrors = (source: object): string[] => specErrors({ volumes: [{ name: 'v', ...source }] });

export const updateErrors = (old: Part, now: Part): string[] =>
  brief(validateUpdate('Pod', podOf(now), podOf(old), true));
export const statusErrors = (old: Part, now: Part): string[] =>
  brief(validateStatusUpdate('Pod', podOf(now), podOf(old), true));

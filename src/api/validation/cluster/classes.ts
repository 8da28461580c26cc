// Validation of the classes that name a controller or a driver (pkg/apis/{networking,storage}/validation).

import { type FieldErrorList, forbidden, invalid, path, required, tooLong } from '../../field-error.ts';
import type { IngressClass, VolumeAttributesClass } from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { check, immutable, specPath } from '../common.ts';

const controller = specPath.child('controller');
const maxController = 250;

export function validateIngressClass({ spec }: IngressClass): FieldErrorList {
  const errors: FieldErrorList = [];
  const name = spec?.controller ?? '';
  if (name === '') return [required(controller)];
  if (name.length > maxController) errors.push(tooLong(controller, maxController));
  const [host = '', ...rest] = name.split('/');
  if (host === '' || rest.join('/') === '')
    errors.push(invalid(controller, name, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else check(errors, controller, host, isDns1123Subdomain);
  return errors;
}

export function validateIngressClassUpdate({ spec }: IngressClass, old: IngressClass): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, controller, spec?.controller, old.spec?.controller);
  return errors;
}

export const validateAttributesClass = ({ driverName }: VolumeAttributesClass): FieldErrorList =>
  driverName ? [] : [required(path('driverName'))];

export function validateAttributesClassUpdate(now: VolumeAttributesClass, old: VolumeAttributesClass): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const field of ['driverName', 'parameters'] as const)
    if (!equalJson(now[field], old[field])) errors.push(forbidden(path(field), `updates to ${field} are forbidden.`));
  return errors;
}

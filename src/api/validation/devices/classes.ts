// Validation of DeviceClasses.

import { type FieldErrorList, invalid } from '../../field-error.ts';
import type { DeviceClass } from '../../generated/types.ts';
import { semanticEqual, specPath } from '../common.ts';
import { isExtendedResource } from '../pods/resource-names.ts';
import * as common from './common.ts';

export const validateDeviceClass = (object: DeviceClass): FieldErrorList => validate(object);
export const validateDeviceClassUpdate = (object: DeviceClass, old: DeviceClass): FieldErrorList =>
  validate(object, old);

function validate({ spec }: DeviceClass, old?: DeviceClass): FieldErrorList {
  const errors: FieldErrorList = [];
  const { selectors, config, extendedResourceName } = spec ?? {};
  const as = (field: 'selectors' | 'config') => old !== undefined && semanticEqual(spec?.[field], old.spec?.[field]);
  common.checkSelectors(errors, specPath.child('selectors'), selectors, as('selectors'));
  common.checkList(errors, specPath.child('config'), config, common.maxConfig, (_, at, { opaque }) =>
    common.checkOpaque(errors, at.child('opaque'), opaque, as('config')),
  );
  if (extendedResourceName !== undefined && !isExtendedResource(extendedResourceName))
    errors.push(
      invalid(specPath.child('extendedResourceName'), extendedResourceName, 'must be a valid extended resource name'),
    );
  return errors;
}

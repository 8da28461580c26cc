// Validation of a container's environment (pkg/apis/core/validation: ValidateEnv, ValidateEnvFrom).

import { type FieldErrorList, type FieldPath, invalid, required } from '../../field-error.ts';
import type { EnvFromSource, EnvVar } from '../../generated/types.ts';
import { isDns1123Subdomain, isEnvVarName } from '../../names.ts';
import { check } from '../common.ts';
import {
  validateFieldSelector,
  validateFileKey,
  validateKeySelector,
  validateResourceSelector,
} from './env-sources.ts';

const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function validateSource(errors: FieldErrorList, { value, valueFrom }: EnvVar, at: FieldPath): void {
  if (!valueFrom) return;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  let count = 0;
  const source = <T>(from: T | undefined, validate: (from: T) => void) => {
    if (from === undefined) return;
    count++;
    validate(from);
  };
  source(fieldRef, (from) => validateFieldSelector(errors, from, at.child('fieldRef'), variableFields));
  source(resourceFieldRef, (from) => validateResourceSelector(errors, from, at.child('resourceFieldRef'), false));
  source(configMapKeyRef, (from) => validateKeySelector(errors, from, at.child('configMapKeyRef')));
  source(secretKeyRef, (from) => validateKeySelector(errors, from, at.child('secretKeyRef')));
  source(fileKeyRef, (from) => validateFileKey(errors, from, at.child('fileKeyRef')));
  if (count === 0)
    errors.push(
      invalid(
        at,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    );
  else if (value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
}

export function validateEnv(errors: FieldErrorList, variables: readonly EnvVar[], at: FieldPath): void {
  for (const [i, variable] of variables.entries()) {
    if (!variable.name) errors.push(required(at.index(i).child('name')));
    else
      for (const message of isEnvVarName(variable.name))
        errors.push(invalid(at.index(i).child('name'), variable.name, message));
    if (variable.valueFrom) validateSource(errors, variable, at.index(i).child('valueFrom'));
  }
}

/** Upstream names the list where a source has none or two references. */
export function validateEnvFrom(errors: FieldErrorList, sources: readonly EnvFromSource[], at: FieldPath): void {
  for (const [i, source] of sources.entries()) {
    const where = at.index(i);
    if (source.prefix) check(errors, where.child('prefix'), source.prefix, isEnvVarName);
    let count = 0;
    for (const field of ['configMapRef', 'secretRef'] as const) {
      const ref = source[field];
      if (!ref) continue;
      count++;
      const name = where.child(field, 'name');
      if (!ref.name) errors.push(required(name));
      // Upstream lets these end in a dash, as if a suffix were to follow.
      else
        for (const message of isDns1123Subdomain(ref.name.endsWith('-') ? `${ref.name.slice(0, -1)}a` : ref.name))
          errors.push(invalid(name, ref.name, message));
    }
    if (count === 0) errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  }
}

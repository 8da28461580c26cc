// Validation of ConfigMaps and Secrets (pkg/apis/core/validation: ValidateConfigMap, ValidateSecret and their updates).

import { type FieldErrorList, FieldPath, forbidden, invalid, path, required, tooLong } from '../../field-error.ts';
import type { ConfigMap, Secret } from '../../generated/types.ts';
import { JsonSyntaxError, parseJson } from '../../json-text.ts';
import { isConfigMapKey } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { check, immutable, metadataPath } from '../common.ts';

const maxSize = 1024 * 1024;
const frozen = 'field is immutable when `immutable` is set';
const dataPath = path('data');
/** How upstream names an object as a whole. */
const wholeObject = new FieldPath('[]');

/** Bytes that base64 text stands for. */
const decodedSize = (text: string) => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

/** Bytes of texts in UTF-8, which are counted one by one only if they may be too many. */
function textSize(texts: readonly string[]): number {
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  if (units * 3 <= maxSize) return units;
  const encoder = new TextEncoder();
  return texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
}

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const key of Object.keys(data)) {
    check(errors, dataPath.key(key), key, isConfigMapKey);
    if (Object.hasOwn(binaryData, key))
      errors.push(invalid(dataPath.key(key), key, 'duplicate of key present in binaryData'));
  }
  let size = textSize(Object.values(data));
  for (const [key, value] of Object.entries(binaryData)) {
    check(errors, path('binaryData').key(key), key, isConfigMapKey);
    size += decodedSize(value);
  }
  if (size > maxSize) errors.push(tooLong(wholeObject, maxSize));
  return errors;
}

export function validateConfigMapUpdate(map: ConfigMap, old: ConfigMap): FieldErrorList {
  const errors: FieldErrorList = [];
  if (old.immutable) {
    if (!map.immutable) errors.push(forbidden(path('immutable'), frozen));
    for (const name of ['data', 'binaryData'] as const)
      if (!equalJson(map[name] ?? {}, old[name] ?? {})) errors.push(forbidden(path(name), frozen));
  }
  errors.push(...validateConfigMap(map));
  return errors;
}

/** What a type of Secret must have; an empty value will do. */
const neededKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const accountName = 'kubernetes.io/service-account.name';

export function validateSecret(secret: Secret): FieldErrorList {
  const errors: FieldErrorList = [];
  const { data = {}, type = '' } = secret;
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    check(errors, dataPath.key(key), key, isConfigMapKey);
    size += decodedSize(value);
  }
  if (size > maxSize) errors.push(tooLong(dataPath, maxSize));
  for (const key of neededKeys[type] ?? [])
    if (!Object.hasOwn(data, key)) errors.push(required(dataPath.key(key)));
    else if (type !== 'kubernetes.io/tls') checkJson(errors, dataPath.key(key), data[key] ?? '');
  if (type === 'kubernetes.io/service-account-token' && !secret.metadata?.annotations?.[accountName])
    errors.push(required(metadataPath.child('annotations').key(accountName)));
  if (type === 'kubernetes.io/ssh-auth' && !data['ssh-privatekey'])
    errors.push(required(dataPath.key('ssh-privatekey')));
  if (type === 'kubernetes.io/basic-auth' && !Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password'))
    errors.push(required(dataPath.key('username')), required(dataPath.key('password')));
  return errors;
}

/** The text must be a JSON object; the error does not show it. */
function checkJson(errors: FieldErrorList, at: FieldPath, base64: string): void {
  const refuse = (why: string) => errors.push(invalid(at, '<secret contents redacted>', why));
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const { value } = parseJson(new TextDecoder().decode(bytes));
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    if (value !== null && kind !== 'object')
      refuse(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    refuse(error.message);
  }
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, path('type'), secret.type, old.type);
  if (old.immutable) {
    if (!secret.immutable) errors.push(forbidden(path('immutable'), frozen));
    if (!equalJson(secret.data ?? {}, old.data ?? {})) errors.push(forbidden(dataPath, frozen));
  }
  errors.push(...validateSecret(secret));
  return errors;
}

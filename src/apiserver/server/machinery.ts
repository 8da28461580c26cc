// The doors to src/api through which requests pass: decoding, defaulting, patching, field ownership, validation.

import { parse as parseYaml } from 'yaml';
import type { FieldErrorList } from '../../api/field-error.ts';
import { newBadRequest } from '../../api/status.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { type BodyType, bodyText } from './body.ts';
import type { RequestContext } from './context.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** A body as plain data. Throws BadRequest. */
export function parseBody(bytes: Uint8Array, type: BodyType): unknown {
  const text = bodyText(bytes);
  try {
    return type === 'yaml' ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw newBadRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

/** Decodes a body into an object of `resource`, defaults filled in. Throws BadRequest. */
export function decodeObject(
  bytes: Uint8Array,
  type: BodyType,
  resource: ResourceInfo,
  _validation: FieldValidation,
  _warnings: Set<string>,
): KubeObject {
  const value = parseBody(bytes, type);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw newBadRequest(
      "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct",
    );
  const object = value as KubeObject;
  object.kind ??= resource.kind;
  object.apiVersion ??= resource.apiVersion;
  object.metadata ??= { name: '' };
  return object;
}

export function parsePatch(bytes: Uint8Array, _type: string): unknown {
  try {
    return JSON.parse(bodyText(bytes));
  } catch (error) {
    throw newBadRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

export function applyPatch(
  _resource: ResourceInfo,
  type: string,
  current: KubeObject,
  patch: unknown,
  _validation: FieldValidation,
  _warnings: Set<string>,
): KubeObject {
  if (type !== 'application/json-patch+json') return mergePatch(current, patch) as KubeObject;
  throw newBadRequest('json patch');
}

export function serverSideApply(
  _resource: ResourceInfo,
  live: KubeObject | undefined,
  applied: KubeObject,
  _manager: string,
  _force: boolean,
  _context: RequestContext,
): KubeObject {
  return mergePatch(live, applied) as KubeObject;
}

export function trackWrite(
  _resource: ResourceInfo,
  _object: KubeObject,
  _old: KubeObject | undefined,
  _manager: string,
  _context: RequestContext,
): void {}

export function validate(_resource: ResourceInfo, _object: KubeObject, _old: KubeObject | undefined): FieldErrorList {
  return [];
}

/** A patch of something that has no schema of its own (a Scale). */
export function patchPlain(type: string, current: KubeObject, bytes: Uint8Array): unknown {
  const patch = parsePatch(bytes, type);
  if (type === 'application/json-patch+json') throw newBadRequest('json patch');
  return mergePatch(current, patch);
}

// The doors to src/api through which requests pass: decoding, defaulting, patching, field ownership, validation.

import {
  DecodeError,
  decodeTyped,
  type FieldValidation,
  parseDocument,
  type RawDocument,
  strictDecodingError,
} from '../../api/decode.ts';
import { checkKind, decodeRequest } from '../../api/decode-request.ts';
import { setDefaults } from '../../api/defaulting/index.ts';
import type { FieldErrorList } from '../../api/field-error.ts';
import {
  applyAcrossVersions,
  compareElsewhere,
  foreignVersions,
  type Versions,
} from '../../api/managed-fields/across-versions.ts';
import { applyConfiguration, layOver, updateManagedFields } from '../../api/managed-fields/index.ts';
import { applyPatch } from '../../api/patch/index.ts';
import { findKind } from '../../api/resources.ts';
import { newBadRequest } from '../../api/status.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../api/validation/index.ts';
import { applyDefaults, prune } from '../crd/structural.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { type BodyType, bodyText } from './body.ts';
import { readFaultless } from './faultless-json.ts';
import { decodeProtobuf } from './protobuf.ts';

export type { FieldValidation };

/** A body as plain data. Throws BadRequest. */
export function parseBody(bytes: Uint8Array, type: BodyType): unknown {
  return readDocument(bytes, type).value;
}

// Kinds that are sent to subresources, and options: not in the table of resources.
const otherTypes: Record<string, string> = {
  TokenRequest: 'AuthenticationV1TokenRequest',
  Scale: 'Scale',
  Eviction: 'Eviction',
  Binding: 'Binding',
  DeleteOptions: 'DeleteOptions',
};

/** A body as plain data, with what strict decoding has to say of its text. Throws BadRequest. */
export function readDocument(bytes: Uint8Array, type: BodyType): RawDocument {
  if (type === 'protobuf') {
    const typeOf = (apiVersion: string, kind: string) => findKind(apiVersion, kind)?.type ?? otherTypes[kind] ?? '';
    return { value: decodeProtobuf(bytes, typeOf), strictErrors: [] };
  }
  return readText(bodyText(bytes), type);
}

function readText(text: string, type: 'json' | 'yaml'): RawDocument {
  const value = type === 'json' ? readFaultless(text) : undefined;
  return value !== undefined ? { value, strictErrors: [] } : parseDocument(text, type);
}

/** Gives plain data the type of `resource`, by its schema. Throws BadRequest. */
function typed(
  resource: ResourceInfo,
  document: RawDocument,
  validation: FieldValidation,
  warnings: Set<string>,
): KubeObject {
  if (resource.custom) return customObject(resource, document, validation, warnings);
  const decoded = decodeRequest<KubeObject>(document, resource, validation);
  for (const warning of decoded.warnings) warnings.add(warning);
  decoded.object.metadata ??= { name: '' };
  setDefaults(resource.type, decoded.object);
  return decoded.object;
}

/** The metadata of an object at `at` as its type has it; the paths of what it does not have go to `unknown`. Throws a DecodeError. */
function readMetadata(value: unknown, at: string, unknown: string[]): KubeObject['metadata'] {
  const { object, strictErrors } = decodeTyped<{ metadata?: KubeObject['metadata'] }>('ConfigMap', { metadata: value });
  for (const text of strictErrors) {
    const field = /^unknown field "(.*)"$/.exec(text)?.[1];
    if (field !== undefined) unknown.push(at === '' ? field : `${at}.${field}`);
  }
  return object.metadata ?? { name: '' };
}

function customObject(
  resource: ResourceInfo,
  document: RawDocument,
  validation: FieldValidation,
  warnings: Set<string>,
): KubeObject {
  const { apiVersion, kind } = checkKind(document.value, resource);
  const refuse = (why: string) =>
    newBadRequest(`${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${kind}: ${why}`);
  const object = { ...(deepCopy(document.value) as KubeObject), apiVersion, kind };
  const unknown: string[] = [];
  try {
    object.metadata = readMetadata(object.metadata, '', unknown);
    unknown.push(...prune(object, resource.schema, true, '', (value, at) => readMetadata(value, at, unknown)));
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error.message) : error;
  }
  const errors = [...document.strictErrors, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)];
  if (errors.length > 0 && validation === 'Strict') throw refuse(strictDecodingError(errors));
  if (validation === 'Warn') for (const text of errors) warnings.add(text);
  applyDefaults(object, resource.schema);
  return object;
}

/** Decodes a body into an object of `resource`, defaults filled in. Throws BadRequest. */
export function decodeObject(
  bytes: Uint8Array,
  type: BodyType,
  resource: ResourceInfo,
  validation: FieldValidation,
  warnings: Set<string>,
): KubeObject {
  return typed(resource, readDocument(bytes, type), validation, warnings);
}

/** What is sent to a subresource, and is no object of the resource, with its own type if that is known. Throws BadRequest. */
function readOther(object: KubeObject): KubeObject {
  const type = otherTypes[object.kind];
  if (type === undefined) return object;
  try {
    return decodeTyped<KubeObject>(type, object).object;
  } catch (error) {
    throw error instanceof DecodeError ? newBadRequest(error.message) : error;
  }
}

/** Applies a JSON, merge or strategic merge patch; the result has the type of `resource` (or of the subresource's object) again. Throws BadRequest, Invalid. */
export function patchObject(
  resource: ResourceInfo,
  mediaType: string,
  current: KubeObject,
  patch: string,
  validation: FieldValidation,
  warnings: Set<string>,
): KubeObject {
  if (current.kind !== resource.kind) return readOther(applyPatch(mediaType, '', current, patch).object);
  const { object, strictErrors } = applyPatch(mediaType, resource.type, current, patch);
  return typed(resource, { value: object, strictErrors }, validation, warnings);
}

/** Where a write comes from, for the ownership of fields. */
export interface Writer {
  manager: string;
  subresource: string;
  /** metav1.Time */
  time: string;
}

function writeOf(resource: ResourceInfo, { manager, subresource, time }: Writer) {
  const hasStatus = resource.subresources.some(({ name }) => name === 'status');
  const resetFields = subresource === 'status' ? ['spec'] : hasStatus ? ['status'] : [];
  const { type, schema } = resource;
  return { type, ...(schema && { schema }), manager, time, subresource, resetFields };
}

/** Reads the body of a server-side apply: sparse, as its author wrote it, checked against the schema. Throws BadRequest. */
export function readConfiguration(
  bytes: Uint8Array,
  resource: ResourceInfo,
  validation: FieldValidation,
  warnings: Set<string>,
): KubeObject {
  const document = readDocument(bytes, 'yaml');
  const { apiVersion = '' } = (document.value ?? {}) as Partial<KubeObject>;
  if (apiVersion !== resource.apiVersion)
    throw newBadRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${resource.apiVersion}`,
    );
  typed(resource, document, validation, warnings);
  const config = deepCopy(document.value) as KubeObject;
  config.kind ??= resource.kind;
  config.metadata ??= { name: '' };
  return config;
}

/** The live object with a configuration applied, owners noted. Throws Conflict. */
export async function serverSideApply(
  resource: ResourceInfo,
  live: KubeObject | undefined,
  config: KubeObject,
  force: boolean,
  writer: Writer,
  versions: Versions,
): Promise<KubeObject> {
  const write = { ...writeOf(resource, writer), force };
  const merged =
    live && foreignVersions(live).length > 0
      ? await applyAcrossVersions(deepCopy(config), live, write, versions)
      : applyConfiguration(deepCopy(config), live, write);
  return typed(resource, { value: merged, strictErrors: [] }, 'Ignore', new Set());
}

/** The object with sparse fields laid over it by the rules of server-side apply, owners left as they are. Throws BadRequest. */
export function applyFields(resource: ResourceInfo, object: KubeObject, fields: KubeObject): KubeObject {
  if (object.kind !== resource.kind)
    return readOther(layOver({ type: otherTypes[object.kind] ?? '' }, object, fields) as KubeObject);
  const value = layOver({ type: resource.type, ...(resource.schema && { schema: resource.schema }) }, object, fields);
  return typed(resource, { value, strictErrors: [] }, 'Ignore', new Set());
}

/** Notes in managedFields who set what, for writes that are no apply. */
export function trackWrite(
  resource: ResourceInfo,
  object: KubeObject,
  old: KubeObject | undefined,
  writer: Writer,
): void {
  const { metadata } = updateManagedFields(object, old, writeOf(resource, writer));
  object.metadata = metadata;
}

/** The same for a change of an object some of whose fields may be owned in other versions. */
export async function trackChange(
  resource: ResourceInfo,
  object: KubeObject,
  old: KubeObject,
  writer: Writer,
  versions: Versions,
): Promise<void> {
  const foreign = foreignVersions(object.metadata.managedFields ? object : old);
  if (foreign.length === 0) return trackWrite(resource, object, old, writer);
  const elsewhere = await compareElsewhere(old, object, foreign, versions);
  object.metadata = updateManagedFields(object, old, { ...writeOf(resource, writer), elsewhere }).metadata;
}

// The schema type in which a resource is stored, where that is not its own.
const storedTypes: Record<string, string> = {
  HorizontalPodAutoscaler: 'V2HorizontalPodAutoscaler',
  EventsV1Event: 'CoreV1Event',
};

/** Validation of what is about to be stored; `old` is what it replaces through the main endpoint or, with `status`, through that one. */
export function validate(
  resource: ResourceInfo,
  object: KubeObject,
  old?: KubeObject,
  endpoint: 'main' | 'status' = 'main',
): FieldErrorList {
  const type = storedTypes[resource.type] ?? resource.type;
  if (!old) return validateCreate(type, object, resource.namespaced);
  const check = endpoint === 'status' ? validateStatusUpdate : validateUpdate;
  return check(type, object, old, resource.namespaced);
}

/** A patch of a Scale. */
export function patchScale(mediaType: string, current: KubeObject, bytes: Uint8Array): unknown {
  return applyPatch(mediaType, 'Scale', current, bodyText(bytes)).object;
}

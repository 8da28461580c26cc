// The doors to src/api through which requests pass: decoding, defaulting, patching, field ownership, validation.

import {
  DecodeError,
  decodeTyped,
  type FieldValidation,
  isObject,
  parseDocument,
  parseYamlDocument,
  type RawDocument,
  strictDecodingError,
} from '../../api/decode.ts';
import { checkKind, decodeRequest } from '../../api/decode-request.ts';
import { setDefaults } from '../../api/defaulting/index.ts';
import { type FieldErrorList, invalid, path } from '../../api/field-error.ts';
import {
  applyAcrossVersions,
  compareElsewhere,
  foreignVersions,
  type Versions,
} from '../../api/managed-fields/across-versions.ts';
import {
  applyConfiguration,
  layOver,
  managedFieldsProblem,
  typeErrors,
  updateManagedFields,
  viewFor,
} from '../../api/managed-fields/index.ts';
import { applyPatch, conversionError, goMap, patchTypes } from '../../api/patch/index.ts';
import { findKind, parseGroupVersion } from '../../api/resources.ts';
import { ApiError, newBadRequest, newInvalid } from '../../api/status.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../api/validation/index.ts';
import { applyDefaults, prune } from '../crd/structural.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { type BodyType, bodyText } from './body.ts';
import { readFaultless } from './faultless-json.ts';
import { decodeProtobuf } from './protobuf.ts';

export { type FieldValidation, managedFieldsProblem };

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

/** Gives plain data the type of `resource`, by its schema. Throws BadRequest, or what `refuse` makes of a complaint. */
function typed(
  resource: ResourceInfo,
  document: RawDocument,
  validation: FieldValidation,
  warnings: Set<string>,
  refuse?: (why: string) => Error,
): KubeObject {
  if (resource.custom) return customObject(resource, document, validation, warnings, refuse);
  const decoded = decodeRequest<KubeObject>(document, resource, validation, refuse);
  for (const warning of decoded.warnings) addStrictWarning(warning, warnings);
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

/** As checkKind, of a resource whose kinds no scheme knows: the version must be right, and a kind that is not is invalid. Throws BadRequest and Invalid. */
function checkCustomKind(value: unknown, resource: ResourceInfo): { apiVersion: string; kind: string } {
  const { apiVersion, kind, metadata } = (isObject(value) ? value : {}) as Partial<KubeObject>;
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== resource.apiVersion)
    throw newBadRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  if (typeof kind === 'string' && kind !== '' && kind !== resource.kind)
    throw newInvalid(resource.groupKind, metadata?.name ?? '', [
      invalid(path('kind'), kind, `must be ${resource.kind}`),
    ]);
  return checkKind(value, resource);
}

function customObject(
  resource: ResourceInfo,
  document: RawDocument,
  validation: FieldValidation,
  warnings: Set<string>,
  refusal?: (why: string) => Error,
): KubeObject {
  const { apiVersion, kind } = checkCustomKind(document.value, resource);
  const refuse =
    refusal ??
    ((why: string) =>
      newBadRequest(`${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${kind}: ${why}`));
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
  if (validation === 'Warn') for (const text of errors) addStrictWarning(text, warnings);
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
  try {
    return typed(resource, readDocument(bytes, type), validation, warnings);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.message.startsWith("couldn't get version/kind")) throw error;
    throw unrecognized(resource.kind, bytes, error.message);
  }
}

/** What a body is called of which not even the kind can be read (handlers/rest.go, transformDecodeError). */
function unrecognized(kind: string, bytes: Uint8Array, why: string): ApiError {
  const start = bytes.subarray(0, 30);
  const isJson = bytes[0] === 0x7b;
  const hex = () => [...start].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const shown = isJson ? new TextDecoder().decode(start) : hex();
  const summary = bytes.length === 0 ? '<empty>' : bytes.length > 30 ? `${shown} ...` : shown;
  return newBadRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`);
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
  const strategic = mediaType === patchTypes.strategic;
  const refuse = (why: string) => {
    const shown = strategic ? goMap(JSON.parse(patch)) : JSON.stringify(inKeyOrder(object));
    const complaint = strategic ? conversionError(why) : why;
    return newInvalid({ group: '', kind: '' }, '', [invalid(path('patch'), shown, complaint)]);
  };
  return typed(resource, { value: object, strictErrors }, validation, warnings, refuse);
}

const inKeyOrder = (object: object): object =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

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
  const { value, strictErrors } = readYamlPatch(bodyText(bytes));
  const config = deepCopy(value ?? {}) as KubeObject;
  const { apiVersion = '', kind = '', metadata } = config;
  if (apiVersion !== resource.apiVersion || kind !== resource.kind) {
    const named = parseGroupVersion(apiVersion);
    throw newBadRequest(`invalid object type: ${named?.group ?? ''}/${named?.version ?? ''}, Kind=${kind}`);
  }
  if (metadata?.managedFields !== undefined) throw newBadRequest('metadata.managedFields must be nil');
  const errors = typeErrors(
    viewFor({ type: resource.type, ...(resource.schema && { schema: resource.schema }) }),
    config,
  );
  if (errors.length > 0) {
    const { name = '', namespace = '' } = metadata ?? {};
    const about = `${namespace}/${name}; ${resource.group}/${resource.version}, Kind=${kind}`;
    throw newBadRequest(
      `failed to create typed patch object (${about}): ${errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')}`,
    );
  }
  for (const error of strictErrors) {
    if (validation === 'Strict')
      throw newBadRequest(`error strict decoding YAML: error converting YAML to JSON: ${error}`);
    if (validation === 'Warn') addStrictWarning(error, warnings);
  }
  // Where it names nothing the live object's name stays.
  config.metadata ??= {} as KubeObject['metadata'];
  return config;
}

function readYamlPatch(text: string): RawDocument {
  const faultless = readFaultless(text);
  let document: RawDocument;
  try {
    document = faultless === undefined ? parseYamlDocument(text) : { value: faultless, strictErrors: [] };
  } catch (error) {
    throw newBadRequest(`error decoding YAML: error converting YAML to JSON: ${(error as Error).message}`);
  }
  const { value } = document;
  if (value === null || isObject(value)) return document;
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw newBadRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${got} into Go value of type map[string]interface {}`,
  );
}

/** A strict decoding error as warnings: one for each line of what YAML complains about. */
function addStrictWarning(error: string, warnings: Set<string>): void {
  const lines = error.startsWith(yamlErrors) ? error.slice(yamlErrors.length).split('\n') : [error];
  for (const line of lines) warnings.add(line.trim());
}
const yamlErrors = 'yaml: unmarshal errors:\n';

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

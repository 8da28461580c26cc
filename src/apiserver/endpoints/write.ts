// create, update and patch through the main endpoint and through the subresources that read and write the object itself (status, finalize, approval, ...).
//
// Invariant: the order is upstream's: decode, mutating admission, strategy, validation, validating admission, write.

import { type FieldErrorList, forbidden, invalid, notSupported, path, required } from '../../api/field-error.ts';
import type { Versions } from '../../api/managed-fields/across-versions.ts';
import { parseGroupVersion } from '../../api/resources.ts';
import { newBadRequest, newInvalid, newUnsupportedMediaType } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { Admission, AdmissionAttributes, Operation } from '../admission/admission.ts';
import { convert } from '../admission/matching.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { fromStorage, type Served, toStorage } from '../registry/served.ts';
import { bodyText, bodyType, contentType, readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import * as machinery from '../server/machinery.ts';
import type { Entry } from '../storage/entry.ts';

export interface WriteEnvironment {
  context: RequestContext;
  served: Served;
  admission: Admission;
  catalog: Catalog;
}

export interface Written {
  entry: Entry;
  code: number;
}

interface WriteQuery {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: machinery.FieldValidation;
  force: boolean;
}

const applyType = 'application/apply-patch+yaml';
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  applyType,
];

/** Reads and checks dryRun, fieldManager, fieldValidation and force. Throws Invalid. */
function readWriteQuery({ url, request, info }: RequestContext, optionsKind: string): WriteQuery {
  const query = url.searchParams;
  const errors: FieldErrorList = [];
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported(path('dryRun'), dryRun, ['All']));
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation))
    errors.push(notSupported(path('fieldValidation'), validation, ['Ignore', 'Strict', 'Warn']));
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > 128) errors.push(invalid(path('fieldManager'), manager, 'may not be more than 128 bytes'));
  const force = query.get('force');
  if (info.verb === 'patch') {
    const apply = contentType(request) === applyType;
    if (apply && manager === '') errors.push(required(path('fieldManager'), 'is required for apply patch'));
    if (!apply && force !== null) errors.push(forbidden(path('force'), 'may not be specified for non-apply patch'));
  }
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: optionsKind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager || managerOf(request.headers.get('user-agent') ?? ''),
    fieldValidation: (validation || 'Warn') as machinery.FieldValidation,
    force: force === 'true' || force === '1',
  };
}

/** The field manager of a client that names none: its program's name (handlers/create.go, managerOrUserAgent). */
export function managerOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 128) || 'unknown';
}

/** Who writes, through which endpoint, when. */
export const writerOf = ({ env, info }: RequestContext, manager: string): machinery.Writer => ({
  manager,
  subresource: info.subresource,
  time: rfc3339(env.clock.now()),
});

function attributes(
  { context, served }: WriteEnvironment,
  operation: Operation,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  dryRun: boolean,
): AdmissionAttributes {
  const { namespace, subresource, name } = context.info;
  return {
    operation,
    resource: served.resource,
    subresource,
    namespace,
    name: object?.metadata.name || name,
    object,
    old,
    user: context.user,
    dryRun,
    context,
  };
}

/** Writes a decoded object as new: the common end of POST, and of PUT and apply on a name that is not there. */
export async function createObject(
  environment: WriteEnvironment,
  object: KubeObject,
  query: { dryRun: boolean; fieldManager: string },
  operation: 'Update' | 'Apply' = 'Update',
): Promise<Entry> {
  const { context, served, admission } = environment;
  const { registry, resource } = served;
  if (resource.resource === 'namespaces' && resource.group === '') context.info.namespace = object.metadata.name;
  registry.fillSystemFields(object, context);
  const admitted =
    (await admission.mutate(attributes(environment, 'CREATE', object, undefined, query.dryRun))) ?? object;
  if (operation === 'Update')
    machinery.trackWrite(resource, admitted, undefined, writerOf(context, query.fieldManager));
  return registry.create(toStorage(served, admitted), context, {
    dryRun: query.dryRun,
    admit: (final) =>
      admission.validate(attributes(environment, 'CREATE', fromStorage(served, final), undefined, query.dryRun)),
  });
}

/** POST to a collection. */
export async function create(environment: WriteEnvironment): Promise<Written> {
  const { context, served } = environment;
  const query = readWriteQuery(context, 'CreateOptions');
  const bytes = await readBody(context.request);
  const object = machinery.decodeObject(
    bytes,
    bodyType(context.request),
    served.resource,
    query.fieldValidation,
    context.warnings,
  );
  if (context.info.name !== '' && object.metadata.name !== context.info.name)
    throw newBadRequest('the name of the object does not match the name on the URL');
  return { entry: await createObject(environment, object, query), code: 201 };
}

/** The versions of the resource, as ownership of fields asks for them. */
export const versionsOf =
  (catalog: Catalog, resource: ResourceInfo): Versions =>
  (apiVersion) => {
    const find = (named: string) => {
      const { group, version } = parseGroupVersion(named) ?? {};
      return group === undefined || version === undefined ? undefined : catalog.find(group, version, resource.resource);
    };
    const to = find(apiVersion)?.resource;
    return (
      to && {
        type: to.type,
        ...(to.schema && { schema: to.schema }),
        convert: async (object) => {
          const from = find(object.apiVersion)?.resource ?? resource;
          const converted = (await convert(deepCopy(object) as KubeObject, from, to)) as KubeObject;
          // webhooks are not shown it
          const { resourceVersion } = object.metadata;
          return resourceVersion ? { ...converted, metadata: { ...converted.metadata, resourceVersion } } : converted;
        },
      }
    );
  };

/** PUT on an object or one of its own subresources. */
export async function update(environment: WriteEnvironment): Promise<Written> {
  const { context, served } = environment;
  const { info } = context;
  const { resource } = served;
  const query = readWriteQuery(context, 'UpdateOptions');
  const bytes = await readBody(context.request);
  const decode = () =>
    machinery.decodeObject(bytes, bodyType(context.request), resource, query.fieldValidation, context.warnings);
  const first = decode();
  checkNames(first, context);
  let next: KubeObject | undefined = first;
  const { entry, created } = await modify(
    environment,
    query,
    async () => {
      const object = next ?? decode();
      next = undefined;
      return object;
    },
    served.registry.strategy.allowCreateOnUpdate && info.subresource === '' ? async () => decode() : undefined,
  );
  return { entry, code: created ? 201 : 200 };
}

function checkNames(object: KubeObject, { info }: RequestContext): void {
  const { metadata } = object;
  if (!metadata.name) metadata.name = info.name;
  if (metadata.name !== info.name)
    throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`);
  if (info.namespace !== '' && metadata.namespace && metadata.namespace !== info.namespace)
    throw newBadRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the URL (${info.namespace})`,
    );
}

/** PATCH on an object or one of its own subresources. */
export async function patch(environment: WriteEnvironment): Promise<Written> {
  const { context, served } = environment;
  const { resource } = served;
  const type = contentType(context.request);
  if (!patchTypes.includes(type) || (resource.custom && type === 'application/strategic-merge-patch+json'))
    throw newUnsupportedMediaType(
      resource.custom ? patchTypes.filter((known) => known !== 'application/strategic-merge-patch+json') : patchTypes,
    );
  const query = readWriteQuery(context, 'PatchOptions');
  const bytes = await readBody(context.request);
  if (type === applyType) return apply(environment, query, bytes);
  const text = bodyText(bytes);
  const { entry, created } = await modify(environment, query, async (current) => {
    const patched = machinery.patchObject(resource, type, current, text, query.fieldValidation, context.warnings);
    checkNames(patched, context);
    return patched;
  });
  return { entry, code: created ? 201 : 200 };
}

async function apply(environment: WriteEnvironment, query: WriteQuery, bytes: Uint8Array): Promise<Written> {
  const { context, served } = environment;
  const { resource } = served;
  const applied = machinery.readConfiguration(bytes, resource, query.fieldValidation, context.warnings);
  checkNames(applied, context);
  const run = (live: KubeObject | undefined) =>
    machinery.serverSideApply(
      resource,
      live,
      applied,
      query.force,
      writerOf(context, query.fieldManager),
      versionsOf(environment.catalog, resource),
    );
  const { entry, created } = await modify(
    environment,
    query,
    async (current) => run(current),
    context.info.subresource === '' ? async () => run(undefined) : undefined,
    'Apply',
  );
  return { entry, code: created ? 201 : 200 };
}

async function modify(
  environment: WriteEnvironment,
  query: WriteQuery,
  change: (current: KubeObject) => Promise<KubeObject>,
  makeNew?: () => Promise<KubeObject>,
  operation: 'Update' | 'Apply' = 'Update',
): Promise<{ entry: Entry; created: boolean }> {
  const { context, served, admission } = environment;
  const { info } = context;
  const { resource } = served;
  let createdEntry: Entry | undefined;
  const live = makeNew && (await served.registry.find(info.namespace, info.name));
  if (makeNew && !live) {
    try {
      createdEntry = await createObject(environment, await makeNew(), query, operation);
      return { entry: createdEntry, created: true };
    } catch (error) {
      if (!(await served.registry.store.getFromStore(served.registry.key(info.namespace, info.name)))) throw error;
    }
  }
  return served.registry.update(
    info.namespace,
    info.name,
    context,
    async (current) => {
      const old = fromStorage(served, current.object);
      const changed = await change(fromStorage(served, current.copy()));
      const admitted =
        (await admission.mutate(attributes(environment, 'UPDATE', changed, old, query.dryRun))) ?? changed;
      if (operation === 'Update')
        await machinery.trackChange(
          resource,
          admitted,
          old,
          writerOf(context, query.fieldManager),
          versionsOf(environment.catalog, resource),
        );
      return toStorage(served, admitted);
    },
    {
      dryRun: query.dryRun,
      subresource: info.subresource,
      admit: (final, old) =>
        admission.validate(
          attributes(environment, 'UPDATE', fromStorage(served, final), old && fromStorage(served, old), query.dryRun),
        ),
    },
  );
}

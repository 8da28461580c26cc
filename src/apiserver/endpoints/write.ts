// create, update and patch through the main endpoint and through the subresources that read and write the object itself (status, finalize, approval, ...).
//
// Invariant: the order is upstream's: decode, mutating admission, strategy, validation, validating admission, write.

import type { Versions } from '../../api/managed-fields/across-versions.ts';
import { parseGroupVersion } from '../../api/resources.ts';
import { newBadRequest, newConflict, newUnsupportedMediaType } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { Admission, AdmissionAttributes, Operation } from '../admission/admission.ts';
import { convert } from '../admission/matching.ts';
import { type Authorizer, attributesOf, demand } from '../auth/authorizer.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { fromStorage, type Served, toStorage } from '../registry/served.ts';
import { settleNamespace, wipeSystemFields } from '../registry/system-fields.ts';
import { bodyText, bodyType, contentType, readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import * as machinery from '../server/machinery.ts';
import type { Entry } from '../storage/entry.ts';
import { dropDuplicateOwners } from './owner-references.ts';
import { applyType, readWriteQuery, type WriteQuery } from './write-options.ts';

export { managerOf } from './write-options.ts';

export interface WriteEnvironment {
  context: RequestContext;
  served: Served;
  admission: Admission;
  catalog: Catalog;
  authorizer: Authorizer;
}

export interface Written {
  entry: Entry;
  code: number;
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  applyType,
];

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

/** Mutating admission. Owners of fields that it leaves unreadable are what they were before (fieldmanager/admission.go). */
async function mutate(
  environment: WriteEnvironment,
  seen: AdmissionAttributes,
  object: KubeObject,
): Promise<KubeObject> {
  const { warnings } = environment.context;
  const { managedFields } = object.metadata;
  const admitted = (await environment.admission.mutate(seen)) ?? object;
  const problem = machinery.managedFieldsProblem(admitted.metadata.managedFields);
  if (problem !== undefined) {
    if (managedFields) admitted.metadata.managedFields = managedFields;
    else delete admitted.metadata.managedFields;
    warnings.add(
      `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${problem}`,
    );
  }
  dropDuplicateOwners(admitted, warnings, true);
  return admitted;
}

interface Making {
  dryRun: boolean;
  fieldManager: string;
  operation?: 'Update' | 'Apply';
  /** Asked before the object is written: may they create it? */
  demand?: () => void;
}

/** Writes a decoded object as new: the common end of POST, and of PUT and apply on a name that is not there. */
async function createObject(
  environment: WriteEnvironment,
  object: KubeObject,
  { dryRun, fieldManager, operation = 'Update', demand: ask }: Making,
): Promise<Entry> {
  const { context, served, admission } = environment;
  const { registry, resource } = served;
  const isNamespace = resource.resource === 'namespaces' && resource.group === '';
  if (isNamespace) context.info.namespace = object.metadata.name;
  wipeSystemFields(resource, object, context);
  if (operation === 'Update') {
    dropDuplicateOwners(object, context.warnings, false);
    machinery.trackWrite(resource, object, undefined, writerOf(context, fieldManager));
  }
  const admitted = await mutate(environment, attributes(environment, 'CREATE', object, undefined, dryRun), object);
  registry.fillSystemFields(admitted, context);
  if (isNamespace) context.info.namespace = admitted.metadata.name;
  return registry.create(toStorage(served, admitted), context, {
    dryRun,
    admit: (final) => {
      ask?.();
      return admission.validate(attributes(environment, 'CREATE', fromStorage(served, final), undefined, dryRun));
    },
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
  const decode = () => {
    const object = machinery.decodeObject(
      bytes,
      bodyType(context.request),
      resource,
      query.fieldValidation,
      context.warnings,
    );
    checkNames(object, environment);
    dropDuplicateOwners(object, context.warnings, false);
    return object;
  };
  let next: KubeObject | undefined = decode();
  const { entry, created } = await modify(
    environment,
    { ...query, replaces: true },
    async () => {
      const object = next ?? decode();
      next = undefined;
      return object;
    },
    served.registry.strategy.allowCreateOnUpdate && info.subresource === '' ? async () => decode() : undefined,
  );
  return { entry, code: created ? 201 : 200 };
}

/** What is sent must be what the URL names (rest.go, checkName). Throws BadRequest. */
function checkNames(object: KubeObject, { context, served }: WriteEnvironment): void {
  settleNamespace(served.resource, object, context);
  const { name } = context.info;
  const { name: given } = object.metadata;
  if (!given)
    throw newBadRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name)
    throw newBadRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
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
    checkNames(patched, environment);
    return patched;
  });
  return { entry, code: created ? 201 : 200 };
}

async function apply(environment: WriteEnvironment, query: WriteQuery, bytes: Uint8Array): Promise<Written> {
  const { context, served } = environment;
  const { resource } = served;
  const applied = machinery.readConfiguration(bytes, resource, query.fieldValidation, context.warnings);
  const run = async (live: KubeObject | undefined) => {
    const object = await machinery.serverSideApply(
      resource,
      live,
      applied,
      query.force,
      writerOf(context, query.fieldManager),
      versionsOf(environment.catalog, resource),
    );
    checkNames(object, environment);
    return object;
  };
  const { entry, created } = await modify(
    environment,
    query,
    async (current) => run(current),
    context.info.subresource === '' ? () => makeByApply(environment, applied, () => run(undefined)) : undefined,
    'Apply',
  );
  return { entry, code: created ? 201 : 200 };
}

/** The object that an apply on a name that is not there makes. Throws Conflict if it was meant for one that was. */
async function makeByApply(
  { context, served }: WriteEnvironment,
  { metadata }: KubeObject,
  make: () => Promise<KubeObject>,
): Promise<KubeObject> {
  if (metadata.uid)
    throw newConflict(
      served.resource.groupResource,
      context.info.name,
      `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`,
    );
  return make();
}

async function modify(
  environment: WriteEnvironment,
  query: WriteQuery & { replaces?: boolean },
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
      const made = await makeNew();
      served.registry.checkAbsent(made);
      delete made.metadata.resourceVersion;
      const mayCreate = { ...attributesOf(context.user, info, context.url.searchParams), verb: 'create' };
      const ask = () => demand(environment.authorizer, mayCreate);
      createdEntry = await createObject(environment, made, { ...query, operation, demand: ask });
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
      if (operation === 'Update')
        await machinery.trackChange(
          resource,
          changed,
          old,
          writerOf(context, query.fieldManager),
          versionsOf(environment.catalog, resource),
        );
      const seen = attributes(environment, 'UPDATE', changed, old, query.dryRun);
      return toStorage(served, await mutate(environment, seen, changed));
    },
    {
      dryRun: query.dryRun,
      subresource: info.subresource,
      replaces: query.replaces ?? false,
      admit: (final, old) =>
        admission.validate(
          attributes(environment, 'UPDATE', fromStorage(served, final), old && fromStorage(served, old), query.dryRun),
        ),
    },
  );
}

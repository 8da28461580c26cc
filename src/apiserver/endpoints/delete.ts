// DELETE on an object and on a collection.

import type { Status } from '../../api/generated/types.ts';
import { isNotFound, successStatus } from '../../api/status.ts';
import type { Admission } from '../admission/admission.ts';
import type { KubeObject } from '../object.ts';
import { type DeleteOptions, readDeleteOptions } from '../registry/preconditions.ts';
import { fromStorage, type Served } from '../registry/served.ts';
import { bodyType, readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import { parseBody } from '../server/machinery.ts';
import type { Entry } from '../storage/entry.ts';
import { type ListResult, list } from './list.ts';
import { readListOptions } from './list-options.ts';
import { selectionOf } from './selection.ts';

async function optionsOf(context: RequestContext): Promise<DeleteOptions> {
  const bytes = await readBody(context.request);
  const body = bytes.length > 0 ? parseBody(bytes, bodyType(context.request)) : undefined;
  return readDeleteOptions(body, context.url.searchParams);
}

function admitDelete(context: RequestContext, served: Served, admission: Admission, options: DeleteOptions) {
  const dryRun = (options.dryRun?.length ?? 0) > 0;
  return async (old: KubeObject) => {
    const attributes = {
      operation: 'DELETE' as const,
      resource: served.resource,
      subresource: context.info.subresource,
      namespace: context.info.namespace || (old.metadata.namespace ?? ''),
      name: old.metadata.name,
      object: undefined,
      old: fromStorage(served, old),
      user: context.user,
      dryRun,
      context,
    };
    await admission.mutate(attributes);
    await admission.validate(attributes);
  };
}

export type Deleted = { entry: Entry; code: number } | { status: Status };

/** DELETE on one object: the object while it lingers (or where upstream returns it), else a Status. */
export async function deleteOne(context: RequestContext, served: Served, admission: Admission): Promise<Deleted> {
  const options = await optionsOf(context);
  const { namespace, name } = context.info;
  const { resource, registry } = served;
  const admit = admitDelete(context, served, admission, options);
  const { entry, gone } = await registry.delete(namespace, name, context, options, admit);
  if (!gone || registry.strategy.returnDeletedObject) {
    const accepted = !gone && options.orphanDependents === false;
    return { entry, code: accepted ? 202 : 200 };
  }
  const { group, resource: kind } = resource;
  const uid = entry.object.metadata.uid;
  return { status: successStatus({ name, ...(group && { group }), kind, ...(uid && { uid }) }) };
}

/**
 * DELETE on a collection: each object of the list as if alone, in its order; those that are gone already are passed over, the first that fails ends it. Returns the
 * list as it was: with a limit one page of it, with the token for the rest.
 */
export async function deleteCollection(
  context: RequestContext,
  served: Served,
  admission: Admission,
): Promise<ListResult> {
  const { resource, registry } = served;
  const listOptions = readListOptions(context.url.searchParams, false);
  const selection = selectionOf(resource, registry.strategy, listOptions.labelSelector, listOptions.fieldSelector);
  const options = await optionsOf(context);
  const result = await list(registry, context.info.namespace, selection, listOptions);
  const admit = admitDelete(context, served, admission, options);
  for (const { object } of result.entries) {
    const { namespace = '', name } = object.metadata;
    await registry.delete(namespace, name, context, structuredClone(options), admit).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }
  return result;
}

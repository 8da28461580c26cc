// Requests for resources: finds what is served, the representation that is wanted, and the endpoint for the verb.

import { requiresExactMatch } from '../../api/fields.ts';
import {
  newBadRequest,
  newMethodNotAllowed,
  newNotAcceptable,
  newNotAcceptableForm,
  newPathNotFound,
} from '../../api/status.ts';
import { componentStatus, componentStatuses } from '../endpoints/component-statuses.ts';
import { deleteCollection, deleteOne } from '../endpoints/delete.ts';
import { list, renderList, waitUntilFresh } from '../endpoints/list.ts';
import { parseResourceVersion, readListOptions } from '../endpoints/list-options.ts';
import { metadataRepresentation, nativeRepresentation, type Representation } from '../endpoints/representation.ts';
import { selectionOf } from '../endpoints/selection.ts';
import { tableRepresentation } from '../endpoints/table.ts';
import { watch } from '../endpoints/watch.ts';
import { create, patch, update, type Written } from '../endpoints/write.ts';
import type { Served } from '../registry/served.ts';
import { findSpecial } from '../subresources/index.ts';
import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';
import { type Negotiated, negotiate } from './negotiate.ts';
import { framedEvents } from './protobuf-encode.ts';
import { pushResponse, streamOf } from './push.ts';
import { isTrue } from './query.ts';
import { jsonResponse, jsonType, longResponse, packed, protobufType, streamResponse, textResponse } from './respond.ts';

const forms = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'];

async function representationOf(
  core: Core,
  served: Served,
  context: RequestContext,
  accept: Negotiated,
): Promise<Representation> {
  if (accept.as === 'Table') return tableRepresentation(served.resource, context, accept.version, core.env.clock);
  if (accept.as === 'PartialObjectMetadata' || accept.as === 'PartialObjectMetadataList')
    return metadataRepresentation(served.resource, accept.version);
  return nativeRepresentation(served.resource);
}

export async function serveResource(core: Core, context: RequestContext): Promise<Response> {
  const { info } = context;
  const served = core.catalog.find(info.group, info.version, info.resource);
  if (!served) throw newPathNotFound();
  const { resource } = served;
  if (resource.deprecation) context.warnings.add(resource.deprecation);
  const special = findSpecial(resource, info.subresource);
  if (special) {
    const answer = special(core, context, served);
    if (!answer) throw newMethodNotAllowed();
    return answer;
  }
  if (info.subresource !== '') {
    const sub = resource.subresources.find(({ name }) => name === info.subresource);
    if (!sub) throw newPathNotFound();
    if (!sub.verbs.includes(info.verb)) throw newMethodNotAllowed();
  } else if (!resource.verbs.includes(info.verb)) {
    throw newMethodNotAllowed();
  }
  if (info.rest !== '') throw newPathNotFound();
  // What is one object's cannot be asked of a collection; and reading is GET.
  const ofOne = info.verb === 'update' || info.verb === 'patch';
  if (context.request.method === 'HEAD' || (info.name === '' && ofOne)) throw newMethodNotAllowed();
  if (info.verb === 'create' && info.name !== '' && info.subresource === '') throw newMethodNotAllowed();
  if (resource.namespaced && info.namespace === '' && !['list', 'watch'].includes(info.verb)) {
    // All namespaces' objects have a path; it is only read.
    throw info.name === '' ? newMethodNotAllowed() : newPathNotFound();
  }
  if (!resource.namespaced && info.namespace !== '' && resource.resource !== 'namespaces') throw newPathNotFound();
  const { admission, catalog, authorizer } = core;
  const writing = { context, served, admission, catalog, authorizer };
  switch (info.verb) {
    case 'get':
      return get(core, context, served);
    case 'list':
      return listAll(core, context, served);
    case 'watch':
      return openWatch(core, context, served);
    case 'create':
      return written(core, context, served, () => create(writing));
    case 'update':
      return written(core, context, served, () => update(writing));
    case 'patch':
      return written(core, context, served, () => patch(writing));
    case 'delete':
      return remove(core, context, served);
    case 'deletecollection': {
      const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
      const representation = await representationOf(core, served, context, accept);
      const deleted = await deleteCollection(context, served, core.admission);
      return listResponse(renderList(deleted, representation), accept, context.request);
    }
    default:
      throw newMethodNotAllowed();
  }
}

const isComponents = ({ resource }: Served) => resource.group === '' && resource.resource === 'componentstatuses';
const nothingListed = { revision: 0, continue: '', remaining: undefined };

async function get(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
  if (isTrue(context.url.searchParams, 'export'))
    throw newBadRequest('the export parameter, deprecated since v1.14, is no longer supported');
  const representation = await representationOf(core, served, context, accept);
  const notOlderThan = context.url.searchParams.get('resourceVersion');
  if (notOlderThan) await waitUntilFresh(served.registry.store.cache, parseResourceVersion(notOlderThan));
  const { namespace, name } = context.info;
  // a component has no place in the store: what is not there is asked of the registry, which says so
  const component = isComponents(served) ? await componentStatus(core, name) : undefined;
  const entry = component ?? (await served.registry.get(namespace, name));
  checkForm(accept, 'PartialObjectMetadataList', served, false);
  return packed(textResponse(representation.one(entry), 200, accept), context.request);
}

/** Objects are no lists, and lists no objects (handlers/response.go). Throws NotAcceptable. */
function checkForm({ as }: Negotiated, wrong: string, { resource }: Served, list: boolean): void {
  if (as !== wrong) return;
  const { group, kind, listKind, custom } = resource;
  const named = list ? listKind : kind;
  const goType = custom
    ? `unstructured.Unstructured${list ? 'List' : ''}`
    : `${group.split('.')[0] || 'core'}.${named}`;
  const what = list ? 'is a list' : 'is not a list';
  throw newNotAcceptableForm(`you requested ${as}, but the requested object ${what} (*${goType})`);
}

async function listAll(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
  const options = readListOptions(context.url.searchParams, false);
  const { resource, registry } = served;
  const selection = selectionOf(resource, registry.strategy, options.labelSelector, options.fieldSelector);
  const result = isComponents(served)
    ? { ...nothingListed, entries: (await componentStatuses(core)).filter(({ object }) => selection.matches(object)) }
    : await list(registry, context.info.namespace, selection, options);
  checkForm(accept, 'PartialObjectMetadata', served, true);
  const representation = await representationOf(core, served, context, accept);
  return listResponse(renderList(result, representation), accept, context.request);
}

async function listResponse(
  rendered: string | ReadableStream<Uint8Array<ArrayBuffer>>,
  accept: Negotiated,
  request: Request,
): Promise<Response> {
  if (typeof rendered === 'string') return packed(textResponse(rendered, 200, accept), request);
  if (accept.encoding === 'json' && !accept.pretty) return longResponse(rendered, jsonType, request);
  return packed(textResponse(await new Response(rendered).text(), 200, accept), request);
}

async function openWatch(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const { resource, registry } = served;
  if (!resource.verbs.includes('watch')) throw newMethodNotAllowed();
  const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
  const options = readListOptions(context.url.searchParams, true);
  if (accept.encoding === 'yaml')
    throw newNotAcceptable(
      ['application/json', ...(resource.custom ? [] : [protobufType])].map((type) => `${type};stream=watch`),
    );
  const { name } = context.info;
  const selects = options.fieldSelector.length === 0 || requiresExactMatch(options.fieldSelector, 'metadata.name');
  if (name !== '' && selects !== true && selects !== name)
    throw newBadRequest("fieldSelector metadata.name doesn't match requested name");
  const fieldSelector =
    name === ''
      ? options.fieldSelector
      : [...options.fieldSelector, { field: 'metadata.name', operator: '=' as const, value: name }];
  const source = await watch({
    clock: core.env.clock,
    registry,
    namespace: context.info.namespace,
    selection: selectionOf(resource, registry.strategy, options.labelSelector, fieldSelector),
    options,
    representation: await representationOf(core, served, context, accept),
    signal: context.request.signal,
    pace: core.config.pace ?? ((work) => work()),
  });
  if (accept.encoding === 'protobuf')
    return streamResponse(framedEvents(streamOf(source)), `${protobufType};stream=watch`);
  return pushResponse(source, jsonType);
}

/** Answers a write with the object as stored. */
export async function written(
  core: Core,
  context: RequestContext,
  served: Served,
  write: () => Promise<Written>,
): Promise<Response> {
  const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
  const { entry, code } = await write();
  const representation = await representationOf(core, served, context, accept);
  return textResponse(representation.one(entry), code, accept);
}

async function remove(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const accept = negotiate(context.request, context.url, forms, !served.resource.custom);
  const result = await deleteOne(context, served, core.admission);
  if ('status' in result) return jsonResponse(result.status, 200, accept);
  const representation = await representationOf(core, served, context, accept);
  return textResponse(representation.one(result.entry), result.code, accept);
}

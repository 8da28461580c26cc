// Objects as a meta.k8s.io Table: what kubectl get prints. The columns are those of the kind (src/api), or of the CustomResourceDefinition.

import { invalid, path, renderErrors } from '../../api/field-error.ts';
import { newBadRequest } from '../../api/status.ts';
import { describeColumns } from '../../api/tables/descriptions.ts';
import type { Clock } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import { columnsOf } from './columns.ts';
import type { Representation } from './representation.ts';

const includes = ['Metadata', 'Object', 'None'];

/** includeObject in the query: how much of each object goes along. Throws BadRequest. */
function includeOf({ url }: RequestContext): string {
  const include = url.searchParams.get('includeObject') || 'Metadata';
  if (includes.includes(include)) return include;
  const error = invalid(path('includeObject'), include, "must be 'Metadata', 'Object', 'None', or empty");
  throw newBadRequest(`Unable to convert to Table as requested: ${renderErrors([error])}`);
}

const described = new WeakMap<ResourceInfo, Promise<string>>();

/** The columns of a resource as JSON, with what they are for. */
function definitionsOf(resource: ResourceInfo): Promise<string> {
  let text = described.get(resource);
  if (!text) {
    text = describeColumns(resource.type, columnsOf(resource).definitions).then((definitions) =>
      JSON.stringify(definitions),
    );
    described.set(resource, text);
  }
  return text;
}

/** `version` is that of meta.k8s.io. In a watch, only the first event tells the columns. Throws BadRequest. */
export async function tableRepresentation(
  resource: ResourceInfo,
  context: RequestContext,
  version: string,
  clock: Clock,
): Promise<Representation> {
  const apiVersion = `meta.k8s.io/${version}`;
  const include = includeOf(context);
  const { cells, conditions, compare } = columnsOf(resource);
  const definitions = await definitionsOf(resource);
  const native = resource.fromStorage ?? ((object: KubeObject) => object);
  const partial = (metadata: object) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata });
  const carried = (object: KubeObject): object | null => {
    if (include === 'None') return null;
    return include === 'Object' ? object : partial(object.metadata);
  };
  const row = (entry: Entry) => {
    const object = native(entry.object);
    const about = conditions?.(object) ?? [];
    return JSON.stringify({
      cells: cells(object, clock.now()),
      ...(about.length > 0 && { conditions: about }),
      object: carried(object),
    });
  };
  const form = (columns: string) => {
    const head = (metadata: string) =>
      `{"kind":"Table","apiVersion":"${apiVersion}","metadata":${metadata},"columnDefinitions":${columns},"rows":[`;
    return {
      one: (entry: Entry) => `${head(`{"resourceVersion":"${entry.revision}"}`)}${row(entry)}]}`,
      item: row,
      list: (metadata: string) => ({ head: head(metadata), tail: ']}' }),
      ...(compare && { compare: (a: Entry, b: Entry) => compare(native(a.object), native(b.object)) }),
      bookmark: (metadata: object) => {
        const { kind, apiVersion } = resource;
        const object = include === 'Object' ? { kind, apiVersion, metadata } : partial(metadata);
        return `${head(JSON.stringify(metadata))}${JSON.stringify({ cells: [], object })}]}`;
      },
    };
  };
  const id = `table ${version} ${include} ${resource.apiVersion}`;
  return {
    id,
    ...form(definitions),
    following: { id: `${id} following`, ...form('null') },
  };
}

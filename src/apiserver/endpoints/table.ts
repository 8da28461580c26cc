// Objects as a meta.k8s.io Table: what kubectl get prints. The columns are those of the kind (src/api), or of the CustomResourceDefinition.

import type { Clock } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import { columnsOf } from './columns.ts';
import type { Representation } from './representation.ts';

/** `version` is that of meta.k8s.io; includeObject in the query says how much of each object goes along (None, Metadata, Object). */
export function tableRepresentation(
  resource: ResourceInfo,
  context: RequestContext,
  version: string,
  clock: Clock,
): Representation {
  const apiVersion = `meta.k8s.io/${version}`;
  const include = context.url.searchParams.get('includeObject') ?? 'Metadata';
  const { definitions, cells } = columnsOf(resource);
  const native = resource.fromStorage ?? ((object: KubeObject) => object);
  const carried = (object: KubeObject): object | undefined => {
    if (include === 'None') return undefined;
    if (include === 'Object') return object;
    return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
  };
  const rows = (entry: Entry) => {
    const object = native(entry.object);
    const carry = carried(object);
    return JSON.stringify({ cells: cells(object, clock.now()), ...(carry && { object: carry }) });
  };
  const columns = JSON.stringify(definitions);
  const head = (metadata: string) =>
    `{"kind":"Table","apiVersion":"${apiVersion}","metadata":${metadata},"columnDefinitions":${columns},"rows":[`;
  return {
    id: `table ${version} ${include} ${resource.apiVersion}`,
    mediaType: `application/json;as=Table;g=meta.k8s.io;v=${version}`,
    one: (entry) => `${head(`{"resourceVersion":"${entry.revision}"}`)}${rows(entry)}]}`,
    item: rows,
    list: (metadata) => ({ head: head(metadata), tail: ']}' }),
    bookmark: (metadata) =>
      JSON.stringify({
        kind: 'Table',
        apiVersion,
        metadata,
        columnDefinitions: null,
        rows: [{ cells: [], object: { kind: resource.kind, apiVersion: resource.apiVersion, metadata } }],
      }),
  };
}

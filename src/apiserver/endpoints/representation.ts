// How objects look to one client: as they are, as a Table, or as metadata alone. Chosen by the Accept header; shared by get, list and watch.
//
// Invariant: `id` names the representation whole, so that an event encoded for one watcher serves all watchers with the same id.

import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Entry } from '../storage/entry.ts';

export interface Representation {
  readonly id: string;
  /** JSON text of one object. */
  one(entry: Entry): string;
  /** JSON text of one item in a list. */
  item(entry: Entry): string;
  /** Text around the items of a list; metadata is that of the list. */
  list(metadata: string): { head: string; tail: string };
  /** JSON text of the object in a BOOKMARK event, where it is not an empty object of the resource's kind. */
  bookmark?(metadata: object): string;
  /** The order of a list, where that is not the order of names. */
  compare?(a: Entry, b: Entry): number;
  /** How the events of a watch look after the first, where they look different. */
  following?: Representation;
}

/** Objects as they are, in the version that was asked for. */
export function nativeRepresentation(resource: ResourceInfo): Representation {
  const { fromStorage, apiVersion, listKind, custom } = resource;
  const text = fromStorage ? (entry: Entry) => JSON.stringify(fromStorage(entry.copy())) : (entry: Entry) => entry.json;
  return {
    id: `${apiVersion} native`,
    one: text,
    // Items of built-in lists carry no kind and apiVersion: they are those of the list.
    item: custom ? text : (entry) => withoutType(text(entry)),
    list: (metadata) => ({
      head: `{"kind":"${listKind}","apiVersion":"${apiVersion}","metadata":${metadata},"items":[`,
      tail: ']}',
    }),
  };
}

function withoutType(text: string): string {
  const at = text.indexOf('"metadata":{');
  return at > 0 && text.lastIndexOf('"apiVersion"', at) > 0 ? `{${text.slice(at)}` : text;
}

/** metadata alone (meta.k8s.io PartialObjectMetadata). */
export function metadataRepresentation(resource: ResourceInfo, version: string): Representation {
  const apiVersion = `meta.k8s.io/${version}`;
  const native = resource.fromStorage ?? ((object: KubeObject) => object);
  const text = (entry: Entry) =>
    JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata: native(entry.copy()).metadata });
  return {
    id: `metadata ${version}`,
    one: text,
    item: text,
    list: (metadata) => ({
      head: `{"kind":"PartialObjectMetadataList","apiVersion":"${apiVersion}","metadata":${metadata},"items":[`,
      tail: ']}',
    }),
    bookmark: (metadata) => JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata }),
  };
}

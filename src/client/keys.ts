// Keys of objects in caches and work queues: "namespace/name", or "name" for cluster-scoped objects. Upstream: client-go tools/cache MetaNamespaceKeyFunc.

import type { Cause, ObjectReference } from '../env/trace.ts';
import type { KubernetesObject } from './resources.ts';

/** "default/web"; "node-1". */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

export function namespacedKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** How the trace and Events name an object. */
export function referenceTo(object: KubernetesObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind ?? '', namespace, name, uid, resourceVersion };
}

/** The cause "this revision of this object was observed". */
export function causeOf(object: KubernetesObject): Cause {
  return { resourceVersion: object.metadata.resourceVersion ?? '', object: referenceTo(object) };
}

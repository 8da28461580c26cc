// metadata that is the system's: what a create must not bring along, what an update cannot change (apiserver/pkg/registry/rest/meta.go, update.go).

import { newBadRequest } from '../../api/status.ts';
import { randomNameSuffix } from '../../env/random.ts';
import type { KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';
import type { ResourceInfo } from './resource.ts';

/** The object's namespace is the request's. Throws BadRequest. */
export function settleNamespace(resource: ResourceInfo, { metadata }: KubeObject, { info }: RequestContext): void {
  if (!resource.namespaced) {
    delete metadata.namespace;
  } else if (info.namespace !== '') {
    if (metadata.namespace && metadata.namespace !== info.namespace)
      throw newBadRequest('the namespace of the provided object does not match the namespace sent on the request');
    metadata.namespace = info.namespace;
  }
}

/** Readies a new object for admission: without what only the system sets. Throws BadRequest. */
export function wipeSystemFields(resource: ResourceInfo, object: KubeObject, context: RequestContext): void {
  const { metadata } = object;
  settleNamespace(resource, object, context);
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  if (metadata.resourceVersion === '' || metadata.resourceVersion === '0') delete metadata.resourceVersion;
  // One without a name is refused later, by that.
  metadata.name ??= '';
}

/** What an update leaves as it is, whatever it says. A uid that it names is left for validation to judge. */
export function keepSystemFields(resource: ResourceInfo, object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  if (resource.namespaced) metadata.namespace ??= old.metadata.namespace ?? '';
  if (!metadata.uid) Object.assign(metadata, { uid: old.metadata.uid });
  for (const field of ['creationTimestamp', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (old.metadata[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: old.metadata[field] });
  }
  delete metadata.selfLink;
}

/** A name after `base` (names.SimpleNameGenerator). */
export const generatedName = (base: string, { env }: RequestContext): string =>
  base.slice(0, 58) + randomNameSuffix(env.random);

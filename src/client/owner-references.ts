// Who owns whom. Upstream: k8s.io/apimachinery/pkg/apis/meta/v1 controller_ref.go.
//
// Invariant: an object has at most one owner with controller: true; that one manages it.

import type { ObjectMeta, OwnerReference } from '../api/generated/types.ts';
import { apiVersionOf, type KubernetesObject, type Resource } from './resources.ts';

/** The reference to the controller that manages the object, or undefined for an orphan. */
export function getControllerOf(metadata: Partial<ObjectMeta>): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(metadata: Partial<ObjectMeta>, owner: KubernetesObject): boolean {
  return getControllerOf(metadata)?.uid === owner.metadata.uid;
}

/** The reference a controller puts on what it creates or adopts. */
export function newControllerRef<T extends KubernetesObject>(owner: T, of: Resource<T>): OwnerReference {
  return {
    apiVersion: apiVersionOf(of),
    kind: of.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** For an informer index: the uid of the managing controller. */
export function controllerUidIndex(object: KubernetesObject): readonly string[] {
  const controller = getControllerOf(object.metadata);
  return controller ? [controller.uid] : [];
}

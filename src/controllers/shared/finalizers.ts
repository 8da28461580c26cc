// Finalizers by which a controller keeps an object from going away while something uses it.

import type { KubernetesObject } from '../../client/index.ts';

export const hasFinalizer = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;

/** Not being deleted, and not protected: made before the admission plugin was there, or somebody took it away. */
export const lacksProtection = (object: KubernetesObject, finalizer: string): boolean =>
  !object.metadata.deletionTimestamp && !hasFinalizer(object, finalizer);

/** Being deleted, and held by this finalizer. */
export const awaitsRelease = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, finalizer);

/** A copy with the finalizer. */
export const protect = <T extends KubernetesObject>(object: T, finalizer: string): T => ({
  ...object,
  metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? []), finalizer] },
});

/** A copy without the finalizer. */
export const release = <T extends KubernetesObject>(object: T, finalizer: string): T => ({
  ...object,
  metadata: { ...object.metadata, finalizers: object.metadata.finalizers?.filter((each) => each !== finalizer) ?? [] },
});

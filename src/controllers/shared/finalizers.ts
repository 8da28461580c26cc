// Finalizers by which a controller keeps an object from going away while something uses it.

import {
  isNotFound,
  type KubernetesObject,
  keyOf,
  type ReconcileContext,
  type Resource,
  type RestClient,
  referenceTo,
} from '../../client/index.ts';

export const hasFinalizer = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;

/** Not being deleted, and not protected: made before the admission plugin was there, or somebody took it away. */
export const lacksProtection = (object: KubernetesObject, finalizer: string): boolean =>
  !object.metadata.deletionTimestamp && !hasFinalizer(object, finalizer);

/** Being deleted, and held by this finalizer. */
export const awaitsRelease = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, finalizer);

const withFinalizers = <T extends KubernetesObject>(object: T, finalizers: string[]): T => ({
  ...object,
  metadata: { ...object.metadata, finalizers },
});

/**
 * Gives an object the finalizer that it lacks, or takes it off one that is being deleted and no longer used. `isUsed` is asked only then. An object that is
 * gone meanwhile is of no concern.
 */
export async function keepProtection<T extends KubernetesObject>(
  client: RestClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean | Promise<boolean>,
  context: ReconcileContext,
): Promise<void> {
  const { finalizers = [] } = object.metadata;
  const lacking = lacksProtection(object, finalizer);
  if (!lacking && !(awaitsRelease(object, finalizer) && !(await isUsed()))) return;
  const next = lacking ? [...finalizers, finalizer] : finalizers.filter((each) => each !== finalizer);
  const what = `${object.kind} ${keyOf(object)}`;
  await context.plan({ subject: referenceTo(object), will: `${lacking ? 'protect' : 'let go of'} ${what}` });
  await client.update(resource, withFinalizers(object, next), { trace: context.trace }).catch((error) => {
    if (!isNotFound(error)) throw error;
  });
}

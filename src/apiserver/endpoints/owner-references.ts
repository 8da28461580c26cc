// Owner references that are there twice are there once (handlers/rest.go, dedupOwnerReferencesAndAddWarning).

import { deepEqual, type KubeObject } from '../object.ts';

/** Drops repeated owner references from the object, with a warning. */
export function dropDuplicateOwners({ metadata }: KubeObject, warnings: Set<string>, admitted: boolean): void {
  const { ownerReferences: given } = metadata;
  if (!given || given.length < 2) return;
  const kept = given.filter((owner, i) => !given.slice(0, i).some((before) => deepEqual(before, owner)));
  if (kept.length === given.length) return;
  const again = given.filter((owner, i) => given.slice(0, i).some((before) => deepEqual(before, owner)));
  metadata.ownerReferences = kept;
  const when = admitted ? ' after mutating admission happens' : '';
  warnings.add(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${again.map(({ uid }) => uid).join(', ')}`,
  );
}

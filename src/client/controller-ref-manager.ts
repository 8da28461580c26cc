// Claims: a controller adopts orphans that its selector matches and releases what it owns but no longer matches. Upstream: pkg/controller ControllerRefManager.
//
// Invariants: what another controller owns is never touched; nothing is adopted by an owner that is being deleted or that was replaced by a namesake (checked by
// a fresh read, not the cache); patches carry the dependent's resourceVersion, so a stale cache cannot undo somebody else's change.

import type { TraceContext } from '../env/trace.ts';
import { isInvalid, isNotFound } from './errors.ts';
import { getControllerOf, newControllerRef } from './owner-references.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import type { RestClient } from './rest-client.ts';

export interface ClaimOptions<Owner extends KubernetesObject, Dependent extends KubernetesObject> {
  client: RestClient;
  owner: Owner;
  ownerResource: Resource<Owner>;
  dependentResource: Resource<Dependent>;
  /** Whether the owner's selector matches. */
  matches: (dependent: Dependent) => boolean;
  trace?: TraceContext;
}

/** Returns those of `candidates` that the owner manages, after adopting and releasing. Rejects with the first failure (the caller requeues). */
export async function claimObjects<Owner extends KubernetesObject, Dependent extends KubernetesObject>(
  options: ClaimOptions<Owner, Dependent>,
  candidates: readonly Dependent[],
): Promise<Dependent[]> {
  const { owner, matches } = options;
  const claimed: Dependent[] = [];
  let checked: Promise<void> | undefined;
  for (const candidate of candidates) {
    const controller = getControllerOf(candidate.metadata);
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches(candidate)) claimed.push(candidate);
      else if (!owner.metadata.deletionTimestamp) await release(options, candidate);
      continue;
    }
    if (owner.metadata.deletionTimestamp || candidate.metadata.deletionTimestamp || !matches(candidate)) continue;
    if (owner.metadata.namespace && owner.metadata.namespace !== candidate.metadata.namespace) continue;
    checked ??= mayAdopt(options);
    await checked;
    const adopted = await adopt(options, candidate);
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

async function mayAdopt<O extends KubernetesObject, D extends KubernetesObject>(
  options: ClaimOptions<O, D>,
): Promise<void> {
  const { client, owner, ownerResource, trace } = options;
  const fresh = await client.get(ownerResource, owner.metadata, { trace });
  const { namespace, name } = owner.metadata;
  if (fresh.metadata.uid !== owner.metadata.uid) {
    throw new Error(
      `original ${ownerResource.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${owner.metadata.uid}`,
    );
  }
  if (fresh.metadata.deletionTimestamp) {
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
}

async function adopt<O extends KubernetesObject, D extends KubernetesObject>(
  options: ClaimOptions<O, D>,
  dependent: D,
): Promise<D | undefined> {
  const { client, owner, ownerResource, dependentResource, trace } = options;
  const ownerReferences = [...(dependent.metadata.ownerReferences ?? []), newControllerRef(owner, ownerResource)];
  const { uid, resourceVersion } = dependent.metadata;
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    return await client.patch(dependentResource, dependent.metadata, 'application/merge-patch+json', patch, { trace });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<O extends KubernetesObject, D extends KubernetesObject>(
  options: ClaimOptions<O, D>,
  dependent: D,
): Promise<void> {
  const { client, owner, dependentResource, trace } = options;
  const left = (dependent.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
  const { uid, resourceVersion } = dependent.metadata;
  const patch = { metadata: { uid, resourceVersion, ownerReferences: left.length > 0 ? left : null } };
  try {
    await client.patch(dependentResource, dependent.metadata, 'application/merge-patch+json', patch, { trace });
  } catch (error) {
    // Gone, or already released: either way it is not ours any more.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}

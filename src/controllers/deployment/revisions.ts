// The new ReplicaSet (the one with the Deployment's template), the old ones, and the revision numbers that order them.
// Upstream: pkg/controller/deployment/sync.go getAllReplicaSetsAndSyncRevision, getNewReplicaSet, cleanupDeployment.
//
// Invariants: there is at most one ReplicaSet per template; the new one has the highest revision; the Deployment carries that revision in its annotation. A rollback
// (an old template put back) finds the old ReplicaSet and gives it a new revision.

import type { ReplicaSet } from '../../api/generated/types.ts';
import {
  ApiError,
  type Draft,
  deployments,
  hasStatusCause,
  isAlreadyExists,
  isControlledBy,
  isNotFound,
  newControllerRef,
  replicaSets as replicaSetResource,
} from '../../client/index.ts';
import { messageOf } from '../../env/errors.ts';
import { computeHash } from '../shared/hash.ts';
import { newCondition, progressingCondition, setDeploymentCondition } from './deployment-conditions.ts';
import {
  annotations,
  byCreation,
  equalIgnoringHash,
  findNewReplicaSet,
  hasProgressDeadline,
  maxSurge,
  newReplicaSetSize,
  podTemplateHashLabel,
  revisionOf,
  wantedReplicas,
} from './deployment-math.ts';
import type { DeploymentSync } from './deployment-sync.ts';

export interface Revisions {
  newOne: ReplicaSet | undefined;
  old: ReplicaSet[];
}

// Of the Deployment's annotations these are its own and are not copied to ReplicaSets.
const ownAnnotations = new Set<string>([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  ...Object.values(annotations),
]);
const maxHistoryLength = 2000;

/** Finds new and old, creating the new one if asked to; brings revision annotations up to date. */
export async function syncRevisions(sync: DeploymentSync, create: boolean): Promise<Revisions> {
  const existing = findNewReplicaSet(sync.deployment, sync.replicaSets);
  const old = sync.replicaSets.filter((each) => each.metadata.uid !== existing?.metadata.uid).sort(byCreation);
  const revision = Math.max(0, ...old.map(revisionOf)) + 1;
  if (existing) return { newOne: await refresh(sync, existing, revision), old };
  return { newOne: create ? await createNew(sync, old, revision) : undefined, old };
}

async function refresh(sync: DeploymentSync, existing: ReplicaSet, revision: number): Promise<ReplicaSet> {
  const wanted = replicaSetAnnotations(sync, existing, String(revision), true);
  const minReadySeconds = sync.deployment.spec.minReadySeconds ?? 0;
  if (!sameAnnotations(existing, wanted) || (existing.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
    const changed = structuredClone(existing);
    changed.metadata.annotations = wanted;
    changed.spec = { ...changed.spec!, minReadySeconds };
    await sync.plan(`update ReplicaSet ${existing.metadata.name} to revision ${wanted[annotations.revision]}`, {
      revision: revisionOf(existing),
    });
    const updated = await sync.client.update(replicaSetResource, changed, { trace: sync.context.trace });
    sync.replace(updated);
    return updated;
  }
  let dirty = noteRevision(sync, wanted[annotations.revision] ?? '');
  if (hasProgressDeadline(sync.deployment) && !progressingCondition(sync.deployment.status)) {
    progress(sync, 'FoundNewReplicaSet', `Found new replica set "${existing.metadata.name}"`);
    dirty = true;
  }
  if (dirty) await sync.updateStatus();
  return existing;
}

async function createNew(sync: DeploymentSync, old: ReplicaSet[], revision: number): Promise<ReplicaSet | undefined> {
  const { deployment, client, recorder } = sync;
  const { trace } = sync.context;
  const { name, namespace } = deployment.metadata;
  const hash = computeHash(deployment.spec.template, deployment.status?.collisionCount);
  const template = structuredClone(deployment.spec.template);
  const labels = { ...template.metadata?.labels, [podTemplateHashLabel]: hash };
  const { selector, minReadySeconds = 0 } = deployment.spec;
  const draft: Draft<ReplicaSet> & Pick<ReplicaSet, 'spec'> = {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      ownerReferences: [newControllerRef(deployment, deployments)],
    },
    spec: {
      replicas: 0,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [podTemplateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } as ReplicaSet['metadata'] },
    },
  };
  const size = newReplicaSetSize(deployment, [...old, draft as ReplicaSet], draft as ReplicaSet);
  draft.spec!.replicas = size;
  draft.metadata.annotations = replicaSetAnnotations(sync, draft as ReplicaSet, String(revision), false);
  await sync.plan(`create ReplicaSet ${draft.metadata.name} with ${size} replicas`, {
    replicaSets: old.length,
    revision,
  });
  let created: ReplicaSet;
  let existed = false;
  try {
    created = await client.create(replicaSetResource, draft, { trace });
  } catch (error) {
    if (isAlreadyExists(error)) {
      created = await takenName(sync, draft.metadata.name!, error);
      existed = true;
    } else if (hasStatusCause(error, 'NamespaceTerminating')) {
      return undefined;
    } else {
      const message = `Failed to create new replica set "${draft.metadata.name}": ${messageOf(error)}`;
      if (hasProgressDeadline(deployment) && error instanceof ApiError) {
        progress(sync, 'ReplicaSetCreateError', message, 'False');
        await sync.updateStatus().catch(() => {});
      }
      recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message, { trace });
      throw error;
    }
  }
  sync.replace(created);
  if (!existed && size > 0) {
    recorder.event(
      deployment,
      'Normal',
      'ScalingReplicaSet',
      `Scaled up replica set ${created.metadata.name} from 0 to ${size}`,
      { trace },
    );
  }
  let dirty = noteRevision(sync, String(revision));
  if (!existed && hasProgressDeadline(deployment)) {
    progress(sync, 'NewReplicaSetCreated', `Created new replica set "${created.metadata.name}"`);
    dirty = true;
  }
  if (dirty) await sync.updateStatus();
  return created;
}

/** The name is taken: by ourselves, seen late (then it is the new ReplicaSet), or by something else (then the next try has another hash). */
async function takenName(sync: DeploymentSync, name: string, error: unknown): Promise<ReplicaSet> {
  const { deployment, client } = sync;
  const { trace } = sync.context;
  const taken = await client.get(replicaSetResource, { namespace: deployment.metadata.namespace, name }, { trace });
  if (isControlledBy(taken.metadata, deployment) && equalIgnoringHash(deployment.spec.template, taken.spec?.template)) {
    return taken;
  }
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  await sync.updateStatus({ ...deployment.status, collisionCount });
  throw error;
}

function progress(sync: DeploymentSync, reason: string, message: string, status = 'True'): void {
  sync.deployment.status ??= {};
  setDeploymentCondition(sync.deployment.status, newCondition('Progressing', status, reason, message, sync.now()));
}

/** Puts the revision on the Deployment; whether that changed it. */
function noteRevision(sync: DeploymentSync, revision: string): boolean {
  const { metadata } = sync.deployment;
  if (metadata.annotations?.[annotations.revision] === revision) return false;
  metadata.annotations = { ...metadata.annotations, [annotations.revision]: revision };
  return true;
}

/** What the new ReplicaSet's annotations should be. Sizes only at creation: scaling writes them later. */
function replicaSetAnnotations(
  sync: DeploymentSync,
  replicaSet: ReplicaSet,
  revision: string,
  exists: boolean,
): Record<string, string> {
  const { deployment } = sync;
  const out = { ...replicaSet.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!ownAnnotations.has(key)) out[key] = value;
  }
  const before = out[annotations.revision];
  if (revisionOf(replicaSet) < Number(revision)) {
    out[annotations.revision] = revision;
    if (before !== undefined && exists) {
      const history = [...(out[annotations.revisionHistory]?.split(',') ?? []), before];
      while (history.join(',').length > maxHistoryLength) history.shift();
      out[annotations.revisionHistory] = history.join(',');
    }
  }
  if (!exists) {
    const wanted = wantedReplicas(deployment);
    out[annotations.desiredReplicas] = String(wanted);
    out[annotations.maxReplicas] = String(wanted + maxSurge(deployment));
  }
  return out;
}

function sameAnnotations(replicaSet: ReplicaSet, wanted: Record<string, string>): boolean {
  const current = replicaSet.metadata.annotations ?? {};
  return Object.keys({ ...current, ...wanted }).every((key) => current[key] === wanted[key]);
}

/** Deletes the oldest scaled-down ReplicaSets beyond revisionHistoryLimit. */
export async function cleanupHistory(sync: DeploymentSync, old: readonly ReplicaSet[]): Promise<void> {
  const limit = sync.deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2147483647) return;
  const alive = old.filter((each) => !each.metadata.deletionTimestamp);
  const excess = alive.length - limit;
  if (excess <= 0) return;
  alive.sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b));
  for (const each of alive.slice(0, excess)) {
    const observed = (each.status?.observedGeneration ?? 0) >= (each.metadata.generation ?? 0);
    if ((each.status?.replicas ?? 0) !== 0 || wantedReplicas(each) !== 0 || !observed) continue;
    await sync.plan(`delete ReplicaSet ${each.metadata.name}`, { oldReplicaSets: alive.length, limit });
    try {
      await sync.client.delete(replicaSetResource, each.metadata, {}, { trace: sync.context.trace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

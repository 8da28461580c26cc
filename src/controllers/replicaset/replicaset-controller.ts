// Keeps as many pods as each ReplicaSet (or ReplicationController) asks for. Upstream: pkg/controller/replicaset.
//
// Invariants: nothing is created or deleted while earlier creations or deletions have not been seen (expectations), so a stale cache cannot make it act twice;
// at most 500 pods are created or deleted per look; creation starts slowly (1, 2, 4, ...), so that a quota or admission error costs few requests.

import type { Pod } from '../../api/generated/types.ts';
import { type Selector, selectorMatches } from '../../api/labels.ts';
import {
  causeOf,
  claimObjects,
  controllerUidIndex,
  Expectations,
  getControllerOf,
  hasStatusCause,
  isNotFound,
  keyOf,
  newController,
  newControllerRef,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import type { ControllerContext, InitController, Runnable } from '../shared/context.ts';
import { createPod, deletePod, podFromTemplate, slowStartBatch } from '../shared/pod-control.ts';
import { isPodActive, isPodReady, isPodTerminating, nextAvailability } from '../shared/pods.ts';
import { podsToDelete } from './pod-ranking.ts';
import { type ReplicaOwner, type ReplicaOwnerKind, replicaSetKind } from './replica-owner.ts';
import { calculateStatus, statusEqual } from './replica-status.ts';

const burstReplicas = 500;
const controllerUid = 'controllerUid';

export const initReplicaSetController: InitController = (context) => initReplicaController(context, replicaSetKind);

/** The loop for either kind of owner. */
export function initReplicaController<T extends ReplicaOwner>(
  { env, client, informers, config, recorder: newRecorder, onError }: ControllerContext,
  kind: ReplicaOwnerKind<T>,
): Runnable {
  const queue = new WorkQueue({ clock: env.clock });
  const expectations = new Expectations(env.clock);
  const recorder = newRecorder(kind.controllerName);
  const owners = informers.of(kind.resource);
  const podInformer = informers.of(pods);
  owners.addIndex(controllerUid, controllerUidIndex);
  podInformer.addIndex(controllerUid, controllerUidIndex);

  owners.addHandler({
    onAdd: (owner) => queue.add(keyOf(owner), causeOf(owner)),
    onUpdate: (_, owner) => queue.add(keyOf(owner), causeOf(owner)),
    onDelete(owner) {
      expectations.delete(keyOf(owner));
      queue.add(keyOf(owner), causeOf(owner));
    },
  });

  podInformer.addHandler({
    onAdd(pod) {
      // A pod that comes into view while it is being deleted counts as a deletion, not as a creation.
      if (pod.metadata.deletionTimestamp) return podGone(pod);
      const owner = ownerOf(pod);
      if (owner) {
        expectations.creationObserved(keyOf(owner));
        queue.add(keyOf(owner), causeOf(pod));
      } else if (!getControllerOf(pod.metadata)) enqueueMatching(pod);
    },
    onUpdate(old, pod) {
      const owner = ownerOf(pod);
      if (pod.metadata.deletionTimestamp) podGone(pod);
      const before = ownerOf(old);
      if (before && before.metadata.uid !== owner?.metadata.uid) queue.add(keyOf(before), causeOf(pod));
      if (owner) {
        queue.add(keyOf(owner), causeOf(pod));
        const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
        // A second more than the wait, since times in conditions have whole seconds.
        if (!isPodReady(old) && isPodReady(pod) && minReadySeconds > 0)
          queue.addAfter(keyOf(owner), minReadySeconds * 1000 + 1000);
      } else if (!getControllerOf(pod.metadata)) enqueueMatching(pod);
    },
    onDelete: podGone,
  });

  function podGone(pod: Pod): void {
    const owner = ownerOf(pod);
    if (!owner) return;
    expectations.deletionObserved(keyOf(owner), keyOf(pod));
    queue.add(keyOf(owner), causeOf(pod));
  }

  /** The owner in our cache that the pod's controller reference means, not merely a namesake. */
  function ownerOf(pod: Pod): T | undefined {
    const reference = getControllerOf(pod.metadata);
    if (reference?.kind !== kind.resource.kind) return undefined;
    const owner = owners.lister.get(pod.metadata.namespace, reference.name);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  /** An orphan may be adopted by any owner that selects it. */
  function enqueueMatching(pod: Pod): void {
    for (const owner of owners.lister.list(pod.metadata.namespace)) {
      const selector = kind.selectorOf(owner);
      if (selector.length > 0 && selectorMatches(selector, pod.metadata.labels)) queue.add(keyOf(owner), causeOf(pod));
    }
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const owner = owners.lister.getByKey(key);
    if (!owner) {
      expectations.delete(key);
      return {};
    }
    const needsSync = expectations.satisfied(key);
    const selector = kind.selectorOf(owner);
    const claimed = await claimObjects(
      {
        client,
        owner,
        ownerResource: kind.resource,
        dependentResource: pods,
        matches: (pod) => selectorMatches(selector, pod.metadata.labels),
        trace: context.trace,
      },
      candidates(owner, selector),
    );
    const active = claimed.filter(isPodActive);
    const terminating = claimed.filter(isPodTerminating);
    let failure: unknown;
    if (needsSync && !owner.metadata.deletionTimestamp) failure = await manage(key, owner, active, context);
    const now = env.clock.now();
    const status = calculateStatus(owner, active, terminating, failure, now);
    if (!statusEqual(owner.status, status)) {
      try {
        await client.updateStatus(kind.resource, { ...owner, status }, { trace: context.trace });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    if (failure !== undefined) throw failure;
    const wait = nextAvailability(active, owner.spec?.minReadySeconds ?? 0, now);
    return wait === undefined ? {} : { requeueAfterMs: wait + 1000 };
  }

  /** Its own pods, and orphans of the namespace that it may want. */
  function candidates(owner: T, selector: Selector): Pod[] {
    const own = podInformer.lister.byIndex(controllerUid, owner.metadata.uid ?? '');
    const orphans = podInformer.lister
      .list(owner.metadata.namespace)
      .filter((pod) => !getControllerOf(pod.metadata) && selectorMatches(selector, pod.metadata.labels));
    return [...own, ...orphans];
  }

  /** Creates what is missing or deletes what is too much; returns the first error. */
  async function manage(key: string, owner: T, active: Pod[], context: ReconcileContext): Promise<unknown> {
    const wanted = owner.spec?.replicas ?? 1;
    const missing = wanted - active.length;
    if (missing === 0) return undefined;
    const count = Math.min(Math.abs(missing), burstReplicas);
    await context.plan({
      subject: referenceTo(owner),
      saw: { replicas: active.length, wanted },
      will: `${missing > 0 ? 'create' : 'delete'} ${count} Pod${count === 1 ? '' : 's'}`,
    });
    const control = { client, recorder, trace: context.trace };
    if (missing > 0) {
      expectations.expectCreations(key, count);
      const template = podFromTemplate(
        owner.spec?.template ?? {},
        owner.metadata.name,
        newControllerRef(owner, kind.resource),
      );
      const { succeeded, error } = await slowStartBatch(count, async () => {
        try {
          await createPod(control, owner, template);
        } catch (failure) {
          if (!hasStatusCause(failure, 'NamespaceTerminating')) throw failure;
          expectations.creationObserved(key);
        }
      });
      // Neither failed creates nor those never tried will be seen.
      for (let i = succeeded; i < count; i++) expectations.creationObserved(key);
      return error;
    }
    const victims = podsToDelete(active, relatedPods(owner), count, env.clock.now());
    expectations.expectDeletions(key, victims.map(keyOf));
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          await deletePod(control, owner, pod);
        } catch (failure) {
          expectations.deletionObserved(key, keyOf(pod));
          throw failure;
        }
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  /** Pods of all owners that have the same controller (the ReplicaSets of one Deployment). */
  function relatedPods(owner: T): Pod[] {
    const parent = getControllerOf(owner.metadata);
    const siblings = parent ? owners.lister.byIndex(controllerUid, parent.uid) : [owner];
    return siblings.flatMap((sibling) => podInformer.lister.byIndex(controllerUid, sibling.metadata.uid ?? ''));
  }

  return newController({
    env,
    name: kind.controllerName,
    queue,
    reconcile,
    workers: config.workers,
    onError: onError(kind.controllerName),
  });
}

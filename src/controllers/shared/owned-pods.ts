// The pod events of a controller that owns pods: finds the owner, keeps its expectations, queues it. Used by Job, DaemonSet and StatefulSet.

import type { Pod } from '../../api/generated/types.ts';
import {
  causeOf,
  type EventHandler,
  type Expectations,
  getControllerOf,
  type KubernetesObject,
  keyOf,
  type SharedInformer,
  type WorkQueue,
} from '../../client/index.ts';

export const podsByController = 'controllerUid';

/** @param expectations none: for controllers that create one pod at a time, by name */
export function ownedPodHandler<T extends KubernetesObject>(
  owners: SharedInformer<T>,
  queue: WorkQueue,
  expectations?: Expectations,
): EventHandler<Pod> {
  const ownerOf = (pod: Pod): T | undefined => {
    const reference = getControllerOf(pod.metadata);
    if (reference?.kind !== owners.resource.kind) return undefined;
    const owner = owners.lister.get(pod.metadata.namespace, reference.name);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  };
  const gone = (pod: Pod) => {
    const owner = ownerOf(pod);
    if (!owner) return;
    expectations?.deletionObserved(keyOf(owner), keyOf(pod));
    queue.add(keyOf(owner), causeOf(pod));
  };
  return {
    onAdd(pod) {
      const owner = ownerOf(pod);
      if (!owner) return;
      if (pod.metadata.deletionTimestamp) expectations?.deletionObserved(keyOf(owner), keyOf(pod));
      else expectations?.creationObserved(keyOf(owner));
      queue.add(keyOf(owner), causeOf(pod));
    },
    onUpdate(_, pod) {
      if (pod.metadata.deletionTimestamp) gone(pod);
      else {
        const owner = ownerOf(pod);
        if (owner) queue.add(keyOf(owner), causeOf(pod));
      }
    },
    onDelete: gone,
  };
}

// Lets a PersistentVolumeClaim that is being deleted go once no pod uses it. Upstream: pkg/controller/volume/pvcprotection.
//
// Only pods that have a node count: a kubelet starts none whose claim is being deleted. A pod that has ended counts until it is deleted. Before a claim goes, the
// API server itself is asked for pods: the cache may not know the newest.

import type { PersistentVolumeClaim, Pod } from '../../api/generated/types.ts';
import {
  causeOf,
  keyOf,
  newController,
  persistentVolumeClaims,
  pods,
  type ReconcileContext,
  type ReconcileResult,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';
import { awaitsRelease, keepProtection, lacksProtection } from '../shared/finalizers.ts';
import { isPodTerminal } from '../shared/pods.ts';

export const pvcFinalizer = 'kubernetes.io/pvc-protection';
const name = 'persistentvolumeclaim-protection-controller';
const byClaim = 'pods by claim';

export const initPvcProtectionController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const claimInformer = informers.of(persistentVolumeClaims);
  const podInformer = informers.of(pods);
  podInformer.addIndex(byClaim, claimsOf);
  const enqueue = (claim: PersistentVolumeClaim) => {
    if (awaitsRelease(claim, pvcFinalizer) || lacksProtection(claim, pvcFinalizer))
      queue.add(keyOf(claim), causeOf(claim));
  };
  const freed = (pod: Pod) => {
    for (const key of claimsOf(pod)) queue.add(key, causeOf(pod));
  };
  claimInformer.addHandler({ onAdd: enqueue, onUpdate: (_, claim) => enqueue(claim) });
  podInformer.addHandler({
    onUpdate: (_, pod) => {
      if (isPodTerminal(pod) || isShutDown(pod)) freed(pod);
    },
    onDelete: freed,
  });

  async function isUsed(claim: PersistentVolumeClaim): Promise<boolean> {
    const uses = (pod: Pod) => podUsesClaim(pod, claim);
    if (podInformer.lister.byIndex(byClaim, keyOf(claim)).some(uses)) return true;
    return (await client.list(pods, claim.metadata.namespace)).items.some(uses);
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const claim = claimInformer.lister.getByKey(key);
    if (!claim) return {};
    await keepProtection(client, persistentVolumeClaims, claim, pvcFinalizer, () => isUsed(claim), context);
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

/** The claims that a pod names, its ephemeral volumes' among them, as namespace/name. */
const claimsOf = ({ metadata, spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name: volume, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${volume}`);
    return claim ? [`${metadata.namespace}/${claim}`] : [];
  });

function podUsesClaim(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  return (pod.spec.volumes ?? []).some(
    ({ name: volume, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === metadata.name ||
      (ephemeral !== undefined &&
        !isShutDown(pod) &&
        `${pod.metadata.name}-${volume}` === metadata.name &&
        (metadata.ownerReferences ?? []).some(({ controller, uid }) => controller && uid === pod.metadata.uid)),
  );
}

/** The kubelet is done with it, or it was deleted by force. */
const isShutDown = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;

// Lets a PersistentVolume that is being deleted go once it is not bound to a claim. Upstream: pkg/controller/volume/pvprotection.

import type { PersistentVolume } from '../../api/generated/types.ts';
import {
  causeOf,
  isNotFound,
  keyOf,
  newController,
  persistentVolumes,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';
import { awaitsRelease, lacksProtection, protect, release } from '../shared/finalizers.ts';

export const pvFinalizer = 'kubernetes.io/pv-protection';
const name = 'persistentvolume-protection-controller';

export const initPvProtectionController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const volumeInformer = informers.of(persistentVolumes);
  const enqueue = (volume: PersistentVolume) => {
    if (changeOf(volume)) queue.add(keyOf(volume), causeOf(volume));
  };
  volumeInformer.addHandler({ onAdd: enqueue, onUpdate: (_, volume) => enqueue(volume) });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const volume = volumeInformer.lister.getByKey(key);
    const change = volume && changeOf(volume);
    if (!change) return {};
    await context.plan({ subject: referenceTo(volume), will: `${change.will} PersistentVolume ${key}` });
    await client.update(persistentVolumes, change.next, { trace: context.trace }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

/** What is to be done with a volume, if anything. */
function changeOf(volume: PersistentVolume): { next: PersistentVolume; will: string } | undefined {
  if (lacksProtection(volume, pvFinalizer)) return { next: protect(volume, pvFinalizer), will: 'protect' };
  const isBound = volume.status?.phase === 'Bound';
  return awaitsRelease(volume, pvFinalizer) && !isBound
    ? { next: release(volume, pvFinalizer), will: 'let go of' }
    : undefined;
}

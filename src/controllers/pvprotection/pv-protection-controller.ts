// Lets a PersistentVolume that is being deleted go once it is not bound to a claim. Upstream: pkg/controller/volume/pvprotection.

import type { PersistentVolume } from '../../api/generated/types.ts';
import {
  causeOf,
  keyOf,
  newController,
  persistentVolumes,
  type ReconcileContext,
  type ReconcileResult,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';
import { awaitsRelease, keepProtection, lacksProtection } from '../shared/finalizers.ts';

export const pvFinalizer = 'kubernetes.io/pv-protection';
const name = 'persistentvolume-protection-controller';

export const initPvProtectionController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const volumeInformer = informers.of(persistentVolumes);
  const enqueue = (volume: PersistentVolume) => {
    const free = awaitsRelease(volume, pvFinalizer) && !isBound(volume);
    if (free || lacksProtection(volume, pvFinalizer)) queue.add(keyOf(volume), causeOf(volume));
  };
  volumeInformer.addHandler({ onAdd: enqueue, onUpdate: (_, volume) => enqueue(volume) });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const volume = volumeInformer.lister.getByKey(key);
    if (volume) await keepProtection(client, persistentVolumes, volume, pvFinalizer, () => isBound(volume), context);
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

const isBound = ({ status }: PersistentVolume): boolean => status?.phase === 'Bound';

// What a delete request does to an object: nothing, a mark, or its end (rest.BeforeDelete and the finalizer arithmetic of store.go).

import { rfc3339 } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import type { DeleteOptions } from './preconditions.ts';
import type { Strategy } from './strategy.ts';

export type DeletionPlan = { action: 'keep' } | { action: 'mark' | 'remove'; object: KubeObject };

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/** Finalizers after a delete with these options: orphan and foreground deletion are done by the garbage collector, which these two summon. */
function finalizersFor(object: KubeObject, strategy: Strategy, options: DeleteOptions): string[] {
  const present = object.metadata.finalizers ?? [];
  const { propagationPolicy, orphanDependents } = options;
  let wantsOrphan: boolean;
  let wantsForeground = false;
  if (orphanDependents !== undefined) wantsOrphan = orphanDependents;
  else if (propagationPolicy !== undefined) {
    wantsOrphan = propagationPolicy === 'Orphan';
    wantsForeground = propagationPolicy === 'Foreground';
  } else {
    wantsOrphan = present.includes(orphan) || (!present.includes(foreground) && strategy.orphanByDefault === true);
    wantsForeground = present.includes(foreground);
  }
  const kept = present.filter((name) => name !== orphan && name !== foreground);
  if (wantsOrphan) kept.push(orphan);
  if (wantsForeground) kept.push(foreground);
  return kept;
}

/** Decides, and prepares `object` (a copy) for it. `now` in cluster milliseconds. */
export function planDeletion(
  strategy: Strategy,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): DeletionPlan {
  const { metadata } = object;
  const finalizers = finalizersFor(object, strategy, options);
  const finalizersChanged = finalizers.join() !== (metadata.finalizers ?? []).join();
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const grace = strategy.gracePeriod?.(object, options.gracePeriodSeconds);
  const specFinalizers = (object['spec'] as { finalizers?: string[] } | undefined)?.finalizers ?? [];
  const held = finalizers.length > 0 || (object.kind === 'Namespace' && specFinalizers.length > 0);

  if (metadata.deletionTimestamp !== undefined) {
    const left = metadata.deletionGracePeriodSeconds ?? 0;
    // While grace runs nothing changes, finalizers included, but that there may be less of it.
    if (grace !== undefined && left > 0 && (options.gracePeriodSeconds === undefined || grace >= left) && grace > 0)
      return { action: 'keep' };
    const ends = Date.parse(metadata.deletionTimestamp);
    if (grace !== undefined && grace > 0 && left > 0) {
      // Counted from the moment the first deletion was asked for; if that is over, there is a second for whoever has yet to notice.
      const wanted = ends - (left - grace) * 1000;
      metadata.deletionTimestamp = rfc3339(Math.max(wanted, now));
      metadata.deletionGracePeriodSeconds = wanted < now ? 1 : grace;
      return { action: 'mark', object };
    }
    if (!held) return { action: 'remove', object };
    if (left === 0 && !finalizersChanged) return { action: 'keep' };
    metadata.deletionTimestamp = rfc3339(Math.min(ends, now));
    metadata.deletionGracePeriodSeconds = 0;
    return { action: 'mark', object };
  }

  const seconds = grace ?? 0;
  if (seconds === 0 && !held) return { action: 'remove', object };
  metadata.deletionTimestamp = rfc3339(now + seconds * 1000);
  metadata.deletionGracePeriodSeconds = seconds;
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++;
  if (object.kind === 'Namespace') object['status'] = { ...(object['status'] as object), phase: 'Terminating' };
  return { action: 'mark', object };
}

// Counting ended pods exactly once. Upstream: pkg/controller/job trackJobStatusAndRemoveFinalizers (KEP-2307).
//
// Each pod carries a finalizer, so it cannot vanish uncounted. An ended pod's uid is first written into status.uncountedTerminatedPods; then its finalizer is removed;
// once that is seen (or the pod is gone), the uid moves into the counter. Any step may be repeated, or interrupted between two writes, without counting twice.

import type { Job, JobStatus, Pod } from '../../api/generated/types.ts';
import {
  failureAction,
  formatIndexes,
  hasTrackingFinalizer,
  indexOf,
  isFailed,
  isIndexed,
  parseIndexes,
} from './job-pods.ts';

export interface Tracking {
  /** The status with counters moved on. */
  status: JobStatus;
  /** Ended pods whose finalizer may be removed once that status is written. */
  release: Pod[];
  succeeded: number;
  failed: number;
}

export function track(job: Job, pods: readonly Pod[]): Tracking {
  const old = job.status ?? {};
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
  const pending = (uid: string) => {
    const pod = byUid.get(uid);
    return pod !== undefined && hasTrackingFinalizer(pod);
  };
  const before = {
    succeeded: old.uncountedTerminatedPods?.succeeded ?? [],
    failed: old.uncountedTerminatedPods?.failed ?? [],
  };
  const uncounted = { succeeded: before.succeeded.filter(pending), failed: before.failed.filter(pending) };
  let succeeded = (old.succeeded ?? 0) + before.succeeded.length - uncounted.succeeded.length;
  const failed = (old.failed ?? 0) + before.failed.length - uncounted.failed.length;
  const completed = parseIndexes(old.completedIndexes);
  const release: Pod[] = [];
  for (const pod of pods) {
    if (!hasTrackingFinalizer(pod)) continue;
    const uid = pod.metadata.uid ?? '';
    if (pod.status?.phase === 'Succeeded') {
      if (isIndexed(job)) {
        const index = indexOf(pod);
        if (index !== undefined && index < (job.spec?.completions ?? 0)) completed.add(index);
      } else if (!uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid);
      release.push(pod);
    } else if (isFailed(job, pod)) {
      const ignored = pod.status?.phase === 'Failed' && failureAction(job, pod).action === 'Ignore';
      if (!ignored && !uncounted.failed.includes(uid)) uncounted.failed.push(uid);
      release.push(pod);
    }
  }
  if (isIndexed(job)) succeeded = completed.size;
  const status: JobStatus = {
    ...old,
    succeeded,
    failed,
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 ? { succeeded: uncounted.succeeded } : {}),
      ...(uncounted.failed.length > 0 ? { failed: uncounted.failed } : {}),
    },
    ...(completed.size > 0 ? { completedIndexes: formatIndexes(completed) } : {}),
  };
  return {
    status,
    release,
    succeeded: succeeded + uncounted.succeeded.length,
    failed: failed + uncounted.failed.length,
  };
}

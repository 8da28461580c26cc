// What the pods of a Job say: who succeeded, who failed, which indexes are done. Upstream: pkg/controller/job job_controller.go, indexed_job_utils.go,
// pod_failure_policy.go.

import type { Job, Pod } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

export function hasTrackingFinalizer(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** Failed, or on the way out without having succeeded (unless replacements wait for the end). */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  const waitsForEnd = job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded' && !waitsForEnd;
}

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation] ?? '';
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** "1,3-5,7" to its numbers; parts that are none are left out. */
export function parseIndexes(text: string | undefined): Set<number> {
  const out = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
    if (!match) continue;
    for (let index = Number(match[1]); index <= Number(match[2] ?? match[1]); index++) out.add(index);
  }
  return out;
}

/** Numbers to "1,3-5,7". */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    // Two in a row are a range as well, as upstream writes them.
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

/** Cluster ms when the last of its containers ended. */
export function finishedAt(pod: Pod): number | undefined {
  let latest: number | undefined;
  for (const { state } of pod.status?.containerStatuses ?? []) {
    const at = parseTime(state?.terminated?.finishedAt ?? '');
    if (at !== undefined && (latest === undefined || at > latest)) latest = at;
  }
  return latest ?? parseTime(pod.metadata.deletionTimestamp ?? '');
}

/** Failures since the last success, and when the latest was: new pods wait 10 s, 20 s, 40 s, ... up to 10 minutes after it. */
export function failureBackoff(failed: readonly Pod[], succeeded: readonly Pod[]): { count: number; last: number } {
  const lastSuccess = Math.max(0, ...succeeded.map((pod) => finishedAt(pod) ?? 0));
  const times = failed.map((pod) => finishedAt(pod) ?? 0).filter((at) => at > lastSuccess);
  return { count: times.length, last: Math.max(0, ...times) };
}

export function backoffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(600_000, 10_000 * 2 ** (failures - 1));
}

export type FailureAction = 'FailJob' | 'Ignore' | 'Count';

/** What the pod failure policy says of a failed pod, and the message for FailJob. */
export function failureAction(job: Job, pod: Pod): { action: FailureAction; message: string } {
  for (const [i, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const { action, onExitCodes, onPodConditions = [] } = rule;
    const of = `Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    if (onExitCodes) {
      const { containerName, operator, values } = onExitCodes;
      for (const { name, state } of pod.status?.containerStatuses ?? []) {
        const code = state?.terminated?.exitCode ?? 0;
        if (code === 0 || (containerName && containerName !== name)) continue;
        if (values.includes(code) !== (operator === 'In')) continue;
        const message = `Container ${name} for pod ${of.slice(4)} failed with exit code ${code} matching ${action} rule at index ${i}`;
        return { action: action as FailureAction, message };
      }
    }
    for (const { type, status = 'True' } of onPodConditions) {
      if (!pod.status?.conditions?.some((condition) => condition.type === type && condition.status === status))
        continue;
      const message = `${of} has condition ${type} matching ${action} rule at index ${i}`;
      return { action: action as FailureAction, message };
    }
  }
  return { action: 'Count', message: '' };
}

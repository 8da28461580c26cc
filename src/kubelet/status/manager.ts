// Carries pod statuses to the API server: one write at a time per pod, only when something changed, and the final delete of a pod whose containers are gone.
// Upstream: pkg/kubelet/status status_manager.go.
//
// Invariants: a pod's phase never leaves Succeeded or Failed; a pod with containers that may still run is not reported as ended; the final delete names the
// pod's uid, so a successor of the same name is never harmed; conditions of others (readiness gates, the scheduler's) are left as they are.

import type { Pod, PodStatus } from '../../api/generated/types.ts';
import { isConflict, isNotFound } from '../../client/errors.ts';
import { pods } from '../../client/resources.ts';
import type { RestClient } from '../../client/rest-client.ts';
import type { Cancel } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { TraceContext } from '../../env/trace.ts';
import { jsonEqual } from './json-equal.ts';

export interface StatusManagerOptions {
  env: Env;
  client: RestClient;
  /** Whether containers of the pod may still be running. */
  couldHaveRunningContainers(uid: string): boolean;
  /** The pod has left the node: everything of it is cleaned up. */
  canBeDeleted(uid: string): boolean;
  signal: AbortSignal;
}

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the API server holds as far as is known. */
  reported: PodStatus | undefined;
  /** The span that made the status. */
  trace: TraceContext | undefined;
  dirty: boolean;
  writing: boolean;
  retry: Cancel | undefined;
  failures: number;
}

const minRetry = 250;
const maxRetry = 10_000;

export class StatusManager {
  private readonly options: StatusManagerOptions;
  private readonly entries = new Map<string, Entry>();

  constructor(options: StatusManagerOptions) {
    this.options = options;
  }

  /** The newest status made for the pod, which may not have reached the API yet. */
  get(uid: string): PodStatus | undefined {
    return this.entries.get(uid)?.status;
  }

  /** Takes a new status. */
  set(pod: Pod, wanted: PodStatus, trace?: TraceContext): void {
    const uid = pod.metadata.uid ?? '';
    let entry = this.entries.get(uid);
    if (!entry) {
      entry = {
        pod,
        status: pod.status ?? {},
        reported: pod.status,
        trace,
        dirty: false,
        writing: false,
        retry: undefined,
        failures: 0,
      };
      this.entries.set(uid, entry);
    }
    entry.pod = pod;
    const status = this.guardPhase(uid, entry.status, wanted);
    const unchanged = jsonEqual(status, entry.status);
    if (unchanged && !this.finalDeleteDue(entry)) return;
    entry.status = status;
    entry.trace = trace;
    entry.dirty = true;
    void this.write(uid, entry);
  }

  /** The pod as the API has it changed. If the status there is not ours (somebody reset it), it is written again. */
  observe(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.entries.get(uid);
    if (!entry) return;
    entry.pod = pod;
    if (entry.writing) return;
    entry.reported = pod.status;
    if (Object.keys(changes(entry.reported, entry.status)).length > 0 || this.finalDeleteDue(entry)) {
      entry.dirty = true;
      void this.write(uid, entry);
    }
  }

  /** Writes now what waits for something outside (the pod has been cleaned up). */
  poke(uid: string): void {
    const entry = this.entries.get(uid);
    if (!entry) return;
    entry.dirty = true;
    void this.write(uid, entry);
  }

  forget(uid: string): void {
    this.entries.get(uid)?.retry?.();
    this.entries.delete(uid);
  }

  private guardPhase(uid: string, old: PodStatus, wanted: PodStatus): PodStatus {
    const ended = (phase: string | undefined) => phase === 'Failed' || phase === 'Succeeded';
    if (ended(old.phase)) return { ...wanted, phase: old.phase, reason: old.reason, message: old.message };
    if (ended(wanted.phase) && this.options.couldHaveRunningContainers(uid)) {
      const { reason: _, message: __, ...rest } = wanted;
      return {
        ...rest,
        phase: old.phase ?? 'Pending',
        ...(old.reason ? { reason: old.reason } : {}),
        ...(old.message ? { message: old.message } : {}),
      };
    }
    return wanted;
  }

  private finalDeleteDue(entry: Entry): boolean {
    return (
      entry.pod.metadata.deletionTimestamp !== undefined && this.options.canBeDeleted(entry.pod.metadata.uid ?? '')
    );
  }

  private async write(uid: string, entry: Entry): Promise<void> {
    if (entry.writing || entry.retry) return;
    entry.writing = true;
    const { client, env, signal } = this.options;
    try {
      while (entry.dirty && !signal.aborted && this.entries.get(uid) === entry) {
        entry.dirty = false;
        const { name, namespace } = entry.pod.metadata;
        const key = { namespace, name };
        const options = { trace: entry.trace, signal };
        const patch = changes(entry.reported, entry.status);
        try {
          if (Object.keys(patch).length > 0) {
            const written = await client.patch(
              pods,
              key,
              'application/strategic-merge-patch+json',
              { metadata: { uid }, status: patch },
              { ...options, subresource: 'status' },
            );
            entry.reported = written.status;
          }
          if (this.finalDeleteDue(entry)) {
            await client.delete(pods, key, { gracePeriodSeconds: 0, preconditions: { uid } }, options);
            this.forget(uid);
          }
          entry.failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          // gone, or replaced by another pod of this name: nothing left to report
          if (isNotFound(error) || isConflict(error)) {
            if (isNotFound(error)) this.forget(uid);
            return;
          }
          entry.dirty = true;
          const wait = Math.min(maxRetry, minRetry * 2 ** entry.failures++);
          entry.retry = env.clock.after(wait, () => {
            entry.retry = undefined;
            void this.write(uid, entry);
          });
          return;
        }
      }
    } finally {
      entry.writing = false;
    }
  }
}

const ownedFields = [
  'observedGeneration',
  'phase',
  'reason',
  'message',
  'startTime',
  'qosClass',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const;

/** The strategic merge patch of `status` that turns what is reported into what is wanted. */
export function changes(reported: PodStatus | undefined, wanted: PodStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const field of ownedFields) {
    const before = reported?.[field];
    const after = wanted[field];
    if (jsonEqual(before, after)) continue;
    if (after === undefined) patch[field] = null;
    // addresses merge by ip: the old one has to be taken out by name
    else if ((field === 'podIPs' || field === 'hostIPs') && Array.isArray(before) && before.length > 0)
      patch[field] = [{ $patch: 'replace' }, ...(after as { ip: string }[])];
    else patch[field] = after;
  }
  const conditions = wanted.conditions ?? [];
  const held = (type: string) => reported?.conditions?.find((other) => other.type === type);
  const differs = conditions.some((condition) => !jsonEqual(condition, held(condition.type)));
  // conditions merge by type: what is no longer said (the reason it was not ready) has to be taken out by name
  if (differs)
    patch['conditions'] = conditions.map((condition) => ({ ...nulls(held(condition.type), condition), ...condition }));
  return patch;
}

/** A null for every field of `before` that `after` does not have. */
function nulls(before: object | undefined, after: object): Record<string, null> {
  const gone = Object.keys(before ?? {}).filter((field) => !(field in after));
  return Object.fromEntries(gone.map((field) => [field, null]));
}

// Runs pods until enough of them have succeeded. Upstream: pkg/controller/job.
//
// Invariants: at most `parallelism` pods are active; every ended pod counts once (job-tracking.ts); after failures new pods wait longer and longer; a Job whose outcome
// is decided first ends its pods, and only then says Complete or Failed.

import type { Job, JobCondition, JobStatus, Pod } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import {
  causeOf,
  controllerUidIndex,
  type Draft,
  Expectations,
  isNotFound,
  jobs,
  keyOf,
  newController,
  newControllerRef,
  pods as podResource,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import { comparePods } from '../replicaset/pod-ranking.ts';
import { findCondition, setCondition } from '../shared/conditions.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { ownedPodHandler, podsByController } from '../shared/owned-pods.ts';
import { createPod, deletePod, podFromTemplate, slowStartBatch } from '../shared/pod-control.ts';
import { isPodActive, isPodReady, isPodTerminating } from '../shared/pods.ts';
import {
  backoffMs,
  failureAction,
  failureBackoff,
  indexAnnotation,
  indexOf,
  isFailed,
  isIndexed,
  parseIndexes,
  trackingFinalizer,
} from './job-pods.ts';
import { track } from './job-tracking.ts';

const name = 'job-controller';

export const initJobController: InitController = ({
  env,
  client,
  informers,
  config,
  recorder: newRecorder,
  onError,
}) => {
  const queue = new WorkQueue({ clock: env.clock });
  const expectations = new Expectations(env.clock);
  const recorder = newRecorder(name);
  const jobInformer = informers.of(jobs);
  const podInformer = informers.of(podResource);
  podInformer.addIndex(podsByController, controllerUidIndex);
  jobInformer.addHandler({
    onAdd: (job) => queue.add(keyOf(job), causeOf(job)),
    onUpdate: (_, job) => queue.add(keyOf(job), causeOf(job)),
    onDelete: (job) => expectations.delete(keyOf(job)),
  });
  podInformer.addHandler(ownedPodHandler(jobInformer, queue, expectations));

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const job = jobInformer.lister.getByKey(key);
    if (!job || job.metadata.deletionTimestamp || isFinished(job)) return {};
    if ((job.spec?.managedBy ?? 'kubernetes.io/job-controller') !== 'kubernetes.io/job-controller') return {};
    const now = env.clock.now();
    const pods = podInformer.lister.byIndex(podsByController, job.metadata.uid ?? '');
    const active = pods.filter(isPodActive);
    const failedPods = pods.filter((pod) => isFailed(job, pod));
    const tracked = track(job, pods);
    const status: JobStatus = { ...tracked.status };
    const suspended = job.spec?.suspend === true;
    if (!status.startTime && !suspended) status.startTime = rfc3339(now);

    const outcome = decide(job, tracked.succeeded, tracked.failed, active, failedPods, now);
    let failure: unknown;
    let requeueAfterMs: number | undefined;
    if (outcome) {
      await endPods(job, active, outcome.will, context);
      status.conditions = withCondition(status.conditions, outcome.interim, now);
    } else if (suspended) {
      await endPods(job, active, 'the Job is suspended', context);
      noteSuspension(job, status, now);
    } else {
      noteSuspension(job, status, now);
      const backoff = failureBackoff(
        failedPods,
        pods.filter((pod) => pod.status?.phase === 'Succeeded'),
      );
      const waitMs = backoff.last + backoffMs(backoff.count) - now;
      if (expectations.satisfied(key)) {
        if (waitMs > 0 && missing(job, tracked.succeeded, active, pods) > 0) requeueAfterMs = waitMs;
        else failure = await manage(key, { ...job, status }, tracked.succeeded, active, pods, context);
      }
    }
    const deadline = job.spec?.activeDeadlineSeconds;
    if (deadline !== undefined && status.startTime && !suspended && !outcome) {
      const left = (parseTime(status.startTime) ?? now) + deadline * 1000 - now;
      requeueAfterMs = Math.min(requeueAfterMs ?? left, left);
    }
    const still = outcome || suspended ? [] : active;
    status.active = still.length;
    status.ready = still.filter(isPodReady).length;
    status.terminating = pods.filter(isPodTerminating).length + (active.length - still.length);
    const counted = !status.uncountedTerminatedPods?.succeeded && !status.uncountedTerminatedPods?.failed;
    if (outcome && counted && tracked.release.length === 0 && active.length === 0 && status.terminating === 0) {
      status.conditions = withCondition(status.conditions, outcome.final, now);
      if (outcome.final.type === 'Complete') status.completionTime = rfc3339(now);
      recorder.event(job, outcome.final.type === 'Complete' ? 'Normal' : 'Warning', outcome.event, outcome.message, {
        trace: context.trace,
      });
    }
    if (!statusEqual(job.status, status)) {
      await client.updateStatus(jobs, { ...job, status }, { trace: context.trace });
    }
    // Only now that the uids are on record may the pods go.
    for (const pod of tracked.release) await removeFinalizer(pod, context);
    if (failure !== undefined) throw failure;
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  function noteSuspension(job: Job, status: JobStatus, now: number): void {
    const noted = findCondition(status.conditions, 'Suspended')?.status === 'True';
    const suspended = job.spec?.suspend === true;
    if (suspended === noted) return;
    const reason = suspended ? 'JobSuspended' : 'JobResumed';
    const message = suspended ? 'Job suspended' : 'Job resumed';
    const condition = { type: 'Suspended', status: suspended ? 'True' : 'False', reason, message };
    status.conditions = withCondition(status.conditions, condition, now);
    // The clock for activeDeadlineSeconds starts anew.
    if (suspended) delete status.startTime;
    else status.startTime = rfc3339(now);
    recorder.event(job, 'Normal', suspended ? 'Suspended' : 'Resumed', message);
  }

  async function endPods(job: Job, active: readonly Pod[], why: string, context: ReconcileContext): Promise<void> {
    if (active.length === 0) return;
    await context.plan({
      subject: referenceTo(job),
      saw: { active: active.length },
      will: `delete ${active.length} Pods: ${why}`,
    });
    const control = { client, recorder, trace: context.trace };
    await Promise.all(active.map((pod) => deletePod(control, job, pod)));
  }

  /** Creates or deletes pods; returns the first error. */
  async function manage(
    key: string,
    job: Job,
    succeeded: number,
    active: Pod[],
    pods: readonly Pod[],
    context: ReconcileContext,
  ): Promise<unknown> {
    const lacking = missing(job, succeeded, active, pods);
    if (lacking === 0) return undefined;
    const control = { client, recorder, trace: context.trace };
    await context.plan({
      subject: referenceTo(job),
      saw: { active: active.length, succeeded, completions: job.spec?.completions ?? null },
      will: lacking > 0 ? `create ${lacking} Pods` : `delete ${-lacking} Pods`,
    });
    if (lacking < 0) {
      const victims = active.sort((a, b) => comparePods(a, b, () => 0, env.clock.now())).slice(0, -lacking);
      expectations.expectDeletions(key, victims.map(keyOf));
      const results = await Promise.allSettled(
        victims.map(async (pod) => {
          await deletePod(control, job, pod).catch((error) => {
            expectations.deletionObserved(key, keyOf(pod));
            throw error;
          });
        }),
      );
      return results.find((result) => result.status === 'rejected')?.reason;
    }
    const indexes = isIndexed(job) ? freeIndexes(job, active, lacking) : [];
    const count = isIndexed(job) ? indexes.length : lacking;
    expectations.expectCreations(key, count);
    const { succeeded: created, error } = await slowStartBatch(count, async (i) => {
      await createPod(control, job, podOf(job, indexes[i]));
    });
    for (let i = created; i < count; i++) expectations.creationObserved(key);
    return error;
  }

  async function removeFinalizer(pod: Pod, { trace }: ReconcileContext): Promise<void> {
    const finalizers = pod.metadata.finalizers?.filter((each) => each !== trackingFinalizer) ?? [];
    const { uid, resourceVersion } = pod.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null } };
    await client.patch(podResource, pod.metadata, 'application/merge-patch+json', patch, { trace }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }

  return newController({ env, name, queue, reconcile, workers: config.workers, onError: onError(name) });
};

interface Outcome {
  interim: JobCondition;
  final: JobCondition;
  event: string;
  message: string;
  will: string;
}

function failedOutcome(reason: string, message: string): Outcome {
  const common = { status: 'True', reason, message };
  const interim = { type: 'FailureTarget', ...common };
  return { interim, final: { type: 'Failed', ...common }, event: reason, message, will: message };
}

/** Whether it is over, and how. */
function decide(
  job: Job,
  succeeded: number,
  failed: number,
  active: readonly Pod[],
  failedPods: readonly Pod[],
  now: number,
): Outcome | undefined {
  const target = findCondition(job.status?.conditions, 'FailureTarget');
  if (target) return failedOutcome(target.reason ?? '', target.message ?? '');
  for (const pod of failedPods) {
    const { action, message } = failureAction(job, pod);
    if (action === 'FailJob') return failedOutcome('PodFailurePolicy', message);
  }
  const { completions, backoffLimit = 6, activeDeadlineSeconds, suspend } = job.spec ?? {};
  if (failed > backoffLimit)
    return failedOutcome('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const startedAt = parseTime(job.status?.startTime ?? '');
  if (activeDeadlineSeconds !== undefined && startedAt !== undefined && !suspend) {
    if (now - startedAt >= activeDeadlineSeconds * 1000) {
      return failedOutcome('DeadlineExceeded', 'Job was active longer than specified deadline');
    }
  }
  const complete = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!complete) return undefined;
  const common = {
    status: 'True',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
  return {
    interim: { type: 'SuccessCriteriaMet', ...common },
    final: { type: 'Complete', ...common },
    event: 'Completed',
    message: 'Job completed',
    will: common.message,
  };
}

/** Pods to create; negative: to delete. */
function missing(job: Job, succeeded: number, active: readonly Pod[], pods: readonly Pod[]): number {
  const { parallelism = 1, completions, podReplacementPolicy } = job.spec ?? {};
  let wanted: number;
  if (completions === undefined) wanted = succeeded > 0 ? active.length : parallelism;
  else wanted = Math.min(parallelism, Math.max(0, completions - succeeded));
  // A pod on its way out holds its place if replacements have to wait for its end.
  const leaving = podReplacementPolicy === 'Failed' ? pods.filter(isPodTerminating).length : 0;
  const lacking = wanted - active.length;
  return lacking > 0 ? Math.max(0, lacking - leaving) : lacking;
}

function freeIndexes(job: Job, active: readonly Pod[], count: number): number[] {
  const taken = parseIndexes(job.status?.completedIndexes);
  for (const pod of active) {
    const index = indexOf(pod);
    if (index !== undefined) taken.add(index);
  }
  const free: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) {
    if (!taken.has(index)) free.push(index);
  }
  return free;
}

function podOf(job: Job, index: number | undefined): Draft<Pod> {
  const owner = newControllerRef(job, jobs);
  const prefix = index === undefined ? job.metadata.name : `${job.metadata.name}-${index}`;
  const pod = podFromTemplate(job.spec?.template ?? {}, prefix, owner);
  const identity = {
    'batch.kubernetes.io/controller-uid': job.metadata.uid ?? '',
    'batch.kubernetes.io/job-name': job.metadata.name,
  };
  pod.metadata.labels = { ...identity, ...pod.metadata.labels };
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (index === undefined) return pod;
  pod.metadata.annotations = { ...pod.metadata.annotations, [indexAnnotation]: String(index) };
  pod.metadata.labels = { ...pod.metadata.labels, [indexAnnotation]: String(index) };
  pod.spec.hostname = prefix;
  const env = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${indexAnnotation}']` } },
  };
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    if (!container.env?.some((each) => each.name === env.name)) container.env = [...(container.env ?? []), env];
  }
  return pod;
}

export function isFinished(job: Job): boolean {
  return ['Complete', 'Failed'].some((type) => findCondition(job.status?.conditions, type)?.status === 'True');
}

function withCondition(
  conditions: readonly JobCondition[] | undefined,
  condition: JobCondition,
  now: number,
): JobCondition[] {
  const time = rfc3339(now);
  const known = findCondition(conditions, condition.type);
  const lastProbeTime = known?.status === condition.status ? known.lastProbeTime : time;
  return setCondition(conditions, { ...condition, lastProbeTime }, time);
}

function statusEqual(a: JobStatus | undefined, b: JobStatus): boolean {
  const plain = (status: JobStatus) => Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
  const { uncountedTerminatedPods: x = {}, ...left } = a ?? {};
  const { uncountedTerminatedPods: y = {}, ...right } = b;
  return semanticEqual(x, y) && semanticEqual(plain(left), plain(right));
}

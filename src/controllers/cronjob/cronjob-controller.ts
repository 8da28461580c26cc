// Makes Jobs at the times of a schedule. Upstream: pkg/controller/cronjob.
//
// Invariants: a Job's name is made from its scheduled minute, so a time is never run twice, whoever leads; after a long absence only the latest missed time is run, and
// only if it is within startingDeadlineSeconds.

import type { CronJob, Job, ObjectReference } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import {
  causeOf,
  controllerUidIndex,
  cronJobs,
  getControllerOf,
  isAlreadyExists,
  isNotFound,
  jobs,
  keyOf,
  namespacedKey,
  newController,
  newControllerRef,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import { isFinished } from '../job/job-controller.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { type CronSchedule, nextTime, parseCron } from './cron-schedule.ts';

const name = 'cronjob-controller';
const jobsByOwner = 'controllerUid';
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
// More missed times than this and the clock is to be doubted.
const manyMissed = 100;

export const initCronJobController: InitController = ({ env, client, informers, recorder: newRecorder, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = newRecorder(name);
  const cronInformer = informers.of(cronJobs);
  const jobInformer = informers.of(jobs);
  jobInformer.addIndex(jobsByOwner, controllerUidIndex);
  cronInformer.addHandler({
    onAdd: (cron) => queue.add(keyOf(cron), causeOf(cron)),
    onUpdate: (_, cron) => queue.add(keyOf(cron), causeOf(cron)),
  });
  const jobChanged = (job: Job) => {
    const owner = getControllerOf(job.metadata);
    if (owner?.kind === 'CronJob') queue.add(namespacedKey(job.metadata.namespace, owner.name), causeOf(job));
  };
  jobInformer.addHandler({ onAdd: jobChanged, onUpdate: (_, job) => jobChanged(job), onDelete: jobChanged });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const cached = cronInformer.lister.getByKey(key);
    if (!cached || cached.metadata.deletionTimestamp) return {};
    const cron = structuredClone(cached);
    const own = jobInformer.lister.byIndex(jobsByOwner, cron.metadata.uid ?? '');
    await trimHistory(cron, own, context);
    noteFinished(cron, own, context);
    let requeueAfterMs: number | undefined;
    if (!cron.spec.suspend) requeueAfterMs = await runDue(cron, own, context);
    if (!semanticEqual(cron.status ?? {}, cached.status ?? {})) {
      await client.updateStatus(cronJobs, cron, { trace: context.trace });
    }
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  /** Starts the latest time that is due, if any; ms until the next one. */
  async function runDue(cron: CronJob, own: readonly Job[], context: ReconcileContext): Promise<number | undefined> {
    const { trace } = context;
    const now = env.clock.now();
    let schedule: CronSchedule;
    try {
      schedule = parseCron(cron.spec.schedule, cron.spec.timeZone ?? 'UTC');
    } catch (error) {
      const reason =
        cron.spec.timeZone && messageOf(error).startsWith('unknown time zone')
          ? 'UnknownTimeZone'
          : 'UnparseableSchedule';
      recorder.event(cron, 'Warning', reason, `unparseable schedule "${cron.spec.schedule}": ${messageOf(error)}`, {
        trace,
      });
      return undefined;
    }
    const next = nextTime(schedule, now);
    const untilNext = next === undefined ? undefined : next - now + 100;
    const { due, missed } = dueTime(cron, schedule, now);
    if (missed > manyMissed) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      recorder.event(cron, 'Warning', 'TooManyMissedTimes', message, { trace });
    }
    if (due === undefined) return untilNext;
    const jobName = `${cron.metadata.name}-${Math.floor(due / 60_000)}`;
    const { namespace } = cron.metadata;
    const active = cron.status?.active ?? [];
    if (own.some((job) => job.metadata.name === jobName) || active.some((each) => each.name === jobName))
      return untilNext;
    if (cron.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      recorder.event(
        cron,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
        { trace },
      );
      return untilNext;
    }
    await context.plan({
      subject: referenceTo(cron),
      saw: { due: rfc3339(due), active: active.length },
      will: `create Job ${jobName}`,
    });
    if (cron.spec.concurrencyPolicy === 'Replace') {
      for (const job of own) if (!isFinished(job)) await deleteJob(cron, job, context);
    }
    const { metadata, spec } = cron.spec.jobTemplate;
    try {
      const job = await client.create(
        jobs,
        {
          metadata: {
            name: jobName,
            namespace,
            labels: metadata?.labels ?? {},
            annotations: { ...metadata?.annotations, [scheduledAnnotation]: rfc3339(due) },
            ownerReferences: [newControllerRef(cron, cronJobs)],
          },
          spec: spec ?? { template: {} },
        },
        { trace },
      );
      recorder.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${jobName}`, { trace });
      const reference: ObjectReference = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        namespace,
        name: jobName,
        uid: job.metadata.uid,
      };
      cron.status = { ...cron.status, active: [...(cron.status?.active ?? []), reference] };
    } catch (error) {
      if (!isAlreadyExists(error)) {
        recorder.event(cron, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`, { trace });
        throw error;
      }
    }
    cron.status = { ...cron.status, lastScheduleTime: rfc3339(due) };
    return untilNext;
  }

  /** Takes Jobs that ended, or are gone, off the active list. */
  function noteFinished(cron: CronJob, own: readonly Job[], { trace }: ReconcileContext): void {
    const active: ObjectReference[] = [];
    for (const reference of cron.status?.active ?? []) {
      const job = own.find((each) => each.metadata.uid === reference.uid);
      if (!job) {
        recorder.event(cron, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`, { trace });
      } else if (isFinished(job)) {
        const condition = job.status?.conditions?.find(
          ({ type, status }) => status === 'True' && /^(Complete|Failed)$/.test(type),
        );
        recorder.event(
          cron,
          'Normal',
          'SawCompletedJob',
          `Saw completed job: ${reference.name}, condition: ${condition?.type}`,
          { trace },
        );
      } else active.push(reference);
    }
    const listed = new Set(active.map(({ uid }) => uid));
    for (const job of own) {
      if (isFinished(job) || listed.has(job.metadata.uid)) continue;
      const { namespace, uid } = job.metadata;
      active.push({ apiVersion: 'batch/v1', kind: 'Job', namespace, name: job.metadata.name, uid });
    }
    const completions = own.flatMap((job) => (job.status?.completionTime ? [job.status.completionTime] : [])).sort();
    const lastSuccessfulTime = completions.at(-1) ?? cron.status?.lastSuccessfulTime;
    cron.status = { ...cron.status, active, ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}) };
  }

  async function trimHistory(cron: CronJob, own: readonly Job[], context: ReconcileContext): Promise<void> {
    const limits = [
      ['Complete', cron.spec.successfulJobsHistoryLimit ?? 3],
      ['Failed', cron.spec.failedJobsHistoryLimit ?? 1],
    ] as const;
    for (const [type, limit] of limits) {
      const ended = own
        .filter((job) => job.status?.conditions?.some((each) => each.type === type && each.status === 'True'))
        .filter((job) => !job.metadata.deletionTimestamp)
        .sort((a, b) => ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1));
      for (const job of ended.slice(0, Math.max(0, ended.length - limit))) await deleteJob(cron, job, context);
    }
  }

  async function deleteJob(cron: CronJob, job: Job, { trace }: ReconcileContext): Promise<void> {
    await client.delete(jobs, job.metadata, { propagationPolicy: 'Background' }, { trace }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
    recorder.event(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`, { trace });
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

/** The latest time that should have been run since the last one that was, and how many there were. */
export function dueTime(cron: CronJob, schedule: CronSchedule, now: number): { due?: number; missed: number } {
  const { startingDeadlineSeconds } = cron.spec;
  let earliest = parseTime(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? '') ?? now;
  if (startingDeadlineSeconds !== undefined) earliest = Math.max(earliest, now - startingDeadlineSeconds * 1000);
  let due: number | undefined;
  let missed = 0;
  for (let at = nextTime(schedule, earliest); at !== undefined && at <= now; at = nextTime(schedule, at)) {
    due = at;
    missed++;
    // Far behind: jump close to now instead of counting every one.
    if (missed === manyMissed + 1) at = Math.max(at, now - 3 * 86_400_000);
    if (missed > 10_000) break;
  }
  return due === undefined ? { missed } : { due, missed };
}

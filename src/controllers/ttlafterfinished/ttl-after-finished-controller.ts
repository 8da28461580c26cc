// Deletes Jobs that ended ttlSecondsAfterFinished ago. Upstream: pkg/controller/ttlafterfinished.

import type { Job } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import {
  causeOf,
  isNotFound,
  jobs,
  keyOf,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  splitKey,
  WorkQueue,
} from '../../client/index.ts';
import { isFinished } from '../job/job-controller.ts';
import type { InitController } from '../shared/context.ts';

const name = 'ttl-after-finished-controller';

export const initTtlAfterFinishedController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const jobInformer = informers.of(jobs);
  const enqueue = (job: Job) => {
    if (job.spec?.ttlSecondsAfterFinished !== undefined && isFinished(job)) queue.add(keyOf(job), causeOf(job));
  };
  jobInformer.addHandler({ onAdd: enqueue, onUpdate: (_, job) => enqueue(job) });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const cached = jobInformer.lister.getByKey(key);
    const wait = cached && timeLeft(cached, env.clock.now());
    if (wait === undefined) return {};
    if (wait > 0) return { requeueAfterMs: wait };
    try {
      // A fresh look: the TTL may have been lengthened.
      const job = await client.get(jobs, splitKey(key), { trace: context.trace });
      const left = timeLeft(job, env.clock.now());
      if (left === undefined || left > 0) return left === undefined ? {} : { requeueAfterMs: left };
      await context.plan({ subject: referenceTo(job), will: `delete Job ${key}: its time to live is over` });
      const options = { propagationPolicy: 'Foreground', preconditions: { uid: job.metadata.uid } };
      await client.delete(jobs, job.metadata, options, { trace: context.trace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

/** Ms until the Job may be deleted; undefined if it is not to be. */
function timeLeft(job: Job, now: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || !isFinished(job) || job.metadata.deletionTimestamp) return undefined;
  const ended = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  const at = parseTime(ended?.lastTransitionTime ?? '');
  return at === undefined ? undefined : at + ttl * 1000 - now;
}

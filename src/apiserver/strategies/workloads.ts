// Jobs, CronJobs and the apps group: what the server fills in (pkg/registry/batch, pkg/registry/apps).

import type { CronJob, DaemonSet, Job, JobSpec, StatefulSet } from '../../api/generated/types.ts';
import { quantityMilliValue, tryParseQuantity } from '../../api/quantity.ts';
import { deepEqual, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { templateWarnings } from './pod-warnings.ts';

const generation: Strategy = { generation: true };

const controllerUid = 'batch.kubernetes.io/controller-uid';
const jobName = 'batch.kubernetes.io/job-name';

/** Gives a Job a selector and its pods the labels that it selects, unless it brings its own (generateSelector in job/strategy.go). */
function generateSelector(job: Job): void {
  const { spec, metadata } = job;
  if (spec.manualSelector) return;
  const template = spec.template;
  template.metadata ??= {} as NonNullable<typeof template.metadata>;
  const uid = metadata.uid as string;
  // What the template already says stays: validation refuses what does not fit.
  template.metadata.labels = {
    'job-name': metadata.name,
    [jobName]: metadata.name,
    'controller-uid': uid,
    [controllerUid]: uid,
    ...template.metadata.labels,
  };
  spec.selector ??= {};
  spec.selector.matchLabels = { [controllerUid]: uid, ...spec.selector.matchLabels };
}

const job: Strategy = {
  ...generation,
  orphanByDefault: true,
  ...alsoWarning('jobs.batch', (object, old) =>
    sameSpec(object, old) ? [] : jobSpecWarnings((object as unknown as Job).spec, 'spec'),
  ),
  prepareForCreate(object: KubeObject) {
    const it = object as unknown as Job;
    generateSelector(it);
    // The labels of a Job that has none are those of its pods; upstream finds that out whenever it reads one.
    if (Object.keys(it.metadata.labels ?? {}).length === 0)
      it.metadata.labels = { ...it.spec.template.metadata?.labels };
    object['status'] = {};
  },
};

const templateGeneration = 'deprecated.daemonset.template.generation';

/** How often the template has changed: a field of the first API of DaemonSets, an annotation of today's. */
function setTemplateGeneration(object: KubeObject, generation: number): void {
  object.metadata.annotations = { ...object.metadata.annotations, [templateGeneration]: `${generation}` };
}
const templateGenerationOf = ({ metadata }: KubeObject): number =>
  Number(metadata.annotations?.[templateGeneration] ?? 0) || 0;

/** Texts of its own before those about the template. */
function alsoWarning(resource: string, own: NonNullable<Strategy['warnings']>): Pick<Strategy, 'warnings'> {
  const ofTemplate = templateWarnings(resource).warnings;
  return { warnings: (object, old) => [...own(object, old), ...(ofTemplate?.(object, old) ?? [])] };
}

function jobSpecWarnings(spec: JobSpec | undefined, at: string): string[] {
  const many =
    spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000;
  return many
    ? [
        `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
      ]
    : [];
}

const sameSpec = (object: KubeObject, old: KubeObject | undefined): boolean =>
  old !== undefined && deepEqual(object['spec'], old['spec']);

function cronJobWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  if (sameSpec(object, old)) return [];
  const { spec } = object as unknown as CronJob;
  const out = jobSpecWarnings(spec.jobTemplate?.spec, 'spec.jobTemplate.spec');
  if (spec.schedule?.includes('TZ'))
    out.push(
      'CRON_TZ or TZ used in spec.spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    );
  return out;
}

function statefulSetWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const { spec } = object as unknown as StatefulSet;
  const out: string[] = [];
  for (const [i, { spec: claim }] of (spec.volumeClaimTemplates ?? []).entries())
    for (const list of ['requests', 'limits'] as const) {
      const amount = claim?.resources?.[list]?.['storage'];
      if (amount !== undefined && tryParseQuantity(amount) && quantityMilliValue(amount) % 1000 !== 0)
        out.push(
          `spec.volumeClaimTemplates[${i}]${old ? '.Spec' : ''}.resources.${list}[storage]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
        );
    }
  if ((spec.revisionHistoryLimit ?? 0) < 0)
    out.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    );
  return out;
}

const emptyStatus: Strategy = {
  ...generation,
  prepareForCreate(object) {
    object['status'] = {};
  },
};

/** By "plural.group". */
export const workloadStrategies: Record<string, Strategy> = {
  podtemplates: { returnDeletedObject: true, generation: true },
  'deployments.apps': {
    ...emptyStatus,
    prepareForUpdate(object, old) {
      // An annotation asks for a new look as well as a field does.
      if (!deepEqual(object.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
        object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    },
    prepareStatusUpdate(object, old) {
      if (old.metadata.labels) object.metadata.labels = old.metadata.labels;
      else delete object.metadata.labels;
    },
  },
  'replicasets.apps': {
    ...generation,
    prepareForCreate(object) {
      object['status'] = { replicas: 0 };
    },
  },
  'statefulsets.apps': {
    ...generation,
    ...alsoWarning('statefulsets.apps', statefulSetWarnings),
    prepareForCreate(object) {
      object['status'] = { replicas: 0, availableReplicas: 0 };
    },
  },
  'daemonsets.apps': {
    ...generation,
    prepareForUpdate(object, old) {
      const template = (each: KubeObject) => (each as unknown as DaemonSet).spec.template;
      const before = templateGenerationOf(old);
      setTemplateGeneration(object, deepEqual(template(object), template(old)) ? before : before + 1);
    },
    prepareForCreate(object) {
      setTemplateGeneration(object, Math.max(templateGenerationOf(object), 1));
      object['status'] = {
        currentNumberScheduled: 0,
        numberMisscheduled: 0,
        desiredNumberScheduled: 0,
        numberReady: 0,
      };
    },
  },
  replicationcontrollers: {
    ...generation,
    orphanByDefault: true,
    prepareForCreate(object) {
      object['status'] = { replicas: 0 };
    },
  },
  'jobs.batch': job,
  'cronjobs.batch': { ...emptyStatus, ...alsoWarning('cronjobs.batch', cronJobWarnings) },
};

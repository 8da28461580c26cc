// Jobs, CronJobs and the apps group: what the server fills in (pkg/registry/batch, pkg/registry/apps).

import type { Job } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';

const generation: Strategy = { generation: true };

const controllerUid = 'batch.kubernetes.io/controller-uid';
const jobName = 'batch.kubernetes.io/job-name';

/** Gives a Job a selector and its pods the labels that it selects, unless it brings its own (generateSelector in job/strategy.go). */
function generateSelector(job: Job): void {
  const { spec, metadata } = job;
  if (spec.manualSelector) return;
  const template = spec.template;
  template.metadata ??= {} as NonNullable<typeof template.metadata>;
  const labels = { ...template.metadata.labels };
  labels['controller-uid'] = metadata.uid as string;
  labels[controllerUid] = metadata.uid as string;
  labels['job-name'] = metadata.name;
  labels[jobName] = metadata.name;
  template.metadata.labels = labels;
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels, [controllerUid]: metadata.uid as string };
}

const job: Strategy = {
  ...generation,
  orphanByDefault: true,
  prepareForCreate(object: KubeObject) {
    const it = object as unknown as Job;
    generateSelector(it);
    // The labels of a Job that has none are those of its pods; upstream finds that out whenever it reads one.
    if (Object.keys(it.metadata.labels ?? {}).length === 0)
      it.metadata.labels = { ...it.spec.template.metadata?.labels };
    object['status'] = {};
  },
};

const emptyStatus: Strategy = {
  ...generation,
  prepareForCreate(object) {
    object['status'] = {};
  },
};

/** By "plural.group". */
export const workloadStrategies: Record<string, Strategy> = {
  podtemplates: { returnDeletedObject: true, generation: true },
  'deployments.apps': emptyStatus,
  'replicasets.apps': {
    ...generation,
    prepareForCreate(object) {
      object['status'] = { replicas: 0 };
    },
  },
  'statefulsets.apps': {
    ...generation,
    prepareForCreate(object) {
      object['status'] = { replicas: 0, availableReplicas: 0 };
    },
  },
  'daemonsets.apps': {
    ...generation,
    prepareForCreate(object) {
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
  'cronjobs.batch': emptyStatus,
};

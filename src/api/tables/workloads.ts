// Tables of workload controllers, autoscalers and budgets.

import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  PodDisruptionBudget,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  Scale,
  StatefulSet,
  V2HorizontalPodAutoscaler,
  V2MetricSpec,
  V2MetricStatus,
} from '../generated/types.ts';
import { formatLabels } from '../labels.ts';
import { humanDuration, parseTime, translateTimestampSince } from '../time.ts';
import { age, boolCell, columns, containerCells, none, selectorCell, unset } from './columns.ts';

const number = (value: number | undefined): number => value ?? 0;
const wide = 'Containers*|Images*|Selector*';

export const deploymentColumns = columns<Deployment>(`Name|Ready|Up-to-date|Available|Age|${wide}`, (d, now) => [
  d.metadata.name,
  `${number(d.status?.readyReplicas)}/${number(d.spec.replicas)}`,
  number(d.status?.updatedReplicas),
  number(d.status?.availableReplicas),
  age(d, now),
  ...containerCells(d.spec.template?.spec?.containers),
  selectorCell(d.spec.selector),
]);

export const replicaSetColumns = columns<ReplicaSet>(`Name|Desired#|Current#|Ready#|Age|${wide}`, (r, now) => [
  r.metadata.name,
  number(r.spec.replicas),
  number(r.status?.replicas),
  number(r.status?.readyReplicas),
  age(r, now),
  ...containerCells(r.spec.template?.spec?.containers),
  selectorCell(r.spec.selector),
]);

export const replicationControllerColumns = columns<ReplicationController>(
  `Name|Desired#|Current#|Ready#|Age|${wide}`,
  (r, now) => [
    r.metadata.name,
    number(r.spec.replicas),
    number(r.status?.replicas),
    number(r.status?.readyReplicas),
    age(r, now),
    ...containerCells(r.spec.template?.spec?.containers),
    formatLabels(r.spec.selector),
  ],
);

export const statefulSetColumns = columns<StatefulSet>('Name|Ready|Age|Containers*|Images*', (s, now) => [
  s.metadata.name,
  `${number(s.status?.readyReplicas)}/${number(s.spec.replicas)}`,
  age(s, now),
  ...containerCells(s.spec.template?.spec?.containers),
]);

export const daemonSetColumns = columns<DaemonSet>(
  `Name|Desired#|Current#|Ready#|Up-to-date#|Available#|Node Selector|Age|${wide}`,
  (d, now) => [
    d.metadata.name,
    number(d.status?.desiredNumberScheduled),
    number(d.status?.currentNumberScheduled),
    number(d.status?.numberReady),
    number(d.status?.updatedNumberScheduled),
    number(d.status?.numberAvailable),
    formatLabels(d.spec.template?.spec?.nodeSelector),
    age(d, now),
    ...containerCells(d.spec.template?.spec?.containers),
    selectorCell(d.spec.selector),
  ],
);

function jobStatus(job: Job): string {
  const has = (type: string) => job.status?.conditions?.some((c) => c.type === type && c.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (has(type)) return type;
  return 'Running';
}

function jobCompletions(job: Job): string {
  const succeeded = number(job.status?.succeeded);
  if (job.spec.completions !== undefined) return `${succeeded}/${job.spec.completions}`;
  const parallelism = number(job.spec.parallelism);
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Job, now: number): string {
  const start = parseTime(job.status?.startTime ?? '');
  if (start === undefined) return '';
  const end = parseTime(job.status?.completionTime ?? '');
  return humanDuration((end ?? now) - start);
}

export const jobColumns = columns<Job>(`Name|Status|Completions|Duration|Age|${wide}`, (job, now) => [
  job.metadata.name,
  jobStatus(job),
  jobCompletions(job),
  jobDuration(job, now),
  age(job, now),
  ...containerCells(job.spec.template?.spec?.containers),
  selectorCell(job.spec.selector),
]);

export const cronJobColumns = columns<CronJob>(
  `Name|Schedule|Timezone|Suspend?|Active#|Last Schedule|Age|${wide}`,
  (c, now) => [
    c.metadata.name,
    c.spec.schedule,
    c.spec.timeZone ?? none,
    boolCell(c.spec.suspend),
    (c.status?.active ?? []).length,
    c.status?.lastScheduleTime ? translateTimestampSince(c.status.lastScheduleTime, now) : none,
    age(c, now),
    ...containerCells(c.spec.jobTemplate?.spec?.template?.spec?.containers),
    selectorCell(c.spec.jobTemplate?.spec?.selector),
  ],
);

/** One metric of an autoscaler: "cpu: 12%/80%", "<unknown>/10 (avg)". */
function metricCell(spec: V2MetricSpec, status: V2MetricStatus | undefined): string {
  const unknown = '<unknown>';
  const source = spec.resource ?? spec.containerResource;
  if (source) {
    const current = (status?.resource ?? status?.containerResource)?.current;
    if (source.target.averageValue !== undefined)
      return `${source.name}: ${current?.averageValue ?? unknown}/${source.target.averageValue}`;
    const now = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
    const target = source.target.averageUtilization === undefined ? '<auto>' : `${source.target.averageUtilization}%`;
    return `${source.name}: ${now}/${target}`;
  }
  if (spec.pods) return `${status?.pods?.current.averageValue ?? unknown}/${spec.pods.target.averageValue ?? ''}`;
  const outside = spec.external ?? spec.object;
  if (!outside) return '<unknown type>';
  const current = (status?.external ?? status?.object)?.current;
  return outside.target.averageValue !== undefined
    ? `${current?.averageValue ?? unknown}/${outside.target.averageValue} (avg)`
    : `${current?.value ?? unknown}/${outside.target.value ?? ''}`;
}

function metricsCell(specs: readonly V2MetricSpec[], statuses: readonly V2MetricStatus[]): string {
  if (specs.length === 0) return none;
  const shown = specs.slice(0, 2).map((spec, i) => metricCell(spec, statuses[i]));
  return specs.length > 2 ? `${shown.join(', ')} + ${specs.length - 2} more...` : shown.join(', ');
}

export const autoscalerColumns = columns<V2HorizontalPodAutoscaler>(
  'Name|Reference|Targets|MinPods|MaxPods|Replicas|Age',
  (h, now) => [
    h.metadata.name,
    `${h.spec.scaleTargetRef.kind}/${h.spec.scaleTargetRef.name}`,
    metricsCell(h.spec.metrics ?? [], h.status?.currentMetrics ?? []),
    h.spec.minReplicas === undefined ? unset : String(h.spec.minReplicas),
    h.spec.maxReplicas,
    number(h.status?.currentReplicas),
    age(h, now),
  ],
);

export const autoscalerV1Columns = columns<HorizontalPodAutoscaler>(
  'Name|Reference|Targets|MinPods|MaxPods|Replicas|Age',
  (h, now) => {
    const target = h.spec.targetCPUUtilizationPercentage;
    const current = h.status?.currentCPUUtilizationPercentage;
    return [
      h.metadata.name,
      `${h.spec.scaleTargetRef.kind}/${h.spec.scaleTargetRef.name}`,
      target === undefined ? none : `cpu: ${current === undefined ? '<unknown>' : `${current}%`}/${target}%`,
      h.spec.minReplicas === undefined ? unset : String(h.spec.minReplicas),
      h.spec.maxReplicas,
      number(h.status?.currentReplicas),
      age(h, now),
    ];
  },
);

export const disruptionBudgetColumns = columns<PodDisruptionBudget>(
  'Name|Min Available|Max Unavailable|Allowed Disruptions#|Age',
  (p, now) => [
    p.metadata.name,
    String(p.spec?.minAvailable ?? 'N/A'),
    String(p.spec?.maxUnavailable ?? 'N/A'),
    number(p.status?.disruptionsAllowed),
    age(p, now),
  ],
);

export const podTemplateColumns = columns<PodTemplate>('Name|Containers|Images|Pod Labels', (p) => [
  p.metadata.name,
  ...containerCells(p.template?.spec?.containers),
  formatLabels(p.template?.metadata?.labels),
]);

export const controllerRevisionColumns = columns<ControllerRevision>('Name|Controller|Revision|Age', (r, now) => {
  const owner = r.metadata.ownerReferences?.find((reference) => reference.controller);
  const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return [r.metadata.name, owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : none, r.revision, age(r, now)];
});

export const scaleColumns = columns<Scale>('Name~|Desired#|Available#|Age', (s, now) => [
  s.metadata.name,
  number(s.spec?.replicas),
  number(s.status?.replicas),
  age(s, now),
]);

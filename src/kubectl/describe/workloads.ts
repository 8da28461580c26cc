// `describe` of what makes pods: deployments, replica sets, daemon sets, stateful sets, jobs, cron jobs, autoscalers, disruption budgets.

import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import { humanDuration } from '../../api/time.ts';
import { messageOf } from '../../env/errors.ts';
import type { KubeObject } from '../object.ts';
import { controllerOf, selectorText, writeAnnotations, writeEvents, writeLabels } from './common.ts';
import { writePodTemplate } from './pod.ts';
import { type Describing, longTime } from './writer.ts';

/** Pods of a selector, counted by phase; undefined when they cannot be listed. */
async function podCounts({ kube }: Describing, namespace: string, selector: string, uid: string) {
  const list = await kube.client.json<{ items: Pod[] }>(`/api/v1/namespaces/${namespace}/pods`, {
    query: { labelSelector: selector },
  });
  const counts = { running: 0, waiting: 0, succeeded: 0, failed: 0 };
  for (const pod of list.items) {
    if (!pod.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid)) continue;
    const key = ({ Running: 'running', Pending: 'waiting', Succeeded: 'succeeded', Failed: 'failed' } as const)[
      pod.status?.phase ?? ''
    ];
    if (key) counts[key]++;
  }
  return counts;
}

async function writePodCounts(on: Describing, object: KubeObject, selector: string): Promise<void> {
  const { namespace = '', uid = '' } = object.metadata;
  try {
    const { running, waiting, succeeded, failed } = await podCounts(on, namespace, selector, uid);
    on.w.write(
      0,
      `Pods Status:\t${running} Running / ${waiting} Waiting / ${succeeded} Succeeded / ${failed} Failed\n`,
    );
  } catch (error) {
    on.w.write(0, `Pods Status:\terror in fetching pods: ${messageOf(error)}\n`);
  }
}

const replicaSetsText = (sets: ReplicaSet[]): string =>
  sets.length === 0
    ? '<none>'
    : sets
        .map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec.replicas ?? 0} replicas created)`)
        .join(', ');

/** Old and new replica sets of a deployment, as `describe` and `rollout` tell them apart. */
export async function replicaSetsOf(
  on: Pick<Describing, 'kube'>,
  deployment: Deployment,
): Promise<{ old: ReplicaSet[]; fresh: ReplicaSet | undefined; all: ReplicaSet[] }> {
  const path = `/apis/apps/v1/namespaces/${deployment.metadata.namespace}/replicasets`;
  const selector = formatLabelSelector(deployment.spec.selector);
  const list = await on.kube.client.json<{ items: ReplicaSet[] }>(path, { query: { labelSelector: selector } });
  const all = list.items.filter((set) =>
    set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid),
  );
  const revision = deployment.metadata.annotations?.['deployment.kubernetes.io/revision'];
  const template = (set: ReplicaSet | Deployment) => {
    const { 'pod-template-hash': _hash, ...labels } = set.spec.template?.metadata?.labels ?? {};
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : value && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .filter((entry) => entry[0] !== 'creationTimestamp')
                .sort()
                .map(([key, each]) => [key, sorted(each)]),
            )
          : value;
    return JSON.stringify(sorted({ ...set.spec.template, metadata: { ...set.spec.template?.metadata, labels } }));
  };
  const fresh =
    all.find((set) => template(set) === template(deployment)) ??
    all.find((set) => revision && set.metadata.annotations?.['deployment.kubernetes.io/revision'] === revision);
  return { old: all.filter((set) => set !== fresh), fresh, all };
}

export async function describeDeployment(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const deployment = object as unknown as Deployment;
  const { metadata, spec } = deployment;
  const status = deployment.status ?? {};
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  w.write(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `Selector:\t${selectorText(spec.selector)}\n`);
  w.write(
    0,
    `Replicas:\t${spec.replicas ?? 0} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable\n`,
  );
  w.write(0, `StrategyType:\t${spec.strategy?.type ?? ''}\n`);
  w.write(0, `MinReadySeconds:\t${spec.minReadySeconds ?? 0}\n`);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling)
    w.write(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge\n`);
  writePodTemplate(w, spec.template);
  if (status.conditions?.length) {
    w.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
    w.write(1, '----\t------\t------\n');
    for (const each of status.conditions) w.write(1, `${each.type} \t${each.status}\t${each.reason ?? ''}\n`);
  }
  const { old, fresh } = await replicaSetsOf(on, deployment);
  w.write(0, `OldReplicaSets:\t${replicaSetsText(old)}\n`);
  w.write(0, `NewReplicaSet:\t${replicaSetsText(fresh ? [fresh] : [])}\n`);
  await writeEvents(on, object);
}

export async function describeReplicaSet(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const set = object as unknown as ReplicaSet & ReplicationController;
  const { metadata, spec } = set;
  const legacy = object.kind === 'ReplicationController';
  const selector = legacy
    ? Object.entries(set.spec.selector ?? {})
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(',')
    : selectorText(spec.selector);
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  w.write(0, `Selector:\t${selector}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  const owner = controllerOf(metadata);
  if (owner) w.write(0, `Controlled By:\t${owner}\n`);
  w.write(0, `Replicas:\t${set.status?.replicas ?? 0} current / ${spec.replicas ?? 0} desired\n`);
  await writePodCounts(on, object, selector);
  writePodTemplate(w, spec.template);
  const conditions = set.status?.conditions ?? [];
  if (conditions.length > 0) {
    w.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
    w.write(1, '----\t------\t------\n');
    for (const each of conditions) w.write(1, `${each.type} \t${each.status}\t${each.reason ?? ''}\n`);
  }
  await writeEvents(on, object);
}

export async function describeDaemonSet(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const set = object as unknown as DaemonSet;
  const { metadata, spec } = set;
  const status = set.status;
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  w.write(0, `Selector:\t${selectorText(spec.selector)}\n`);
  writeLabels(w, 'Node-Selector', spec.template.spec?.nodeSelector);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `Desired Number of Nodes Scheduled: ${status?.desiredNumberScheduled ?? 0}\n`);
  w.write(0, `Current Number of Nodes Scheduled: ${status?.currentNumberScheduled ?? 0}\n`);
  w.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status?.updatedNumberScheduled ?? 0}\n`);
  w.write(0, `Number of Nodes Scheduled with Available Pods: ${status?.numberAvailable ?? 0}\n`);
  w.write(0, `Number of Nodes Misscheduled: ${status?.numberMisscheduled ?? 0}\n`);
  await writePodCounts(on, object, selectorText(spec.selector));
  writePodTemplate(w, spec.template);
  await writeEvents(on, object);
}

export async function describeStatefulSet(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const set = object as unknown as StatefulSet;
  const { metadata, spec } = set;
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  w.write(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}\n`);
  w.write(0, `Selector:\t${selectorText(spec.selector)}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `Replicas:\t${spec.replicas ?? 0} desired | ${set.status?.replicas ?? 0} total\n`);
  w.write(0, `Update Strategy:\t${spec.updateStrategy?.type ?? ''}\n`);
  const rolling = spec.updateStrategy?.rollingUpdate;
  if (rolling?.partition !== undefined) {
    w.write(1, `Partition:\t${rolling.partition}\n`);
    if (rolling.maxUnavailable !== undefined) w.write(1, `MaxUnavailable:\t${rolling.maxUnavailable}\n`);
  }
  await writePodCounts(on, object, selectorText(spec.selector));
  writePodTemplate(w, spec.template);
  const claims = spec.volumeClaimTemplates ?? [];
  w.write(0, claims.length === 0 ? 'Volume Claims:\t<none>\n' : 'Volume Claims:\n');
  for (const claim of claims) {
    w.write(1, `Name:\t${claim.metadata.name}\n`);
    w.write(1, `StorageClass:\t${claim.spec.storageClassName ?? ''}\n`);
    writeLabels(w, '  Labels', claim.metadata.labels);
    writeLabels(w, '  Annotations', claim.metadata.annotations);
    const capacity = claim.spec.resources?.requests?.['storage'];
    w.write(1, capacity === undefined ? 'Capacity:\t<default>\n' : `Capacity:\t${capacity}\n`);
    w.write(1, `Access Modes:\t[${(claim.spec.accessModes ?? []).join(' ')}]\n`);
  }
  await writeEvents(on, object);
}

export async function describeJob(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const job = object as unknown as Job;
  const { metadata, spec } = job;
  const status = job.status ?? {};
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  w.write(0, `Selector:\t${spec.selector ? selectorText(spec.selector) : ''}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  const owner = controllerOf(metadata);
  if (owner) w.write(0, `Controlled By:\t${owner}\n`);
  if (spec.parallelism !== undefined) w.write(0, `Parallelism:\t${spec.parallelism}\n`);
  w.write(0, spec.completions === undefined ? 'Completions:\t<unset>\n' : `Completions:\t${spec.completions}\n`);
  if (spec.completionMode) w.write(0, `Completion Mode:\t${spec.completionMode}\n`);
  if (spec.suspend !== undefined) w.write(0, `Suspend:\t${spec.suspend}\n`);
  if (spec.backoffLimit !== undefined) w.write(0, `Backoff Limit:\t${spec.backoffLimit}\n`);
  if (spec.ttlSecondsAfterFinished !== undefined)
    w.write(0, `TTL Seconds After Finished:\t${spec.ttlSecondsAfterFinished}\n`);
  if (status.startTime) w.write(0, `Start Time:\t${longTime(status.startTime)}\n`);
  if (status.completionTime) w.write(0, `Completed At:\t${longTime(status.completionTime)}\n`);
  if (status.startTime && status.completionTime) {
    w.write(0, `Duration:\t${humanDuration(Date.parse(status.completionTime) - Date.parse(status.startTime))}\n`);
  }
  if (spec.activeDeadlineSeconds !== undefined)
    w.write(0, `Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s\n`);
  const counts = `${status.active ?? 0} Active${status.ready === undefined ? '' : ` (${status.ready} Ready)`} / ${status.succeeded ?? 0} Succeeded / ${status.failed ?? 0} Failed`;
  w.write(0, `Pods Statuses:\t${counts}\n`);
  if (spec.completionMode === 'Indexed') w.write(0, `Completed Indexes:\t${status.completedIndexes || '<none>'}\n`);
  writePodTemplate(w, spec.template);
  await writeEvents(on, object);
}

export async function describeCronJob(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const cron = object as unknown as CronJob;
  const { metadata, spec } = cron;
  const status = cron.status ?? {};
  const or = (value: unknown, none: string) => (value === undefined || value === null ? none : String(value));
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  writeLabels(w, 'Labels', metadata.labels);
  writeAnnotations(w, metadata.annotations);
  w.write(0, `Schedule:\t${spec.schedule}\n`);
  w.write(0, `Concurrency Policy:\t${spec.concurrencyPolicy ?? ''}\n`);
  w.write(0, `Suspend:\t${spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'}\n`);
  w.write(0, `Successful Job History Limit:\t${or(spec.successfulJobsHistoryLimit, '<unset>')}\n`);
  w.write(0, `Failed Job History Limit:\t${or(spec.failedJobsHistoryLimit, '<unset>')}\n`);
  w.write(
    0,
    `Starting Deadline Seconds:\t${spec.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`}\n`,
  );
  const job = spec.jobTemplate.spec;
  if (job?.selector) w.write(0, `Selector:\t${selectorText(job.selector)}\n`);
  else w.write(0, 'Selector:\t<unset>\n');
  w.write(0, `Parallelism:\t${or(job?.parallelism, '<unset>')}\n`);
  w.write(0, `Completions:\t${or(job?.completions, '<unset>')}\n`);
  if (job?.activeDeadlineSeconds !== undefined) w.write(0, `Active Deadline Seconds:\t${job.activeDeadlineSeconds}s\n`);
  writePodTemplate(w, job?.template);
  w.write(
    0,
    status.lastScheduleTime
      ? `Last Schedule Time:\t${longTime(status.lastScheduleTime)}\n`
      : 'Last Schedule Time:\t<unset>\n',
  );
  const active = (status.active ?? []).map((each) => each.name ?? '');
  w.write(0, `Active Jobs:${active.length === 0 ? '\t<none>' : `\t${active.join(', ')}`}\n`);
  await writeEvents(on, object);
}

export async function describeDisruptionBudget(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const budget = object as unknown as PodDisruptionBudget;
  const { metadata, spec } = budget;
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace}\n`);
  if (spec.minAvailable !== undefined) w.write(0, `Min available:\t${spec.minAvailable}\n`);
  else if (spec.maxUnavailable !== undefined) w.write(0, `Max unavailable:\t${spec.maxUnavailable}\n`);
  w.write(0, spec.selector ? `Selector:\t${selectorText(spec.selector)}\n` : 'Selector:\t<unset>\n');
  w.write(0, 'Status:\n');
  w.write(2, `Allowed disruptions:\t${budget.status?.disruptionsAllowed ?? 0}\n`);
  w.write(2, `Current:\t${budget.status?.currentHealthy ?? 0}\n`);
  w.write(2, `Desired:\t${budget.status?.desiredHealthy ?? 0}\n`);
  w.write(2, `Total:\t${budget.status?.expectedPods ?? 0}\n`);
  await writeEvents(on, object);
}

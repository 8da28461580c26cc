// Rules of the kinds that make pods, scale them and guard them.

import type { RulesByType } from '../rules.ts';
import * as revisions from './revisions.ts';
import * as workloads from './workloads.ts';

export const workloadRules: RulesByType = {
  Deployment: { create: workloads.validateDeployment, update: workloads.validateSelectorUpdate },
  ReplicaSet: { create: workloads.validateReplicaSet, update: workloads.validateSelectorUpdate },
  ReplicationController: { create: workloads.validateReplicationController },
  DaemonSet: { create: workloads.validateDaemonSet, update: workloads.validateSelectorUpdate },
  StatefulSet: { create: workloads.validateStatefulSet, update: workloads.validateStatefulSetUpdate },
  ControllerRevision: {
    create: revisions.validateControllerRevision,
    update: revisions.validateControllerRevisionUpdate,
  },
  Job: { create: workloads.validateJob, update: workloads.validateJobUpdate, changesOnly: true },
  CronJob: { create: workloads.validateCronJob },
  V2HorizontalPodAutoscaler: { create: workloads.validateAutoscaler },
  PodDisruptionBudget: { create: workloads.validateDisruptionBudget },
};

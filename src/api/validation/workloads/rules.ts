// Rules of the kinds that make pods, scale them and guard them.

import type { RulesByType } from '../rules.ts';
import { validateAutoscaler, validateAutoscalerStatus, validateAutoscalerUpdate } from './autoscalers.ts';
import { validateCronJob, validateCronJobUpdate } from './cron-jobs.ts';
import { validateDaemonSet } from './daemon-sets.ts';
import { validateDeployment, validateReplicaSet, validateReplicationController } from './deployments.ts';
import { validateDisruptionBudget, validateDisruptionBudgetStatus } from './disruption-budgets.ts';
import { validateJobStatus } from './job-status.ts';
import { validateJob, validateJobUpdate } from './jobs.ts';
import { validateSelectorUpdate } from './pod-template.ts';
import * as status from './replica-status.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from './revisions.ts';
import { validateStatefulSet, validateStatefulSetUpdate } from './stateful-sets.ts';

export const workloadRules: RulesByType = {
  Deployment: {
    create: validateDeployment,
    update: validateSelectorUpdate,
    status: status.validateDeploymentStatus,
  },
  ReplicaSet: {
    create: validateReplicaSet,
    update: validateSelectorUpdate,
    status: status.validateReplicaSetStatus,
  },
  ReplicationController: {
    create: validateReplicationController,
    status: status.validateReplicaSetStatus,
  },
  DaemonSet: {
    create: validateDaemonSet,
    update: validateSelectorUpdate,
    status: status.validateDaemonSetStatus,
  },
  StatefulSet: {
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    changesOnly: true,
    status: status.validateStatefulSetStatus,
  },
  ControllerRevision: { create: validateControllerRevision, update: validateControllerRevisionUpdate },
  Job: { create: validateJob, update: validateJobUpdate, changesOnly: true, status: validateJobStatus },
  CronJob: { create: validateCronJob, update: validateCronJobUpdate, changesOnly: true },
  V2HorizontalPodAutoscaler: {
    create: validateAutoscaler,
    update: validateAutoscalerUpdate,
    changesOnly: true,
    status: validateAutoscalerStatus,
  },
  PodDisruptionBudget: { create: validateDisruptionBudget, status: validateDisruptionBudgetStatus },
};

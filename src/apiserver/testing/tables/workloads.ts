// Tables of workloads.

import { AGO, at, meta, namespaced, type TableCase } from './case.ts';

const apps = (plural: string) => namespaced('/apis/apps/v1', plural);
const batch = (plural: string) => namespaced('/apis/batch/v1', plural);
const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] };
const containers = [
  { name: 'nginx', image: 'nginx:1.27' },
  { name: 'log', image: 'busybox' },
];
const template = { metadata: { labels: { app: 'web', tier: 'a' } }, spec: { containers } };
const jobTemplate = { spec: { containers, restartPolicy: 'Never' } };
const wide = 'Containers string*|Images string*|Selector string*';
const wideCells = ['nginx,log', 'nginx:1.27,busybox', 'app=web,tier'];

const podColumns =
  'Name string(name)|Ready string|Status string|Restarts string|Age string|IP string*|Node string*|Nominated Node string*|Readiness Gates string*';

export const workloads: TableCase[] = [
  {
    path: namespaced('/api/v1', 'pods'),
    object: {
      ...meta('running'),
      spec: { containers, nodeName: 'node-1', readinessGates: [{ conditionType: 'lb' }, { conditionType: 'other' }] },
    },
    status: {
      phase: 'Running',
      podIP: '10.244.1.7',
      podIPs: [{ ip: '10.244.1.7' }],
      conditions: [{ type: 'lb', status: 'True' }],
      containerStatuses: [
        {
          name: 'nginx',
          image: 'nginx:1.27',
          imageID: '',
          ready: true,
          restartCount: 3,
          state: { running: {} },
          lastState: { terminated: { exitCode: 1, finishedAt: at(240) } },
        },
        {
          name: 'log',
          image: 'busybox',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ErrImagePull' } },
        },
      ],
    },
    columns: podColumns,
    cells: ['running', '1/2', 'ErrImagePull', '3 (60s ago)', AGO, '10.244.1.7', 'node-1', '<none>', '1/2'],
  },
  {
    path: namespaced('/api/v1', 'pods'),
    object: { ...meta('succeeded'), spec: { containers } },
    status: { phase: 'Succeeded' },
    columns: podColumns,
    cells: ['succeeded', '0/2', 'Succeeded', '0', AGO, '<none>', '<none>', '<none>', '<none>'],
    conditions: [
      { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
    ],
  },
  {
    path: namespaced('/api/v1', 'pods'),
    object: { ...meta('failed'), spec: { containers } },
    status: { phase: 'Failed', reason: 'Evicted', nominatedNodeName: 'node-2' },
    columns: podColumns,
    cells: ['failed', '0/2', 'Evicted', '0', AGO, '<none>', '<none>', 'node-2', '<none>'],
    conditions: [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }],
  },
  {
    path: namespaced('/api/v1', 'podtemplates'),
    object: { ...meta('pt'), template },
    columns: 'Name string(name)|Containers string|Images string|Pod Labels string',
    cells: ['pt', 'nginx,log', 'nginx:1.27,busybox', 'app=web,tier=a'],
  },
  {
    path: namespaced('/api/v1', 'replicationcontrollers'),
    object: { ...meta('rc'), spec: { replicas: 4, selector: { app: 'web' }, template } },
    status: { replicas: 3, readyReplicas: 2 },
    columns: `Name string(name)|Desired integer|Current integer|Ready integer|Age string|${wide}`,
    cells: ['rc', 4, 3, 2, AGO, 'nginx,log', 'nginx:1.27,busybox', 'app=web'],
  },
  {
    path: apps('replicasets'),
    object: { ...meta('rs'), spec: { replicas: 4, selector, template } },
    status: { replicas: 3, readyReplicas: 2 },
    columns: `Name string(name)|Desired integer|Current integer|Ready integer|Age string|${wide}`,
    cells: ['rs', 4, 3, 2, AGO, ...wideCells],
  },
  {
    path: apps('deployments'),
    object: { ...meta('deploy'), spec: { replicas: 4, selector, template } },
    status: { replicas: 4, readyReplicas: 3, updatedReplicas: 2, availableReplicas: 1 },
    columns: `Name string(name)|Ready string|Up-to-date string|Available string|Age string|${wide}`,
    cells: ['deploy', '3/4', 2, 1, AGO, ...wideCells],
  },
  {
    path: apps('statefulsets'),
    object: { ...meta('sts'), spec: { replicas: 2, selector, template, serviceName: 's' } },
    status: { replicas: 2, readyReplicas: 1 },
    columns: 'Name string(name)|Ready string|Age string|Containers string*|Images string*',
    cells: ['sts', '1/2', AGO, 'nginx,log', 'nginx:1.27,busybox'],
  },
  {
    path: apps('daemonsets'),
    object: {
      ...meta('ds'),
      spec: { selector, template: { ...template, spec: { containers, nodeSelector: { disk: 'ssd', b: '1' } } } },
    },
    status: {
      desiredNumberScheduled: 5,
      currentNumberScheduled: 4,
      numberReady: 3,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberMisscheduled: 0,
    },
    columns: `Name string(name)|Desired integer|Current integer|Ready integer|Up-to-date integer|Available integer|Node Selector string|Age string|${wide}`,
    cells: ['ds', 5, 4, 3, 2, 1, 'b=1,disk=ssd', AGO, ...wideCells],
  },
  {
    path: apps('controllerrevisions'),
    object: {
      ...meta('rev', {
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'sts', uid: 'u', controller: true }],
      }),
      revision: 7,
      data: {},
    },
    columns: 'Name string(name)|Controller string|Revision string|Age string',
    cells: ['rev', 'statefulset.apps/sts', 7, AGO],
  },
  {
    path: batch('jobs'),
    object: { ...meta('done'), spec: { template: jobTemplate, completions: 1 } },
    status: {
      startTime: at(0),
      completionTime: at(42),
      succeeded: 1,
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True' },
        { type: 'Complete', status: 'True' },
      ],
    },
    columns: `Name string(name)|Status string|Completions string|Duration string|Age string|${wide}`,
    cells: [
      'done',
      'Complete',
      '1/1',
      '42s',
      AGO,
      'nginx,log',
      'nginx:1.27,busybox',
      'batch.kubernetes.io/controller-uid=UID',
    ],
  },
  {
    path: batch('jobs'),
    object: { ...meta('work-queue'), spec: { template: jobTemplate, parallelism: 3 } },
    // Upstream stops the clock of a job that completes, not of one that fails.
    status: {
      startTime: at(60),
      conditions: [
        { type: 'FailureTarget', status: 'True' },
        { type: 'Failed', status: 'True', lastTransitionTime: at(90) },
      ],
    },
    columns: `Name string(name)|Status string|Completions string|Duration string|Age string|${wide}`,
    cells: [
      'work-queue',
      'Failed',
      '0/1 of 3',
      '4m',
      AGO,
      'nginx,log',
      'nginx:1.27,busybox',
      'batch.kubernetes.io/controller-uid=UID',
    ],
  },
  {
    path: batch('cronjobs'),
    object: {
      ...meta('cj'),
      spec: {
        schedule: '*/5 * * * *',
        timeZone: 'Etc/UTC',
        suspend: true,
        jobTemplate: { spec: { template: jobTemplate } },
      },
    },
    status: { lastScheduleTime: at(180), active: [{ name: 'a' }, { name: 'b' }] },
    columns: `Name string(name)|Schedule string|Timezone string|Suspend boolean|Active integer|Last Schedule string|Age string|${wide}`,
    cells: ['cj', '*/5 * * * *', 'Etc/UTC', 'True', 2, '2m', AGO, 'nginx,log', 'nginx:1.27,busybox', '<none>'],
  },
  {
    path: namespaced('/apis/autoscaling/v2', 'horizontalpodautoscalers'),
    object: {
      ...meta('hpa'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 9,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1k' } } },
          { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '30' } } },
        ],
      },
    },
    status: {
      currentReplicas: 3,
      desiredReplicas: 3,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 55, averageValue: '100m' } } },
      ],
    },
    columns:
      'Name string(name)|Reference string|Targets string|MinPods string|MaxPods string|Replicas string|Age string',
    cells: ['hpa', 'Deployment/web', 'cpu: 55%/80%, <unknown>/1k + 1 more...', '2', 9, 3, AGO],
  },
  {
    path: namespaced('/apis/autoscaling/v1', 'horizontalpodautoscalers'),
    object: {
      ...meta('hpa-v1'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 9,
        targetCPUUtilizationPercentage: 50,
      },
    },
    columns:
      'Name string(name)|Reference string|Targets string|MinPods string|MaxPods string|Replicas string|Age string',
    cells: ['hpa-v1', 'Deployment/web', 'cpu: <unknown>/50%', '1', 9, 0, AGO],
  },
  {
    path: namespaced('/apis/policy/v1', 'poddisruptionbudgets'),
    object: { ...meta('pdb'), spec: { minAvailable: '50%', selector } },
    status: { disruptionsAllowed: 2, currentHealthy: 4, desiredHealthy: 2, expectedPods: 4 },
    columns: 'Name string(name)|Min Available string|Max Unavailable string|Allowed Disruptions integer|Age string',
    cells: ['pdb', '50%', 'N/A', 2, AGO],
  },
];

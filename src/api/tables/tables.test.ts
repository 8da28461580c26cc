import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod, PodStatus } from '../generated/types.ts';
import { columnsFor, summarizePod } from './index.ts';

const now = Date.UTC(2026, 10, 21, 9, 0, 0);
const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString().replace('.000', '');
const status = (name: string, more: Partial<ContainerStatus>): ContainerStatus => ({
  name,
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...more,
});
const running = (name: string, ready = true) => status(name, { ready, started: true, state: { running: {} } });
const ended = (name: string, exitCode: number, reason?: string) =>
  status(name, { state: { terminated: { exitCode, ...(reason ? { reason } : {}) } } });
const waiting = (name: string, reason: string, restartCount = 0, secondsAgo = 120) =>
  status(name, {
    restartCount,
    state: { waiting: { reason } },
    ...(restartCount ? { lastState: { terminated: { exitCode: 1, finishedAt: at(secondsAgo) } } } : {}),
  });
const pod = (podStatus: PodStatus, init: { name: string; restartPolicy?: string }[] = [], metadata = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', creationTimestamp: at(90), ...metadata },
  spec: { containers: [{ name: 'a' }, { name: 'b' }], initContainers: init },
  status: podStatus,
});

describe('pod status', () => {
  test.each<[string, Pod, string, string]>([
    ['running', pod({ phase: 'Running', containerStatuses: [running('a'), running('b')] }), '2/2', 'Running'],
    [
      'one crash-looping',
      pod({ phase: 'Running', containerStatuses: [waiting('a', 'CrashLoopBackOff', 3), running('b')] }),
      '1/2',
      'CrashLoopBackOff',
    ],
    [
      'completed',
      pod({ phase: 'Succeeded', containerStatuses: [ended('a', 0, 'Completed'), ended('b', 0, 'Completed')] }),
      '0/2',
      'Completed',
    ],
    [
      'one completed, one running',
      pod({
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [ended('a', 0, 'Completed'), running('b')],
      }),
      '1/2',
      'Running',
    ],
    [
      'the same, not ready',
      pod({ phase: 'Running', containerStatuses: [ended('a', 0, 'Completed'), running('b')] }),
      '1/2',
      'NotReady',
    ],
    ['error', pod({ phase: 'Failed', containerStatuses: [ended('a', 1, 'Error')] }), '0/2', 'Error'],
    ['exit code', pod({ phase: 'Failed', containerStatuses: [ended('a', 7)] }), '0/2', 'ExitCode:7'],
    [
      'init',
      pod({ phase: 'Pending', initContainerStatuses: [ended('x', 0), status('y', { state: { running: {} } })] }, [
        { name: 'x' },
        { name: 'y' },
      ]),
      '0/2',
      'Init:1/2',
    ],
    [
      'init failed',
      pod({ phase: 'Pending', initContainerStatuses: [ended('x', 2, 'Error')] }, [{ name: 'x' }]),
      '0/2',
      'Init:Error',
    ],
    [
      'init image',
      pod({ phase: 'Pending', initContainerStatuses: [waiting('x', 'ImagePullBackOff')] }, [{ name: 'x' }]),
      '0/2',
      'Init:ImagePullBackOff',
    ],
    [
      'sidecar',
      pod(
        { phase: 'Running', initContainerStatuses: [running('s')], containerStatuses: [running('a'), running('b')] },
        [{ name: 's', restartPolicy: 'Always' }],
      ),
      '3/3',
      'Running',
    ],
    [
      'terminating',
      pod({ phase: 'Running', containerStatuses: [running('a')] }, [], { deletionTimestamp: at(1) }),
      '1/2',
      'Terminating',
    ],
    ['node lost', pod({ phase: 'Running', reason: 'NodeLost' }, [], { deletionTimestamp: at(1) }), '0/2', 'Unknown'],
    ['deleted when done', pod({ phase: 'Succeeded' }, [], { deletionTimestamp: at(1) }), '0/2', 'Succeeded'],
    [
      'gated',
      pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      '0/2',
      'SchedulingGated',
    ],
    ['evicted', pod({ phase: 'Failed', reason: 'Evicted' }), '0/2', 'Evicted'],
  ])('%s', (_name, p, ready, text) => {
    const summary = summarizePod(p);
    expect([`${summary.ready}/${summary.total}`, summary.status]).toEqual([ready, text]);
  });
  test('cells', () => {
    const p = pod({
      phase: 'Running',
      podIP: '10.244.1.2',
      containerStatuses: [waiting('a', 'CrashLoopBackOff', 3), running('b')],
    });
    expect(columnsFor('Pod').cells(p, now)).toEqual([
      'p',
      '1/2',
      'CrashLoopBackOff',
      '3 (2m ago)',
      '90s',
      '10.244.1.2',
      '<none>',
      '<none>',
      '<none>',
    ]);
  });
});

const cells = (type: string, object: object) => {
  const table = columnsFor(type);
  const row = table.cells(object, now);
  expect(row.length).toBe(table.definitions.length);
  return row;
};
const metadata = { name: 'x', creationTimestamp: at(3600) };

test('workloads', () => {
  const template = { metadata: {}, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
  const selector = { matchLabels: { app: 'x' } };
  expect(
    cells('Deployment', {
      metadata,
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
    }),
  ).toEqual(['x', '2/3', 3, 2, '60m', 'c', 'nginx', 'app=x']);
  expect(
    cells('Job', {
      metadata,
      spec: { completions: 1, selector, template },
      status: {
        startTime: at(100),
        completionTime: at(60),
        succeeded: 1,
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    }).slice(0, 5),
  ).toEqual(['x', 'Complete', '1/1', '40s', '60m']);
  expect(
    cells('CronJob', {
      metadata,
      spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } },
    }),
  ).toEqual(['x', '* * * * *', '<none>', 'False', 0, '<none>', '60m', 'c', 'nginx', '<none>']);
  expect(
    cells('V2HorizontalPodAutoscaler', {
      metadata,
      spec: {
        minReplicas: 1,
        maxReplicas: 5,
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    }),
  ).toEqual(['x', 'Deployment/web', 'cpu: <unknown>/80%', '1', 5, 0, '60m']);
});

test('services, nodes, events, storage', () => {
  expect(
    cells('Service', {
      metadata,
      spec: {
        type: 'NodePort',
        clusterIP: '10.96.0.5',
        ports: [
          { port: 80, nodePort: 30080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
        selector: { b: '2', a: '1' },
      },
    }),
  ).toEqual(['x', 'NodePort', '10.96.0.5', '<none>', '80:30080/TCP,53/UDP', '60m', 'a=1,b=2']);
  expect(cells('Service', { metadata, spec: { type: 'LoadBalancer', clusterIP: '10.96.0.5' } })[3]).toBe('<pending>');
  expect(
    cells('Node', {
      metadata: { ...metadata, labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.36.0' },
        addresses: [{ type: 'InternalIP', address: '172.18.0.2' }],
      },
    }),
  ).toEqual([
    'x',
    'Ready,SchedulingDisabled',
    'control-plane',
    '60m',
    'v1.36.0',
    '172.18.0.2',
    '<none>',
    '<unknown>',
    '<unknown>',
    '<unknown>',
  ]);
  expect(
    cells('CoreV1Event', {
      metadata,
      lastTimestamp: at(5),
      firstTimestamp: at(65),
      count: 3,
      type: 'Normal',
      reason: 'Pulled',
      message: 'done ',
      involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{a}' },
      source: { component: 'kubelet', host: 'node-1' },
    }),
  ).toEqual(['5s', 'Normal', 'Pulled', 'pod/p', 'spec.containers{a}', 'kubelet, node-1', 'done', '65s', 3, 'x']);
  expect(
    cells('Endpoints', {
      metadata,
      subsets: [{ ports: [{ port: 80 }], addresses: ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` })) }],
    })[1],
  ).toBe('10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...');
  expect(
    cells('PersistentVolumeClaim', {
      metadata,
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's' },
      status: { phase: 'Pending' },
    }),
  ).toEqual(['x', 'Pending', '', '', '', 's', '<unset>', '60m', '<unset>']);
  expect(cells('Role', { metadata })).toEqual(['x', at(3600)]);
  expect(cells('Unheard', { metadata })).toEqual(['x', at(3600)]);
});

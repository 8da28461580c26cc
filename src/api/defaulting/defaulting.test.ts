import { expect, test } from 'vitest';
import { decodeTyped } from '../decode.ts';
import type { Deployment, Job, Pod, PodTemplate, Service, StatefulSet } from '../generated/types.ts';
import { setDefaults } from './index.ts';
import { imageTag } from './pods.ts';

const defaulted = <T>(type: string, value: unknown): T => {
  const { object } = decodeTyped<object>(type, value);
  setDefaults(type, object);
  const once = JSON.stringify(object);
  setDefaults(type, object);
  expect(JSON.stringify(object)).toBe(once);
  return object as T;
};

test('a deployment as the API server stores it', () => {
  const deployment = defaulted<Deployment>('Deployment', {
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'c',
              image: 'nginx:1.27',
              ports: [{ containerPort: 80 }],
              readinessProbe: { httpGet: { port: 80 } },
            },
          ],
          volumes: [{ name: 'v' }, { name: 'cm', configMap: { name: 'x' } }],
        },
      },
    },
  });
  expect(deployment.spec).toEqual({
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'nginx:1.27',
            imagePullPolicy: 'IfNotPresent',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            readinessProbe: {
              failureThreshold: 3,
              httpGet: { path: '/', port: 80, scheme: 'HTTP' },
              periodSeconds: 10,
              successThreshold: 1,
              timeoutSeconds: 1,
            },
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
          },
        ],
        dnsPolicy: 'ClusterFirst',
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'cm', configMap: { name: 'x', defaultMode: 420 } },
        ],
      },
    },
  });
});

test('pods: requests follow limits, host ports follow the host network', () => {
  const pod = defaulted<Pod>('Pod', {
    spec: {
      hostNetwork: true,
      serviceAccount: 'robot',
      containers: [
        {
          name: 'c',
          image: 'a',
          ports: [{ containerPort: 8 }],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
        },
      ],
    },
  });
  expect(pod.spec.containers[0]?.resources?.requests).toEqual({ cpu: '100m', memory: '1Gi' });
  expect(pod.spec.containers[0]?.imagePullPolicy).toBe('Always');
  expect(pod.spec.containers[0]?.ports).toEqual([{ containerPort: 8, hostPort: 8, protocol: 'TCP' }]);
  expect(pod.spec).toMatchObject({ enableServiceLinks: true, serviceAccount: 'robot', serviceAccountName: 'robot' });
});

test('a template does not take host ports: its pods do', () => {
  const spec = { hostNetwork: true, containers: [{ name: 'c', image: 'a', ports: [{ containerPort: 8 }] }] };
  const { template } = defaulted<PodTemplate>('PodTemplate', { template: { spec } });
  expect(template?.spec?.containers[0]?.ports).toEqual([{ containerPort: 8, protocol: 'TCP' }]);
});

test.each([
  // As much as the containers ask for, else the limit.
  [
    { limits: { cpu: '2', memory: '1Gi' } },
    { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '300m', memory: '1Gi' } },
  ],
  [
    { limits: { cpu: '2' }, requests: { cpu: '1' } },
    { limits: { cpu: '2' }, requests: { cpu: '1' } },
  ],
  [{ requests: { cpu: '1' } }, { requests: { cpu: '1' } }],
  [{}, {}],
])('resources of a pod: %j becomes %j', (resources, expected) => {
  const asking = (name: string, cpu: string) => ({ name, image: 'a', resources: { requests: { cpu } } });
  const containers = [asking('a', '100m'), asking('b', '200m')];
  const pod = defaulted<Pod>('Pod', { spec: { containers, resources, overhead: { cpu: '5' } } });
  expect(pod.spec.resources).toEqual(expected);
});

test('pages that the containers are limited to are limits of the pod', () => {
  const pages = { 'hugepages-2Mi': '4Mi' };
  const pod = defaulted<Pod>('Pod', {
    spec: {
      containers: [{ name: 'c', image: 'a', resources: { limits: pages } }],
      resources: { requests: { cpu: '1' } },
    },
  });
  expect(pod.spec.resources).toEqual({ limits: pages, requests: { cpu: '1', ...pages } });
});

test('services, jobs, stateful sets', () => {
  expect(defaulted<Service>('Service', { spec: { type: 'NodePort', ports: [{ port: 80 }] } }).spec).toEqual({
    type: 'NodePort',
    sessionAffinity: 'None',
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  expect(
    defaulted<Job>('Job', { spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [] } } } }),
  ).toMatchObject({
    metadata: { labels: { a: 'b' } },
    spec: { completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false },
  });
  const set = defaulted<StatefulSet>('StatefulSet', { spec: { volumeClaimTemplates: [{ metadata: { name: 'd' } }] } });
  expect(set.spec.updateStrategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
  expect(set.spec.volumeClaimTemplates?.[0]).toMatchObject({
    kind: 'PersistentVolumeClaim',
    status: { phase: 'Pending' },
  });
});

test.each([
  ['nginx', 'latest'],
  ['nginx:1', '1'],
  ['localhost:5000/nginx', 'latest'],
  ['localhost:5000/nginx:2', '2'],
  ['nginx@sha256:abc', undefined],
])('tag of %s', (image, tag) => expect(imageTag(image)).toBe(tag));

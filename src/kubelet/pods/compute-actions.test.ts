import { expect, test } from 'vitest';
import type { Container, Pod, PodSpec } from '../../api/generated/types.ts';
import type { ContainerStatus } from '../../cri/runtime.ts';
import { computePodActions, type Verdicts } from './compute-actions.ts';
import { hashContainer, shouldRestart } from './pod.ts';
import { containerHashAnnotation, type RuntimePod } from './runtime-pod.ts';

const silent: Verdicts = { liveness: () => undefined, startup: () => undefined };
const main: Container = { name: 'main', image: 'nginx' };

function pod(spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', uid: 'u' },
    spec: { containers: [main], ...spec },
  };
}

function container(spec: Container, state: ContainerStatus['state'], exitCode = 0, attempt = 0): ContainerStatus {
  return {
    id: `${spec.name}-${attempt}`,
    podSandboxId: 's',
    metadata: { name: spec.name, attempt },
    state,
    createdAt: 0,
    startedAt: 0,
    finishedAt: 0,
    exitCode,
    reason: '',
    message: '',
    image: '',
    imageRef: '',
    labels: {},
    annotations: { [containerHashAnnotation]: hashContainer(spec) },
    pid: 0,
  };
}

function runtimePod(
  containers: ContainerStatus[],
  state: 'ready' | 'notready' = 'ready',
  ip = '10.244.1.2',
): RuntimePod {
  const metadata = { name: 'p', namespace: 'default', uid: 'u', attempt: 0 };
  return {
    uid: 'u',
    name: 'p',
    namespace: 'default',
    containers,
    sandboxes: [{ id: 's', metadata, state, createdAt: 0, ip, labels: {}, annotations: {} }],
  };
}

/** "kill new start:a,b init:c stop:d" */
function summary(of: Pod, running: RuntimePod | undefined, verdicts = silent): string {
  const actions = computePodActions(of, running, verdicts);
  const names = (list: Container[]) => list.map((entry) => entry.name).join(',');
  return [
    actions.killPod && 'kill',
    actions.createSandbox && `new${actions.attempt}`,
    actions.initContainersToStart.length > 0 && `init:${names(actions.initContainersToStart)}`,
    actions.containersToStart.length > 0 && `start:${names(actions.containersToStart)}`,
    actions.ephemeralContainersToStart.length > 0 && `debug:${names(actions.ephemeralContainersToStart)}`,
    actions.containersToKill.length > 0 && `stop:${actions.containersToKill.map((kill) => kill.message).join(',')}`,
  ]
    .filter((part) => part !== false)
    .join(' ');
}

test('a new pod gets a sandbox and its containers; one that runs is left alone', () => {
  expect(summary(pod(), undefined)).toBe('kill new0 start:main');
  expect(summary(pod(), runtimePod([container(main, 'running')]))).toBe('');
  expect(summary(pod(), runtimePod([]))).toBe('start:main');
});

test('a sandbox that died or has no address is replaced', () => {
  expect(summary(pod(), runtimePod([container(main, 'exited', 255)], 'notready'))).toBe('kill new1 start:main');
  expect(summary(pod(), runtimePod([container(main, 'running')], 'ready', ''))).toBe('kill new1 start:main');
  expect(summary(pod({ hostNetwork: true }), runtimePod([container(main, 'running')], 'ready', ''))).toBe('');
  expect(summary(pod({ restartPolicy: 'Never' }), runtimePod([container(main, 'exited', 1)], 'notready'))).toBe('kill');
});

test.each([
  ['Always', 0, 'start:main'],
  ['Always', 1, 'start:main'],
  ['OnFailure', 0, 'kill'],
  ['OnFailure', 1, 'start:main'],
  ['Never', 0, 'kill'],
  ['Never', 1, 'kill'],
])('restartPolicy %s after exit code %i: %s', (restartPolicy, exitCode, wanted) => {
  expect(summary(pod({ restartPolicy }), runtimePod([container(main, 'exited', exitCode)]))).toBe(wanted);
});

test('a container may have a policy and rules of its own', () => {
  const own: Container = {
    ...main,
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
  };
  expect(shouldRestart(pod(), own, 42)).toBe(true);
  expect(shouldRestart(pod(), own, 1)).toBe(false);
  const others: Container = {
    ...main,
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'NotIn', values: [0] } }],
  };
  expect(shouldRestart(pod(), others, 0)).toBe(false);
  expect(shouldRestart(pod(), others, 7)).toBe(true);
});

test('a changed image and failed probes stop the container, and start it again if the policy lets them', () => {
  const changed = pod({ containers: [{ ...main, image: 'nginx:2' }], restartPolicy: 'Never' });
  expect(summary(changed, runtimePod([container(main, 'running')]))).toBe(
    'start:main stop:Container main definition changed, will be restarted',
  );
  const dead: Verdicts = { ...silent, liveness: () => 'failure' };
  expect(summary(pod(), runtimePod([container(main, 'running')]), dead)).toBe(
    'start:main stop:Container main failed liveness probe, will be restarted',
  );
  expect(summary(pod({ restartPolicy: 'Never' }), runtimePod([container(main, 'running')]), dead)).toBe(
    'kill stop:Container main failed liveness probe',
  );
  const late: Verdicts = { ...silent, startup: () => 'failure' };
  expect(summary(pod(), runtimePod([container(main, 'running')]), late)).toBe(
    'start:main stop:Container main failed startup probe, will be restarted',
  );
});

test('init containers one after the other, then the rest', () => {
  const a: Container = { name: 'a' };
  const b: Container = { name: 'b' };
  const of = pod({ initContainers: [a, b] });
  expect(summary(of, undefined)).toBe('kill new0 init:a');
  expect(summary(of, runtimePod([container(a, 'running')]))).toBe('');
  expect(summary(of, runtimePod([container(a, 'exited', 1)]))).toBe('init:a');
  expect(summary(of, runtimePod([container(a, 'exited', 0)]))).toBe('init:b');
  expect(summary(of, runtimePod([container(a, 'exited', 0), container(b, 'exited', 0)]))).toBe('start:main');
  expect(
    summary(pod({ initContainers: [a, b], restartPolicy: 'Never' }), runtimePod([container(a, 'exited', 1)])),
  ).toBe('kill');
  expect(summary(of, runtimePod([container(main, 'running')]))).toBe('');
});

test('sidecars start in their place, wait for their startup probe, and are restarted at any time', () => {
  const side: Container = { name: 'side', restartPolicy: 'Always' };
  const setup: Container = { name: 'setup' };
  const of = pod({ initContainers: [side, setup] });
  expect(summary(of, runtimePod([]))).toBe('init:side');
  expect(summary(of, runtimePod([container(side, 'running')]))).toBe('init:setup');
  expect(summary(of, runtimePod([container(side, 'exited', 1), container(setup, 'running')]))).toBe('init:side');
  expect(summary(of, runtimePod([container(side, 'running'), container(setup, 'exited', 0)]))).toBe('start:main');
  expect(
    summary(of, runtimePod([container(side, 'exited', 0), container(setup, 'exited', 0), container(main, 'running')])),
  ).toBe('init:side');
  const probed = pod({ initContainers: [{ ...side, startupProbe: {} }, setup] });
  const at = (startup: 'unknown' | 'success') =>
    summary(probed, runtimePod([container(side, 'running')]), { ...silent, startup: () => startup });
  expect(at('unknown')).toBe('');
  expect(at('success')).toBe('init:setup');
});

test('a debug container is started once', () => {
  const debug = { name: 'debug', image: 'busybox' };
  const of = pod({ ephemeralContainers: [debug] });
  expect(summary(of, runtimePod([container(main, 'running')]))).toBe('debug:debug');
  expect(summary(of, runtimePod([container(main, 'running'), container(debug, 'exited', 1)]))).toBe('');
});

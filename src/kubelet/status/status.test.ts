import { describe, expect, test } from 'vitest';
import type { ContainerState, ContainerStatus, Pod, PodSpec } from '../../api/generated/types.ts';
import { podPhase } from './generate.ts';
import { jsonEqual } from './json-equal.ts';
import { changes } from './manager.ts';

function pod(spec: Partial<PodSpec>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec },
  };
}

const status = (name: string, state: ContainerState, lastState: ContainerState = {}): ContainerStatus => ({
  name,
  state,
  lastState,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
});
const runs: ContainerState = { running: {} };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });
const waits: ContainerState = { waiting: {} };

describe('phase', () => {
  test.each<[string, string, ContainerState, ContainerState, boolean, string]>([
    ['both run', 'Always', runs, runs, false, 'Running'],
    ['one waits for its first start', 'Always', runs, waits, false, 'Pending'],
    ['one has ended', 'Never', runs, ended(0), false, 'Running'],
    ['both have ended well', 'Never', ended(0), ended(0), false, 'Succeeded'],
    ['one failed', 'Never', ended(0), ended(1), false, 'Failed'],
    ['ended well, will be restarted', 'Always', ended(0), ended(0), false, 'Running'],
    ['one failed and will be restarted', 'OnFailure', ended(0), ended(1), false, 'Running'],
    ['torn down after success', 'Always', ended(0), ended(0), true, 'Succeeded'],
    ['torn down with a failure', 'Always', ended(0), ended(137), true, 'Failed'],
  ])('%s', (_, restartPolicy, a, b, terminal, wanted) => {
    expect(podPhase(pod({ restartPolicy }), [], [status('a', a), status('b', b)], terminal)).toBe(wanted);
  });

  test('a container between two lives counts as one that ended', () => {
    expect(podPhase(pod({}), [], [status('a', runs), status('b', waits, ended(1))], false)).toBe('Running');
  });

  test('init containers keep it pending or fail it', () => {
    const init = [{ name: 'i' }];
    const none = [status('a', waits), status('b', waits)];
    expect(podPhase(pod({ initContainers: init }), [status('i', runs)], none, false)).toBe('Pending');
    expect(podPhase(pod({ initContainers: init, restartPolicy: 'Never' }), [status('i', ended(1))], none, false)).toBe(
      'Failed',
    );
    expect(
      podPhase(pod({ initContainers: init }), [status('i', ended(0))], [status('a', runs), status('b', runs)], false),
    ).toBe('Running');
  });
});

describe('what is sent to the API', () => {
  const reported = {
    phase: 'Running',
    podIP: '10.244.1.2',
    podIPs: [{ ip: '10.244.1.2' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };

  test('nothing if nothing changed; absent and empty are the same', () => {
    expect(changes(reported, structuredClone(reported))).toEqual({});
    expect(changes(reported, { ...reported, containerStatuses: [], reason: '' })).toEqual({});
  });
  test('changed fields only, removals as null', () => {
    expect(changes({ ...reported, reason: 'x' }, { ...reported, phase: 'Failed' })).toEqual({
      phase: 'Failed',
      reason: null,
    });
  });
  test('another address replaces the old one', () => {
    expect(changes(reported, { ...reported, podIPs: [{ ip: '10.244.1.9' }] })).toEqual({
      podIPs: [{ $patch: 'replace' }, { ip: '10.244.1.9' }],
    });
  });
  test('a condition loses the reason it had', () => {
    const why = { reason: 'ContainersNotReady', message: 'containers with unready status: [a]' };
    const unready = { ...reported, conditions: [{ type: 'Ready', status: 'False', ...why }] };
    expect(changes(unready, reported)).toEqual({
      conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }],
    });
  });
  test('conditions of others are not touched and do not count', () => {
    const others = { ...reported, conditions: [...reported.conditions, { type: 'example.org/gate', status: 'True' }] };
    expect(changes(others, reported)).toEqual({});
    const unready = { ...reported, conditions: [{ type: 'Ready', status: 'False' }] };
    expect(changes(others, unready)).toEqual({ conditions: [{ type: 'Ready', status: 'False' }] });
  });
});

test('jsonEqual', () => {
  expect(jsonEqual({ a: [1, { b: null, c: 1 }] }, { a: [1, { c: 1 }] })).toBe(true);
  expect(jsonEqual({ a: 0 }, {})).toBe(false);
  expect(jsonEqual([1, 2], [2, 1])).toBe(false);
  expect(jsonEqual(undefined, false)).toBe(false);
});

import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/generated/types.ts';
import { ageOf, viewPod } from '../state/kube.ts';
import { linkPath, serverTrack, trackPath } from './geometry.svelte.ts';
import { amount, blockOf } from './model.ts';

const pod = (change: Partial<Pod> & { name?: string } = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: change.name ?? 'web-7d4b9c6f5-x7k2p', namespace: 'default', ...change.metadata },
  spec: { containers: [{ name: 'a', image: 'nginx' }], ...change.spec },
  status: { phase: 'Pending', ...change.status },
});

describe('viewPod says what kubectl would', () => {
  const container = (state: object, ready = false) => ({
    name: 'a',
    image: '',
    imageID: '',
    ready,
    restartCount: 2,
    state,
  });
  test.each([
    [pod(), 'waiting', 'Pending'],
    [pod({ spec: { containers: [{ name: 'a' }], nodeName: 'node-1' } }), 'working', 'ContainerCreating'],
    [pod({ status: { phase: 'Running', containerStatuses: [container({ running: {} }, true)] } }), 'ready', 'Running'],
    [pod({ status: { phase: 'Running', containerStatuses: [container({ running: {} })] } }), 'working', 'Running'],
    [
      pod({
        status: { phase: 'Running', containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } })] },
      }),
      'failed',
      'CrashLoopBackOff',
    ],
    [
      pod({ status: { phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ErrImagePull' } })] } }),
      'failed',
      'ErrImagePull',
    ],
    [pod({ status: { phase: 'Succeeded' } }), 'ended', 'Completed'],
    [pod({ status: { phase: 'Failed', reason: 'Evicted' } }), 'failed', 'Evicted'],
    [pod({ metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } }), 'leaving', 'Terminating'],
  ])('%#', (given, tone, word) => {
    expect(viewPod(given)).toMatchObject({ tone, word });
  });
});

test('blockOf splits a pod of a Deployment into what it is and which one', () => {
  const block = blockOf(
    pod({
      metadata: {
        name: 'web-7d4b9c6f5-x7k2p',
        labels: { 'pod-template-hash': '7d4b9c6f5' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7d4b9c6f5', uid: '1', controller: true },
        ],
      },
    }),
  );
  expect([block.owner, block.rest]).toEqual(['web', 'x7k2p']);
  expect(blockOf(pod({ name: 'client' })).owner).toBe('client');
});

test('amount reads quantities', () => {
  expect(amount('250m')).toBe(0.25);
  expect(amount('64Mi')).toBe(64 * 2 ** 20);
  expect(amount('1e3')).toBe(1000);
  expect(amount(undefined)).toBe(0);
});

test('ageOf writes ages as kubectl does', () => {
  const at = (seconds: number) => ageOf(0, seconds * 1000);
  expect([at(0), at(119), at(120), at(192), at(660), at(7200), at(180000), at(3 * 86400)]).toEqual([
    '0s',
    '119s',
    '2m',
    '3m12s',
    '11m',
    '120m',
    '2d',
    '3d',
  ]);
});

test('links leave boxes where they face each other', () => {
  const box = (x: number, y: number) => ({ x, y, width: 10, height: 10 });
  expect(linkPath(box(0, 0), box(100, 0))).toMatch(/^M10 5C.* 100 5$/);
  expect(linkPath(box(0, 100), box(0, 0))).toMatch(/^M5 100C.* 5 10$/);
  expect(
    trackPath(
      [
        [0, 0],
        [0, 10],
        [20, 10],
      ],
      4,
    ),
  ).toBe('M0 0L0 6Q0 10 4 10L20 10');
  expect(serverTrack(box(100, 0), box(100, 50), 30, false)).toBe('M105 10L105 50');
});

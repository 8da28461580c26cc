import { describe, expect, test } from 'vitest';
import { selectorFromSet } from '../../api/labels.ts';
import { node, pod, world } from '../testing/world.ts';

describe('scores of the default profile', () => {
  test('least allocated: the emptier node, in whole points of 100', () => {
    const w = world({
      nodes: [node('a'), node('b')],
      pods: { a: [pod('p', { requests: { cpu: '2', memory: '4Gi' } })] },
    });
    // a: (4-3)/4 = 25 and (8-5)/8 = 37 -> 31;  b: 75 and 87 -> 81
    expect(w.scores(pod('new', { requests: { cpu: '1', memory: '1Gi' } }), 'NodeResourcesFit')).toEqual({
      a: 31,
      b: 81,
    });
    expect(w.place(pod('new', { requests: { cpu: '1', memory: '1Gi' } }))).toBe('b');
  });

  test('pods that request nothing are counted as 100m and 200 MiB, so that they do not all land on one node', () => {
    const w = world({ nodes: [node('a'), node('b')], pods: { a: [pod('idle')] } });
    expect(w.place(pod('new'))).toBe('b');
  });

  test('balanced allocation prefers the node whose cpu and memory are used evenly', () => {
    const w = world({
      nodes: [node('even'), node('lopsided')],
      pods: {
        even: [pod('e', { requests: { cpu: '1', memory: '2Gi' } })],
        lopsided: [pod('l', { requests: { cpu: '3', memory: '1Mi' } })],
      },
    });
    const scores = w.scores(pod('new', { requests: { cpu: '1', memory: '2Gi' } }), 'NodeResourcesBalancedAllocation');
    expect(scores.even).toBeGreaterThan(scores.lopsided as number);
  });

  test('preferred node affinity, weighted: the best node gets 100 times the weight of the plugin', () => {
    const prefer = (weight: number, disk: string) => ({
      weight,
      preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: [disk] }] },
    });
    const w = world({
      nodes: [node('a', { labels: { disk: 'ssd' } }), node('b', { labels: { disk: 'hdd' } }), node('c')],
    });
    const wanting = pod('new', {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(80, 'ssd'), prefer(20, 'hdd')] },
      },
    });
    expect(w.scores(wanting, 'NodeAffinity')).toEqual({ a: 200, b: 50, c: 0 });
    expect(w.place(wanting)).toBe('a');
  });

  test('PreferNoSchedule taints are avoided', () => {
    const w = world({ nodes: [node('a', { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] }), node('b')] });
    expect(w.scores(pod('new'), 'TaintToleration')).toEqual({ a: 0, b: 300 });
  });

  test('preferred affinity and anti-affinity to pods pull and push', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'cache' } } };
    const w = world({ nodes: [node('a'), node('b')], pods: { a: [pod('cache', { labels: { app: 'cache' } })] } });
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] };
    expect(w.scores(pod('near', { affinity: { podAffinity: preferred } }), 'InterPodAffinity')).toEqual({
      a: 200,
      b: 0,
    });
    expect(w.scores(pod('far', { affinity: { podAntiAffinity: preferred } }), 'InterPodAffinity')).toEqual({
      a: 0,
      b: 200,
    });
  });

  test('siblings of a Service or ReplicaSet are spread over hosts without being asked', () => {
    const web = { app: 'web' };
    const w = world({
      nodes: [node('a'), node('b')],
      pods: { a: [pod('1', { labels: web, requests: { cpu: '1m', memory: '1Mi' } })] },
      defaultSelector: () => selectorFromSet(web),
    });
    const scores = w.scores(pod('new', { labels: web }), 'PodTopologySpread');
    expect(scores.b).toBeGreaterThan(scores.a as number);
  });

  test('ScheduleAnyway prefers the emptier zone and forbids none', () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    const w = world({
      nodes: [node('a', { labels: { zone: 'one' } }), node('b', { labels: { zone: 'two' } }), node('none')],
      pods: { a: [pod('1', { labels: { app: 'web' } })] },
    });
    const scores = w.scores(
      pod('new', {
        labels: { app: 'web' },
        topologySpreadConstraints: [
          { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
        ],
      }),
      'PodTopologySpread',
    );
    expect(scores.none).toBe(0);
    expect(scores.b).toBeGreaterThan(scores.a as number);
  });

  test('a node that has the image is preferred, in proportion to its size', () => {
    const image = { names: ['big:1'], sizeBytes: 600 * 1024 * 1024 };
    const w = world({ nodes: [node('a', { images: [image] }), node('b')] });
    expect(w.scores(pod('new', { image: 'big:1' }), 'ImageLocality')).toEqual({ a: 28, b: 0 });
  });
});

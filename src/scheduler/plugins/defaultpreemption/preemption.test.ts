import { describe, expect, test } from 'vitest';
import { node, type PodDraft, pod, world } from '../../testing/world.ts';

const big = (name: string, priority: number, draft: PodDraft = {}) =>
  pod(name, { requests: { cpu: '2' }, priority, ...draft });

describe('preemption', () => {
  test('evicts the least important pods that are enough, and nominates the node', async () => {
    const w = world({ nodes: [node('a')], pods: { a: [big('low', 1), big('mid', 5)] } });
    expect(await w.preempt(big('high', 10))).toEqual({ nominatedNodeName: 'a', message: '' });
    expect(w.evicted).toEqual(['low']);
  });

  test('never evicts equals or betters, and says so', async () => {
    const w = world({ nodes: [node('a')], pods: { a: [big('one', 10), big('two', 10)] } });
    expect(await w.preempt(big('high', 10))).toEqual({
      message: 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    });
    expect(w.evicted).toEqual([]);
  });

  test('does nothing where evicting would not help', async () => {
    const w = world({ nodes: [node('a')], pods: { a: [big('low', 1)] } });
    expect(await w.preempt(pod('huge', { requests: { cpu: '64' }, priority: 10 }))).toEqual({
      message: 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    });
  });

  test('preemptionPolicy Never waits its turn', async () => {
    const w = world({ nodes: [node('a')], pods: { a: [big('low', 1), big('low2', 1)] } });
    const result = await w.preempt(big('polite', 10, { preemptionPolicy: 'Never' }));
    expect(result?.nominatedNodeName).toBeUndefined();
    expect(result?.message).toContain('not eligible due to preemptionPolicy=Never');
    expect(w.evicted).toEqual([]);
  });

  test('among nodes: the one whose most important victim matters least, then the fewest victims', async () => {
    const w = world({
      nodes: [node('a'), node('b'), node('c')],
      pods: {
        a: [big('a1', 5), big('a2', 9)],
        b: [
          pod('b1', { requests: { cpu: '1' }, priority: 1 }),
          pod('b2', { requests: { cpu: '1' }, priority: 1 }),
          big('b3', 9),
        ],
        c: [big('c1', 1), big('c2', 9)],
      },
    });
    expect((await w.preempt(big('high', 8)))?.nominatedNodeName).toBe('c');
    expect(w.evicted).toEqual(['c1']);
  });

  test('among equals: the node whose victim started last', async () => {
    const w = world({
      nodes: [node('a'), node('b')],
      pods: {
        a: [big('old', 1, { startTime: '2026-01-01T00:00:00Z' }), big('x', 9)],
        b: [big('young', 1, { startTime: '2026-01-02T00:00:00Z' }), big('y', 9)],
      },
    });
    expect((await w.preempt(big('high', 8)))?.nominatedNodeName).toBe('b');
    expect(w.evicted).toEqual(['young']);
  });

  test('spares pods that a disruption budget protects, where there is a choice', async () => {
    const budget = {
      metadata: { name: 'keep', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'db' } } },
      status: { disruptionsAllowed: 0 },
    };
    const w = world({
      nodes: [node('a'), node('b')],
      pods: {
        a: [big('db', 1, { labels: { app: 'db' } }), big('x', 9)],
        b: [big('web', 5, { labels: { app: 'web' } }), big('y', 9)],
      },
      budgets: [budget as never],
    });
    expect((await w.preempt(big('high', 8)))?.nominatedNodeName).toBe('b');
    expect(w.evicted).toEqual(['web']);
  });

  test('frees a host port and an anti-affinity as well as room', async () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'loner' } } };
    const w = world({
      nodes: [node('a')],
      pods: { a: [pod('squatter', { hostPort: 80, priority: 1, labels: { app: 'loner' } })] },
    });
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    expect((await w.preempt(pod('new', { hostPort: 80, priority: 2, affinity })))?.nominatedNodeName).toBe('a');
    expect(w.evicted).toEqual(['squatter']);
  });
});

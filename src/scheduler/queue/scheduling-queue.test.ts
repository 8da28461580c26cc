import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/generated/types.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { pod } from '../testing/world.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function setUp() {
  const simulation = new Simulation({ seed: 1 });
  const { clock } = simulation.env('scheduler');
  const queue = new SchedulingQueue({
    clock,
    less: (a, b) => (a.pod.spec.priority ?? 0) > (b.pod.spec.priority ?? 0),
    gatedBy: (each) => (each.spec.schedulingGates?.length ? 'gated' : undefined),
    helps: (event, rejectedBy) => event === 'node add' && rejectedBy.has('Fit'),
  });
  const stop = new AbortController();
  return { simulation, queue, pop: () => queue.pop(stop.signal), stop };
}

const sizes = { active: 0, backoff: 0, unschedulable: 0, gated: 0, inFlight: 0 };
const fit = new Set(['Fit']);

describe('the scheduling queue', () => {
  test('gives the most important pod first, each once', async () => {
    const { queue, pop } = setUp();
    for (const priority of [1, 3, 2]) queue.set(pod(`p${priority}`, { priority }));
    expect([await pop(), await pop(), await pop()].map(({ pod: each }) => each.metadata.name)).toEqual([
      'p3',
      'p2',
      'p1',
    ]);
    expect(queue.sizes).toEqual({ ...sizes, inFlight: 3 });
  });

  test('pop waits for a pod, and ends with its signal', async () => {
    const { queue, pop, stop } = setUp();
    const waiting = pop();
    queue.set(pod('late'));
    expect((await waiting).pod.metadata.name).toBe('late');
    const never = pop();
    stop.abort(new Error('over'));
    await expect(never).rejects.toThrow('over');
  });

  test('a rejected pod waits for an event that helps it, then for its backoff of 1, 2, 4 ... 10 s', async () => {
    const { simulation, queue, pop } = setUp();
    queue.set(pod('a'));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.reject(await pop(), fit);
      queue.happened('pod delete');
      expect(queue.sizes).toEqual({ ...sizes, unschedulable: 1 });
      queue.happened('node add');
      expect(queue.sizes).toEqual({ ...sizes, backoff: 1 });
      await simulation.run(seconds * 1000 - 1);
      expect(queue.sizes).toEqual({ ...sizes, backoff: 1 });
      await simulation.run(2);
      expect(queue.sizes).toEqual({ ...sizes, active: 1 });
    }
  });

  test('an event during the attempt is not lost on the pod', async () => {
    const { queue, pop } = setUp();
    queue.set(pod('a'));
    const attempt = await pop();
    queue.happened('node add');
    queue.reject(attempt, fit);
    expect(queue.sizes).toEqual({ ...sizes, backoff: 1 });
  });

  test('a change of the pod itself is worth a try; a change of its status is not', async () => {
    const { queue, pop } = setUp();
    const first = pod('a');
    queue.set(first);
    queue.reject(await pop(), fit);
    queue.set({ ...first, status: { phase: 'Pending' } });
    expect(queue.sizes).toEqual({ ...sizes, unschedulable: 1 });
    queue.set(pod('a', { tolerations: [{ operator: 'Exists' }] }));
    expect(queue.sizes).toEqual({ ...sizes, active: 1 });
    expect((await pop()).pod.spec.tolerations).toHaveLength(1);
  });

  test('an error (no plugin to blame) is tried again after the backoff', async () => {
    const { simulation, queue, pop } = setUp();
    queue.set(pod('a'));
    queue.reject(await pop(), new Set());
    expect(queue.sizes).toEqual({ ...sizes, backoff: 1 });
    await simulation.run(1001);
    expect(queue.sizes).toEqual({ ...sizes, active: 1 });
  });

  test('a deleted pod is forgotten wherever it waits, also in flight', async () => {
    const { simulation, queue, pop } = setUp();
    const each: Pod = pod('a');
    queue.set(each);
    queue.delete('uid-a');
    expect(queue.sizes).toEqual(sizes);
    queue.set(each);
    const attempt = await pop();
    queue.delete('uid-a');
    queue.reject(attempt, fit);
    expect(queue.sizes).toEqual(sizes);
    queue.set(each);
    queue.reject(await pop(), new Set());
    queue.delete('uid-a');
    await simulation.run(20_000);
    expect(queue.sizes).toEqual(sizes);
  });

  test('gated pods stay out until their gates are gone', async () => {
    const { queue } = setUp();
    queue.set(pod('a', { schedulingGates: [{ name: 'wait' }] }));
    queue.happened('node add');
    expect(queue.sizes).toEqual({ ...sizes, gated: 1 });
    queue.set(pod('a'));
    expect(queue.sizes).toEqual({ ...sizes, active: 1 });
  });

  test('nothing stays unschedulable for more than five minutes without a try', async () => {
    const { simulation, queue, pop } = setUp();
    queue.set(pod('a'));
    queue.reject(await pop(), fit);
    await simulation.run(5 * 60_000 - 1000);
    queue.flushStale();
    expect(queue.sizes).toEqual({ ...sizes, unschedulable: 1 });
    await simulation.run(2000);
    queue.flushStale();
    expect(queue.sizes).toEqual({ ...sizes, active: 1 });
  });
});

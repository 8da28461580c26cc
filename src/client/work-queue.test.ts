import { describe, expect, test } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import { exponentialRateLimiter } from './rate-limiter.ts';
import { WorkQueue } from './work-queue.ts';

function setup() {
  const simulation = new Simulation();
  const { clock } = simulation.env('test');
  return { simulation, clock, queue: new WorkQueue({ clock, rateLimiter: exponentialRateLimiter() }) };
}

describe('a work queue', () => {
  test('hands out keys in order, each once, with all that caused it', async () => {
    const { queue } = setup();
    queue.add('a', { resourceVersion: '1' });
    queue.add('b');
    queue.add('a', { resourceVersion: '2' });
    expect(queue.length).toBe(2);
    expect(await queue.get()).toEqual({ key: 'a', causes: [{ resourceVersion: '1' }, { resourceVersion: '2' }] });
    expect(await queue.get()).toEqual({ key: 'b', causes: [] });
  });

  test('does not hand out a key that is in work, and queues it again when done', async () => {
    const { queue } = setup();
    queue.add('a');
    await queue.get();
    queue.add('a', { reason: 'again' });
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.get()).toEqual({ key: 'a', causes: [{ reason: 'again' }] });
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  test('gives a key to a worker that was waiting first', async () => {
    const { queue } = setup();
    const first = queue.get();
    const second = queue.get();
    queue.add('x');
    queue.add('y');
    expect((await first)?.key).toBe('x');
    expect((await second)?.key).toBe('y');
  });

  test('of several waits for one key the earliest counts, once', async () => {
    const { simulation, queue } = setup();
    queue.addAfter('a', 5000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 3000);
    await simulation.run(999);
    expect(queue.length).toBe(0);
    await simulation.run(1);
    expect(await queue.get()).toEqual({ key: 'a', causes: [{ reason: 'timer' }] });
    queue.done('a');
    await simulation.run(10_000);
    expect(queue.length).toBe(0);
  });

  test('waits twice as long after each failure until forgotten', async () => {
    const { simulation, queue } = setup();
    for (const wait of [5, 10, 20, 40]) {
      queue.addRateLimited('a');
      await simulation.run(wait - 1);
      expect(queue.length).toBe(0);
      await simulation.run(1);
      expect((await queue.get())?.key).toBe('a');
      queue.done('a');
    }
    expect(queue.numRequeues('a')).toBe(4);
    queue.forget('a');
    queue.addRateLimited('a');
    await simulation.run(5);
    expect(queue.length).toBe(1);
  });

  test('shut down: waiting workers and later adds get nothing, queued keys are still handed out', async () => {
    const { simulation, queue } = setup();
    const waiting = queue.get();
    queue.shutDown();
    expect(await waiting).toBeUndefined();
    const other = setup().queue;
    other.add('left');
    other.addAfter('never', 10);
    other.shutDown();
    other.add('late');
    expect((await other.get())?.key).toBe('left');
    expect(await other.get()).toBeUndefined();
    await simulation.run(100);
    expect(other.length).toBe(0);
  });

  test('keeps order over many thousand keys', async () => {
    const { queue } = setup();
    for (let i = 0; i < 5000; i++) queue.add(`k${i}`);
    for (let i = 0; i < 5000; i++) {
      const item = await queue.get();
      expect(item?.key).toBe(`k${i}`);
      queue.done(item!.key);
    }
  });
});
